package import Contracts
package import IdentityModel

/// Rows that wait for their person, as rows.
enum WaitingRows {
    static let insert =
        """
        INSERT INTO waiting_rows (plan, source, user_key, file, line, row_hash, row_values, active) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)
        """

    static func columns(_ row: WaitingRow, plan: PlanID) -> [SQLValue] {
        [
            .int(plan.row), .text(row.source.text), .text(row.key.text), .text(row.position.file), .number(row.position.line),
            .int(Int64(bitPattern: row.rowHash)), row.values.map { .document(KeptRow($0).documentBytes) } ?? .null,
        ]
    }
}

extension SQLStore {
    package func waitingRows(of source: SourceName) async throws(StoreError) -> [WaitingRow] {
        try await read { session in
            try session.queryAll(
                "SELECT user_key, file, line, row_hash, row_values FROM waiting_rows WHERE active = 1 AND source = $1 ORDER BY user_key",
                [.text(source.text)]
            ) { row in
                WaitingRow(
                    source: source, key: UserKey(row.text(0)), position: SourcePosition(file: row.text(1), line: row.number(2)),
                    rowHash: UInt64(bitPattern: row.int(3)), values: try row.withBytes(4) { try KeptRow(documentBytes: $0).values })
            }
        }
    }

    package func quarantinedLeavers(of source: SourceName) async throws(StoreError) -> Int {
        try await read { session in
            try session.queryOne(
                """
                SELECT COUNT(DISTINCT c.user_id) FROM quarantines q JOIN claims c ON c.source = q.source AND c.user_key = q.user_key
                WHERE q.active = 1 AND q.source = $1 AND q.terminates = 1 AND c.presence = 0
                """, [.text(source.text)]
            ) { $0.number(0) } ?? 0
        }
    }

    package func claimants(besides sources: [SourceName]) async throws(StoreError) -> [SourceName: Int] {
        try await read { session in
            let known = Set(sources)
            // Whatever source has brought people has had a file applied.
            let gone = try session.queryAll("SELECT source FROM profiles ORDER BY source") { SourceName($0.text(0)) }.filter {
                !known.contains($0)
            }
            var people: [SourceName: Int] = [:]
            for source in gone {
                let count = try session.queryOne(
                    "SELECT COUNT(DISTINCT user_id) FROM claims WHERE source = $1 AND presence = 0", [.text(source.text)]
                ) { $0.number(0) }
                if let count, count > 0 { people[source] = count }
            }
            return people
        }
    }

    package func users(claimedBy source: SourceName, orOnce: Bool, after: UserID?, limit: Int) async throws(StoreError) -> [UserID] {
        try await read { session in
            try session.queryAll(
                """
                SELECT DISTINCT user_id FROM claims WHERE source = $1 AND presence \(orOnce ? ">=" : "=") 0 AND user_id > $2
                ORDER BY user_id LIMIT $3
                """,
                [.text(source.text), .text(after?.text ?? ""), .number(limit)]
            ) { UserID($0.text(0)) }
        }
    }
}

/// Claims, correlations, quarantines and waiting rows of a plan become real.
struct ClaimStart {
    let plan: Plan
    let at: Instant
    let session: any SQLSession

    private var range: [SQLValue] { PlanRows.range(plan.id) }

    /// Of nearly everybody their claim says what they are: it is kept once, with the user, and the claim's own attributes are the empty text.
    private static let saysWhatTheUserIs = "c.values_start = c.attributes_start AND c.left_out = 0 AND c.claim_user = c.user_id"

    /// Claims that said what their users are, and say it no more once these change: they get attributes of their own. Those that this plan replaces need none.
    /// Comes before the users change.
    func keepWhatUsersNoLongerAre() throws {
        let changed =
            """
            SELECT k.user_key, k.source FROM plan_changes c JOIN claims k ON k.user_id = c.user_id
            WHERE c.id BETWEEN $1 AND $2 AND c.version > 0 AND c.differs = 1 AND c.left_out = 0 AND k.attributes = ''
            AND (c.values_start IS NULL OR k.source <> c.claim_source OR k.user_key <> c.claim_key)
            """
        let givenAway =
            """
            SELECT k.user_key, k.source FROM plan_changes c JOIN claims k ON k.user_key = c.claim_key AND k.source = c.claim_source
            WHERE c.id BETWEEN $1 AND $2 AND c.values_start IS NULL AND k.user_id <> c.claim_user AND k.attributes = ''
            """
        for which in [changed, givenAway] {
            try session.execute(
                """
                UPDATE claims SET attributes = (SELECT u.attributes FROM users u WHERE u.id = claims.user_id)
                WHERE (user_key, source) IN (\(which))
                """, range)
        }
    }

