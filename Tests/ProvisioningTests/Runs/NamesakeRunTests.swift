import Contracts
import Foundation
import IdentityModel
import Kinds
import PolicyFiles
import Provisioning
import SourceCSV
import StoreSQL
import Testing

@Suite("Namesakes over many chunks")
struct NamesakeRunTests {
    /// The law: everybody gets the first name, in the order of the file, that nobody before them got. It must not matter that a chunk is planned
    /// while the store still keeps the one before it.
    @Test("namesakes get their names in the order of the file", arguments: [1, 2])
    func order(seed: UInt64) async throws {
        let people = Self.people(3_500, seed: seed, names: ["Berg", "Li", "Dahl", "Smith", "Lindqvist"])
        let planned = try await Self.plannedTwice(people.csv)
        #expect(planned.logins == people.expectedLogins)
    }

    /// Berg2 is what the second Berg would be called, and what somebody called Berg2 is called. Who comes first then is not promised.
    @Test("a name that is another's with a number is given once", arguments: [1, 2])
    func uniqueness(seed: UInt64) async throws {
        let people = Self.people(3_500, seed: seed, names: ["Berg", "Berg2", "Berg22", "Li", "Li1"])
        let planned = try await Self.plannedTwice(people.csv)
        #expect(planned.logins.count == 3_500)
        #expect(Set(planned.logins).count == 3_500)
        #expect(!planned.logins.contains("none"))
    }

    // MARK: People

    private static func people(_ count: Int, seed: UInt64, names: [String]) -> (csv: String, expectedLogins: [String]) {
        var state = seed
        func dice(_ sides: UInt64) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % sides)
        }
        var csv = "ID,LAST\n"
        var taken: Set<String> = []
        var logins: [String] = []
        for number in 1...count {
            let last = names[dice(UInt64(names.count))]
            csv += "E\(number),\(last)\n"
            let base = last.lowercased()
            let candidates = sequence(first: base) { before in
                base + String((before == base ? 1 : Int(before.dropFirst(base.count)) ?? 1) + 1)
            }
            let login = candidates.first { !taken.contains($0) } ?? ""
            taken.insert(login)
            logins.append(login)
        }
        return (csv, logins)
    }

    // MARK: The run

    /// The orders of a plan, which has to be the same plan, byte for byte, when it is made again.
    private static func plannedTwice(_ csv: String) async throws -> (logins: [String], sequences: [Int], seal: String?) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("birthright-namesakes-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try csv.write(to: folder.appendingPathComponent("day.csv"), atomically: true, encoding: .utf8)
        let store = try await SQLStore.openSQLite(path: folder.appendingPathComponent("store.sqlite").path)
        let planned = try await plan(folder, store)
        #expect(planned.sequences == Array(1...planned.logins.count))
        #expect(try await plan(folder, store).seal == planned.seal)
        return planned
    }

    private static func plan(_ folder: URL, _ store: SQLStore) async throws -> (logins: [String], sequences: [Int], seal: String?) {
        let (loaded, diagnostics) = ConfigurationLoader.load(
            ConfigurationFiles(
                files: files.mapValues { Array($0.utf8) }, kinds: Kinds.all, environment: [:], readSecretFile: { _ in nil }))
        #expect(diagnostics == [])
        let configuration = try #require(loaded)
        let planner = Planner(
            configuration: configuration, store: store, connectors: [:], clock: RunClock(asOf: CivilDate(days: 20_500)), progress: { _ in })
        let source = CSVFileSource(
            CSVFileSettings(
                directory: folder.path, pattern: "*.csv", takesLatestOnly: true, needsMarker: false, delimiter: nil, encoding: nil))
        let report = try await planner.plan(PlanRequest(source: SourceName("hr")), file: "day.csv", from: source)
        let plan = try #require(report.plan)
        var filter = OrderFilter()
        filter.plan = plan.id
        let orders = try await store.orders(filter, after: nil, limit: 10_000)
        let logins = orders.map { order in order.requests.first { $0.name == "login" }?.after.first?.text ?? "none" }
        return (logins, orders.map(\.id.sequence), plan.seal)
    }

    private static let files = [
        "birthright.yaml": """
        store: { sqlite: store.sqlite }
        sources:
          hr:
            files: "*.csv"
            key: row.ID
            contract: { columns: [ID, LAST] }
            map:
              employeeId: row.ID
              lastName: row.LAST
        """,
        "Roles.yaml": """
        roles:
          Employee: { entitlements: [ { system: Directory, groups: ["cn=Staff,dc=example"] } ] }
        """,
        "Rules.yaml": """
        rules:
          everybody: { when: "true", roles: [Employee] }
        """,
        "PolicyMaps/directory.yaml": """
        managedSystem: Directory
        connector: { type: ldap, url: ldaps://127.0.0.1, bindDN: cn=x, base: dc=example }
        correlation: [ number ]
        accountName: dn
        attributes:
          number: user.employeeId
          login:
            unique:
              in: [store]
              candidates:
                - user.lastName.lowerAscii()
                - for: { n: [2, 99999] }
                  value: user.lastName.lowerAscii() + string(n)
          dn: '"cn=" + user.employeeId + ",dc=example"'
        """,
    ]
}
