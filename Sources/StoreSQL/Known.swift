package import Contracts
package import IdentityModel

/// What planning knows before it begins.
extension SQLStore {
    package func knowledge(_ request: KnowledgeRequest) async throws(StoreError) -> Knowledge {
        try await read { session in
            var gathering = KnowledgeGathering(session: session, request: request)
            try gathering.findClaims()
            try gathering.findCorrelated()
            try gathering.readUsers()
            try gathering.readAccounts()
            try gathering.readClaims()
            try gathering.readOpenOrders()
            return gathering.knowledge
        }
    }

    package func profile(of source: SourceName) async throws(StoreError) -> SourceProfile? {
        try await read { session in
            try session.queryOne("SELECT document, read_again FROM profiles WHERE source = $1", [.text(source.text)]) { row in
                var profile = try row.withBytes(0) { try SourceProfile(documentBytes: $0) }
                if row.flag(1) { profile.configurationHash = SourceProfile.configurationOfOlderStore }
                return profile
            }
        }
    }

    package func profile(ofPlan plan: PlanID) async throws(StoreError) -> SourceProfile? {
        try await read { session in
            try session.queryOne("SELECT profile FROM plans WHERE id = $1 AND profile IS NOT NULL", [.int(plan.row)]) { row in
                try row.withBytes(0) { try SourceProfile(documentBytes: $0) }
            }
        }
    }

    package func hasApplied(source: SourceName, contentDigest: String) async throws(StoreError) -> Bool {
        try await read { session in
            let arguments: [SQLValue] = [.text(source.text), .text(contentDigest)]
            return try session.queryOne("SELECT 1 FROM applied_contents WHERE source = $1 AND digest = $2", arguments) { _ in true }
                ?? false
        }
    }

    package func applied(files: [String], of source: SourceName) async throws(StoreError) -> [String: TakenFile] {
        try await read { session in
            var applied: [String: TakenFile] = [:]
            try session.query(
                "SELECT file, digest, signature FROM applied_files WHERE source = $1 AND file IN (#)", [.text(source.text)],
                in: SQLValue.texts(Set(files).sorted())
            ) { applied[$0.text(0)] = TakenFile(contentDigest: $0.text(1), signature: $0.text(2)) }
            return applied
        }
    }

    package func note(signatures: [String: String], of source: SourceName) async throws(StoreError) {
        guard !signatures.isEmpty else { return }
        try await write { session in
            try session.bulkLoad(
                """
                INSERT INTO applied_files (source, file, digest, signature) VALUES ($1, $2, '', $3)
                ON CONFLICT (source, file) DO UPDATE SET signature = excluded.signature
                """, signatures.sorted { $0.key < $1.key }.map { [.text(source.text), .text($0.key), .text($0.value)] })
        }
    }

    package func dueUsers(asOf: RunDays, after: UserID?, limit: Int) async throws(StoreError) -> [UserID] {
        try await read { session in
            // In brackets: a union in the order of ids would read every user by id, and the few who are due stand in an index of their own.
            try session.queryAll(
                """
                SELECT id FROM (
                  SELECT x.user_id AS id FROM \(PlanRows.changedLater) UNION SELECT id FROM users WHERE due IS NOT NULL AND due <= $2
                ) d WHERE id > $3 ORDER BY id LIMIT $4
                """,
                [.number(asOf.earliest.days), .number(asOf.latest.days), .text(after?.text ?? ""), .number(limit)]
            ) { UserID($0.text(0)) }
        }
    }
}

/// The questions of one `knowledge` call, each asked for all users at once.
private struct KnowledgeGathering {
    let session: any SQLSession
    let request: KnowledgeRequest
    var knowledge = Knowledge()
    private var wanted: Set<UserID>

    init(session: any SQLSession, request: KnowledgeRequest) {
        self.session = session
        self.request = request
        wanted = Set(request.users)
    }

