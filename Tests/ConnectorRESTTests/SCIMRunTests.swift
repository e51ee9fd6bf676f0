import Contracts
import Foundation
import HTTPTransport
import IdentityModel
import Kinds
import Logging
import Planning
import PolicyFiles
import Provisioning
import SourceCSV
import StoreSQL
import Testing

@testable import ConnectorREST

/// The shipped configuration for a SCIM service, from an HR file to the service: joiner, mover, leaver, rehire.
@Suite("A company on a SCIM service")
struct SCIMRunTests {
    private static let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("PolicyMaps/Examples/scim")
    private static let suite = SystemName("Collaboration Suite")

    private static func configuration() throws -> Configuration {
        let names = ["birthright.yaml", "Roles.yaml", "Rules.yaml", "PolicyMaps/scim.yaml", "Lookups/languages.csv"]
        var files: [String: [UInt8]] = [:]
        for name in names { files[name] = Array(try Data(contentsOf: example.appendingPathComponent(name))) }
        let (loaded, diagnostics) = ConfigurationLoader.load(
            ConfigurationFiles(files: files, kinds: Kinds.all, environment: ["SCIM_TOKEN": "t"], readSecretFile: { _ in nil }))
        return try #require(loaded, "\(diagnostics.map(\.description))")
    }

    /// A company whose service is odd; everything but the service's address is as shipped.
    private final class Company {
        let folder: URL
        let store: SQLStore
        let server: OddSCIM
        let connector: SCIMConnector
        let configuration: Configuration

        init(_ ways: OddSCIM.Ways = OddSCIM.Ways()) async throws {
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("birthright-scim-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder.appendingPathComponent("hr"), withIntermediateDirectories: true)
            store = try await SQLStore.openSQLite(path: folder.appendingPathComponent("store.sqlite").path)
            server = try OddSCIM(ways, groups: ["Everybody", "Engineering"])
            configuration = try SCIMRunTests.configuration()
            let map = try #require(configuration.policyMap(SCIMRunTests.suite))
            connector = try SCIMConnector(
                WebSettings(url: server.url, realm: "test", token: Sensitive("t")), attributes: map.attributes.map(\.name),
                correlation: map.correlation)
        }

        func close() async {
            await connector.close()
            await store.close()
            server.stop()
            try? FileManager.default.removeItem(at: folder)
        }

        static let header =
            "EMPLOYEE_ID,FIRST_NAME,MIDDLE_NAME,LAST_NAME,PREFERRED_NAME,SUPERVISOR,START_DATE,LAST_DATE,COMPANY,DEPARTMENT,PHONE,MOBILE_PHONE,STATUS,TITLE,TYPE,CITY,COUNTRY"

        func sync(_ rows: [String], day: Int = 0) async throws -> RunEnd {
            try ([Self.header] + rows).map { $0 + "\n" }.joined().write(
                to: folder.appendingPathComponent("hr/hr.csv"), atomically: true, encoding: .utf8)
            let runs = Runs(
                configuration: configuration, store: store, connectors: [SCIMRunTests.suite: connector],
                source: { [folder] source in
                    CSVFileSource(
                        CSVFileSettings(
                            directory: folder.path, pattern: source.files, takesLatestOnly: true, needsMarker: false, delimiter: nil,
                            encoding: nil))
                }, sinks: [:], clock: RunClock(asOf: CivilDate(days: 20_500 + day)),
                log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), listener: Runs.Listener(tell: { _ in }))
            return try await runs.sync(PlanRequest(source: SourceName("hr")))
        }

        func user(_ name: String) -> SCIMResource? { server.user(name).map { SCIMResource($0) } }
    }

    private static let anna =
        "E0007,Anna,Maria,Åkesson,,,2025-01-01,,Example AB,Engineering,031-12 34 56,070-123 45 67,Active,Developer,Employee,Göteborg,SE"
    private static let bo = "E0008,Bo,,Dahl,,E0007,2025-01-01,,Example AB,Sales,,,Active,Clerk,Employee,Göteborg,SE"

    private static let oddities: [OddSCIM.Ways] = [
        OddSCIM.Ways(), OddSCIM.Ways(patches: false, largestPage: 1, hasVersions: false),
        OddSCIM.Ways(refusesFiltersInPaths: true, ignoresFilters: true, flagsAreText: true),
    ]

