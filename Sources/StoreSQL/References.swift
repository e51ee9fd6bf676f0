package import Contracts
package import IdentityModel

extension SQLStore {
    package func references(
        _ system: SystemName, to references: [UserReference], plan: PlanID
    ) async throws(StoreError) -> [UserReference: ReferencedAccount] {
        try await read { session in
            let (people, ambiguous) = try ReferenceResolution.people(references, plan, session)
            let targets = try ReferenceResolution.targets(of: Set(people.values), on: system, plan, session)
            let answers = references.map { reference in
                let user = people[reference]
                let target = user.flatMap { targets[$0] } ?? .none
                return (reference, ReferencedAccount(user: user, target: target, isAmbiguous: ambiguous.contains(reference)))
            }
            return Dictionary(answers, uniquingKeysWith: { first, _ in first })
        }
    }
}

extension SQLStore {
    package func referers(to users: [UserID], on system: SystemName) async throws(StoreError) -> [UserID: [Account]] {
        let ids = SQLValue.texts(Set(users.map(\.text)))
        return try await read { session in
            var meant: [UserKey: Set<UserID>] = [:]
            for sql in ["SELECT user_key, user_id FROM claims WHERE user_id IN (#)", "SELECT user_key, id FROM users WHERE id IN (#)"] {
                try session.query(sql, in: ids) { meant[UserKey($0.text(0)), default: []].insert(UserID($0.text(1))) }
            }
            var referers: [UserID: [Account]] = [:]
            try session.query(
                """
                SELECT \(AccountRecord.columns), r.target FROM account_references r
                JOIN accounts a ON a.user_id = r.user_id AND a.system = r.system
                WHERE r.system = $1 AND a.state = 'enabled' AND r.target IN (#) ORDER BY r.user_id
                """, [.text(system.text)], in: SQLValue.texts(meant.keys.map(\.text))
            ) { row in
                let account = try AccountRecord.account(row)
                let key = UserKey(row.text(2))
                // The index keeps what was written once; the account knows what is written now.
                guard account.written.values.joined().contains(where: { $0.references(key) }) else { return }
                for user in meant[key] ?? [] { referers[user, default: []].append(account) }
            }
            return referers
        }
    }

    package func lookAgain(_ accounts: [Account]) async throws(StoreError) {
        guard !accounts.isEmpty else { return }
        try await write { session in
            // Whatever was kept of the account since it was read is newer.
            try session.bulkLoad(
                "UPDATE accounts SET unsettled = 1, version = version + 1, document = $1 WHERE user_id = $2 AND system = $3 AND version = $4",
                accounts.map {
                    [.document($0.toBeLookedAt.documentBytes), .text($0.user.text), .text($0.system.text), .number($0.version)]
                })
        }
    }

    package func leaveOut(_ accounts: [Account]) async throws(StoreError) {
        guard !accounts.isEmpty else { return }
        try await write { session in
            // Nothing was done to them: plans that know them as they are may start.
            try session.bulkLoad(
                "UPDATE accounts SET unsettled = 2, document = $1 WHERE user_id = $2 AND system = $3 AND version = $4",
                accounts.map { account in
                    var missed = account
                    missed.doubt = account.doubt ?? AccountDoubt()
                    return [
                        .document(missed.documentBytes), .text(account.user.text), .text(account.system.text), .number(account.version),
                    ]
                })
        }
    }

    package func neighbours(
        of name: AccountName?, on system: SystemName, without others: [UserID], limit: Int
    ) async throws(StoreError) -> [Account] {
        let left = Set(others)
        let container = name.map { ($0.text.firstIndex(of: ",").map { index in String(name?.text[index...] ?? "") }) ?? "" } ?? ""
        return try await read { session in
            var found: [Account] = []
            for suffix in container.isEmpty ? [""] : [container, ""] where found.isEmpty {
                try session.query(
                    """
                    SELECT \(AccountRecord.columns) FROM accounts a WHERE a.system = $1 AND a.state IN ('enabled', 'deprovisioned')
                    AND a.account_id IS NOT NULL AND ($2 = '' OR lower(substr(a.name, -length($2))) = lower($2)) ORDER BY a.user_id LIMIT $3
                    """, [.text(system.text), .text(suffix), .number(limit + left.count)]
                ) { row in
                    let account = try AccountRecord.account(row)
                    if !left.contains(account.user), found.count < limit { found.append(account) }
                }
            }
            return found
        }
    }
}

extension AccountValue {
    fileprivate func references(_ key: UserKey) -> Bool {
        if case .reference(let reference) = self { reference.key == key } else { false }
    }
}

private enum ReferenceResolution {
    /// Whom each reference means; nobody has no entry, nor has one that several people could be meant by. What the rows of an open plan say of a key is newer than
    /// what the store knows.
    static func people(
        _ references: [UserReference], _ plan: PlanID, _ session: any SQLSession
    ) throws -> (meant: [UserReference: UserID], ambiguous: Set<UserReference>) {
        var people = try peopleOfOpenPlan(references, plan, session)
        for (source, asked) in Dictionary(grouping: references, by: \.source) {
            guard let source else { continue }
            try session.query(
                "SELECT user_key, user_id FROM claims WHERE source = $1 AND user_key IN (#)", [.text(source.text)],
                in: SQLValue.texts(Set(asked.map(\.key.text)))
            ) { row in
                let reference = UserReference(UserKey(row.text(0)), in: source)
                if people[reference] == nil { people[reference] = UserID(row.text(1)) }
            }
        }
        let open = references.filter { people[$0] == nil }
        guard !open.isEmpty else { return (people, []) }
        var holders: [UserKey: Set<UserID>] = [:]
        let keys = SQLValue.texts(Set(open.map(\.key.text)))
        // A user whom no source claims is known by the key they were born with.
        for sql in ["SELECT user_key, user_id FROM claims WHERE user_key IN (#)", "SELECT user_key, id FROM users WHERE user_key IN (#)"] {
            try session.query(sql, in: keys) { holders[UserKey($0.text(0)), default: []].insert(UserID($0.text(1))) }
        }
        // Two people with one key: nobody can say which of them is meant.
        for reference in open { if let found = holders[reference.key], found.count == 1 { people[reference] = found.first } }
        return (people, Set(open.filter { (holders[$0.key]?.count ?? 0) > 1 }))
    }