    mutating func findClaims() throws {
        let keys = SQLValue.texts(Set((request.keys + request.standing).map(\.text)))
        guard let source = request.source else {
            // Asked without a source (by a command), a key is that of the user.
            try session.query("SELECT id FROM users WHERE user_key IN (#)", in: keys) { wanted.insert(UserID($0.text(0))) }
            return
        }
        let hashes = Set(request.keyHashes).map { SQLValue.int(Int64(bitPattern: $0)) }
        for (column, values) in [("user_key", keys), ("key_hash", hashes)] {
            try session.query(
                "SELECT \(ClaimRecord.columns) FROM claims c WHERE c.source = $1 AND c.\(column) IN (#)", [.text(source.text)], in: values
            ) { row in
                let claim = ClaimRecord.claim(row)
                knowledge.claims[claim.key] = claim
                wanted.insert(claim.user)
            }
        }
    }

    mutating func findCorrelated() throws {
        for (attribute, keys) in Dictionary(grouping: Set(request.correlations), by: \.attribute) {
            try session.query(
                """
                SELECT DISTINCT k.folded, c.user_id FROM claim_correlations k
                JOIN claims c ON c.user_key = k.user_key AND c.source = k.source AND c.correlated_by = k.plan
                WHERE k.attribute = $1 AND c.presence >= 0 AND k.folded IN (#)
                """, [.text(attribute)],
                in: SQLValue.texts(keys.map(\.folded))
            ) { row in
                let user = UserID(row.text(1))
                knowledge.correlated[CorrelationKey(attribute: attribute, folded: row.text(0)), default: []].append(user)
                wanted.insert(user)
            }
        }
        for key in knowledge.correlated.keys { knowledge.correlated[key]?.sort() }
    }

    mutating func readUsers() throws {
        try session.query("SELECT \(UserRecord.columns), u.assignments, u.due FROM users u WHERE u.id IN (#)", in: ids) { row in
            let user = try UserRecord.user(row)
            knowledge.users[user.id] = user
            knowledge.assignments[user.id] = try row.withBytes(6) { try [RoleAssignment](documentBytes: $0) }
            if let due = row.optionalInt(7) { knowledge.dues[user.id] = CivilDate(days: Int(due)) }
        }
    }

    mutating func readAccounts() throws {
        try session.query("SELECT \(AccountRecord.columns) FROM accounts a WHERE a.user_id IN (#)", in: ids) { row in
            let account = try AccountRecord.account(row)
            knowledge.accounts[account.user, default: []].append(account)
        }
        for user in knowledge.accounts.keys { knowledge.accounts[user]?.sort { $0.system < $1.system } }
    }

    /// With what they said, except for those that the asking rows replace.
    mutating func readClaims() throws {
        let replaced = request.source == nil ? [] : Set(request.keys)
        try session.query("SELECT \(ClaimRecord.valueColumns) FROM claims c WHERE c.user_id IN (#)", in: ids) { row in
            let user = UserID(row.text(2))
            let isReplaced = !replaced.isEmpty && row.text(0) == request.source?.text && replaced.contains(UserKey(row.text(1)))
            let claim =
                isReplaced
                ? ClaimRecord.claim(row) : try ClaimRecord.claimWithValues(row, user: knowledge.users[user], standsIn: true)
            knowledge.claimsOfUsers[user, default: []].append(claim)
        }
        for user in knowledge.claimsOfUsers.keys {
            if knowledge.claimsOfUsers[user].map({ $0.count > 1 }) == true {
                knowledge.claimsOfUsers[user]?.sort { ($0.source, $0.key) < ($1.source, $1.key) }
            }
        }
    }

    mutating func readOpenOrders() throws {
        guard
            try session.queryOne("SELECT 1 FROM orders WHERE \(Orders.underWay) LIMIT 1", [], { _ in true }) != nil
                || session.queryOne("SELECT 1 FROM orders WHERE \(Orders.stuck) LIMIT 1", [], { _ in true }) != nil
        else { return }
        try session.query("\(OrderRecord.select) WHERE o.\(Orders.open) AND o.user_id IN (#)", in: ids) { row in
            let order = try OrderRecord.order(row)
            knowledge.openOrders[order.user, default: []].append(order)
        }
        for user in knowledge.openOrders.keys { knowledge.openOrders[user]?.sort { $0.id < $1.id } }
    }

    private var ids: [SQLValue] { wanted.map { .text($0.text) } }
}
