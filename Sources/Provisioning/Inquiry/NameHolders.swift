package import Contracts
package import IdentityModel
internal import Planning

/// Says who holds names, in words that follow "held by": whoever is told that a name is taken wants to know by whom, and whether that will last.
package struct NameHolders {
    let store: any Store

    package init(store: any Store) { self.store = store }

    /// Names that nobody holds have no entry.
    package func words(for claims: [NameClaim]) async throws -> [NameClaim: String] {
        guard !claims.isEmpty else { return [:] }
        return try await words(for: try await store.holders(of: claims))
    }

    package func words(for holders: [NameClaim: UserID]) async throws -> [NameClaim: String] {
        let knowledge = try await store.knowledge(of: Set(holders.values))
        var words: [NameClaim: String] = [:]
        for (claim, id) in holders {
            if id.text.isEmpty {
                words[claim] = "an entry of \(claim.system) that is not ours"
            } else if let user = knowledge.users[id] {
                let account = knowledge.accounts[id]?.first { $0.system == claim.system }
                words[claim] = Self.person(user.key.text, user.displayName) + Self.note(account, claim)
            } else {
                words[claim] = try await planned(id)
            }
        }
        return words
    }

    package static func person(_ key: String, _ name: String) -> String { key == name ? key : "\(key) \(name)" }

    /// Nothing for the account that has the name and is in use.
    private static func note(_ account: Account?, _ claim: NameClaim) -> String {
        switch account?.state {
        case .deprovisioned: return ", whose account is disabled" + (account?.deprovisionedAt.map { " since \($0)" } ?? "")
        case .deleted: return ", whose account is deleted: its names stay reserved"
        case .enabled: return account?.has(claim) == true ? "" : ", who had it before, or is to get it by a plan that waits"
        case nil, .some(.none): return ", who is to get it"
        }
    }

    /// A user that no plan has made real yet.
    private func planned(_ id: UserID) async throws -> String {
        var filter = OrderFilter()
        filter.user = id
        guard let order = try await store.orders(filter, after: nil, limit: 1).first else { return "a user of a plan that waits" }
        let number = try await store.ordinals()[order.id.plan].map { "plan \($0)" } ?? "a plan"
        return Self.person(order.userKey.text, order.userName) + ", who is to get it by \(number)"
    }
}

extension NameHolders {
    /// Who holds the names that people in the examples of collisions would have liked.
    package func words(of report: DiffReport) async throws -> [NameClaim: String] {
        let wanted = report.diff.systems.values.flatMap { $0.collisions.values.flatMap { $0.examples.map(\.wanted) } }
        var words = try await words(for: wanted)
        let people = try await store.knowledge(of: Set(report.newHolders.values)).users
        for (claim, id) in report.newHolders where words[claim] == nil {
            guard let user = people[id] else { continue }
            words[claim] = Self.person(user.key.text, user.displayName) + ", by this change"
        }
        return words
    }
}

extension Account {
    fileprivate func has(_ claim: NameClaim) -> Bool {
        let values = written[claim.attribute]?.map(\.text) ?? [name?.text].compactMap { $0 }
        return values.contains { $0 == claim.folded || $0.lowercased() == claim.folded }
    }
}
