package import Contracts
package import IdentityModel

extension SQLStore {
    package func marks(
        of source: SourceName, asOf: RunDays, body: @Sendable ([SourceMark]) -> Void
    ) async throws(StoreError) {
        try await read { session in
            let mustPlan = try Marks.mustPlan(source, asOf: asOf, session)
            var batch: [SourceMark] = []
            batch.reserveCapacity(Marks.batchSize)
            try session.query("SELECT key_hash, row_hash, presence FROM claims WHERE source = $1", [.text(source.text)]) { row in
                let presence = row.int(2)
                // A row with a forgotten key is somebody's first.
                guard presence >= 0 else { return }
                let keyHash = UInt64(bitPattern: row.int(0))
                let again = mustPlan.isEmpty ? [] : mustPlan[keyHash] ?? []
                batch.append(SourceMark(keyHash: keyHash, rowHash: UInt64(bitPattern: row.int(1)), isGone: presence > 0, again: again))
                guard batch.count == Marks.batchSize else { return }
                body(batch)
                batch.removeAll(keepingCapacity: true)
            }
            if !batch.isEmpty { body(batch) }
        }
    }
}

extension SQLStore {
    package func unsettledUsers(ofAllSources: Bool, after: UserID?, limit: Int) async throws(StoreError) -> [UnsettledUser] {
        let found: [(ReplanReasons, from: String)] = [
            (.order, "user_id, # FROM orders WHERE \(Orders.stuck)"), (.order, "user_id, # FROM orders WHERE \(Orders.underWay)"),
            (.leftAside, "user_id, # FROM left_aside"), (.account, "user_id, # FROM accounts WHERE unsettled = 1"),
            (.account, "user_id, # FROM accounts WHERE unsettled = 2"),
            (.reference, "id, # FROM users WHERE plan_again = \(Again.byEveryRun)"),
            (.reference, "id, # FROM users WHERE plan_again = \(ofAllSources ? Again.bySources : Again.byEveryRun)"),
        ]
        let queries = found.map { "SELECT " + $0.from.replacing("#", with: "\($0.0.rawValue) AS reason") }.joined(separator: " UNION ")
        return try await read { session in
            var users: [UserID: ReplanReasons] = [:]
            // `UNION` says each reason of a user once, so that so many rows hold so many users.
            try session.query(
                """
                SELECT o.user_id, o.reason FROM (\(queries)) o
                JOIN users u ON u.id = o.user_id WHERE o.user_id > $1 ORDER BY o.user_id LIMIT $2
                """, [.text(after?.text ?? ""), .number(limit * found.count)]
            ) { row in
                users[UserID(row.text(0)), default: []].insert(ReplanReasons(rawValue: UInt8(row.number(1))))
            }
            return users.sorted { $0.key < $1.key }.prefix(limit).map { UnsettledUser($0.key, $0.value) }
        }
    }
}

extension SQLStore {
    package func sourcesWithoutPlan() async throws(StoreError) -> [SourceName] {
        try await read { session in
            try session.queryAll(
                """
                SELECT p.origin FROM plans p JOIN (SELECT MAX(id) AS id FROM plans GROUP BY origin) last ON last.id = p.id
                WHERE p.state = 'discarded' AND NOT EXISTS (
                  SELECT 1 FROM plans q WHERE q.origin = p.origin AND q.state IN ('ready', 'held', 'approved')) ORDER BY p.origin
                """
            ) { Origin($0.text(0)) }.compactMap { origin in
                if case .source(let name)? = origin { name } else { nil }
            }
        }
    }
}

private enum Marks {
    static let batchSize = 16_384

    /// The rows that must be planned although they are the same. They are few, so they are found through small indexes and kept apart, and the million rows
    /// are read from an index of two numbers each, without a join.
    static func mustPlan(_ source: SourceName, asOf: RunDays, _ session: any SQLSession) throws -> [UInt64: ReplanReasons] {
        var reasons: [UInt64: ReplanReasons] = [:]
        let name = SQLValue.text(source.text)
        #if PLANTED_BUGS
        let underWay = PlantedBug.planted == .settledIgnoresPending ? "x.\(Orders.transmitted)" : "x.\(Orders.underWay)"
        #else
        let underWay = "x.\(Orders.underWay)"
        #endif
        let queries: [(ReplanReasons, from: String, arguments: [SQLValue])] = [
            (
                .date, "users x ON x.id = c.user_id WHERE x.due IS NOT NULL AND x.due <= $1 AND c.source = $2",
                [.number(asOf.latest.days), name]
            ),
            (
                .date, "(SELECT DISTINCT x.user_id FROM \(PlanRows.changedLater)) x ON x.user_id = c.user_id WHERE c.source = $2",
                [.number(asOf.earliest.days), name]
            ),
            // Rows that a run of a later day left as they were: on that day nothing was due of them, by an edit perhaps that counts as seen since.
            (.date, "profiles x ON x.source = c.source WHERE x.as_of > $1 AND c.source = $2", [.number(asOf.own.days), name]),
            (.reference, "users x ON x.id = c.user_id WHERE x.plan_again = \(Again.byEveryRun) AND c.source = $1", [name]),
            (.reference, "users x ON x.id = c.user_id WHERE x.plan_again = \(Again.bySources) AND c.source = $1", [name]),
            (.account, "accounts x ON x.user_id = c.user_id WHERE x.unsettled = 1 AND c.source = $1", [name]),
            (.account, "accounts x ON x.user_id = c.user_id WHERE x.unsettled = 2 AND c.source = $1", [name]),
            (.order, "orders x ON x.user_id = c.user_id WHERE x.\(Orders.stuck) AND c.source = $1", [name]),
            (.order, "orders x ON x.user_id = c.user_id WHERE \(underWay) AND c.source = $1", [name]),
            // Joined as it is, the few would be looked for among the source's million.
            (.leftAside, "(SELECT DISTINCT user_id FROM left_aside) x ON x.user_id = c.user_id WHERE c.source = $1", [name]),
        ]
        for (reason, from, arguments) in queries {
            try session.query("SELECT c.key_hash FROM claims c JOIN \(from)", arguments) {
                reasons[UInt64(bitPattern: $0.int(0)), default: []].insert(reason)
            }
        }
        try session.query("SELECT key_hash FROM quarantines WHERE active = 1 AND source = $1 AND key_hash IS NOT NULL", [name]) {
            reasons[UInt64(bitPattern: $0.int(0)), default: []].insert(.quarantine)
        }
        return reasons
    }
}
