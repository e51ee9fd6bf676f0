package import Contracts
package import IdentityModel
package import Planning

/// What a comparison of two configurations found.
package struct DiffReport: Sendable {
    package let diff: ConfigurationDiff
    /// Guards of the other configuration that would trip.
    package let verdicts: [GuardVerdict]
    /// The user that was looked at, in full.
    package let person: UserComparison?
    /// Names of collisions that another user would get by the change: who.
    package let newHolders: [NameClaim: UserID]
}

/// Compares two configurations over every known user, with the planner's own code, in chunks. Reads the store, and nothing else: no system is asked,
/// nothing is written.
///
/// Each user is planned twice. First under the present configuration, and what that would still have to do is taken as done; then, from there, under
/// the other one. What the second plan does is the difference between the two, and only that. Names are chosen in the order of the users' keys.
package struct DiffRun {
    private let present: Configuration
    private let other: Configuration
    private let store: any Store
    private let today: CivilDate
    private let progress: @Sendable (Int) -> Void
    private static let chunkSize = 1_000

    /// `progress` is told how many users are compared so far.
    package init(
        present: Configuration, other: Configuration, store: any Store, today: CivilDate,
        progress: @escaping @Sendable (Int) -> Void
    ) {
        self.present = present
        self.other = other
        self.store = store
        self.today = today
        self.progress = progress
    }

    /// `examples`: how many of each kind are kept. `person`: the user to keep in full.
    package func run(examples: Int, person: UserKey?) async throws(StoreError) -> DiffReport {
        var diff = ConfigurationDiff(present, other, examples: examples)
        var found: UserComparison?
        let before = DiffSide(present, today: today)
        let after = DiffSide(other, today: today)
        var last: (key: UserKey, id: UserID)?
        while true {
            let page = try await store.users(after: last, limit: Self.chunkSize)
            guard let end = page.last else { break }
            last = end
            for comparison in try await compare(page.map(\.id), before, after) {
                diff.add(comparison)
                if comparison.user.key == person { found = better(found, comparison) }
            }
            progress(diff.users)
        }
        // The day is the clock of a comparison: windows end with it.
        let recent = try await store.recentEffects(other.guards, before: Instant(milliseconds: Int64(today.days + 1) * 86_400_000))
        let verdicts = diff.verdicts(recent: recent, settings: other.guards)
        return DiffReport(diff: diff, verdicts: verdicts, person: found, newHolders: holders(of: diff, before, after))
    }

    /// A key may have had several users: whoever is not terminated.
    private func better(_ first: UserComparison?, _ second: UserComparison) -> UserComparison {
        guard let first, first.user.status != .terminated else { return second }
        return first
    }

    private func compare(_ ids: [UserID], _ before: DiffSide, _ after: DiffSide) async throws(StoreError) -> [UserComparison] {
        var request = KnowledgeRequest()
        request.users = ids
        let knowledge = try await store.knowledge(request)
        let users = ids.compactMap { knowledge.users[$0] }
        let first = try await before.plan(users, knowledge, names: [], store)
        let settled = first.settled(users, knowledge)
        let second = try await after.plan(settled.users, settled.knowledge, names: [before], store)
        return settled.users.map { user in
            UserComparison(
                user: user, present: first.outcome(user, held: settled.knowledge.assignments[user.id] ?? []),
                other: second.outcome(user, held: settled.knowledge.assignments[user.id] ?? []),
                accounts: settled.knowledge.accounts[user.id] ?? [])
        }
    }

    private func holders(of diff: ConfigurationDiff, _ before: DiffSide, _ after: DiffSide) -> [NameClaim: UserID] {
        let wanted = diff.systems.values.flatMap { $0.collisions.values.flatMap { $0.examples.map(\.wanted) } }
        return wanted.reduce(into: [:]) { holders, claim in holders[claim] = after.holder(of: claim) ?? before.holder(of: claim) }
    }
}

/// One configuration in a comparison, with the names it has given so far. Not for several threads at once.
final class DiffSide {
    private let configuration: Configuration
    private let records: RecordPlanning
    private let hints = NameHints()
    /// By the claims' hashes, as in the store: a claim itself is four texts, and a changed candidate gives everybody a new name.
    private var names: [UInt64: UserID] = [:]

    init(_ configuration: Configuration, today: CivilDate) {
        self.configuration = configuration
        records = RecordPlanning(
            configuration: configuration, source: nil, rules: RuleEvaluation(rules: configuration.rules, schema: configuration.schema),
            days: SourceDays(today))
    }

