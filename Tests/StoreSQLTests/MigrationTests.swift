import Contracts
import Foundation
import IdentityModel
import Testing

@testable import StoreSQL

@Suite("The steps from an older store to the present one")
struct MigrationTests {
    /// Somebody's store has been through it: what differs belongs into another step.
    @Test func `a step that has landed says what it said`() throws {
        let dialect = SQLDialect(countedKey: "COUNTED", givenKey: "GIVEN", clustered: "CLUSTERED")
        let said = Migrations.steps.map { step in StableHash.hash(step(dialect).joined(separator: ";\n")) }
        let landed: [UInt64] = [
            3_670_200_358_991_082_579, 5_167_640_715_757_351_298, 8_538_763_900_334_248_041, 5_255_341_541_330_276_635,
            11_364_117_548_230_126_972, 7_054_284_460_233_440_735, 8_287_404_463_152_773_144, 11_570_048_458_053_061_143,
        ]
        #expect(said == landed)
    }

    private static let known = [
        "ALTER TABLE profiles ADD COLUMN as_of BIGINT",
        "CREATE TABLE known_groups (system TEXT, name TEXT, group_id TEXT, PRIMARY KEY (system, name, group_id))",
    ]

    /// Stores of both kinds call themselves version 5: one knew days and groups already.
    @Test(arguments: [[], known])
    func `a store of version 5 goes on`(known: [String]) async throws {
        let folder = NSTemporaryDirectory() + "birthright-five-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/store.db"
        let engine = try SQLiteEngine(SQLiteStoreOptions(path: path))
        let steps = Migrations.steps.prefix(5).flatMap { $0(engine.dialect) } + known
        let profile = #"{"columns":["ID"],"configurationHash":"c","contentDigest":"d","emptyCounts":[0],"file":"hr/1.csv","rowCount":3}"#
        try await engine.write { session in
            for statement in steps { try session.execute(statement) }
            try session.execute("CREATE TABLE birthright_migrations (version BIGINT NOT NULL PRIMARY KEY)")
            for version in 1...5 { try session.execute("INSERT INTO birthright_migrations VALUES (\(version))") }
            try session.execute("INSERT INTO profiles (source, document, read_again) VALUES ('hr', '\(profile)', 0)")
            return .commit(())
        }
        await engine.close()

        let store = try await SQLStore.openSQLite(path: path)
        let hr = SourceName("hr")
        #expect(try await store.profile(of: hr)?.configurationHash == "c")
        let group = KnownGroup(key: "cn=staff", id: GroupID("7"))
        try await store.remember([group], on: SystemName("Directory"))
        #expect(try await store.groups(["cn=staff"], on: SystemName("Directory")) == [group])
        var plan = try await store.begin(.source(hr), configurationHash: "c", asOf: CivilDate(days: 9), at: Instant(milliseconds: 1))
        plan.seal = "s"
        let next = SourceProfile(
            file: "hr/2.csv", contentDigest: "e", configurationHash: "c", rowCount: 3, columns: ["ID"], emptyCounts: [0])
        let sealed = try await store.seal(plan, profile: (hr, next), superseding: nil, at: Instant(milliseconds: 2))
        _ = try await store.startApplying(sealed.id, at: Instant(milliseconds: 3))
        #expect(try await store.profile(of: hr)?.contentDigest == "e")
        await store.close()
    }

    /// A plan that waited in a store of version 6 was compared by the number it was sealed under.
    @Test func `a plan that waits knows what was started since it was sealed`() async throws {
        let folder = NSTemporaryDirectory() + "birthright-six-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/store.db"
        let engine = try SQLiteEngine(SQLiteStoreOptions(path: path))
        let steps = Migrations.steps.prefix(6).flatMap { $0(engine.dialect) }
        try await engine.write { session in
            for statement in steps { try session.execute(statement) }
            try session.execute("CREATE TABLE birthright_migrations (version BIGINT NOT NULL PRIMARY KEY)")
            for version in 1...6 { try session.execute("INSERT INTO birthright_migrations VALUES (\(version))") }
            // The first was applied when there was no other, the second waits, the third was applied meanwhile.
            for (id, state, started) in [(1, "applied", "1"), (2, "ready", "NULL"), (3, "applied", "3"), (4, "open", "NULL")] {
                try session.execute(
                    """
                    INSERT INTO plans (id, origin, state, ordinal, configuration_hash, as_of, totals, verdicts, warnings, began_at, started_ordinal)
                    VALUES (\(id), 'due', '\(state)', \(state == "open" ? "NULL" : "\(id)"), 'c', 9, '{}', '[]', '[]', 1, \(started))
                    """)
            }
            return .commit(())
        }
        await engine.close()
        let store = try await SQLStore.openSQLite(path: path)
        let newest = try await store.engine.read { session in
            try session.queryAll("SELECT newest_at_start FROM plans ORDER BY id") { $0.optionalInt(0) }
        }
        #expect(newest == [1, nil, 3, nil])
        await store.close()
    }
}
