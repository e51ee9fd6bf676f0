package import Contracts
package import IdentityModel

/// What is asked of the store page by page: memory does not grow with the answer.
package enum Listing {
    package static let pageSize = 500

    /// How much of a list was given.
    package struct End: Hashable, Sendable {
        package let isEmpty: Bool
        package let hasMore: Bool
    }

    /// Walks through a list as far as it is wanted (nil: to its end). `page` gives so many elements behind the last one; `body` gets them at once.
    package static func each<Element>(
        limit: Int?, _ page: (_ after: Element?, _ count: Int) async throws -> [Element], _ body: ([Element]) async throws -> Void
    ) async throws -> End {
        let wanted = limit ?? Int.max
        var shown = 0
        var last: Element?
        while shown < wanted {
            let found = try await page(last, min(pageSize, wanted - shown))
            guard let end = found.last else { return End(isEmpty: shown == 0, hasMore: false) }
            try await body(found)
            shown += found.count
            last = end
        }
        return End(isEmpty: false, hasMore: try await !page(last, 1).isEmpty)
    }

    /// Orders with the numbers of their plans: of one plan in the order in which they are carried out, else the newest first.
    package static func orders(
        _ filter: OrderFilter, since: Instant? = nil, limit: Int?, _ store: any Store,
        _ body: ([(ordinal: Int?, order: ProvisioningOrder)]) async throws -> Void
    ) async throws -> End {
        let numbers = try await store.ordinals()
        func numbered(_ page: [ProvisioningOrder]) async throws { try await body(page.map { (numbers[$0.id.plan], $0) }) }
        if filter.plan != nil {
            return try await each(limit: limit, { try await store.orders(filter, after: $0?.id, limit: $1) }, numbered)
        }
        return try await each(
            limit: limit, { try await store.newestOrders(filter, since: since, before: $0?.id, limit: $1) }, numbered)
    }

    /// Users by key, from one on, with their accounts.
    package static func users(
        from key: UserKey? = nil, limit: Int?, _ store: any Store, _ body: ([ListedUser]) async throws -> Void
    ) async throws -> UserKey? {
        var rest = limit ?? Int.max
        // No key is empty, and no id comes before the empty one.
        var after = key.map { (key: $0, id: UserID("")) }
        while rest > 0 {
            let page = try await store.users(after: after, limit: min(pageSize, rest))
            guard let last = page.last else { return nil }
            try await body(try await listed(page.map(\.id), store))
            rest -= page.count
            after = last
        }
        return try await store.users(after: after, limit: 1).first?.key
    }

    private static func listed(_ ids: [UserID], _ store: any Store) async throws -> [ListedUser] {
        let knowledge = try await store.knowledge(of: Set(ids))
        return ids.compactMap { id in
            knowledge.users[id].map { user in
                ListedUser(
                    user: user, accounts: (knowledge.accounts[id] ?? []).filter { $0.state != .none }.sorted { $0.system < $1.system })
            }
        }
    }

    /// Events, the newest first.
    package static func events(
        _ filter: RecordFilter, limit: Int?, _ store: any Store, _ body: ([(row: Int64, event: OutboxEvent)]) async throws -> Void
    ) async throws -> End {
        try await each(limit: limit, { try await store.newestEvents(filter, before: $0?.row, limit: $1) }, body)
    }

    /// What happened, the newest first.
    package static func audit(
        _ filter: RecordFilter, limit: Int?, _ store: any Store, _ body: ([ListedEntry]) async throws -> Void
    ) async throws -> End {
        let numbers = try await store.ordinals()
        func listed(_ page: [(row: Int64, entry: AuditEntry)]) async throws {
            let keys = try await store.keys(of: page.compactMap(\.entry.user))
            try await body(
                page.map { row in
                    ListedEntry(
                        entry: row.entry, ordinal: row.entry.plan.flatMap { numbers[$0] },
                        user: row.entry.user.map { keys[$0]?.text ?? $0.text })
                })
        }
        return try await each(limit: limit, { try await store.newestAudit(filter, before: $0?.row, limit: $1) }, listed)
    }
}

package struct ListedUser: Hashable, Sendable {
    package let user: User
    /// Those that there are, by system.
    package let accounts: [Account]
}

package struct ListedEntry: Sendable {
    package let entry: AuditEntry
    /// The number of its plan; discarded plans have none.
    package let ordinal: Int?
    /// Whom it is about, by key.
    package let user: String?
}

extension Store {
    /// In plan and sequence.
    package func eachOrder(_ filter: OrderFilter, _ body: ([ProvisioningOrder]) async throws -> Void) async throws {
        _ = try await Listing.each(limit: nil, { try await orders(filter, after: $0?.id, limit: $1) }, body)
    }

    package func eachChange(of plan: PlanID, _ body: (UserChange) throws -> Void) async throws {
        _ = try await Listing.each(limit: nil) { (last: (sequence: Int, change: UserChange)?, count) in
            try await changes(of: plan, after: last?.sequence ?? 0, limit: count)
        } _: { page in
            for (_, change) in page { try body(change) }
        }
    }

    /// The change of one user in a plan; nil when the plan has none.
    func change(of user: UserKey, in plan: PlanID) async throws -> UserChange? {
        var after = 0
        while true {
            let page = try await changes(of: plan, after: after, limit: Listing.pageSize)
            if let found = page.first(where: { $0.change.user.key == user }) { return found.change }
            guard let last = page.last else { return nil }
            after = last.sequence
        }
    }

    /// The plans that are sealed and neither applied nor refused.
    package func waitingPlans() async throws -> [Plan] { try await plans(limit: Int.max).filter(\.state.isWaiting) }

    func knowledge(of users: Set<UserID>) async throws -> Knowledge {
        guard !users.isEmpty else { return Knowledge() }
        var request = KnowledgeRequest()
        request.users = users.sorted()
        return try await knowledge(request)
    }
}
