/// What SQLite's planner is told of the tables (its table `sqlite_stat1`, https://www.sqlite.org/fileformat2.html#stat1tab).
///
/// Without it the planner takes `source = ?` for a search of about ten rows, and would read a million claims to find five hundred hashes. With statistics that are
/// measured, plans would change as a store fills. So the numbers are given: a store of a million users with few sources and systems.
enum SQLiteStatistics {
    /// Table, index, and: rows, then the rows that share the first column, the first two, and so on.
    private static let rows: [(table: String, index: String, numbers: String)] = [
        ("users", "sqlite_autoindex_users_1", "1000000 1"),
        ("users", "users_by_key", "1000000 1"),
        ("users", "users_due", "1000 50"),
        ("users", "users_plan_again", "100 1"),
        ("users", "users_plan_again_by_sources", "100 1"),
        ("claims", "claims", "1000000 500000 1"),
        ("claims", "claims_by_hash", "1000000 500000 1 1"),
        ("claims", "claims_by_user", "1000000 1 1"),
        ("correlations", "correlations", "2000000 1000000 1 1"),
        ("accounts", "sqlite_autoindex_accounts_1", "2000000 2 1"),
        ("accounts", "accounts_by_id", "2000000 1000000 1 1"),
        ("orders", "orders_by_user", "2000000 4"),
        ("orders", "orders_open", "100000 100000 50000 25000 12000 2"),
        ("orders", "orders_unsettled", "1000 1"),
        ("quarantines", "quarantines_by_plan", "10000 100"),
        ("quarantines", "quarantines_active", "1000 500 1"),
        ("names", "names_by_claim", "3000000 1"),
        ("names", "names_by_plan", "3000000 10000"),
        ("name_holds", "name_holds", "10000 2 1"),
        ("name_holds", "name_holds_by_plan", "10000 1000"),
        ("name_wants", "name_wants", "1000 1000 1"),
        ("plans", "plans_by_origin", "10000 2000 500"),
        ("plans", "plans_by_state", "10000 1000"),
        ("outbox", "outbox_by_tracking_number", "2000000 1 1"),
    ]

    static func write(_ session: any SQLSession) throws {
        // Makes the table if there is none, and reads it again at the end.
        try session.execute("ANALYZE sqlite_schema")
        let found = try session.queryAll("SELECT tbl || ' ' || idx || ' ' || stat FROM sqlite_stat1 ORDER BY rowid") { $0.text(0) }
        guard found != rows.map({ "\($0.table) \($0.index) \($0.numbers)" }) else { return }
        try session.execute("DELETE FROM sqlite_stat1")
        try session.bulkLoad(
            "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ($1, $2, $3)",
            rows.map { [.text($0.table), .text($0.index), .text($0.numbers)] })
        try session.execute("ANALYZE sqlite_schema")
    }
}
