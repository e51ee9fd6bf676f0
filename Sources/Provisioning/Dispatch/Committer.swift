internal import Contracts
internal import IdentityModel
internal import Planning

/// Keeps what was settled, one batch after the other over all systems, and with it the events of users whose last order it was.
///
/// An event is about a user and the plan that an order was made in: an order that a later plan took over keeps its tracking number.
struct Committer: Sendable {
    let plan: Plan
    let ordinal: Int
    let store: any Store
    let clock: ShellClock
    /// The plan began to be applied in this run, and took nothing over: no event of it was there before, and every order is its own.
    let isFresh: Bool
    /// Every user has one order in this plan, besides those that are born while it is applied.
    let isSingleSystem: Bool
    let pendingAfterMilliseconds: Int64
    private let turn = Turn()

    init(
        plan: Plan, ordinal: Int, store: any Store, clock: ShellClock, isFresh: Bool, isSingleSystem: Bool, pendingAfterMilliseconds: Int64
    ) {
        self.plan = plan
        self.ordinal = ordinal
        self.store = store
        self.clock = clock
        self.isFresh = isFresh
        self.isSingleSystem = isSingleSystem
        self.pendingAfterMilliseconds = pendingAfterMilliseconds
    }

    /// One transaction. Returns the number of events. Orders of one user on two systems may settle at the same time: whoever comes second
    /// must see the first, hence the turn.
    func commit(_ batch: SettledBatch) async throws -> Int {
        await turn.take()
        do {
            let count = try await keep(batch)
            await turn.pass()
            return count
        } catch {
            await turn.pass()
            throw error
        }
    }

    private func keep(_ batch: SettledBatch) async throws -> Int {
        var settlement = batch.settlement
        // An order whose answer was lost is settled later; what else came of it is not to wait for that.
        guard !settlement.isEmpty else { return 0 }
        settlement.lease = batch.lease
        return try await keep(settlement) { [settlement] isAnew in
            try await events(
                try await completeUsers(settlement), system: batch.system, accountNames: batch.accountNames, asksForAll: isAnew)
        }
    }

    /// What was settled, with its events. Another run may settle other orders of the same users, or close the same ones, and tell of them first: then what was
    /// told by now is asked for, and the events are made anew. Returns their number.
    func keep(_ settlement: Settlement, telling events: (_ isAnew: Bool) async throws -> [OutboxEvent]) async throws -> Int {
        var settlement = settlement
        var attempts = 0
        while true {
            settlement.events = try await events(attempts > 0)
            guard !settlement.isEmpty else { return 0 }
            do {
                try await write(settlement)
                return settlement.events.count
            } catch StoreError.toldMeanwhile where attempts < 20 {
                attempts += 1
            }
        }
    }

    /// Not a child of the run: a batch that was executed is kept even when the run is being cancelled.
    func write(_ settlement: Settlement) async throws {
        let (store, plan, now) = (store, plan.id, clock.now())
        try await Offshoot.begin { try await store.commit(settlement, plan: plan, at: now) }.value
    }

    // MARK: Whose last order was it?

    private struct Share: Hashable {
        let user: UserID
        let plan: PlanID
    }

    func completeUsers(_ settlement: Settlement) async throws -> [[ProvisioningOrder]] {
        var fresh: [Share: [ProvisioningOrder]] = [:]
        var unsettled = Set(settlement.followUps.map { Share(user: $0.order.user, plan: plan.id) })
        var shares: [Share] = []
        for entry in settlement.entries {
            let order = entry.order
            let share = Share(user: order.user, plan: order.id.plan)
            if fresh[share] == nil { shares.append(share) }
            fresh[share, default: []].append(order)
            if !order.state.isSettled { unsettled.insert(share) }
        }
        shares.removeAll(where: unsettled.contains)
        let asked = shares.filter { share in
            !isSingleSystem || fresh[share]?.contains(where: isBornMeanwhile) ?? true
        }
        let others = try await orders(asked)
        return shares.compactMap { share in
            let mine = fresh[share] ?? []
            let kept = others[share]?.filter { other in !mine.contains { $0.id == other.id } } ?? []
            return kept.allSatisfy(\.state.isSettled) ? kept + mine : nil
        }
    }

