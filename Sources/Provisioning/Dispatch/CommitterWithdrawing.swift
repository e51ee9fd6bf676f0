internal import Contracts
internal import IdentityModel

/// Orders that nobody will carry out any more, although no plan takes their place: their plan was abandoned, or their system left the configuration.
extension Committer {
    /// Withdraws all that the filter names and that is not settled, a page in a transaction: done again after a crash it goes on where it was.
    func withdraw(_ filter: OrderFilter, because reason: String, planAgain: Bool) async throws -> (orders: Int, events: Int) {
        var filter = filter
        filter.states = [.pending, .transmitted, .errored, .awaitingApproval, .evaluationFailed]
        var after: OrderID?
        var count = (orders: 0, events: 0)
        while true {
            let page = try await store.orders(filter, after: after, limit: 500)
            guard let last = page.last else { return count }
            after = last.id
            // Orders of plans that wait were never sent, and belong to those plans.
            let waiting = page.filter { $0.state != .planned }
            count.orders += waiting.count
            count.events += try await withdraw(waiting, because: reason, planAgain: planAgain)
        }
    }

    func withdraw(_ orders: [ProvisioningOrder], because reason: String, planAgain: Bool) async throws -> Int {
        let orders = try await givingUp(orders)
        let failure = ConnectorFailure(.permanent, reason)
        var settlement = Settlement()
        settlement.entries = try orders.map { Settlement.Entry(order: try $0.withdrawn(because: failure), account: nil) }
        if planAgain { settlement.planAgain = orders.map(\.user) }
        return try await keep(settlement) { [settlement] isAnew in
            try await events(
                try await toldOrDone(try await completeUsers(settlement)), system: nil, accountNames: [:], asksForAll: isAnew)
        }
    }

    /// What was sent and could not be looked at is not known, and stays so: whoever meets the account again looks first.
    private func givingUp(_ orders: [ProvisioningOrder]) async throws -> [ProvisioningOrder] {
        guard orders.contains(where: { $0.state == .transmitted }) else { return orders }
        var settlement = Settlement()
        var orders = orders
        for (system, indices) in Dictionary(grouping: orders.indices.filter { orders[$0].state == .transmitted }, by: { orders[$0].system })
        {
            let accounts = try await store.accounts(system, users: indices.map { orders[$0].user })
            for index in indices {
                let account = Transmission(order: orders[index], known: accounts[orders[index].user]).accountInDoubt(orders[index], nil)
                orders[index] = try orders[index].refused(
                    ConnectorFailure(.unknown, "its answer was lost, and nobody looks for it any more"))
                settlement.entries.append(Settlement.Entry(order: orders[index], account: account))
            }
        }
        try await write(settlement)
        return orders
    }

    /// Of these users those who were told that something is under way, and those for whom something was done.
    private func toldOrDone(_ users: [[ProvisioningOrder]]) async throws -> [[ProvisioningOrder]] {
        let tracking = try await trackingNumbers(users)
        let history = try await store.eventHistory(tracking.compactMap { $0 })
        return zip(users, tracking).filter { orders, number in
            number.map { history[$0] != nil } ?? false || orders.contains { $0.state == .executed || $0.state == .verified }
        }.map(\.0)
    }
}
