package import Contracts
package import IdentityModel

extension SQLStore {
    package func startApplying(_ plan: PlanID, at: Instant) async throws(StoreError) -> PlanStarted {
        try await write { session in
            let found = try PlanRecord.find(plan, session)
            // A run that died after this transaction is resumed, never checked again.
            guard found.state != .applying else { return PlanStarted() }
            try PlanEnding.allow(found, to: .applying)
            let start = PlanStart(plan: found, at: at, session: session)
            var started = PlanStarted()
            started.leftOut = try start.leaveOutWhoChanged()
            let waiting = try start.takeOverWaitingOrders()
            (started.superseded, started.takesOver) = (waiting.withdrawn.count, waiting.takesOver)
            started.meetsOthers = waiting.meetsOthers
            let pointing = try PointingAgain(start)
            let claims = ClaimStart(plan: found, at: at, session: session)
            let profile = try start.makeProfileReal()
            // Without a file, rows that are kept were planned again: those that were set aside say nothing else than before.
            let wasRead = found.totals.rowsRead > 0 || profile?.rowCount == 0
            try claims.replaceQuarantines(ofFile: wasRead, isWholeSource: profile?.isComplete ?? false)
            try start.forgetSourcesThatLeft()
            try claims.keepWhatUsersNoLongerAre()
            try start.makeUsersReal()
            try claims.makeClaimsReal()
            try claims.replaceWaitingRows()
            started.leftOut += try start.planAgainWhomOthersPlanned() + start.planAgainWhoseAccountsChanged()
            try start.planAgainWhoseSourcesKnowAnotherConfiguration()
            try start.replaceLeftAside()
            try Names.makePermanent(plan, session)
            try start.releaseOrders()
            try pointing.appendOrders()
            try session.execute(
                """
                UPDATE plans SET state = 'applying', started_at = $1, is_approved = $2, newest_at_start = (SELECT MAX(id) FROM plans)
                WHERE id = $3
                """,
                [at.value, .flag(found.state == .approved), .int(plan.row)])
            try session.audit([AuditRow(kind: "plan started", plan: plan)], at: at)
            try start.finishEmptiedPlans()
            return started
        }
    }
}

/// What `users.plan_again` says.
enum Again {
    /// Every run plans the user again.
    static let byEveryRun = 1
    /// Runs of the user's sources do; others would find nothing to do, and take the mark away.
    static let bySources = 2
}

/// The steps by which a plan becomes real, each one statement over the whole plan or a few.
struct PlanStart {
    let plan: Plan
    let at: Instant
    let session: any SQLSession

    var range: [SQLValue] { PlanRows.range(plan.id) }

    // MARK: Users that changed since the plan was made

    /// Takes users whose version, or an account's version, is another one than the plan was made on out of the start: they are planned again by the next run.
    /// Their withdrawals stay in. Returns what changed, in words; at most twenty lines and how many more there are.
    func leaveOutWhoChanged() throws -> [String] {
        #if PLANTED_BUGS
        if PlantedBug.planted == .changedSinceIsStarted { return [] }
        #endif
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
        try addWhoseWaitingOrdersWereWithdrawn(&changed)
        var known = WhoChanged()
        let theirs = try addJoinersWhoAreKnownByNow(&known)
        guard !changed.users.isEmpty || !known.users.isEmpty else { return [] }
        try forgetRows(of: SQLValue.texts(known.users.subtracting(theirs)))
        // They never come to be, and what nobody has must stay free for whom they turn out to be.
        try Names.release(SQLValue.texts(known.users), from: plan.id, session)
        let users = SQLValue.texts(changed.users.union(known.users))
        try withdrawLeftOut(users)
        // Their rows were accepted, so what they said counts from now on; what was made of it is made anew by the next run.
        try session.execute("UPDATE plan_changes SET left_out = 1 WHERE id BETWEEN $1 AND $2 AND user_id IN (#)", range, in: users)
        try session.execute("UPDATE users SET plan_again = \(Again.byEveryRun) WHERE id IN (#)", in: users)
        return changed.shortened + known.shortened
    }

    /// What a plan asks for by keeping an order that waits is asked for by nobody once that order was withdrawn.
    private func addWhoseWaitingOrdersWereWithdrawn(_ changed: inout WhoChanged) throws {
        guard plan.totals.kept > 0 else { return }
        try session.query(
            """
            SELECT o.user_id, o.system, COALESCE(u.user_key, o.user_id) FROM orders o JOIN orders k ON k.id = o.keeps
            LEFT JOIN users u ON u.id = o.user_id
            WHERE o.id BETWEEN $1 AND $2 AND k.state = \(OrderState.withdrawn.rawValue) ORDER BY o.id
            """, range
        ) { row in
            changed.add(
                user: row.text(0), "what waited for the account of \(row.text(2)) on \(row.text(1)) was withdrawn since the plan was made")
        }
    }

