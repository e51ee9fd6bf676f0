import Contracts
import Foundation
import IdentityModel
import Kinds
import Logging
import Planning
import PolicyFiles
import Provisioning
import SourceCSV
import StoreSQL
import Testing

/// People who point at others: whom a run plans for it, and whom it leaves alone.
struct ReferenceRunTests {
    private static let systems = [SystemName("Directory"), SystemName("Mail")]

    /// Everybody has an account in the directory, who sells one on the mail system as well.
    private final class Company: Sendable {
        let folder: URL
        let store: SQLStore
        let connectors: [SystemName: ScriptedSystem]
        let configuration: Configuration

        init(onDelete: String = "DISABLE") async throws {
            connectors = Dictionary(uniqueKeysWithValues: ReferenceRunTests.systems.map { ($0, ScriptedSystem()) })
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("birthright-references-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            store = try await SQLStore.openSQLite(path: folder.appendingPathComponent("store.sqlite").path)
            let (loaded, diagnostics) = ConfigurationLoader.load(
                ConfigurationFiles(
                    files: ReferenceRunTests.files(onDelete).mapValues { Array($0.utf8) }, kinds: Kinds.all, environment: [:],
                    readSecretFile: { _ in nil }))
            configuration = try #require(loaded, "\(diagnostics)")
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        /// `rows`: `E1,Berg,Sales,E2`.
        func planned(_ rows: [String], of name: String = "hr", accepting: Set<ContractBreach.Check> = []) async throws -> Plan? {
            try (["ID,LAST,DEPT,MANAGER"] + rows).map { $0 + "\n" }.joined().write(
                to: folder.appendingPathComponent("day.csv"), atomically: true, encoding: .utf8)
            let planner = Planner(
                configuration: configuration, store: store, connectors: connectors, clock: RunClock(asOf: CivilDate(days: 20_500)),
                progress: { _ in })
            let source = CSVFileSource(
                CSVFileSettings(
                    directory: folder.path, pattern: "*.csv", takesLatestOnly: true, needsMarker: false, delimiter: nil, encoding: nil))
            let report = try await planner.plan(
                PlanRequest(source: SourceName(name), acceptance: Acceptance(accepting, reason: "test", by: "ann")), file: "day.csv",
                from: source)
            return report.plan
        }

        /// The orders that were made of the rows and carried out, in words; nil: there was no plan.
        func day(_ rows: [String], of name: String = "hr", accepting: Set<ContractBreach.Check> = []) async throws -> [String]? {
            guard let plan = try await planned(rows, of: name, accepting: accepting) else { return nil }
            let systems = configuration.policyMaps.compactMap { map in connectors[map.system].map { ManagedSystem(map, connector: $0) } }
            let dispatcher = Dispatcher(
                store: store, systems: systems, substitutes: NoOtherNames(), options: DispatchOptions(clock: JumpingClock().shellClock),
                log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), progress: { _ in })
            _ = try await dispatcher.apply(plan)
            var filter = OrderFilter()
            filter.plan = plan.id
            return try await store.orders(filter, after: nil, limit: 5_000).map { "\($0.userKey) \($0.system) \($0.operation.rawValue)" }
        }

        func manager(_ last: String, on system: String = "Directory") async -> [String]? {
            await connectors[SystemName(system)]?.entry(named: "cn=\(last)")?.attributes["manager"]
        }
    }

    @Test func `a supervisor without an account on one system, and with one that waits on another, makes no plan in every run`()
        async throws
    {
        let company = try await Company()
        // On Mail nobody is E2; in the directory E2's own supervisor is nobody.
        let rows = ["E1,Berg,Sales,E2", "E2,Dahl,,E9"]
        #expect(try await company.day(rows)?.count == 3)
        #expect(await company.manager("Berg") == ["cn=Dahl"])
        #expect(try await company.day(rows) == nil)
    }