    /// Every order of these users in the plans that they were made in.
    private func orders(_ shares: [Share]) async throws -> [Share: [ProvisioningOrder]] {
        var found: [Share: [ProvisioningOrder]] = [:]
        for (plan, shares) in Dictionary(grouping: shares, by: \.plan) {
            for (user, orders) in try await store.orders(plan, users: shares.map(\.user)) {
                found[Share(user: user, plan: plan)] = orders
            }
        }
        return found
    }

    // MARK: Events

    /// One event per user and plan. One that would say word for word what the last one said is not sent again; a withdrawal that fails is said once a day.
    func events(
        _ users: [[ProvisioningOrder]], system: SystemName?, accountNames: [UserReference: AccountName], onlyFirst: Bool = false,
        asksForAll: Bool = false
    ) async throws -> [OutboxEvent] {
        guard !users.isEmpty else { return [] }
        let names = try await resolved(users, system: system, accountNames: accountNames)
        let ordinals = try await ordinals(users)
        let asked = onlyFirst || asksForAll ? users : users.filter(mayHaveBeenTold)
        var history: [String: EventHistory] = [:]
        if !asked.isEmpty {
            history = try await store.eventHistory(try await trackingNumbers(asked).compactMap { $0 })
        }
        let now = clock.now()
        return users.compactMap { orders in
            guard let first = orders.first, let ordinal = ordinals[first.id.plan] else { return nil }
            let earlier = history.isEmpty ? nil : history[CompletionEvent.trackingNumber(ordinal: ordinal, user: first.user)]
            if onlyFirst && earlier != nil { return nil }
            let signature = CompletionEvent.signature(orders)
            if let earlier, earlier.signature == signature {
                let isDaily = orders.contains { $0.isWithdrawal && $0.state == .errored }
                if !isDaily || now.milliseconds - earlier.at.milliseconds < 86_400_000 { return nil }
            }
            let recipient = CompletionEvent.Recipient(id: first.user, key: first.userKey, name: first.userName)
            var event = CompletionEvent.render(
                recipient: recipient, ordinal: ordinal, sequence: (earlier?.count ?? 0) + 1, orders: orders, accountNames: names)
            event.signature = signature
            return event
        }
    }

    /// Whoever was told in this very run is told again when an order was born for them since.
    private func mayHaveBeenTold(_ orders: [ProvisioningOrder]) -> Bool { !isFresh || orders.contains(where: isBornMeanwhile) }

    /// While this plan is applied, of an order that moved what others point at.
    private func isBornMeanwhile(_ order: ProvisioningOrder) -> Bool {
        order.id.plan == plan.id && order.id.sequence > plan.totals.orders
    }

    /// Of each user's orders in one plan; nil where the plan has no number.
    func trackingNumbers(_ users: [[ProvisioningOrder]]) async throws -> [String?] {
        let ordinals = try await ordinals(users)
        return users.map { orders in
            orders.first.flatMap { first in ordinals[first.id.plan].map { CompletionEvent.trackingNumber(ordinal: $0, user: first.user) } }
        }
    }

    private func ordinals(_ users: [[ProvisioningOrder]]) async throws -> [PlanID: Int] {
        let others = Set(users.compactMap { $0.first?.id.plan }).subtracting([plan.id])
        var ordinals = others.isEmpty ? [:] : try await store.starts(of: others.sorted()).mapValues(\.ordinal)
        ordinals[plan.id] = ordinal
        return ordinals
    }

    /// Names of the accounts these orders point at: the batch knows its own, the store the rest.
    private func resolved(
        _ users: [[ProvisioningOrder]], system: SystemName?, accountNames: [UserReference: AccountName]
    ) async throws -> [CompletionEvent.Reference: AccountName] {
        var names: [CompletionEvent.Reference: AccountName] = [:]
        var unknown: [SystemName: Set<UserReference>] = [:]
        for order in users.joined() {
            for request in order.requests {
                for case .reference(let user) in request.effective {
                    if order.system == system, let name = accountNames[user] {
                        names[CompletionEvent.Reference(system: order.system, user: user)] = name
                    } else {
                        unknown[order.system, default: []].insert(user)
                    }
                }
            }
        }
        for (system, users) in unknown.sorted(by: { $0.key < $1.key }) {
            for (user, found) in try await store.references(system, to: users.sorted(), plan: plan.id) {
                if case .account(let name) = found.target { names[CompletionEvent.Reference(system: system, user: user)] = name }
            }
        }
        return names
    }