    /// A claim that brings no values keeps those it had: a row that is gone says nothing new. One that brings some ends what was kept of its row: a row of old is
    /// not to be mapped again in the place of one that was read since and not kept.
    func makeClaimsReal() throws {
        try session.execute(
            """
            INSERT INTO claims (source, user_key, user_id, key_hash, row_hash, file, line, presence, generation, keeps_alive, status, row_values,
              attributes, correlated_by)
            SELECT c.claim_source, c.claim_key, c.claim_user, c.key_hash, c.row_hash, c.file, c.line, COALESCE(c.presence, 0),
              COALESCE(c.generation, 1), COALESCE(c.keeps_alive, 1), c.claim_status, c.claim_row,
              CASE WHEN \(Self.saysWhatTheUserIs) THEN ''
                WHEN c.values_start IS NOT NULL THEN substr(d.document, c.values_start, c.values_length) END,
              CASE WHEN c.correlates = 1 THEN $1 END
            FROM plan_changes c JOIN plan_change_documents d ON d.id = c.id
            WHERE c.id BETWEEN $2 AND $3 AND c.claim_key IS NOT NULL ORDER BY c.id
            ON CONFLICT (user_key, source) DO UPDATE SET user_id = excluded.user_id, key_hash = excluded.key_hash,
              row_hash = excluded.row_hash, file = excluded.file, line = excluded.line, presence = excluded.presence,
              generation = excluded.generation, keeps_alive = excluded.keeps_alive,
              status = CASE WHEN excluded.attributes IS NULL THEN claims.status ELSE excluded.status END,
              attributes = COALESCE(excluded.attributes, claims.attributes),
              row_values = CASE WHEN excluded.attributes IS NULL THEN COALESCE(excluded.row_values, claims.row_values)
                ELSE excluded.row_values END,
              correlated_by = COALESCE(excluded.correlated_by, claims.correlated_by)
            """, [.int(plan.id.row)] + range)
        try session.execute(
            """
            INSERT INTO claim_correlations (attribute, folded, source, user_key, plan)
            SELECT k.attribute, k.folded, c.claim_source, c.claim_key, $1 FROM plan_correlations k JOIN plan_changes c ON c.id = k.id
            WHERE k.id BETWEEN $2 AND $3 AND c.claim_key IS NOT NULL
            ON CONFLICT (attribute, folded, source, user_key) DO UPDATE SET plan = excluded.plan
            """, [.int(plan.id.row)] + range)
        try endClaims()
    }

    private func endClaims() throws {
        let ended = try session.queryAll(
            "SELECT source, user_key, presence FROM plan_ended_claims WHERE id BETWEEN $1 AND $2 ORDER BY id", range
        ) { [SQLValue.int($0.int(2)), .text($0.text(0)), .text($0.text(1))] }
        for values in ended {
            try session.execute("UPDATE claims SET presence = $1, row_hash = 0 WHERE source = $2 AND user_key = $3", values)
        }
    }

    /// Entries of this plan replace those of the same keys; keys that were read well, and rows without a key, are out. Of a complete file every row was looked
    /// at: whoever was quarantined before and is not now is out, also who never came to be.
    func replaceQuarantines(ofFile: Bool, isWholeSource: Bool) throws {
        let row = SQLValue.int(plan.id.row)
        if try session.queryOne("SELECT 1 FROM quarantines WHERE active = 1 LIMIT 1", [], { _ in true }) == true {
            try forgetReadWell(ofFile: ofFile)
        }
        if case .source(let source) = plan.origin, ofFile {
            let without = isWholeSource ? "" : "AND user_key IS NULL"
            try session.execute("UPDATE quarantines SET active = 0 WHERE active = 1 AND source = $1 \(without)", [.text(source.text)])
        }
        try session.execute("UPDATE quarantines SET active = 1 WHERE plan = $1", [row])
        try session.execute(
            """
            INSERT INTO audit (at, kind, plan, text) SELECT $1, 'row quarantined', plan, file || ':' || CAST(line AS TEXT) || ': ' || reason
            FROM quarantines WHERE plan = $2 ORDER BY id
            """, [at.value, row])
    }

    /// Without a file the rows that are kept were read again, and those that were set aside were not: only what a kept row itself was is out.
    private func forgetReadWell(ofFile: Bool) throws {
        try session.execute(
            """
            UPDATE quarantines SET active = 0 WHERE active = 1 AND (source, user_key) IN
            (SELECT source, user_key FROM quarantines WHERE plan = $1 AND user_key IS NOT NULL)
            """, [.int(plan.id.row)])
        let position = ofFile ? "" : ", file, line"
        try session.execute(
            """
            UPDATE quarantines SET active = 0 WHERE active = 1 AND (source, user_key\(position)) IN
            (SELECT claim_source, claim_key\(position) FROM plan_changes WHERE id BETWEEN $1 AND $2 AND claim_key IS NOT NULL)
            """, range)
    }

    /// The latest row of a key waits; one whose person is there waits no longer.
    func replaceWaitingRows() throws {
        let row = SQLValue.int(plan.id.row)
        try session.execute(
            """
            UPDATE waiting_rows SET active = 0 WHERE active = 1 AND (source, user_key) IN (SELECT source, user_key FROM waiting_rows WHERE plan = $1)
            """, [row])
        try session.execute("UPDATE waiting_rows SET active = 1 WHERE plan = $1 AND row_values IS NOT NULL", [row])
        guard try session.queryOne("SELECT 1 FROM waiting_rows WHERE active = 1 LIMIT 1", [], { _ in true }) == true else { return }
        try session.execute(
            """
            UPDATE waiting_rows SET active = 0 WHERE active = 1 AND (source, user_key) IN
            (SELECT claim_source, claim_key FROM plan_changes WHERE id BETWEEN $1 AND $2 AND claim_key IS NOT NULL)
            """, range)
    }
}
