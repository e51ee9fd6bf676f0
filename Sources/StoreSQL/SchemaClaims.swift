/// What version 2 adds for claims that keep what their rows said.
extension Schema {
    /// A store of 0.1.0 knows users as they were merged, and not what each source said. Until a source's next good row the merged user is taken for that.
    static func version2Claims(_ dialect: SQLDialect) -> [String] {
        references + claims + correlations(dialect) + plans(dialect)
    }

    /// A reference is a key and the source it was said in. In 0.1.0 an attribute had one source; whose it was is not known any more, and nearly always it was the
    /// one that brought the user. The source's name as JSON has it stands for `from`.
    private static var references: [String] {
        let source = "replace(replace(users.source, '\\', '\\\\'), '\"', '\\\"')"
        let named = "'{\"from\":\"' || \(source) || '\",\"ref\":'"
        return [
            "UPDATE users SET attributes = replace(attributes, '{\"ref\":', \(named)) WHERE attributes LIKE '%{\"ref\":%'",
            """
            UPDATE accounts SET document = (SELECT replace(accounts.document, '{"ref":', \(named)) FROM users WHERE users.id = accounts.user_id)
            WHERE document LIKE '%{"ref":%' AND EXISTS (SELECT 1 FROM users WHERE users.id = accounts.user_id)
            """,
        ]
    }

    /// `presence`: 0 present, -1 forgotten, else the rank in which it went. `attributes` (empty: those of the user) and `status` are what the last good row said,
    /// `row_values` the row.
    /// The rows are large, so they lie in the order in which they came, and are found through indexes.
    private static var claims: [String] {
        [
            "ALTER TABLE claims RENAME TO claims_of_version_1", "DROP INDEX claims_by_hash", "DROP INDEX claims_by_user",
            """
            CREATE TABLE claims (
              source TEXT NOT NULL, user_key TEXT NOT NULL, user_id TEXT NOT NULL, key_hash BIGINT NOT NULL, row_hash BIGINT NOT NULL,
              file TEXT NOT NULL, line BIGINT NOT NULL, presence BIGINT NOT NULL, generation BIGINT NOT NULL, keeps_alive BIGINT NOT NULL,
              status TEXT, attributes TEXT, row_values TEXT, correlated_by BIGINT)
            """,
            """
            INSERT INTO claims SELECT c.source, c.user_key, c.user_id, c.key_hash, c.row_hash, c.file, c.line,
              CASE WHEN c.row_hash = 0 THEN 1 ELSE 0 END, 1, 1, u.status, u.attributes, NULL, u.correlated_by
            FROM claims_of_version_1 c JOIN users u ON u.id = c.user_id ORDER BY c.source, c.user_key
            """,
            "DROP TABLE claims_of_version_1",
            "CREATE UNIQUE INDEX claims_by_key ON claims (user_key, source)",
            // Holds everything that reading the marks needs: the table itself is not touched.
            "CREATE INDEX claims_by_hash ON claims (source, key_hash, row_hash, presence)",
            "CREATE INDEX claims_by_user ON claims (user_id, source)",
            // Every source is read again once, whatever its content: its rows are to speak for themselves.
            "ALTER TABLE profiles ADD COLUMN read_again BIGINT NOT NULL DEFAULT 1",
        ]
    }

    /// Of a claim's values those count that the plan in `claims.correlated_by` wrote: replacing them needs no index by claim.
    private static func correlations(_ dialect: SQLDialect) -> [String] {
        [
            """
            CREATE TABLE claim_correlations (
              attribute TEXT NOT NULL, folded TEXT NOT NULL, source TEXT NOT NULL, user_key TEXT NOT NULL, plan BIGINT NOT NULL,
              PRIMARY KEY (attribute, folded, source, user_key)) \(dialect.clustered)
            """,
            """
            INSERT INTO claim_correlations SELECT k.attribute, k.folded, c.source, c.user_key, k.plan
            FROM correlations k JOIN users u ON u.id = k.user_id AND u.correlated_by = k.plan JOIN claims c ON c.user_id = u.id
            """,
            "DROP TABLE correlations", "ALTER TABLE users DROP COLUMN correlated_by",
        ]
    }

    private static func plans(_ dialect: SQLDialect) -> [String] {
        let columns = [
            "presence BIGINT", "generation BIGINT", "keeps_alive BIGINT", "claim_status TEXT", "values_start BIGINT",
            "values_length BIGINT",
            "claim_row TEXT",
        ]
        return columns.map { "ALTER TABLE plan_changes ADD COLUMN \($0)" } + [
            "CREATE TABLE plan_ended_claims (id BIGINT NOT NULL, source TEXT NOT NULL, user_key TEXT NOT NULL, presence BIGINT NOT NULL)",
            "CREATE INDEX plan_ended_claims_by_change ON plan_ended_claims (id)",
            // Rows of people whom nobody has brought yet; without values: the row waits no longer.
            """
            CREATE TABLE waiting_rows (
              id \(dialect.countedKey), plan BIGINT NOT NULL, source TEXT NOT NULL, user_key TEXT NOT NULL, file TEXT NOT NULL,
              line BIGINT NOT NULL, row_hash BIGINT NOT NULL, row_values TEXT, active BIGINT NOT NULL)
            """,
            "CREATE INDEX waiting_rows_by_plan ON waiting_rows (plan)",
            "CREATE INDEX waiting_rows_active ON waiting_rows (source, user_key) WHERE active = 1",
            "ALTER TABLE quarantines ADD COLUMN terminates BIGINT NOT NULL DEFAULT 0",
        ]
    }
}
