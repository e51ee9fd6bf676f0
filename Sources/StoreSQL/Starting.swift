package import Contracts
package import IdentityModel

extension SQLStore {
    package func startApplying(_ plan: PlanID, at: Instant) async throws(StoreError) -> PlanStarted {
        try await write { session in
            let found = try PlanRecord.find(plan, session)
            // A run that died after this transaction is resumed, never checked again.
            guard found.state != .applying else { return PlanStarted() }
            guard found.state == .ready || found.state == .approved else {
                throw StoreError.damaged("a plan that is \(found.state.rawValue) cannot be applied")
            }
            let start = PlanStart(plan: found, at: at, session: session)
            var started = PlanStarted()
            started.leftOut = try start.leaveOutWhoChanged()
            started.superseded = try start.takeOverWaitingOrders().count
            let claims = ClaimStart(plan: found, at: at, session: session)
            try claims.replaceQuarantines(isWholeSource: try start.makeProfileReal()?.isComplete ?? false)
            try start.makeUsersReal()
            try claims.makeClaimsReal()
            try claims.replaceWaitingRows()
            try start.replaceLeftAside()
            try Names.makePermanent(plan, session)
            try start.releaseOrders()
            try session.execute(
                """
                UPDATE plans SET state = 'applying', started_at = $1, is_approved = $2, started_ordinal = (SELECT MAX(ordinal) FROM plans)
                WHERE id = $3
                """,
                [at.value, .flag(found.state == .approved), .int(plan.row)])
            try session.audit([AuditRow(kind: "plan started", plan: plan)], at: at)
            try start.finishEmptiedPlans()
            return started
        }
    }
}

/// The steps by which a plan becomes real, each one statement over the whole plan or a few.
struct PlanStart {
    let plan: Plan
    let at: Instant
    let session: any SQLSession

    private var range: [SQLValue] { PlanRows.range(plan.id) }

    // MARK: Users that changed since the plan was made