    @Test(arguments: [0, 1, 2])
    func `joiner, mover, leaver and rehire arrive as the shipped map says`(_ oddity: Int) async throws {
        let company = try await Company(Self.oddities[oddity])
        let server = company.server
        #expect(try await company.sync([Self.anna, Self.bo]) == .done)
        var anna = try #require(company.user("anna.akesson@example.com"))
        func texts(_ path: String) throws -> [String] { anna.texts(try SCIMPath(path)) }
        #expect(try texts("externalId") == ["E0007"] && texts("name.familyName") == ["Åkesson"] && texts("title") == ["Developer"])
        #expect(anna.json.member("active") == .bool(true))
        #expect(try texts(#"emails[type eq "work"].value"#) == ["anna.akesson@example.com"])
        #expect(try texts(#"phoneNumbers[type eq "mobile"].value"#) == ["+46701234567"])
        #expect(try texts("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department") == ["Engineering"])
        let bo = try #require(company.user("bo.dahl@example.com"))
        #expect(bo.texts(try SCIMPath("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value")) == [anna.id ?? ""])
        #expect(server.members(of: "Everybody").sorted() == ["anna.akesson@example.com", "bo.dahl@example.com"])
        #expect(server.members(of: "Engineering") == ["anna.akesson@example.com"])

        // A mover, who marries on the same day.
        let moved = Self.anna.replacing("Engineering", with: "Sales").replacing("Åkesson", with: "Berg").replacing("Developer", with: "")
        #expect(try await company.sync([moved, Self.bo], day: 1) == .done)
        let id = anna.id
        anna = try #require(company.user("anna.berg@example.com"))
        #expect(anna.id == id && server.names.count == 2)
        #expect(try texts("title") == [] && texts("name.formatted") == ["Anna Maria Berg"])
        #expect(try texts(#"emails[type eq "work"].value"#) == ["anna.berg@example.com"])
        #expect(server.members(of: "Engineering") == [])
        #expect(server.members(of: "Everybody").sorted() == ["anna.berg@example.com", "bo.dahl@example.com"])

        // A leaver; and back again.
        let left = moved.replacing("Active", with: "Terminated")
        #expect(try await company.sync([left, Self.bo], day: 2) == .done)
        anna = try #require(company.user("anna.berg@example.com"))
        #expect(anna.json.member("active") == .bool(false) && server.members(of: "Everybody") == ["bo.dahl@example.com"])
        #expect(try await company.sync([moved, Self.bo], day: 3) == .done)
        anna = try #require(company.user("anna.berg@example.com"))
        #expect(anna.json.member("active") == .bool(true) && anna.id == id && server.members(of: "Everybody").count == 2)

        // And nothing is left to be done.
        let before = server.counted.requests
        #expect(try await company.sync([moved, Self.bo], day: 4) == .done)
        #expect(server.counted.requests - before <= 6)
        await company.close()
    }

    @Test(arguments: [30, 60])
    func `somebody who was made and is not found for a while is not made twice`(_ requests: Int) async throws {
        let company = try await Company()
        let rows = (1...40).map { "E\($0),Ann,,Name\($0),,,2025-01-01,,Example AB,Engineering,,,Active,Clerk,Employee,Oslo,NO" }
        _ = try await company.connector.realm()
        company.server.change { ($0.loses, $0.findsAfter) = (5, requests) }
        for day in 0...3 { _ = try await company.sync(rows, day: day) }
        company.server.change { ($0.loses, $0.findsAfter) = (0, 0) }
        for day in 4...5 { _ = try await company.sync(rows, day: day) }
        #expect(try await company.sync(rows, day: 6) == .done)
        #expect(company.server.values("externalId") == (1...40).map { "E\($0)" }.sorted() && company.server.names.count == 40)
        #expect(company.server.members(of: "Everybody").count == 40)
        await company.close()
    }

    @Test func `answers that are lost, refusals and a name that somebody has end as an undisturbed run does`() async throws {
        let company = try await Company()
        let rows = (1...60).map { "E\($0),Ann,,Name\($0 / 2),,,2025-01-01,,Example AB,Engineering,,,Active,Clerk,Employee,Oslo,NO" }
        _ = try await company.connector.realm()
        company.server.add(["userName": .string("ann.name5@example.com")])
        company.server.change { ($0.loses, $0.fails, $0.storms) = (7, 11, 5) }
        for day in 0...1 { _ = try await company.sync(rows, day: day) }
        company.server.change { ($0.loses, $0.fails, $0.storms) = (0, 0, 0) }
        _ = try await company.sync(rows, day: 2)
        #expect(try await company.sync(rows, day: 3) == .done)
        #expect(company.server.values("externalId") == (1...60).map { "E\($0)" }.sorted())
        #expect(Set(company.server.names).count == 61 && company.server.names.count == 61)
        #expect(company.server.members(of: "Everybody").count == 60 && company.server.members(of: "Engineering").count == 60)
        await company.close()
    }
}
