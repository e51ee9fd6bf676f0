import Contracts
import Foundation
import IdentityModel
import Testing

@testable import StoreSQL

/// A store as 0.1.0 left it: the tables of version 1, with people in it.
@Suite("A store made by 0.1.0")
struct OlderStoreTests {
    private static let hr = SourceName("hr")
    private static let badges = SourceName("badges")
    private static let directory = SystemName("Corp Directory")

    private func withStore(_ body: (SQLStore) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "birthright-old-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/store.db"
        try await OlderStoreTests.make(path)
        let store = try await SQLStore.openSQLite(path: path)
        do {
            try await body(store)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    /// Two people of hr, the first with a badge, who manages the second; and somebody whose row is gone.
    private static func make(_ path: String) async throws {
        let engine = try SQLiteEngine(SQLiteStoreOptions(path: path))
        let statements =
            Schema.version1(engine.dialect) + [
                "CREATE TABLE birthright_migrations (version BIGINT NOT NULL PRIMARY KEY)", "INSERT INTO birthright_migrations VALUES (1)",
                user("u1", "E1", "active", #"{"email":"a@example.com","phone":"1"}"#),
                user(
                    "u2", "E2", "pendingStart", #"{"manager":{"ref":"E1"},"startDate":{"date":"2026-03-02"},"title":"a {\"ref\":\"x\"}"}"#),
                user("u3", "E3", "terminated", "{}"), claim("hr", "E1", "u1", 11), claim("badges", "B1", "u1", 12),
                claim("hr", "E2", "u2", 13),
                claim("hr", "E3", "u3", 0),
                "INSERT INTO correlations VALUES ('email', 'a@example.com', 'u1', 7)",
                """
                INSERT INTO profiles VALUES ('hr', '{"columns":["ID"],"configurationHash":"c","contentDigest":"d","emptyCounts":[0],"file":"hr/1.csv","rowCount":3}')
                """,
                """
                INSERT INTO accounts VALUES ('u2', 'Corp Directory', 'enabled', 'id2', 'cn=2', 1,
                '{"id":"id2","name":"cn=2","state":"enabled","system":"Corp Directory","user":"u2","written":{"manager":[{"ref":"E1"}]}}')
                """,
            ]
        try await engine.write { session in
            for statement in statements { try session.execute(statement) }
            return .commit(())
        }
        await engine.close()
    }

    private static func user(_ id: String, _ key: String, _ status: String, _ attributes: String) -> String {
        "INSERT INTO users VALUES ('\(id)', '\(key)', 'hr', '\(status)', 2, '\(attributes)', '[]', NULL, 0, 7)"
    }

    private static func claim(_ source: String, _ key: String, _ user: String, _ row: Int) -> String {
        let keyHash = Int64(bitPattern: StableHash.hash(key))
        return "INSERT INTO claims VALUES ('\(source)', '\(key)', '\(user)', \(keyHash), \(row), '\(source)/1.csv', 2)"
    }

    @Test("each source is taken to have said all that was known, until its next good row")
    func lastGoodRecord() async throws {
        try await withStore { store in
            let claims = try await store.claims(user: UserID("u1"))
            let said = SourceValues(status: .active, attributes: ["email": .string("a@example.com"), "phone": .string("1")])
            #expect(claims.map(\.values) == [said, said])
            #expect(claims.map(\.source) == [Self.badges, Self.hr])
            #expect(claims.allSatisfy { $0.isPresent && $0.generation == 1 && $0.row == nil })
        }
    }

    @Test("a row that was gone is gone, and the others' contents are as they were")
    func marks() async throws {
        try await withStore { store in
            #expect(try await store.claims(user: UserID("u3")).map(\.presence) == [.gone(rank: 1)])
            var request = KnowledgeRequest(source: Self.hr)
            request.keys = [UserKey("E1"), UserKey("E3")]
            let known = try await store.knowledge(request)
            #expect(known.claims[UserKey("E1")]?.rowHash == 11 && known.claims[UserKey("E3")]?.rowHash == 0)
        }
    }

    @Test("every source is read again once, whatever its content")
    func readAgain() async throws {
        try await withStore { store in
            #expect(try await store.profile(of: Self.hr)?.configurationHash == SourceProfile.configurationOfOlderStore)
            var plan = try await store.begin(
                .source(Self.hr), configurationHash: "c", asOf: CivilDate(days: 1), at: Instant(milliseconds: 1))
            let profile = SourceProfile(
                file: "hr/2.csv", contentDigest: "e", configurationHash: "c", rowCount: 3, columns: ["ID"], emptyCounts: [0])
            plan.seal = "s"
            let sealed = try await store.seal(plan, profile: (Self.hr, profile), superseding: nil, at: Instant(milliseconds: 2))
            _ = try await store.startApplying(sealed.id, at: Instant(milliseconds: 3))
            #expect(try await store.profile(of: Self.hr)?.configurationHash == "c")
        }
    }

    @Test("people are found by what they correlated by, through each of their claims")
    func correlations() async throws {
        try await withStore { store in
            var request = KnowledgeRequest()
            request.correlations = [CorrelationKey(attribute: "email", folded: "a@example.com")]
            let correlated = try await store.knowledge(request).correlated
            #expect(correlated.values.first == [UserID("u1")])
        }
    }

    @Test("a reference is one of the source that brought the person, and nothing is written anew for it")
    func references() async throws {
        try await withStore { store in
            let reference = UserReference(UserKey("E1"), in: Self.hr)
            let user = try #require(try await store.users(key: UserKey("E2"), of: nil).first)
            #expect(user.attributes["manager"] == .reference(reference))
            #expect(user.attributes["title"] == .string(#"a {"ref":"x"}"#))
            let account = try await store.accounts(Self.directory, users: [user.id])[user.id]
            #expect(account?.written["manager"] == [.reference(reference)])
            #expect(try await store.references(Self.directory, to: [reference], plan: PlanID(row: 1))[reference]?.user == UserID("u1"))
        }
    }
}