    /// Takes users whose version, or an account's version, is another one than the plan was made on out of the start: they are planned again by the next run.
    /// Their withdrawals stay in. Returns what changed, in words; at most twenty lines and how many more there are.
    func leaveOutWhoChanged() throws -> [String] {
        var changed = WhoChanged()
        try session.query(
            """
            SELECT c.user_id, c.user_key, c.version, COALESCE(u.version, 0) FROM plan_changes c LEFT JOIN users u ON u.id = c.user_id
            WHERE c.id BETWEEN $1 AND $2 AND COALESCE(u.version, 0) <> c.version ORDER BY c.id
            """, range
        ) { changed.add(user: $0.text(0), "user \($0.text(1))", now: $0.int(3), planned: $0.int(2)) }
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
            let what = isUser ? "user \(user)" : "the account of \(user) on \(row.text(1))"
            changed.add(
                user: row.text(0), what, now: isUser ? row.int(6) : row.int(3), planned: isUser ? row.int(5) : row.int(2))
        }
        var known = WhoChanged()
        try addJoinersWhoAreKnownByNow(&known)
        guard !changed.users.isEmpty || !known.users.isEmpty else { return [] }
        try forgetRows(of: SQLValue.texts(known.users))
        let users = SQLValue.texts(changed.users.union(known.users))
        try withdrawLeftOut(users)
        // Their rows were accepted, so what they said counts from now on; what was made of it is made anew by the next run.
        try session.execute("UPDATE plan_changes SET left_out = 1 WHERE id BETWEEN $1 AND $2 AND user_id IN (#)", range, in: users)
        try session.execute("UPDATE users SET plan_again = 1 WHERE id IN (#)", in: users)
        return changed.shortened + known.shortened
    }

    /// A joiner has no version to compare. Whoever another plan brought meanwhile, by the same key or a value that correlates, is planned again and found then;
    /// otherwise one person would be two for ever.
    private func addJoinersWhoAreKnownByNow(_ known: inout WhoChanged) throws {
        let others = try session.queryOne(
            "SELECT 1 FROM plans WHERE started_ordinal >= $1 AND id <> $2 LIMIT 1", [.number(plan.ordinal ?? 0), .int(plan.id.row)]
        ) { _ in true }
        guard others != nil else { return }
        try session.query(
            """
            SELECT c.user_id, c.user_key FROM plan_changes c JOIN claims k ON k.user_key = c.claim_key AND k.source = c.claim_source
            WHERE c.id BETWEEN $1 AND $2 AND k.user_id <> c.user_id AND k.presence <> -1 ORDER BY c.id
            """, range
        ) { known.add(user: $0.text(0), "the key \($0.text(1)) came to belong to somebody else since the plan was made") }
        try session.query(
            """
            SELECT DISTINCT c.user_id, c.user_key FROM plan_changes c JOIN plan_correlations p ON p.id = c.id
            JOIN claim_correlations k ON k.attribute = p.attribute AND k.folded = p.folded
            JOIN claims o ON o.user_key = k.user_key AND o.source = k.source AND o.correlated_by = k.plan
            JOIN plans s ON s.id = k.plan
            WHERE c.id BETWEEN $1 AND $2 AND c.kind = 'joiner' AND o.user_id <> c.user_id AND s.started_ordinal >= $3 ORDER BY c.id
            """, range + [.number(plan.ordinal ?? 0)]
        ) { known.add(user: $0.text(0), "user \($0.text(1)) was brought by another source since the plan was made") }
    }

    /// Rows whose person has to be found anew claim nobody. A complete file says them again; those of other sources wait.
    private func forgetRows(of users: [SQLValue]) throws {
        guard !users.isEmpty else { return }
        try session.execute(
            """
            INSERT INTO waiting_rows (plan, source, user_key, file, line, row_hash, row_values, active)
            SELECT $1, claim_source, claim_key, file, line, row_hash, claim_row, 0 FROM plan_changes
            WHERE id BETWEEN $2 AND $3 AND claim_row IS NOT NULL AND user_id IN (#)
            """, [.int(plan.id.row)] + range, in: users)
        var changes: [SQLValue] = []
        try session.query("SELECT id FROM plan_changes WHERE id BETWEEN $1 AND $2 AND user_id IN (#)", range, in: users) {
            changes.append(.int($0.int(0)))
        }
        for table in ["plan_changes", "plan_correlations", "plan_ended_claims"] {
            try session.execute("DELETE FROM \(table) WHERE id IN (#)", in: changes)
        }
    }

    private struct WhoChanged {
        var users: Set<String> = []
        private var lines: [String] = []

        mutating func add(user: String, _ what: String, now: Int64, planned: Int64) {
            add(user: user, "\(what) changed since the plan was made (version \(now), planned on \(planned))")
        }

        mutating func add(user: String, _ line: String) {
            users.insert(user)
            if lines.last != line { lines.append(line) }
        }

        var shortened: [String] { lines.count > 20 ? lines.prefix(20) + ["and \(lines.count - 20) more"] : lines }
    }

    private func withdrawLeftOut(_ users: [SQLValue]) throws {
        var rows: [SQLValue] = []
        try session.query(
            """
            SELECT id FROM orders WHERE id BETWEEN $1 AND $2 AND operation NOT IN ('Delete', 'Disable')
            AND becomes NOT IN ('deprovisioned', 'deleted') AND user_id IN (#)
            """, range, in: users
        ) { rows.append(.int($0.int(0))) }
        try session.execute("UPDATE orders SET starts_as = 6 WHERE id IN (#)", in: rows)
    }

    // MARK: Orders that wait

    private struct Waiting {
        let row: Int64
        let user: String
        let system: String
        let owner: Int64
        let order: WaitingOrder
    }

    /// Users were planned again: what waited of them is in this plan's orders too, or is no longer wanted. Returns what was withdrawn.
    func takeOverWaitingOrders() throws -> [OrderID] {
        let waiting = try waitingOrders()
        var superseded: [OrderID] = []
        if !waiting.isEmpty {
            let planned = Set(
                try session.queryAll("SELECT keeps FROM orders WHERE id BETWEEN $1 AND $2 AND keeps IS NOT NULL", range) { $0.int(0) })
            let leftAside = try leftAside()
            var kept: [Waiting] = []
            var withdrawn: [Waiting] = []
            for item in waiting {
                let fate = item.order.fate(
                    isPlannedAgain: planned.contains(item.row), leftAside: leftAside[item.user]?[item.system])
                switch fate {
                case .kept: kept.append(item)
                case .withdrawn: withdrawn.append(item)
                case .stays: break
                }
            }
            try keep(kept)
            try withdraw(withdrawn)
            superseded = withdrawn.map { PlanRows.order($0.row) }
        }
        try takeOverTheRest()
        return superseded
    }

    /// Orders in state 1, 3, 5 or 7 of this plan's users, of other plans. They are found from the small side: the indexes of what is open.
    private func waitingOrders() throws -> [Waiting] {
        var waiting: [Waiting] = []
        for states in ["o.state = 1 AND o.state IN (1, 2)", "o.state IN (3, 5, 7)"] {
            try session.query(
                """
                SELECT o.id, o.user_id, o.system, o.owner, o.state, o.operation, o.becomes FROM orders o
                WHERE \(states) AND o.plan <> $1 AND o.user_id IN (SELECT c.user_id FROM plan_changes c
                  WHERE c.id BETWEEN $2 AND $3 AND c.left_out = 0)
                """, [.int(plan.id.row)] + range
            ) { row in
                guard let state = OrderState(rawValue: row.number(4)), let operation = Operation(rawValue: row.text(5)),
                    let becomes = AccountState(rawValue: row.text(6))
                else { throw StoreError.damaged("order row \(row.int(0)) has an unknown state or operation") }
                waiting.append(
                    Waiting(
                        row: row.int(0), user: row.text(1), system: row.text(2), owner: row.int(3),
                        order: WaitingOrder(state: state, operation: operation, becomes: becomes)))
            }
        }
        return waiting.sorted { $0.row < $1.row }
    }

    private func leftAside() throws -> [String: [String: WaitingOrder.LeftAside]] {
        var found: [String: [String: WaitingOrder.LeftAside]] = [:]
        try session.query("SELECT user_id, system, is_due FROM plan_left_aside WHERE plan = $1", [.int(plan.id.row)]) { row in
            found[row.text(0), default: [:]][row.text(1)] = WaitingOrder.LeftAside(isDue: row.flag(2))
        }
        return found
    }

    private func keep(_ kept: [Waiting]) throws {
        guard !kept.isEmpty else { return }
        try forgetAttempts(kept.filter { $0.order.state == .errored }.map(\.row))
        try session.bulkLoad(
            "UPDATE orders SET state = $1, owner = $2, wave = 0, not_before = 0 WHERE id = $3", count: kept.count
        ) { position, row in
            row.number(kept[position].order.stateWhenKept.rawValue)
            row.int(plan.id.row)
            row.int(kept[position].row)
        }
        try auditTransitions(kept, to: \.stateWhenKept, "kept by a later plan")
        var queues: [Int64: [String: Int]] = [:]
        for item in kept {
            if item.order.state == .pending { queues[item.owner, default: [:]][item.system, default: 0] -= 1 }
            if item.order.stateWhenKept == .pending { queues[plan.id.row, default: [:]][item.system, default: 0] += 1 }
        }
        try count(queues)
    }

    /// A failed order is tried as often as a new one; that it was sent before is not forgotten.
    private func forgetAttempts(_ rows: [Int64]) throws {
        var orders: [(row: Int64, order: ProvisioningOrder)] = []
        try session.query("\(OrderRecord.select) WHERE o.id IN (#)", in: rows.map(SQLValue.int)) { row in
            var order = try OrderRecord.order(row)
            order.attempts = min(order.attempts, 1)
            order.notBefore = nil
            order.state = .pending
            for index in order.requests.indices {
                if case .failed = order.requests[index].outcome { order.requests[index].outcome = .open }
            }
            orders.append((row.int(0), order))
        }
        try session.bulkLoad(
            "INSERT INTO order_progress (id, document) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            orders.map { [.int($0.row), .document($0.order.documentBytes)] })
    }

    private func withdraw(_ withdrawn: [Waiting]) throws {
        guard !withdrawn.isEmpty else { return }
        try session.execute(
            "UPDATE orders SET state = 6, superseded_by = $1 WHERE id IN (#)", [.int(plan.id.row)], in: withdrawn.map { .int($0.row) })
        try auditTransitions(withdrawn, to: { _ in .withdrawn }, "superseded by a later plan")
        var queues: [Int64: [String: Int]] = [:]
        for item in withdrawn where item.order.state == .pending { queues[item.owner, default: [:]][item.system, default: 0] -= 1 }
        try count(queues)
    }

    private func auditTransitions(_ items: [Waiting], to next: (WaitingOrder) -> OrderState, _ text: String) throws {
        let moved = items.filter { next($0.order) != $0.order.state }
        try session.bulkLoad(AuditRow.insertTransition, count: moved.count) { position, row in
            let item = moved[position]
            AuditRow.bindTransition(at, item.row, from: item.order.state.rawValue, to: next(item.order), text, row)
        }
    }

    private func count(_ queues: [Int64: [String: Int]]) throws {
        let rows = queues.sorted { $0.key < $1.key }.flatMap { owner, systems in
            systems.sorted { $0.key < $1.key }.map { [SQLValue.int(owner), .text($0.key), .number($0.value)] }
        }
        try session.bulkLoad(
            """
            INSERT INTO plan_queues (plan, system, pending) VALUES ($1, $2, $3)
            ON CONFLICT (plan, system) DO UPDATE SET pending = plan_queues.pending + excluded.pending
            """, rows)
    }

    /// What else waits of older plans of this origin goes on under this one, so that one plan of an origin has open orders.
    private func takeOverTheRest() throws {
        let older = try session.queryAll(
            "SELECT id FROM plans WHERE origin = $1 AND state = 'applying' AND id <> $2",
            [.text(plan.origin.description), .int(plan.id.row)]
        ) { SQLValue.int($0.int(0)) }
        guard !older.isEmpty else { return }
        try session.execute(
            "UPDATE orders SET owner = $1 WHERE state IN (1, 2) AND owner IN (#)", [.int(plan.id.row)], in: older)
        try session.execute(
            """
            INSERT INTO plan_queues (plan, system, pending) SELECT $1, system, SUM(pending) FROM plan_queues WHERE plan IN (#) GROUP BY system
            ON CONFLICT (plan, system) DO UPDATE SET pending = plan_queues.pending + excluded.pending
            """, [.int(plan.id.row)], in: older)
        try session.execute("UPDATE plan_queues SET pending = 0 WHERE plan IN (#)", in: older)
    }

    /// Plans whose last open order was withdrawn or taken over are through.
    func finishEmptiedPlans() throws {
        let emptied = try session.queryAll(
            """
            SELECT p.id FROM plans p WHERE p.state = 'applying' AND p.id <> $1
            AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.owner = p.id AND o.state IN (1, 2))
            """, [.int(plan.id.row)]
        ) { PlanID(row: $0.int(0)) }
        for emptied in emptied { try PlanEnding.finish(emptied, session, at: at) }
    }

    /// Whoever was planned is not left aside any more, except where this plan could not ask either.
    func replaceLeftAside() throws {
        try session.execute(
            "DELETE FROM left_aside WHERE user_id IN (SELECT user_id FROM plan_changes WHERE id BETWEEN $1 AND $2 AND left_out = 0)", range)
        try session.execute(
            """
            INSERT INTO left_aside (user_id, system) SELECT user_id, system FROM plan_left_aside WHERE plan = $1
            ON CONFLICT DO NOTHING
            """, [.int(plan.id.row)])
    }

    /// Users, their assignments and due dates are cut out of the changes' documents by SQL.
    func makeUsersReal() throws {
        try session.execute(
            """
            INSERT INTO users (id, user_key, source, status, version, attributes, assignments, due, plan_again)
            SELECT c.user_id, c.user_key, c.source, c.status, c.version + c.differs,
              substr(d.document, c.attributes_start, c.attributes_length), substr(d.document, c.assignments_start, c.assignments_length),
              c.due, c.waits
            FROM plan_changes c JOIN plan_change_documents d ON d.id = c.id
            WHERE c.id BETWEEN $1 AND $2 AND c.left_out = 0 ORDER BY c.id
            ON CONFLICT (id) DO UPDATE SET user_key = excluded.user_key, source = excluded.source, status = excluded.status,
              version = excluded.version, attributes = excluded.attributes, assignments = excluded.assignments, due = excluded.due,
              plan_again = excluded.plan_again
            """, range)
        try session.execute(
            """
            INSERT INTO audit (at, kind, plan, user_id, text) SELECT $1, 'user changed', $2, user_id, kind
            FROM plan_changes WHERE id BETWEEN $3 AND $4 AND differs = 1 AND left_out = 0 ORDER BY id
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
            INSERT INTO audit (at, kind, plan, order_id, from_state, to_state, text)
            SELECT $1, $2, plan, id, 0, starts_as, CASE WHEN keeps IS NOT NULL THEN $3 WHEN starts_as = 6 THEN $4 END
            FROM orders WHERE id BETWEEN $5 AND $6 ORDER BY id
            """,
            [
                at.value, .text(AuditRow.transition), .text("an order that waits is kept in its place"),
                .text("its user changed since the plan was made"),
            ]
                + range)
        try session.execute("UPDATE orders SET state = starts_as WHERE id BETWEEN $1 AND $2", range)
        try session.execute(
            """
            INSERT INTO plan_queues (plan, system, pending)
            SELECT plan, system, COUNT(*) FROM orders WHERE id BETWEEN $1 AND $2 AND state = 1 GROUP BY plan, system
            ON CONFLICT (plan, system) DO UPDATE SET pending = plan_queues.pending + excluded.pending
            """, range)
    }
}
