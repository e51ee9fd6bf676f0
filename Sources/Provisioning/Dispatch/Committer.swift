internal import Contracts
internal import IdentityModel
internal import Planning

/// Keeps what was settled, one batch after the other over all systems, and with it the events of users whose last order it was.
struct Committer: Sendable {
    let plan: Plan
    let ordinal: Int
    let store: any Store
    let clock: ShellClock
    /// The plan began to be applied in this run: no event of it can exist yet.
    let isFresh: Bool
    /// Every user has one order in this plan, besides those that are born while it is applied.
    let isSingleSystem: Bool
    private let turn = Turn()

    init(plan: Plan, ordinal: Int, store: any Store, clock: ShellClock, isFresh: Bool, isSingleSystem: Bool) {
        self.plan = plan
        self.ordinal = ordinal
        self.store = store
        self.clock = clock
        self.isFresh = isFresh
        self.isSingleSystem = isSingleSystem
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
        guard !settlement.entries.isEmpty else { return 0 }
        let complete = try await completeUsers(settlement)
        settlement.events = try await events(complete, system: batch.system, accountNames: batch.accountNames, onlyFirst: false)
        try await write(settlement)
        return settlement.events.count
    }

    /// Not a child of the run: a batch that was executed is kept even when the run is being cancelled.
    private func write(_ settlement: Settlement) async throws {
        let (store, plan, now) = (store, plan.id, clock.now())
        try await Task { try await store.commit(settlement, plan: plan, at: now) }.value
    }

    // MARK: Whose last order was it?

    private func completeUsers(_ settlement: Settlement) async throws -> [[ProvisioningOrder]] {
        var fresh: [UserID: [ProvisioningOrder]] = [:]
        var unsettled = Set(settlement.followUps.map(\.order.user))
        var users: [UserID] = []
        for entry in settlement.entries {
            let order = entry.order
            if fresh[order.user] == nil { users.append(order.user) }
            fresh[order.user, default: []].append(order)
            if !order.state.isSettled { unsettled.insert(order.user) }
        }
        users.removeAll(where: unsettled.contains)
        let asked = users.filter { user in !isSingleSystem || fresh[user]?.contains { $0.id.sequence > plan.totals.orders } ?? true }
        let others = asked.isEmpty ? [:] : try await store.orders(plan.id, users: asked)
        return users.compactMap { user in
            let mine = fresh[user] ?? []
            let kept = others[user]?.filter { other in !mine.contains { $0.id == other.id } } ?? []
            return kept.allSatisfy(\.state.isSettled) ? kept + mine : nil
        }
    }

    // MARK: Events

    /// One event per user. `onlyFirst`: none for a user who has had one.
    private func events(
        _ users: [[ProvisioningOrder]], system: SystemName?, accountNames: [UserReference: AccountName], onlyFirst: Bool
    ) async throws -> [OutboxEvent] {
        guard !users.isEmpty else { return [] }
        let names = try await resolved(users, system: system, accountNames: accountNames)
        var counts: [String: Int] = [:]
        if !isFresh || onlyFirst {
            counts = try await store.eventCounts(
                users.compactMap { orders in orders.first.map { CompletionEvent.trackingNumber(ordinal: ordinal, user: $0.user) } })
        }
        return users.compactMap { orders in
            guard let first = orders.first else { return nil }
            let count = counts.isEmpty ? 0 : counts[CompletionEvent.trackingNumber(ordinal: ordinal, user: first.user)] ?? 0
            if onlyFirst && count > 0 { return nil }
            let recipient = CompletionEvent.Recipient(id: first.user, key: first.userKey, name: first.userName)
            return CompletionEvent.render(recipient: recipient, ordinal: ordinal, sequence: count + 1, orders: orders, accountNames: names)
        }
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
        filter.plan = plan.id
        filter.states = states
        var after: OrderID?
        var count = 0
        while true {
            let page = try await store.orders(filter, after: after, limit: 500)
            guard let last = page.last else { return count }
            after = last.id
            let users = Array(Set(page.map(\.user))).sorted()
            let orders = try await store.orders(plan.id, users: users)
            let reported = users.compactMap { orders[$0] }.filter { !onlySettled || $0.allSatisfy(\.state.isSettled) }
            var settlement = Settlement()
            settlement.events = try await events(reported, system: nil, accountNames: [:], onlyFirst: true)
            if !settlement.events.isEmpty { try await write(settlement) }
            count += settlement.events.count
            if page.count < 500 { return count }
        }
    }
}