    /// A joiner has no version to compare. Whoever another plan brought meanwhile, by the same key or a value that correlates, is planned again and found then;
    /// otherwise one person would be two for ever. Returns those whose rows it is clear who they mean: they are that person's from now on.
    private func addJoinersWhoAreKnownByNow(_ known: inout WhoChanged) throws -> Set<String> {
        #if PLANTED_BUGS
        if PlantedBug.planted == .twoRunsMakeTwoPeople { return [] }
        #endif
        let others = try session.queryOne(
            "SELECT 1 FROM plans WHERE newest_at_start >= $1 AND id <> $1 LIMIT 1", [.int(plan.id.row)]
        ) { _ in true }
        guard others != nil else { return [] }
        try session.query(
            """
            SELECT c.user_id, c.user_key FROM plan_changes c JOIN claims k ON k.user_key = c.claim_key AND k.source = c.claim_source
            WHERE c.id BETWEEN $1 AND $2 AND k.user_id <> c.user_id AND k.presence <> -1 ORDER BY c.id
            """, range
        ) { known.add(user: $0.text(0), "the key \($0.text(1)) came to belong to somebody else since the plan was made") }
        let unclear = known.users
        var brought = JoinersBrought()
        try session.query(
            """
            SELECT DISTINCT c.user_id, c.user_key, c.id, c.claim_source, o.user_id FROM plan_changes c JOIN plan_correlations p ON p.id = c.id
            JOIN claim_correlations k ON k.attribute = p.attribute AND k.folded = p.folded
            JOIN claims o ON o.user_key = k.user_key AND o.source = k.source AND o.correlated_by = k.plan
            JOIN plans s ON s.id = k.plan
            WHERE c.id BETWEEN $1 AND $2 AND c.kind = 'joiner' AND o.user_id <> c.user_id AND s.newest_at_start >= $3 ORDER BY c.id
            """, range + [.int(plan.id.row)]
        ) { row in
            known.add(user: row.text(0), "user \(row.text(1)) was brought by another source since the plan was made")
            if !unclear.contains(row.text(0)) {
                brought.note(row.text(0), change: row.int(2), source: row.optionalText(3) ?? "", person: row.text(4))
            }
        }
        return try giveRows(brought.unambiguous)
    }

    /// The row of a joiner is a row of the person whom another source brought, unless its own source has that person under another key: then the next file
    /// says who was renumbered. Returns the joiners.
    private func giveRows(_ joiners: [JoinersBrought.Joiner]) throws -> Set<String> {
        var given: Set<String> = []
        for joiner in joiners {
            let other = try session.queryOne(
                "SELECT 1 FROM claims WHERE user_id = $1 AND source = $2 AND presence <> -1 LIMIT 1",
                [.text(joiner.person), .text(joiner.source)]
            ) { _ in true }
            guard other == nil else { continue }
            try session.execute("UPDATE plan_changes SET claim_user = $1 WHERE id = $2", [.text(joiner.person), .int(joiner.change)])
            try session.execute("UPDATE users SET plan_again = \(Again.byEveryRun) WHERE id = $1", [.text(joiner.person)])
            given.insert(joiner.user)
        }
        return given
    }

    /// Users of plans that started since this one was begun, and those to whom they gave a row: an account may have come to be where this plan saw none, or a
    /// source speaks that it did not hear. The next run looks.
    func planAgainWhomOthersPlanned() throws -> [String] {
        let others = try session.queryAll(
            "SELECT id FROM plans WHERE newest_at_start >= $1 AND id <> $1", [.int(plan.id.row)]
        ) { PlanID(row: $0.int(0)) }
        var users: Set<String> = []
        var lines: [String] = []
        for other in others {
            try session.query(
                """
                SELECT c.user_id, c.user_key FROM plan_changes c WHERE c.id BETWEEN $1 AND $2 AND c.left_out = 0
                AND c.user_id IN (SELECT o.user_id FROM plan_changes o WHERE o.id BETWEEN $3 AND $4
                  UNION SELECT o.claim_user FROM plan_changes o WHERE o.id BETWEEN $3 AND $4 AND o.claim_user <> o.user_id) ORDER BY c.id
                """, range + PlanRows.range(other)
            ) { row in
                guard users.insert(row.text(0)).inserted, lines.count < 20 else { return }
                lines.append("user \(row.text(1)) was planned by another origin since the plan was made, and is planned again")
            }
        }
        try session.execute("UPDATE users SET plan_again = \(Again.byEveryRun) WHERE id IN (#)", in: SQLValue.texts(users))
        return lines
    }

