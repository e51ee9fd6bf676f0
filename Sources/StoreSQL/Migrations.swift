internal import Contracts
internal import IdentityModel

/// The numbered steps from an empty database to the present tables. A step that was released is never changed; another one is added.
enum Migrations {
    static let steps: [@Sendable (SQLDialect) -> [String]] = [
        Schema.version1, Schema.version2, Schema.version3, Schema.version4, Schema.version5, Schema.version6,
        Schema.version7, Schema.version8,
    ]

    /// For a store that is only read: its tables must be those that this version knows.
    static func check(_ engine: any SQLEngine, name: String) async throws(StoreError) {
        let found: Int
        do {
            found = try await engine.read { session in
                try session.queryOne("SELECT COALESCE(MAX(version), 0) FROM birthright_migrations") { $0.number(0) } ?? 0
            }
        } catch .damaged {
            throw .unreachable("\(name) is not a Birthright store")
        }
        guard found <= steps.count else { throw newer(found, name) }
        guard found < steps.count else { return }
        throw .unreachable(
            "\(name) was written by an older version of birthright (its tables are version \(found), this one knows \(steps.count)) and is only read here; "
                + "a command that writes, such as `plan`, brings it up to date")
    }

    private static func newer(_ found: Int, _ name: String) -> StoreError {
        .unreachable(
            "\(name) was written by a newer version of birthright (its tables are version \(found), this one knows \(steps.count)); use that version"
        )
    }

    static func run(on engine: any SQLEngine, name: String) async throws(StoreError) {
        let dialect = engine.dialect
        let found = try await engine.write { session in
            try session.execute("CREATE TABLE IF NOT EXISTS birthright_migrations (version BIGINT NOT NULL PRIMARY KEY)")
            return .commit(try session.queryOne("SELECT COALESCE(MAX(version), 0) FROM birthright_migrations") { $0.number(0) } ?? 0)
        }
        guard found <= steps.count else { throw newer(found, name) }
        for version in found..<steps.count {
            let statements = steps[version](dialect)
            try await engine.write { session in
                // Two processes may open a new store at once: whoever comes second finds the step done.
                let done = try session.queryOne("SELECT COUNT(*) FROM birthright_migrations WHERE version = $1", [.number(version + 1)]) {
                    $0.flag(0)
                }
                guard done != true else { return .commit(()) }
                for statement in statements { try session.execute(statement) }
                try session.execute("INSERT INTO birthright_migrations (version) VALUES ($1)", [.number(version + 1)])
                return .commit(())
            }
        }
    }
}