    @Test func `a row that stands twice brings nobody, and who points at them is not planned for it`() async throws {
        let company = try await Company()
        let rows = ["E1,Berg,,E2", "E2,Dahl,,", "E2,Dahl,,"]
        #expect(try await company.day(rows) == ["E1 Directory Create"])
        #expect(try await company.day(rows) == nil)
        #expect(try await company.day(["E2,Dahl,,", "E1,Berg,,E2", "E2,Dahl,,"]) ?? [] == [])
        #expect(try await company.day(["E1,Berg,,E2", "E2,Dahl,,"]) == ["E2 Directory Create", "E1 Directory Modify"])
        #expect(await company.manager("Berg") == ["cn=Dahl"])
    }

    @Test(arguments: [0, 1_500])
    func `who waited for a supervisor points at them in the run that brings them, however far apart their rows are`(between: Int)
        async throws
    {
        let company = try await Company()
        let others = (0..<between).map { "F\($0),Holm\($0),," }
        _ = try await company.day(["E1,Berg,,E2"])
        _ = try await company.day(["E1,Berg,,E2"] + others + ["E2,Dahl,,"])
        #expect(await company.manager("Berg") == ["cn=Dahl"])
        #expect(try await company.day(["E1,Berg,,E2"] + others + ["E2,Dahl,,"]) == nil)
    }

    @Test func `a file that makes everybody point at nobody is held, and one that brings a new supervisor is not`() async throws {
        let company = try await Company()
        let people = (2...9).map { "E\($0),Berg\($0),," }
        _ = try await company.day(["E1,Dahl,,"] + people.map { $0 + "E1" })
        #expect(await company.manager("Berg9") == ["cn=Dahl"])
        let wrong = try #require(try await company.planned(["E1,Dahl,,"] + people.map { $0 + "X1" }))
        #expect(wrong.state == .held && wrong.verdicts.map(\.subject) == [.effect(.dereference, SystemName("Directory"))])
        let right = try #require(try await company.planned(["E1,Dahl,,"] + people.map { $0 + "E10" } + ["E10,Moe,,"]))
        #expect(right.state == .ready && right.totals.effects[SystemName("Directory")]?[.dereference] == nil)
    }

    @Test func `a plan that deletes an account counts who would point at nobody then, and not who is given another supervisor`()
        async throws
    {
        let company = try await Company(onDelete: "DELETE")
        let people = (2...9).map { "E\($0),Berg\($0),," }
        _ = try await company.day(["E1,Dahl,,", "E10,Moe,,"] + people.map { $0 + "E1" })
        let wrong = try #require(try await company.planned(["E10,Moe,,"] + people.map { $0 + "E1" }))
        #expect(wrong.totals.effects[SystemName("Directory")]?[.dereference] == 8)
        #expect(wrong.state == .held && wrong.verdicts.map(\.subject) == [.effect(.dereference, SystemName("Directory"))])
        let right = try #require(try await company.planned(["E10,Moe,,"] + people.map { $0 + "E10" }))
        #expect(right.state == .ready && right.totals.effects[SystemName("Directory")]?[.dereference] == nil)
    }

    @Test func `who is planned again for another system's sake points at whoever comes with the same plan`() async throws {
        let company = try await Company()
        let mail = try #require(company.connectors[SystemName("Mail")])
        await mail.goAway()
        _ = try await company.day(["E1,Berg,Sales,E2"])
        await mail.comeBack()
        _ = try await company.day(["E1,Berg,Sales,E2", "E2,Dahl,Sales,"])
        #expect(await company.manager("Berg") == ["cn=Dahl"])
        #expect(await company.manager("Berg", on: "Mail") == ["cn=Dahl"])
        #expect(try await company.day(["E1,Berg,Sales,E2", "E2,Dahl,Sales,"]) == nil)
    }

    @Test func `who is given a supervisor that is made anew with the same plan points at the new entry`() async throws {
        let company = try await Company()
        let rows = ["E1,Berg,,", "E2,Dahl,,", "E3,Moe,,"]
        _ = try await company.day(rows)
        await company.connectors[SystemName("Directory")]?.remove("cn=Dahl")
        // The rename meets that the entry is gone.
        let renamed = ["E1,Berg,,", "E2,Holm,,", "E3,Moe,,"]
        _ = try await company.day(renamed)
        _ = try await company.day(["E1,Berg,,E2", "E2,Holm,,", "E3,Moe,,"], accepting: [.recreate])
        #expect(await company.manager("Berg") == ["cn=Holm"])
    }

