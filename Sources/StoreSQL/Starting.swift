package import Contracts
package import IdentityModel

extension SQLStore {
    package func startApplying(_ plan: PlanID, at: Instant) async throws(StoreError) -> StartOutcome {
        try await write { session in
            let found = try PlanRecord.find(plan, session)
            // A run that died after this transaction is resumed, never checked again.
            guard found.state != .applying else { return .started }
            guard found.state == .ready || found.state == .approved else {
                throw StoreError.damaged("a plan that is \(found.state.rawValue) cannot be applied")
            }
            let start = PlanStart(plan: found, at: at, session: session)
            let stale = try start.stale()
            guard stale.isEmpty else { return .stale(stale) }
            try start.withdrawOlderOrders()
            let claims = ClaimStart(plan: found, at: at, session: session)
            try claims.replaceQuarantines(isWholeSource: try start.makeProfileReal()?.isComplete ?? false)
            try start.makeUsersReal()
            try claims.makeClaimsReal()
            try claims.replaceWaitingRows()
            try Names.makePermanent(plan, session)
            try start.releaseOrders()
            try session.execute("UPDATE plans SET state = 'applying', started_at = $1 WHERE id = $2", [at.value, .int(plan.row)])
            try session.audit([AuditRow(kind: "plan started", plan: plan)], at: at)
            return .started
        }
    }
}

/// The steps by which a plan becomes real, each one statement over the whole plan or a few.
private struct PlanStart {
    let plan: Plan
    let at: Instant
    let session: any SQLSession

    private var range: [SQLValue] { PlanRows.range(plan.id) }

    /// What changed since the plan was made, in words; at most twenty lines and how many more there are.
    func stale() throws -> [String] {
        var lines: [String] = []
        try session.query(
            """
            SELECT c.user_key, c.version, COALESCE(u.version, 0) FROM plan_changes c LEFT JOIN users u ON u.id = c.user_id
            WHERE c.id BETWEEN $1 AND $2 AND COALESCE(u.version, 0) <> c.version ORDER BY c.id
            """, range
        ) { row in
            lines.append("user \(row.text(0)) changed since the plan was made (version \(row.int(2)), planned on \(row.int(1)))")
        }
        // Version 0 was planned on: no account, or one that never came to be.
        try session.query(
            """
            SELECT o.user_id, o.system, o.account_version, COALESCE(a.version, 0), u.user_key, o.user_version, COALESCE(u.version, 0)
            FROM orders o LEFT JOIN accounts a ON a.user_id = o.user_id AND a.system = o.system LEFT JOIN users u ON u.id = o.user_id
            WHERE o.id BETWEEN $1 AND $2 AND (COALESCE(u.version, 0) <> o.user_version
              OR (COALESCE(a.version, 0) <> o.account_version AND NOT (o.account_version = 0 AND COALESCE(a.state, 'none') = 'none')))
            ORDER BY o.id
            """, range
        ) { row in
            let user = row.optionalText(4) ?? row.text(0)
            let isUser = row.int(5) != row.int(6)
            let (planned, now) = isUser ? (row.int(5), row.int(6)) : (row.int(2), row.int(3))
            let what = isUser ? "user \(user)" : "the account of \(user) on \(row.text(1))"
            let line = "\(what) changed since the plan was made (version \(now), planned on \(planned))"
            if lines.last != line { lines.append(line) }
        }
        guard lines.count > 20 else { return lines }
        return lines.prefix(20) + ["and \(lines.count - 20) more"]
    }

    /// Users were planned again: whatever was left over of them is in this plan's orders, or is no longer wanted.
    func withdrawOlderOrders() throws {
        let scope = range + [.int(plan.id.row)]
        try session.execute(
            """
            INSERT INTO audit (at, kind, plan, order_id, from_state, to_state, text)
            SELECT $1, $2, plan, id, state, 6, $3 FROM orders WHERE id IN (\(olderOrders(after: 3)))
            """, [at.value, .text(AuditRow.transition), .text("superseded by a later plan")] + scope + scope)
        try session.execute("UPDATE orders SET state = 6 WHERE id IN (\(olderOrders(after: 0)))", scope + scope)
    }

