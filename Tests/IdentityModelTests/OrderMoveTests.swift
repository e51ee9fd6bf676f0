import IdentityModel
import Testing

/// What befalls an order, by name (product.md section 3).
struct OrderMoveTests {
    private func order(_ state: OrderState) -> ProvisioningOrder {
        var samples = Samples(seed: 4)
        var order = samples.order()
        order.state = state
        (order.failure, order.keeps) = (nil, nil)
        return order
    }

    @Test func `each move goes where the states it begins in lead`() {
        for move in OrderMove.allCases {
            #expect(!move.from.isEmpty)
            for state in move.from { #expect(state.successors.contains(move.to), "\(move.rawValue) from \(state.label)") }
        }
    }

    @Test func `where a state leads, there is a move for it, or an answer`() {
        let answered: [OrderState: Set<OrderState>] = [
            // What it requires failed for good.
            .pending: [.withdrawn],
            .transmitted: [.pending, .errored, .executed],
        ]
        for state in OrderState.allCases {
            let moves = OrderMove.allCases.filter { $0.from.contains(state) }.map(\.to)
            #expect(Set(moves).union(answered[state] ?? []) == state.successors, "\(state.label)")
        }
    }

    @Test func `an order that is elsewhere is not moved`() throws {
        for move in OrderMove.allCases {
            for state in OrderState.allCases {
                let order = self.order(state)
                if move.from.contains(state) {
                    #expect(try order.moved(by: move).state == move.to)
                } else {
                    #expect(throws: IllegalTransition.self) { try order.moved(by: move) }
                }
            }
        }
    }

    @Test func `how an order begins stands in the order`() {
        var order = self.order(.planned)
        #expect(order.start == .released)
        order.failure = ConnectorFailure(.permanent, "no title")
        #expect(order.start == .unanswered)
        order.keeps = OrderID(plan: PlanID(row: 1), sequence: 2)
        #expect(order.start == .replaced)
        #expect(self.order(.awaitingApproval).start == .submitted)
        #expect(self.order(.evaluationFailed).start == .unanswered)
    }
}
