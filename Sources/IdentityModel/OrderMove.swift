/// What befalls an order apart from the answers to it, by name: the states that it may befall, where it leads, and what the audit says of it
/// (product.md section 3). A store carries moves out; which of them, others decide. What an answer makes of an order is an `OrderTransition`.
public enum OrderMove: String, Hashable, Sendable, CaseIterable {
    // When its plan starts:
    case released
    /// Somebody is asked for a review.
    case submitted
    /// The policy map had no answer.
    case unanswered
    /// An order that waits asks for the same, and is kept in its place.
    case replaced
    /// Its user or its account changed since the plan was made.
    case leftOut
    // Afterwards:
    /// A worker takes it; whether it is sent, the answer says.
    case taken
    /// A later plan asks for the same: it is tried again.
    case kept
    case superseded
    case approved
    /// It stays, until another moment.
    case postponed
    case declined
    /// A read-back shows what was ordered.
    case verified
    case differs

    public var from: Set<OrderState> {
        switch self {
        case .released, .submitted, .unanswered, .replaced, .leftOut: [.planned]
        case .taken: [.pending]
        case .kept: [.errored]
        case .superseded: [.pending, .errored, .awaitingApproval, .evaluationFailed]
        case .approved, .postponed, .declined: [.awaitingApproval]
        case .verified, .differs: [.executed]
        }
    }

    public var to: OrderState {
        switch self {
        case .released, .kept, .approved: .pending
        case .submitted, .postponed: .awaitingApproval
        case .unanswered: .evaluationFailed
        case .replaced, .leftOut, .superseded, .declined: .withdrawn
        case .taken: .transmitted
        case .verified: .verified
        case .differs: .errored
        }
    }

    /// What the audit says beside the two states; nil: they say it all.
    public var text: String? {
        switch self {
        case .released, .submitted, .unanswered, .taken, .approved, .verified: nil
        case .replaced: "an order that waits is kept in its place"
        case .leftOut: "its user changed since the plan was made"
        case .kept: "kept by a later plan"
        case .superseded: "superseded by a later plan"
        case .postponed: "postponed"
        case .declined: "declined"
        case .differs: "the entry does not show what was ordered"
        }
    }

    /// Those by which an order begins when its plan starts.
    public static let starts: [OrderMove] = [.released, .submitted, .unanswered, .replaced, .leftOut]
}

extension ProvisioningOrder {
    /// How the order begins when its plan starts, unless its user changed meanwhile.
    public var start: OrderMove {
        if keeps != nil { return .replaced }
        if state == .evaluationFailed || failure != nil { return .unanswered }
        return state == .awaitingApproval ? .submitted : .released
    }

    /// The order after a move; throws where it does not begin where the order is.
    public func moved(by move: OrderMove) throws(IllegalTransition) -> ProvisioningOrder {
        guard move.from.contains(state) else { throw IllegalTransition(order: id, from: state, to: move.to) }
        var order = self
        order.state = move.to
        return order
    }
}
