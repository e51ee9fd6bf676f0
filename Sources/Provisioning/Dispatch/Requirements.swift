internal import Contracts
internal import IdentityModel

/// `requires`: an order waits for its user's orders on the systems that come first. Those lanes have run; this takes out of the dependent lane
/// what must not be sent now.
struct Requirements: Sendable {
    /// Orders behind another system's outage are put this many waves back, out of this run's reach.
    static let parkingDistance = OrdersHeldBack.distance

    let plan: PlanID
    let system: ManagedSystem
    let store: any Store
    let committer: Committer
    let options: DispatchOptions

    /// Withdraws orders whose requirement failed for good, and puts those back whose requirement still waits: into `parking` or later waves,
    /// which are not this run's.
    func enforce() async throws -> (withdrawn: Int, events: Int, parking: Int) {
        var withdrawn = 0
        var events = 0
        let wave = Requirements.parkingDistance
        for required in system.requires {
            var filter = OrderFilter()
            filter.plan = plan
            filter.system = required
            filter.states = [.pending, .transmitted, .awaitingApproval, .errored, .withdrawn, .evaluationFailed]
            var after: OrderID?
            while true {
                let page = try await store.orders(filter, after: after, limit: 500)
                guard let last = page.last else { break }
                after = last.id
                let batch = try await settle(page, required, wave)
                withdrawn += batch.settledStates.count
                events += try await committer.commit(batch)
                if page.count < 500 { break }
            }
        }
        return (withdrawn, events, wave)
    }

    private func settle(_ page: [ProvisioningOrder], _ required: SystemName, _ wave: Int) async throws -> SettledBatch {
        var batch = SettledBatch(system: system.name)
        let users = Set(page.map(\.user)).sorted()
        let failed = Set(page.filter(\.state.isSettled).map(\.user))
        let orders = try await store.orders(plan, users: users)
        for user in users {
            for order in orders[user] ?? [] where order.system == system.name && order.state == .pending {
                if failed.contains(user) {
                    let reason = ConnectorFailure(.permanent, "not sent: \(required), which comes first, failed for this user")
                    batch.settlement.entries.append(Settlement.Entry(order: try order.withdrawn(because: reason), account: nil))
                } else {
                    batch.settlement.entries.append(Settlement.Entry(order: order, account: nil, wave: wave))
                }
            }
        }
        return batch
    }
}