    /// Nobody's row and no rule says anything new of whoever points by the key.
    @Test func `who points by a key points at whoever has it, also when it was somebody else's before`() async throws {
        let company = try await Company()
        _ = try await company.day(["E1,Berg,,E2", "E2,Dahl,,"])
        _ = try await company.day(["E1,Berg,,E2", "R4,Dahl,,"])
        #expect(await company.manager("Berg") == ["cn=Dahl"])
        #expect(try await company.day(["E1,Berg,,E2", "R4,Dahl,,", "E2,Moe,,"]) == ["E2 Directory Create", "E1 Directory Modify"])
        #expect(await company.manager("Berg") == ["cn=Moe"])
        #expect(try await company.day(["E1,Berg,,E2", "R4,Dahl,,", "E2,Moe,,"]) == nil)
    }

    /// Keys are per source.
    @Test func `who points by a key of their own source is not asked again when another source has such a key`() async throws {
        let company = try await Company()
        _ = try await company.day(["E1,Berg,,E2", "E2,Dahl,,"])
        #expect(try await company.day(["E2,Holm,,"], of: "campus") == ["E2 Directory Create"])
        #expect(await company.manager("Berg") == ["cn=Dahl"])
        // Where their own source has nobody of that key, the other one's holder is meant.
        _ = try await company.day(["E1,Berg,,E3", "E2,Dahl,,"])
        #expect(await company.manager("Berg") == nil)
        #expect(try await company.day(["E2,Holm,,", "E3,Moe,,"], of: "campus") == ["E3 Directory Create"])
        #expect(try await company.day(["E1,Berg,,E3", "E2,Dahl,,"]) == ["E1 Directory Modify"])
        #expect(await company.manager("Berg") == ["cn=Moe"])
    }

    private static func files(_ onDelete: String) -> [String: String] {
        [
            "birthright.yaml": """
            store: { sqlite: store.sqlite }
            guards: { create: { count: 10000 } }
            sources:
              hr:
                files: "*.csv"
                key: row.ID
                correlation: [ lastName ]
                contract: { columns: [ID, LAST, DEPT, MANAGER], maxRowCountChange: 1000000% }
                map:
                  employeeId: row.ID
                  lastName: row.LAST
                  department: row.DEPT
                  manager: ref(row.MANAGER)
              campus:
                files: "*.csv"
                key: row.ID
                correlation: [ lastName ]
                contract: { columns: [ID, LAST, DEPT, MANAGER] }
                map: { employeeId: '"C" + row.ID', lastName: "row.LAST" }
            """,
            "Roles.yaml": """
            roles:
              Employee: { entitlements: [ { system: Directory, groups: ["cn=Staff"] } ] }
              Sales: { entitlements: [ { system: Mail, groups: ["cn=Sales"] } ] }
            """,
            "Rules.yaml": """
            rules:
              everybody: { when: "true", roles: [Employee] }
              sellers: { when: 'user.department == "Sales"', roles: [Sales] }
            """,
            "PolicyMaps/directory.yaml": map("Directory", onDelete), "PolicyMaps/mail.yaml": map("Mail", onDelete),
        ]
    }

    private static func map(_ system: String, _ onDelete: String) -> String {
        """
        managedSystem: \(system)
        connector: { type: ldap, url: ldaps://127.0.0.1, bindDN: cn=x, base: dc=example }
        correlation: [ number ]
        accountName: dn
        onDelete: \(onDelete)
        attributes:
          number: user.employeeId
          dn: '"cn=" + user.lastName'
          manager: user.?manager.optMap(m, account(m))
          userAccountControl: 'account.enabled ? 512 : 514'
        """
    }
}