    func holder(of claim: NameClaim) -> UserID? { names[claim.stableHash] }

    /// What the configuration makes of a chunk of users.
    struct Planned {
        var changes: [UserID: UserChange] = [:]
        /// Users for whom a business rule could not be decided.
        var ruleFailures: [UserID: String] = [:]
        var orders: [UserID: [ProvisioningOrder]] = [:]
    }

    /// `others`: sides whose names are taken as well.
    func plan(
        _ users: [User], _ knowledge: Knowledge, names others: [DiffSide], _ store: any Store
    ) async throws(StoreError) -> Planned {
        var planned = Planned()
        var changes: [UserChange] = []
        for user in users {
            switch records.plan(.again(.configuration), person: knowledge.person(user)) {
            case .change(let change)?:
                planned.changes[user.id] = change
                changes.append(change)
            case .quarantine(let quarantine)?: planned.ruleFailures[user.id] = quarantine.reason
            case nil: break
            }
        }
        let planning = ChunkPlanning(configuration: configuration, hints: hints, changes: changes, accounts: knowledge.accounts)
        try await planning.interview { (questions) throws(StoreError) in
            questions.compactMap { Self.answer($0, planning.known($0)) }
        } names: { (questions) throws(StoreError) in
            ChunkPlanning.NameAnswers(
                holders: try await holders(of: questions.claims, others, store),
                taken: Array(repeating: false, count: questions.probes.count))
        }
        let orders = planning.orders(from: 1)
        for reservation in ChunkPlanning.reservations(of: orders) { names[reservation.claim.stableHash] = reservation.user }
        planned.orders = Dictionary(grouping: orders, by: \.user)
        return planned
    }

    /// What a system would say that shows exactly what we know: whoever has no account finds none; a withdrawn account is where it was left. Nothing is
    /// said of one that is in use, so that `enforce: ifEmpty` takes what it never wrote for empty.
    private static func answer(
        _ question: ChunkPlanning.LookupQuestion, _ known: Account?
    ) -> ChunkPlanning.LookupAnswer? {
        guard let known, known.state != .none, known.state != .deleted else { return (question, .absent) }
        guard known.state == .deprovisioned, let id = known.id, let name = known.name else { return nil }
        let attributes = known.written.mapValues { $0.map(\.text) }
        return (
            question,
            .found(
                ActualAccount(id: id, name: name, attributes: attributes, memberships: known.memberships.sorted()),
                owner: AccountOwner(user: known.user, system: known.system))
        )
    }

    private func holders(of claims: [NameClaim], _ others: [DiffSide], _ store: any Store) async throws(StoreError) -> [NameClaim: UserID] {
        var holders: [NameClaim: UserID] = [:]
        var unknown: [NameClaim] = []
        for claim in claims {
            if let holder = holder(of: claim) ?? others.lazy.compactMap({ $0.holder(of: claim) }).first {
                holders[claim] = holder
            } else {
                unknown.append(claim)
            }
        }
        guard !unknown.isEmpty else { return holders }
        return holders.merging(try await store.holders(of: unknown)) { first, _ in first }
    }
}

extension DiffSide.Planned {
    func outcome(_ user: User, held: [RoleAssignment]) -> UserComparison.Outcome {
        UserComparison.Outcome(
            assignments: changes[user.id]?.assignments ?? held, ruleFailure: ruleFailures[user.id], orders: orders[user.id] ?? [])
    }

    /// Users, roles and accounts when everything planned is done. Whoever could not be decided stays as they are, and so does an account that could
    /// not be computed.
    func settled(
        _ users: [User], _ knowledge: Knowledge
    ) -> (users: [User], knowledge: Knowledge) {
        var knowledge = knowledge
        for (id, change) in changes { knowledge.assignments[id] = change.assignments }
        for (id, orders) in orders {
            for order in orders where order.failure == nil { knowledge.accounts[id, default: []].settle(order) }
        }
        return (users.map { changes[$0.id]?.user ?? $0 }, knowledge)
    }
}

extension [Account] {
    /// As the dispatcher leaves the account when everything that was ordered is written.
    fileprivate mutating func settle(_ order: ProvisioningOrder) {
        let index = firstIndex { $0.system == order.system }
        var done = order
        for request in done.requests.indices { done.requests[request].outcome = .done }
        let known = index.map { self[$0] } ?? Account(user: order.user, system: order.system)
        let account = known.after(
            done, id: order.accountID, name: order.nameAfter ?? order.nameBefore, at: Instant(milliseconds: 0))
        if let index { self[index] = account } else { append(account) }
    }
}
