package import IdentityModel

/// Decides which changes and orders of a chunk become lines of the plan. A user who was looked at again, and for whom nothing comes of it, is none: a
/// configuration that is edited would list everybody, and what cannot be done would make a plan in every run.
package struct PlanLines: Sendable {
    package let drafts: ChunkDrafts
    /// The day each user was to be looked at, as the last applied plan said.
    private let dues: [UserID: CivilDate]
    /// Orders of these users that are not settled, of whatever plan, the oldest first.
    package let openOrders: [UserID: [ProvisioningOrder]]
    /// What has to be written first, by system.
    private let requires: [SystemName: [SystemName]]

    package init(
        _ drafts: ChunkDrafts, dues: [UserID: CivilDate], openOrders: [UserID: [ProvisioningOrder]], requires: [SystemName: [SystemName]]
    ) {
        self.drafts = drafts
        self.dues = dues
        self.openOrders = openOrders
        self.requires = requires
    }

    // MARK: Orders

    /// The users of an approved plan of another origin are left to it, except those who lose an account.
    package func leftToOthers(_ approved: Set<UserID>, _ orders: [ProvisioningOrder]) -> Set<UserID> {
        guard !approved.isEmpty else { return [] }
        let withdrawn = Set(orders.filter(\.isWithdrawal).map(\.user))
        return Set(drafts.changes.map(\.user.id)).intersection(approved).subtracting(withdrawn)
    }

    /// The orders of the plan, numbered from `first`. One that waits already and asks for the same is kept; one that cannot be made, for the reason that was
    /// told already, is left out.
    package func orders(_ orders: [ProvisioningOrder], from first: Int) -> [ProvisioningOrder] {
        numbered(openOrders.isEmpty ? orders : withoutRepeatedFailures(orders.map { keeping($0) }), from: first)
    }

    private func numbered(_ orders: [ProvisioningOrder], from first: Int) -> [ProvisioningOrder] {
        var orders = orders
        for index in orders.indices { orders[index].id = OrderID(plan: orders[index].id.plan, sequence: first + index) }
        return orders
    }

    private func keeping(_ order: ProvisioningOrder) -> ProvisioningOrder {
        guard let open = openOrders[order.user] else { return order }
        var order = order
        let kept = open.last { waiting in
            waiting.state != .transmitted && waiting.asksForTheSame(as: order)
                && (waiting.state == .evaluationFailed) == (order.failure != nil)
                && (waiting.state != .evaluationFailed || waiting.failure?.message == order.failure?.message)
        }
        order.keeps = kept?.id
        return order
    }

    /// An account that cannot be computed, for the reason that was told already, makes no plan again in every run: its order stays where it is, and counts.
    private func withoutRepeatedFailures(_ orders: [ProvisioningOrder]) -> [ProvisioningOrder] {
        let isRepeated: (ProvisioningOrder) -> Bool = { $0.keeps != nil && $0.failure != nil }
        guard orders.contains(where: isRepeated) else { return orders }
        let failing = Dictionary(grouping: orders.filter(isRepeated), by: \.user).mapValues { Set($0.map(\.system)) }
        let isRepeatedOrBehind: (ProvisioningOrder) -> Bool = { order in
            isRepeated(order) || !order.isWithdrawal && isBehind(order.system, failing[order.user] ?? [])
        }
        let active = Set(orders.filter { !isRepeatedOrBehind($0) }.map(\.user))
        let changes = Dictionary(drafts.changes.map { ($0.user.id, $0) }, uniquingKeysWith: { first, _ in first })
        return orders.filter { order in
            guard isRepeatedOrBehind(order), !active.contains(order.user), let change = changes[order.user] else { return true }
            return isNews(change, besides: [.order, .account, .configuration, .reference, .date])
        }
    }

    /// Accounts whose orders are not asked for now: what has to be written first cannot be planned (`leftAside`), or failed and is tried once more. Sent
    /// beside it they would come before it, and planned in every run they would be withdrawn, and told of, in every run. Orders that wait already go on waiting.
    package func behind(_ orders: [ProvisioningOrder], leftAside: Set<AccountOwner>) -> Set<AccountOwner> {
        var ahead: [UserID: Set<SystemName>] = [:]
        for account in leftAside { ahead[account.user, default: []].insert(account.system) }
        for order in orders where isTriedAgain(order) { ahead[order.user, default: []].insert(order.system) }
        guard !ahead.isEmpty else { return [] }
        let behind = orders.filter { order in
            !order.isWithdrawal && order.failure == nil && isBehind(order.system, ahead[order.user] ?? []) && keeping(order).keeps == nil
        }
        return Set(behind.map { AccountOwner(user: $0.user, system: $0.system) })
    }

    private func isTriedAgain(_ order: ProvisioningOrder) -> Bool {
        guard !order.isWithdrawal, let open = openOrders[order.user], open.contains(where: { $0.state == .errored }),
            let kept = keeping(order).keeps
        else { return false }
        return open.contains { $0.id == kept && $0.state == .errored }
    }

    /// What comes first on one of these systems fails, so this would not be sent. Systems may require each other in a circle.
    private func isBehind(_ system: SystemName, _ failing: Set<SystemName>) -> Bool {
        guard !failing.isEmpty else { return false }
        var met: Set<SystemName> = []
        var ahead = requires[system] ?? []
        while let next = ahead.popLast() {
            if failing.contains(next) { return true }
            if met.insert(next).inserted { ahead += requires[next] ?? [] }
        }
        return false
    }

    // MARK: Changes

    /// What became of a chunk's users beside their orders.
    package struct Outcome: Sendable {
        /// Planned by another plan, or later in this one.
        package var elsewhere: Set<UserID> = []
        /// Orders were computed for them, and none of them is news.
        package var failingAgain: Set<UserID> = []
        /// A system could not be asked about them.
        package var leftAside: Set<UserID> = []
        /// They point at accounts that are still to come.
        package var waiting: Set<UserID> = []
        package init() {}
    }

    /// The changes that stand in the plan. `ordered`: users with an order in it.
    package func changes(ordered: Set<UserID>, _ outcome: Outcome) -> [UserChange] {
        drafts.changes.filter { change in
            let id = change.user.id
            if outcome.elsewhere.contains(id) { return false }
            if ordered.contains(id) { return true }
            if outcome.failingAgain.contains(id), !isNews(change, besides: [.order, .account, .configuration, .reference, .date]) {
                return false
            }
            // Nothing could be looked at, again: the mark stays, and that is all there is to say.
            if outcome.leftAside.contains(id),
                !isNews(change, besides: [.leftAside, .account, .order, .configuration, .reference, .date])
            {
                return false
            }
            return isWorthKeeping(change, isWaiting: outcome.waiting.contains(id))
        }
    }

    /// Why a user of whom nothing else is new was looked at; nil where something is.
    private func onlyReason(_ change: UserChange) -> ReplanReasons? {
        guard change.change == .unchanged, change.assignments == change.assignmentsBefore, change.ended.isEmpty,
            !drafts.restated.contains(change.user.id)
        else { return nil }
        return drafts.again[change.user.id]
    }

    /// The change says something that was not known, or was asked for by more than these reasons.
    private func isNews(_ change: UserChange, besides reasons: ReplanReasons) -> Bool {
        guard let again = onlyReason(change), change.due == dues[change.user.id] else { return true }
        return !again.isSubset(of: reasons)
    }

    /// What asked for a user of whom nothing comes stays, so the next run looks again.
    private func isWorthKeeping(_ change: UserChange, isWaiting: Bool) -> Bool {
        guard let again = onlyReason(change) else { return true }
        #if PLANTED_BUGS
        if PlantedBug.planted == .dueLostOnEdit, again == .configuration { return false }
        #endif
        guard again.isSubset(of: [.date, .configuration, .reference]) else { return true }
        let hasAnotherDay = change.due != dues[change.user.id]
        // Whoever waits for an account is marked as such, once: an edit may be the first to say so, a date never is.
        if isWaiting { return again.contains(.configuration) && !again.contains(.reference) || hasAnotherDay }
        return again.contains(.reference) || hasAnotherDay
    }
}