    /// Users on whose accounts an order of another plan was settled since this one was made, and for whom it holds no order that would tell: they were
    /// planned on what those accounts were.
    func planAgainWhoseAccountsChanged() throws -> [String] {
        let rows = try session.queryAll(
            """
            SELECT c.user_id, c.user_key FROM plan_changes c WHERE c.id BETWEEN $1 AND $2 AND c.left_out = 0 AND c.account_versions IS NOT NULL
            AND c.account_versions <> (SELECT COALESCE(SUM(a.version), 0) FROM accounts a WHERE a.user_id = c.user_id) ORDER BY c.id
            """, range
        ) { (user: $0.text(0), key: $0.text(1)) }
        try session.execute("UPDATE users SET plan_again = \(Again.byEveryRun) WHERE id IN (#)", in: SQLValue.texts(Set(rows.map(\.user))))
        return rows.prefix(20).map { "an account of user \($0.key) changed since the plan was made, and is planned again" }
    }

    /// A source skips a row when the configuration is that of its own last plan. Whoever this plan orders something for under another one is looked at by it
    /// all the same: the edit may be undone by then.
    func planAgainWhoseSourcesKnowAnotherConfiguration() throws {
        let others = try sourcesOfAnotherConfiguration()
        guard !others.isEmpty else { return }
        try session.execute(
            """
            UPDATE users SET plan_again = \(Again.bySources) WHERE id IN (SELECT user_id FROM plan_changes WHERE id BETWEEN $1 AND $2)
            AND plan_again = 0 AND id IN (SELECT user_id FROM orders WHERE id BETWEEN $1 AND $2) AND id IN (SELECT user_id FROM claims WHERE source IN (#))
            """, range, in: SQLValue.texts(others))
    }

    /// Sources whose last accepted file was planned under another configuration than this plan.
    private func sourcesOfAnotherConfiguration() throws -> [String] {
        try session.queryAll("SELECT source, document FROM profiles ORDER BY source") {
            (source: $0.text(0), profile: try $0.withBytes(1) { try SourceProfile(documentBytes: $0) })
        }.filter { $0.profile.configurationHash != plan.configurationHash }.map(\.source)
    }

    /// A source that left the configuration ends with its last claim: what its last file was planned under would be another configuration for ever, and if
    /// it comes back, its file is new.
    func forgetSourcesThatLeft() throws {
        guard plan.origin == .due else { return }
        let ended = try session.queryAll(
            """
            SELECT DISTINCT source FROM plan_ended_claims WHERE id BETWEEN $1 AND $2
            AND source NOT IN (SELECT k.source FROM claims k WHERE k.presence = 0 AND (k.source, k.user_key) NOT IN (
              SELECT source, user_key FROM plan_ended_claims WHERE id BETWEEN $1 AND $2))
            """, range
        ) { SQLValue.text($0.text(0)) }
        for table in ["profiles", "applied_files"] { try session.execute("DELETE FROM \(table) WHERE source IN (#)", in: ended) }
        for table in ["quarantines", "waiting_rows"] {
            try session.execute("UPDATE \(table) SET active = 0 WHERE active = 1 AND source IN (#)", in: ended)
        }
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
        // Nobody would ever look at what was left aside of somebody who does not come to be.
        try session.execute("DELETE FROM plan_left_aside WHERE plan = $1 AND user_id IN (#)", [.int(plan.id.row)], in: users)
        for table in ["plan_changes", "plan_correlations", "plan_ended_claims"] {
            try session.execute("DELETE FROM \(table) WHERE id IN (#)", in: changes)
        }
    }

    /// Joiners of a plan whom another source brought since it was made.
    private struct JoinersBrought {
        struct Joiner {
            let user: String
            let change: Int64
            let source: String
            let person: String
        }

        private var joiners: [Joiner] = []

        mutating func note(_ user: String, change: Int64, source: String, person: String) {
            joiners.append(Joiner(user: user, change: change, source: source, person: person))
        }

        /// Those who mean one person, whom no other joiner of their source means.
        var unambiguous: [Joiner] {
            let ofUser = Dictionary(grouping: joiners, by: \.user)
            let ofPerson = Dictionary(grouping: joiners) { "\($0.source)\u{0}\($0.person)" }
            return joiners.filter { ofUser[$0.user]?.count == 1 && ofPerson["\($0.source)\u{0}\($0.person)"]?.count == 1 }
        }
    }

