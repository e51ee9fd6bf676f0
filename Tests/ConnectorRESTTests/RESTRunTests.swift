import Contracts
import Foundation
import IdentityModel
import Kinds
import Logging
import OddServers
import Planning
import PolicyFiles
import Provisioning
import SourceCSV
import StoreSQL
import Testing

@testable import ConnectorREST

/// From an HR file to services that are described and not programmed: joiner, mover, leaver, rehire.
@Suite("A company on REST services")
struct RESTRunTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private final class Company {
        let folder: URL
        let store: SQLStore
        let server: OddREST
        let connector: any Connector
        let configuration: Configuration
        let system: SystemName

        /// The example's configuration; `map` changes its policy map.
        init(_ example: String, _ system: SystemName, server: OddREST, map change: (String) -> String = { $0 }) async throws {
            let base = RESTRunTests.root.appendingPathComponent("PolicyMaps/Examples/\(example)")
            var files: [String: [UInt8]] = [:]
            for name in ["birthright.yaml", "Roles.yaml", "Rules.yaml", "PolicyMaps/people-portal.yaml", "Lookups/cost-centres.csv"] {
                files[name] = Array(try Data(contentsOf: base.appendingPathComponent(name)))
            }
            let map = String(decoding: files["PolicyMaps/people-portal.yaml"] ?? [], as: UTF8.self)
            files["PolicyMaps/people-portal.yaml"] = Array(change(map).utf8)
            let (loaded, diagnostics) = ConfigurationLoader.load(
                ConfigurationFiles(
                    files: files, kinds: Kinds.all, environment: ["PORTAL_TOKEN": "t", "PORTAL_URL": server.url],
                    readSecretFile: { _ in nil }))
            configuration = try #require(loaded, "\(diagnostics.map(\.description))")
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("birthright-rest-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder.appendingPathComponent("hr"), withIntermediateDirectories: true)
            store = try await SQLStore.openSQLite(path: folder.appendingPathComponent("store.sqlite").path)
            self.server = server
            self.system = system
            let policyMap = try #require(configuration.policyMap(system))
            let setup = AdapterSetup(values: policyMap.connector.values, secrets: policyMap.connector.secrets, folder: "")
            connector = try RESTConnector.kind.make(
                ConnectorSetup(
                    setup, lookedForBy: policyMap.correlation, attributes: policyMap.attributes.map(\.name),
                    lists: policyMap.listAttributes, accountName: policyMap.accountName, correlation: policyMap.correlation))
        }

        func close() async {
            await connector.close()
            await store.close()
            server.stop()
            try? FileManager.default.removeItem(at: folder)
        }

        static let header =
            "EMPLOYEE_ID,FIRST_NAME,MIDDLE_NAME,LAST_NAME,PREFERRED_NAME,SUPERVISOR,START_DATE,LAST_DATE,COMPANY,DEPARTMENT,PHONE,MOBILE_PHONE,STATUS,TITLE,TYPE,CITY,COUNTRY,BADGE_NUMBER,LANGUAGES"

        func sync(_ rows: [String], day: Int = 0) async throws -> RunEnd {
            try ([Self.header] + rows).map { $0 + "\n" }.joined().write(
                to: folder.appendingPathComponent("hr/hr.csv"), atomically: true, encoding: .utf8)
            let runs = Runs(
                configuration: configuration, store: store, connectors: [system: connector],
                source: { [folder] source in
                    CSVFileSource(
                        CSVFileSettings(
                            directory: folder.path, pattern: source.files, takesLatestOnly: true, needsMarker: false, delimiter: nil,
                            encoding: nil))
                }, sinks: [:], clock: RunClock(asOf: CivilDate(days: 20_500 + day)),
                log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), listener: Runs.Listener(tell: { _ in }))
            return try await runs.sync(PlanRequest(source: SourceName("hr")))
        }
    }

    private static func portal() throws -> OddREST {
        var ways = OddREST.Ways()
        (ways.people, ways.id, ways.login, ways.groups) = ("employees", "id", "username", "teams")
        (ways.showsGroups, ways.takenStatus, ways.largestPage) = (true, 422, 2)
        return try OddREST(ways, groups: ["team-leads"])
    }

    private static let anna =
        "P100,Anna,Maria,Berg,,P001,2026-01-01,,Example,Sales,030 123456,,Active,Head of Sales,Employee,Bonn,DE,004203,DE"
    private static let chief = "P001,Cleo,,Dahl,,,2020-01-01,,Example,Sales,,,Active,Chief,Employee,Bonn,DE,000001,DE;EN"

    @Test func `the shipped map writes to the portal that it describes`() async throws {
        let company = try await Company("rest-hr", SystemName("People Portal"), server: try Self.portal())
        let server = company.server
        server.add(["username": .string("ABERG"), "personnelNumber": .string("X1")])
        #expect(try await company.sync([Self.chief, Self.anna]) == .done)
        let chief = try #require(server.person("cdahl"))
        // The name that somebody has is left to him.
        let anna = try #require(server.person("aberg2"))
        #expect(anna[JSONPlace("name.first")] == .string("Anna") && anna[JSONPlace("employment.costCentre")] == .string("4300"))
        // One language is a list of one; a number with zeros stays a text; who leads is told by id.
        #expect(anna.member("languages") == .array([.string("de")]) && anna.member("badge") == .string("004203"))
        #expect(anna[JSONPlace("employment.managerId")]?.text == "102" && chief.member("state") == .string("active"))
        #expect(server.members(of: "team-leads") == ["aberg2"])

        // A mover: what is gone is gone, and the record keeps what others wrote.
        let moved = Self.anna.replacing("Head of Sales", with: "").replacing("030 123456", with: "")
        #expect(try await company.sync([Self.chief, moved], day: 1) == .done)
        let now = try #require(server.person("aberg2"))
        #expect(now[JSONPlace("employment.title")] == nil && now[JSONPlace("contact.phone")] == nil)
        #expect(now[JSONPlace("name.last")] == .string("Berg") && server.members(of: "team-leads") == [])

        // A leaver is a former employee; and comes back.
        #expect(try await company.sync([Self.chief, moved.replacing("Active", with: "Terminated")], day: 2) == .done)
        #expect(server.person("aberg2")?.member("state") == .string("former"))
        #expect(try await company.sync([Self.chief, moved], day: 3) == .done)
        #expect(server.person("aberg2")?.member("state") == .string("active") && server.names.count == 3)
        let before = server.sent.count
        #expect(try await company.sync([Self.chief, moved], day: 4) == .done)
        #expect(server.sent.count - before <= 4)
        #expect(server.sent.allSatisfy { $0.headers["authorization"] == "Bearer t" })
        let patches = server.sent.filter { $0.method == "PATCH" }
        #expect(!patches.isEmpty && patches.allSatisfy { $0.headers["content-type"] == "application/merge-patch+json" })
        await company.close()
    }

    /// A ledger that deletes nobody: it has an end date, numbers for ids, and answers 200 whatever happens.
    private static let ledger = """
        connector:
          type: rest
          url: { env: PORTAL_URL }
          realm: ledger
          token: { env: PORTAL_TOKEN }
          tokenHeader: X-API-Key
          account: { id: USER_ID, name: USER_NAME, readOnly: [changedAt] }
          group: { id: gid, name: title }
          errorText: error.text
          answers:
            success: status == 200 && body.ok
            gone: body.error.code == "NOT_FOUND"
            conflict: body.error.code in ["DUPLICATE", "SO_ALREADY"]
          requests:
            find: { get: "/fnd_users/{id}", item: data }
            search: { get: "/fnd_users?{attribute == 'username' ? 'USER_NAME' : attribute}={value}", items: data.rows }
            create: { post: /fnd_users, body: "record", item: data }
            modify: { put: "/fnd_users/{id}", body: "record" }
            disable: { patch: "/fnd_users/{id}", body: '{"END_DATE": today}' }
            enable: { patch: "/fnd_users/{id}", body: '{"END_DATE": null}' }
            searchGroup: { get: "/responsibilities?name={group}", items: data }
            group: { get: "/responsibilities/{group}", item: data }
            memberships: { get: "/fnd_users/{id}/responsibilities", items: data }
            addMembership: { put: "/responsibilities/{group}/members/{id}" }
            removeMembership: { delete: "/responsibilities/{group}/members/{id}" }

        """

    @Test func `a system that knows end dates and no deletion is driven without a line of Swift`() async throws {
        var ways = OddREST.Ways(hasEnvelopes: true)
        (ways.people, ways.id, ways.login, ways.groups) = ("fnd_users", "USER_ID", "USER_NAME", "responsibilities")
        let server = try OddREST(ways, groups: ["team-leads"])
        let company = try await Company("rest-hr", SystemName("People Portal"), server: server) { map in
            let start = map.range(of: "connector:\n")?.lowerBound ?? map.startIndex
            let end = map.range(of: "# The portal gives")?.lowerBound ?? map.startIndex
            return (map[..<start] + Self.ledger + map[end...]).replacing("onDelete: UPDATE", with: "onDelete: DISABLE")
        }
        #expect(try await company.sync([Self.chief, Self.anna]) == .done)
        let anna = try #require(server.person("aberg"))
        #expect(anna.member("END_DATE") == nil && server.members(of: "team-leads") == ["aberg"])
        // Ids are numbers there, and so is what points at them.
        #expect(anna[JSONPlace("employment.managerId")] == .integer(101))
        #expect(try await company.sync([Self.chief, Self.anna.replacing("Active", with: "Terminated")], day: 1) == .done)
        let today = RESTDescription.date(Date())
        #expect(server.person("aberg")?.member("END_DATE") == .string(today) && server.members(of: "team-leads") == [])
        #expect(try await company.sync([Self.chief, Self.anna], day: 2) == .done)
        #expect(server.person("aberg")?.member("END_DATE") == nil && server.members(of: "team-leads") == ["aberg"])
        #expect(
            server.sent.allSatisfy {
                $0.headers["x-api-key"] == "t" && $0.headers["authorization"] == nil && $0.method != "DELETE" || $0.path.contains("members")
            })
        await company.close()
    }

    @Test(arguments: [10, 60])
    func `somebody who was made and is not found for a while is not made twice`(_ requests: Int) async throws {
        let company = try await Company("rest-hr", SystemName("People Portal"), server: try Self.portal())
        let rows = (1...40).map { "P\($0),Ann,,Name\($0),,,2025-01-01,,Example,Sales,,,Active,Head of it,Employee,Oslo,NO,,EN" }
        _ = try await company.connector.realm()
        company.server.change { ($0.loses, $0.findsAfter) = (5, requests) }
        for day in 0...3 { _ = try await company.sync(rows, day: day) }
        company.server.change { ($0.loses, $0.findsAfter) = (0, 0) }
        for day in 4...5 { _ = try await company.sync(rows, day: day) }
        #expect(try await company.sync(rows, day: 6) == .done)
        #expect(company.server.values("personnelNumber") == (1...40).map { "P\($0)" }.sorted())
        #expect(company.server.names.count == 40 && company.server.members(of: "team-leads").count == 40)
        await company.close()
    }

    /// The service takes longer than `visibleAfter` says: people may have to decide, but nobody is made twice, and no run says that all is done before it is.
    @Test func `a service that is slower than said makes nobody twice, and no run calls it done`() async throws {
        let company = try await Company("rest-hr", SystemName("People Portal"), server: try Self.portal())
        let rows = (1...40).map { "P\($0),Ann,,Name\($0),,,2025-01-01,,Example,Sales,,,Active,Head of it,Employee,Oslo,NO,,EN" }
        _ = try await company.connector.realm()
        company.server.change { ($0.loses, $0.findsAfter) = (5, 400) }
        for day in 0...6 {
            if day == 4 { company.server.change { ($0.loses, $0.findsAfter) = (0, 0) } }
            let end = try await company.sync(rows, day: day)
            let isDue = company.server.names.count == 40 && company.server.members(of: "team-leads").count == 40
            #expect(end != .done || isDue)
            #expect(Set(company.server.values("personnelNumber")).count == company.server.names.count)
        }
        await company.close()
    }

    @Test func `so it is where nothing but the time that has passed would tell`() async throws {
        let company = try await Company("rest-hr", SystemName("People Portal"), server: try Self.portal())
        let rows = (1...40).map { "P\($0),Ann,,Name\($0),,,2025-01-01,,Example,Sales,,,Active,Head of it,Employee,Oslo,NO,,EN" }
        _ = try await company.connector.realm()
        company.server.change { ($0.loses, $0.findsAfterSeconds, $0.keepsNamesUnique) = (5, 2, false) }
        for day in 0...3 { _ = try await company.sync(rows, day: day) }
        company.server.change { $0.loses = 0 }
        for day in 4...5 { _ = try await company.sync(rows, day: day) }
        #expect(try await company.sync(rows, day: 6) == .done)
        #expect(company.server.values("personnelNumber") == (1...40).map { "P\($0)" }.sorted())
        await company.close()
    }

    @Test func `answers that are lost, refusals and a name that somebody has end as an undisturbed run does`() async throws {
        let company = try await Company("rest-hr", SystemName("People Portal"), server: try Self.portal())
        let rows = (1...60).map { "P\($0),Ann,,Name\($0 / 2),,,2025-01-01,,Example,Sales,,,Active,Head of it,Employee,Oslo,NO,,EN" }
        _ = try await company.connector.realm()
        company.server.change { ($0.loses, $0.fails, $0.storms) = (7, 11, 5) }
        for day in 0...1 { _ = try await company.sync(rows, day: day) }
        company.server.change { ($0.loses, $0.fails, $0.storms) = (0, 0, 0) }
        _ = try await company.sync(rows, day: 2)
        #expect(try await company.sync(rows, day: 3) == .done)
        #expect(company.server.values("personnelNumber") == (1...60).map { "P\($0)" }.sorted())
        #expect(Set(company.server.names).count == 60 && company.server.members(of: "team-leads").count == 60)
        await company.close()
    }
}
