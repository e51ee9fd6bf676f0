internal import Contracts
internal import IdentityModel

/// `requires`: an order waits for its user's orders on the systems that come first. Those lanes have run; this takes out of the dependent lane
/// what must not be sent now. Withdrawals never wait for another system.
struct Requirements: Sendable {
    /// Orders behind another system's outage are put this many waves back, out of this run's reach.
    static let parkingDistance = OrdersHeldBack.distance

    let plan: PlanID
    let system: ManagedSystem
    let lease: LeaseTerm
    let store: any Store
    let committer: Committer
    let options: DispatchOptions

    /// Users whose orders on required systems are not done, and those among them whose orders failed for good, with the system.
    private struct Behind {
        var waiting: Set<UserID> = []
        var failed: [UserID: SystemName] = [:]
        var isEmpty: Bool { waiting.isEmpty && failed.isEmpty }
    }

    /// Withdraws orders whose requirement failed for good, and puts those back whose requirement still waits: into `parking` or later waves,
    /// which are not this run's.
    func enforce() async throws -> (withdrawn: Int, events: Int, parking: Int) {
        var withdrawn = 0
        var events = 0
        let behind = try await behind()
        guard !behind.isEmpty else { return (0, 0, Requirements.parkingDistance) }
        try await eachPage(system.name, [.pending]) { page in
            let batch = try settle(page, behind)
            withdrawn += batch.settledStates.count
            events += try await committer.commit(batch)
        }
        return (withdrawn, events, Requirements.parkingDistance)
    }

    private func behind() async throws -> Behind {
        var behind = Behind()
        let open: [OrderState] = [.pending, .transmitted, .awaitingApproval, .errored, .withdrawn, .evaluationFailed]
        for required in system.requires {
            // An order in whose place another one is kept says nothing: that one does.
            try await eachPage(required, open) { page in
                for order in page where order.keeps == nil && !order.isWithdrawal {
                    if order.state.isSettled { behind.failed[order.user] = required } else { behind.waiting.insert(order.user) }
                }
            }
        }
        return behind
    }

    /// Orders that the plan carries out, its own and those it took over.
    private func eachPage(
        _ system: SystemName, _ states: [OrderState], _ body: ([ProvisioningOrder]) async throws -> Void
    ) async throws {
        var filter = OrderFilter()
        filter.owner = plan
        filter.system = system
        filter.states = states
        var after: OrderID?
        while true {
            let page = try await store.orders(filter, after: after, limit: 500)
            guard let last = page.last else { return }
            after = last.id
            try await body(page)
            if page.count < 500 { return }
        }
    }

    private func settle(_ page: [ProvisioningOrder], _ behind: Behind) throws -> SettledBatch {
        var batch = SettledBatch(lease: lease)
        for order in page where !order.isWithdrawal {
            if let required = behind.failed[order.user] {
                let reason = ConnectorFailure(.permanent, "not sent: \(required), which comes first, failed for this user")
                batch.settlement.entries.append(Settlement.Entry(order: try order.withdrawn(because: reason), account: nil))
                // The next run asks again for what was not sent.
                batch.settlement.planAgain.append(order.user)
            } else if behind.waiting.contains(order.user) {
                batch.settlement.entries.append(Settlement.Entry(order: order, account: nil, wave: Requirements.parkingDistance))
            }
        }
        return batch
    }
}