    private func withdrawLeftOut(_ users: [SQLValue]) throws {
        var rows: [SQLValue] = []
        try session.query(
            """
            SELECT id FROM orders WHERE id BETWEEN $1 AND $2 AND operation NOT IN ('Delete', 'Disable')
            AND becomes NOT IN ('deprovisioned', 'deleted') AND user_id IN (#)
            """, range, in: users
        ) { rows.append(.int($0.int(0))) }
        try session.execute("UPDATE orders SET starts_as = \(OrderState.withdrawn.rawValue) WHERE id IN (#)", in: rows)
    }

    /// Plans whose last open order was withdrawn or taken over are through.
    func finishEmptiedPlans() throws {
        let emptied = try session.queryAll(
            """
            SELECT p.id FROM plans p WHERE p.state = 'applying' AND p.id <> $1
            AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.owner = p.id AND o.\(Orders.underWay))
            """, [.int(plan.id.row)]
        ) { PlanID(row: $0.int(0)) }
        for emptied in emptied { try PlanEnding.finish(emptied, session, at: at) }
    }

    /// Those of these users whom the plan changes. A plan may be of a million: an engine that is asked to compare the two builds an index of them first.
    func users(among asked: Set<String>) throws -> Set<String> {
        guard !asked.isEmpty else { return [] }
        var found: Set<String> = []
        try session.query("SELECT user_id FROM plan_changes WHERE id BETWEEN $1 AND $2 AND left_out = 0", range) { row in
            let user = row.text(0)
            if asked.contains(user) { found.insert(user) }
        }
        return found
    }

    /// Whoever was planned is not left aside any more, except where this plan could not ask either. A joiner who turned out to be somebody else is nobody's mark.
    func replaceLeftAside() throws {
        let marked = try session.queryAll("SELECT DISTINCT user_id FROM left_aside", []) { $0.text(0) }
        try session.execute("DELETE FROM left_aside WHERE user_id IN (#)", in: SQLValue.texts(users(among: Set(marked))))
        #if PLANTED_BUGS
        if PlantedBug.planted == .leftAsideLeavesNoMark { return }
        #endif
        try session.execute(
            """
            INSERT INTO left_aside (user_id, system) SELECT user_id, system FROM plan_left_aside WHERE plan = $1
            AND user_id IN (SELECT id FROM users) ON CONFLICT DO NOTHING
            """, [.int(plan.id.row)])
    }

    /// Users, their assignments and due dates are cut out of the changes' documents by SQL.
    func makeUsersReal() throws {
        // What a plan of no source says of the users is not what their sources' next runs begin with.
        let others = plan.origin == .due ? try sourcesOfAnotherConfiguration() : []
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
              plan_again = CASE WHEN $3 = 1 AND users.plan_again = \(Again.bySources) AND excluded.plan_again = 0 THEN users.plan_again
                ELSE excluded.plan_again END
            """, range + [.flag(!others.isEmpty)])
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
            INSERT INTO profiles (source, document, read_again, as_of) VALUES ($1, $2, 0, $3)
            ON CONFLICT (source) DO UPDATE SET document = excluded.document, read_again = 0, as_of = excluded.as_of
            """,
            [.text(source), .document(profile.documentBytes), .number(plan.asOf.days)])
        try session.execute(
            "INSERT INTO applied_contents (source, digest) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            [.text(source), .text(profile.contentDigest)])
        guard profile.knowsFiles else { return profile }
        try session.execute(
            """
            INSERT INTO applied_files (source, file, digest, signature) VALUES ($1, $2, $3, $4)
            ON CONFLICT (source, file) DO UPDATE SET digest = excluded.digest,
              signature = CASE WHEN excluded.signature = '' THEN applied_files.signature ELSE excluded.signature END
            """, [.text(source), .text(profile.file), .text(profile.contentDigest), .text(profile.signature)])
        return profile
    }

    /// Orders become pending; those whose evaluation failed stay visible as such.
    func releaseOrders() throws {
        let moves = OrderMoves(at: at, session: session)
        for move in OrderMove.starts { try moves.carryOut(move, startingIn: range) }
        try session.execute(
            """
            INSERT INTO plan_queues (plan, system, pending)
            SELECT plan, system, COUNT(*) FROM orders WHERE id BETWEEN $1 AND $2 AND \(Orders.pending) GROUP BY plan, system
            ON CONFLICT (plan, system) DO UPDATE SET pending = plan_queues.pending + excluded.pending
            """, range)
    }
}