    /// Orders in state 3 or 7 of this plan's users and accounts; its six placeholders follow the first `count`.
    private func olderOrders(after count: Int) -> String {
        let place = (1...6).map { "$\(count + $0)" }
        return """
            SELECT o.id FROM plan_changes c JOIN orders o ON o.user_id = c.user_id AND o.state IN (3, 5, 7)
            WHERE c.id BETWEEN \(place[0]) AND \(place[1]) AND o.state <> 5 AND o.plan <> \(place[2])
            UNION SELECT o.id FROM orders n JOIN orders o ON o.user_id = n.user_id AND o.system = n.system AND o.state IN (3, 5, 7)
            WHERE n.id BETWEEN \(place[3]) AND \(place[4]) AND o.state <> 5 AND o.plan <> \(place[5])
            """
    }

    /// Users, their assignments and due dates are cut out of the changes' documents by SQL.
    func makeUsersReal() throws {
        try session.execute(
            """
            INSERT INTO users (id, user_key, source, status, version, attributes, assignments, due, plan_again)
            SELECT c.user_id, c.user_key, c.source, c.status, c.version + c.differs,
              substr(d.document, c.attributes_start, c.attributes_length), substr(d.document, c.assignments_start, c.assignments_length),
              c.due, 0
            FROM plan_changes c JOIN plan_change_documents d ON d.id = c.id WHERE c.id BETWEEN $1 AND $2 ORDER BY c.id
            ON CONFLICT (id) DO UPDATE SET user_key = excluded.user_key, source = excluded.source, status = excluded.status,
              version = excluded.version, attributes = excluded.attributes, assignments = excluded.assignments, due = excluded.due,
              plan_again = 0
            """, range)
        try session.execute(
            """
            INSERT INTO audit (at, kind, plan, user_id, text) SELECT $1, 'user changed', $2, user_id, kind
            FROM plan_changes WHERE id BETWEEN $3 AND $4 AND differs = 1 ORDER BY id
            """, [at.value, .int(plan.id.row)] + range)
    }

    /// The profile, where the plan read a file.
    func makeProfileReal() throws -> SourceProfile? {
        let row = try session.queryOne(
            "SELECT profile_source, profile FROM plans WHERE id = $1 AND profile IS NOT NULL", [.int(plan.id.row)]
        ) { ($0.text(0), try $0.withBytes(1) { try SourceProfile(documentBytes: $0) }) }
        guard let (source, profile) = row else { return nil }
        try session.execute(
            """
            INSERT INTO profiles (source, document, read_again) VALUES ($1, $2, 0)
            ON CONFLICT (source) DO UPDATE SET document = excluded.document, read_again = 0
            """,
            [.text(source), .document(profile.documentBytes)])
        try session.execute(
            "INSERT INTO applied_contents (source, digest) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            [.text(source), .text(profile.contentDigest)])
        return profile
    }

    /// Orders become pending; those whose evaluation failed stay visible as such.
    func releaseOrders() throws {
        try session.execute(
            """
            INSERT INTO audit (at, kind, plan, order_id, from_state, to_state)
            SELECT $1, $2, plan, id, 0, starts_as FROM orders WHERE id BETWEEN $3 AND $4 ORDER BY id
            """, [at.value, .text(AuditRow.transition)] + range)
        try session.execute("UPDATE orders SET state = starts_as WHERE id BETWEEN $1 AND $2", range)
        try session.execute(
            """
            INSERT INTO plan_queues (plan, system, pending)
            SELECT plan, system, COUNT(*) FROM orders WHERE id BETWEEN $1 AND $2 AND state = 1 GROUP BY plan, system
            """, range)
    }
}