    /// Claims of a plan that has started are in the store.
    private static func peopleOfOpenPlan(
        _ references: [UserReference], _ plan: PlanID, _ session: any SQLSession
    ) throws -> [UserReference: UserID] {
        var people: [UserReference: UserID] = [:]
        guard try isOpen(plan, session) else { return people }
        for (source, asked) in Dictionary(grouping: references, by: \.source) {
            guard let source else { continue }
            try session.query(
                "SELECT claim_key, user_id FROM plan_changes WHERE id BETWEEN $1 AND $2 AND claim_source = $3 AND claim_key IN (#)",
                PlanRows.range(plan) + [.text(source.text)], in: SQLValue.texts(Set(asked.map(\.key.text)))
            ) { people[UserReference(UserKey($0.text(0)), in: source)] = UserID($0.text(1)) }
        }
        return people
    }

    /// Users whose start date is to come. What an open plan says of them is newer than what the store knows.
    private static func awaitingStart(_ ids: [SQLValue], _ plan: PlanID, _ session: any SQLSession) throws -> Set<UserID> {
        var awaiting: Set<UserID> = []
        try session.query("SELECT id FROM users WHERE status = 'pendingStart' AND id IN (#)", in: ids) {
            awaiting.insert(UserID($0.text(0)))
        }
        guard !awaiting.isEmpty, try isOpen(plan, session) else { return awaiting }
        try session.query(
            "SELECT user_id FROM plan_changes WHERE id BETWEEN $1 AND $2 AND status <> 'pendingStart' AND user_id IN (#)",
            PlanRows.range(plan), in: SQLValue.texts(awaiting.map(\.text))
        ) { awaiting.remove(UserID($0.text(0))) }
        return awaiting
    }

    private static func isOpen(_ plan: PlanID, _ session: any SQLSession) throws -> Bool {
        try session.queryOne("SELECT state FROM plans WHERE id = $1", [.int(plan.row)]) { $0.text(0) } == PlanState.open.rawValue
    }

    /// An account that exists beats one that is adopted by this plan; a Create beats what the store held when it was planned, because that was deleted by hand.
    static func targets(
        of users: Set<UserID>, on system: SystemName, _ plan: PlanID, _ session: any SQLSession
    ) throws -> [UserID: ReferenceTarget] {
        let ids = SQLValue.texts(users.map(\.text))
        var targets: [UserID: ReferenceTarget] = [:]
        for user in try awaitingStart(ids, plan, session) { targets[user] = .expected }
        let onTheirWay = """
            SELECT user_id, operation FROM orders WHERE system = $1 AND owner = $2 AND becomes IN ('enabled', 'deprovisioned')
            AND \(Orders.comingUp) AND starts_as <> \(OrderState.evaluationFailed.rawValue) AND user_id IN (#)
            """
        var (made, missed): (Set<UserID>, Set<UserID>) = ([], [])
        try session.query(onTheirWay, [.text(system.text), .int(plan.row)], in: ids) { row in
            targets[UserID(row.text(0))] = .awaited
            if row.text(1) == Operation.create.rawValue { made.insert(UserID(row.text(0))) }
        }
        try session.query(
            """
            SELECT user_id, name, unsettled FROM accounts WHERE system = $1 AND state IN ('enabled', 'deprovisioned') AND name IS NOT NULL
            AND user_id IN (#)
            """, [.text(system.text)], in: ids
        ) { row in
            let isMissed = row.number(2) == 2
            if isMissed { missed.insert(UserID(row.text(0))) }
            targets[UserID(row.text(0))] = isMissed ? .expected : .account(AccountName(row.text(1)))
        }
        if !missed.isEmpty {
            // Its entry is gone, and by this plan nobody is due it any more.
            try session.query(
                "SELECT user_id FROM orders WHERE system = $1 AND owner = $2 AND becomes = 'deleted' AND \(Orders.comingUp) AND user_id IN (#)",
                [.text(system.text), .int(plan.row)], in: SQLValue.texts(missed.map(\.text))
            ) { targets[UserID($0.text(0))] = nil }
        }
        try session.query(
            """
            SELECT o.user_id FROM orders o WHERE o.system = $1 AND o.operation = 'Create'
            AND (o.\(Orders.open) OR o.owner = $2 AND o.\(Orders.planned) AND o.starts_as = \(OrderState.evaluationFailed.rawValue))
            AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.user_id = o.user_id AND a.system = o.system AND a.name IS NOT NULL
              AND a.state IN ('enabled', 'deprovisioned') AND a.version > o.account_version) AND o.user_id IN (#)
            """, [.text(system.text), .int(plan.row)], in: ids
        ) { targets[UserID($0.text(0))] = .expected }
        for user in made { targets[user] = .awaited }
        return targets
    }
}