    // MARK: Users whom no batch completes

    /// Users whose every order failed at evaluation never come through a batch; users with an order that waits are reported as pending at the
    /// end of the run. Each gets an event unless they have had one. Returns the number of events.
    func report(usersWith states: [OrderState], onlySettled: Bool) async throws -> Int {
        var filter = OrderFilter()
        filter.owner = plan.id
        filter.states = states
        return try await announce(filter) { orders, start in
            guard !onlySettled else { return orders.allSatisfy(\.state.isSettled) }
            return isWorthTelling(orders, startedAt: start)
        }
    }

    /// Nothing is announced while nothing was done: an outage of a minute is nobody's news. What waits for people is told at once.
    private func isWorthTelling(_ orders: [ProvisioningOrder], startedAt: Instant?) -> Bool {
        if orders.contains(where: { $0.state == .executed || $0.state == .verified || $0.state == .awaitingApproval }) { return true }
        guard let startedAt else { return false }
        return clock.now().milliseconds - startedAt.milliseconds >= pendingAfterMilliseconds
    }

    private func announce(
        _ filter: OrderFilter, _ isWorthIt: ([ProvisioningOrder], _ startedAt: Instant?) -> Bool
    ) async throws -> Int {
        var after: OrderID?
        var count = 0
        while true {
            let page = try await store.orders(filter, after: after, limit: 500)
            guard let last = page.last else { return count }
            after = last.id
            let shares = Set(page.map { Share(user: $0.user, plan: $0.id.plan) })
            let starts = try await store.starts(of: Set(shares.map(\.plan)).sorted())
            count += try await keep(Settlement()) { _ in
                let orders = try await orders(Array(shares))
                let reported = shares.sorted { ($0.plan, $0.user) < ($1.plan, $1.user) }.compactMap { share in
                    orders[share].flatMap { isWorthIt($0, starts[share.plan]?.at) ? $0 : nil }
                }
                return try await events(reported, system: nil, accountNames: [:], onlyFirst: true)
            }
            if page.count < 500 { return count }
        }
    }

    // MARK: Orders that this plan withdrew

    /// Whoever was told that something is under way is told that it was superseded. Done again after a crash, it says nothing twice.
    func closeSuperseded() async throws -> Int {
        var filter = OrderFilter()
        filter.supersededBy = plan.id
        filter.states = [.withdrawn]
        var after: OrderID?
        var count = 0
        while true {
            let page = try await store.orders(filter, after: after, limit: 500)
            guard let last = page.last else { return count }
            after = last.id
            count += try await keep(Settlement()) { try await closing(page, asksForAll: $0) }
            if page.count < 500 { return count }
        }
    }

    private func closing(_ page: [ProvisioningOrder], asksForAll: Bool) async throws -> [OutboxEvent] {
        let shares = Set(page.map { Share(user: $0.user, plan: $0.id.plan) })
        let starts = try await store.starts(of: Set(shares.map(\.plan)).sorted())
        let tracking = Dictionary(
            shares.compactMap { share in
                starts[share.plan].map { (share, CompletionEvent.trackingNumber(ordinal: $0.ordinal, user: share.user)) }
            }, uniquingKeysWith: { first, _ in first })
        let history = try await store.eventHistory(Array(tracking.values))
        let told = shares.filter { share in tracking[share].map { history[$0] != nil } ?? false }
        let orders = try await orders(Array(told))
        let superseded = Set(page.map(\.id))
        let users = told.sorted { ($0.plan, $0.user) < ($1.plan, $1.user) }.compactMap { share in
            orders[share]?.map { order in
                guard superseded.contains(order.id) else { return order }
                var order = order
                order.failure = ConnectorFailure(.permanent, "superseded by plan \(ordinal)")
                return order
            }
        }
        return try await events(users.filter { $0.allSatisfy(\.state.isSettled) }, system: nil, accountNames: [:], asksForAll: asksForAll)
    }
}
