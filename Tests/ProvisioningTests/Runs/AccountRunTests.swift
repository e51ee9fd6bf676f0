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

/// Days of a small company: a file is planned and applied, and between the days somebody works in the directory by hand.
struct AccountRunTests {
    private static let directory = SystemName("Directory")

    /// A company with a store, a directory and a folder of files.
    private final class Company: Sendable {
        let folder: URL
        let store: SQLStore
        let system: ScriptedSystem
        let configuration: Configuration
        let connectors: [SystemName: any Connector]

        /// `mail`: a second system, which requires the first.
        init(_ system: ScriptedSystem = ScriptedSystem(), mail: ScriptedSystem? = nil) async throws {
            self.system = system
            var connectors: [SystemName: any Connector] = [AccountRunTests.directory: system]
            connectors[SystemName("Mail")] = mail
            self.connectors = connectors
            let files = mail == nil ? AccountRunTests.files : AccountRunTests.files.merging(AccountRunTests.mailFiles) { _, new in new }
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("birthright-days-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            store = try await SQLStore.openSQLite(path: folder.appendingPathComponent("store.sqlite").path)
            let (loaded, diagnostics) = ConfigurationLoader.load(
                ConfigurationFiles(
                    files: files.mapValues { Array($0.utf8) }, kinds: Kinds.all, environment: [:], readSecretFile: { _ in nil }))
            configuration = try #require(loaded, "\(diagnostics)")
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        /// `rows`: `E1,Berg,Clerk,active`.
        func day(_ rows: [String], accepted: Set<ContractBreach.Check> = []) async throws -> (
            report: PlanReport, orders: [ProvisioningOrder]
        ) {
            try (["ID,LAST,TITLE,STATUS"] + rows).map { $0 + "\n" }.joined().write(
                to: folder.appendingPathComponent("day.csv"), atomically: true, encoding: .utf8)
            let planner = Planner(
                configuration: configuration, store: store, connectors: connectors,
                clock: RunClock(asOf: CivilDate(days: 20_500)), progress: { _ in })
            let source = CSVFileSource(
                CSVFileSettings(
                    directory: folder.path, pattern: "*.csv", takesLatestOnly: true, needsMarker: false, delimiter: nil, encoding: nil))
            let request = PlanRequest(source: SourceName("hr"), acceptance: Acceptance(accepted, reason: "test"))
            let report = try await planner.plan(request, file: "day.csv", from: source)
            // Nothing comes of it: there is no plan.
            guard let plan = report.plan else { return (report, []) }
            let systems = try configuration.policyMaps.map { map in
                ManagedSystem(map, connector: try #require(connectors[map.system]))
            }
            let names = NameSubstitution(configuration: configuration, store: store, connectors: connectors)
            let dispatcher = Dispatcher(
                store: store, systems: systems, substitutes: names, options: DispatchOptions(clock: JumpingClock().shellClock),
                log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), progress: { _ in })
            if !report.isKept { _ = try await dispatcher.apply(plan) }
            var filter = OrderFilter()
            filter.plan = plan.id
            return (report, try await store.orders(filter, after: nil, limit: 1_000))
        }

        func account(_ key: String) async throws -> Account? {
            var request = KnowledgeRequest()
            request.keys = [UserKey(key)]
            let knowledge = try await store.knowledge(request)
            return knowledge.accounts.values.joined().first
        }
    }

    private let staff = ["E1,Berg,Clerk,active", "E2,Dahl,Clerk,active", "E3,Holm,Clerk,active", "E4,Lund,Clerk,active"]
    private var promoted: [String] { ["E1,Berg,Chief,active"] + staff.dropFirst() }

    @Test func `an entry that was deleted by hand is made anew when somebody says so, and not before`() async throws {
        let company = try await Company()
        _ = try await company.day(staff)
        await company.system.remove("cn=Berg,ou=People")
        #expect(try await company.day(promoted).orders.map(\.state) == [.errored])
        let unasked = try await company.day(promoted)
        #expect(unasked.orders == [])
        #expect(unasked.report.findings.deletedByHand.map(\.key) == [UserKey("E1")])
        #expect(unasked.report.warnings.contains { $0.contains("was deleted by hand") })
        let asked = try await company.day(promoted, accepted: [.recreate])
        #expect(asked.orders.map(\.recreates) == [true] && asked.orders.map(\.state) == [.executed])
        let entry = try #require(await company.system.entry(named: "cn=Berg,ou=People"))
        #expect(entry.groups == ["cn=Staff"] && entry.attributes["title"] == ["Chief"] && entry.attributes["login"] == ["berg"])
        #expect(try await company.account("E1")?.isUnknown == false)
        #expect(try await company.day(promoted).orders == [])
    }

    @Test func `where every entry is gone the system is left aside, until somebody says that it is meant`() async throws {
        let company = try await Company()
        _ = try await company.day(staff)
        for name in ["Berg", "Dahl", "Holm", "Lund"] { await company.system.remove("cn=\(name),ou=People") }
        _ = try await company.day(promoted)
        let aside = try await company.day(promoted)
        #expect(aside.orders == [] && aside.report.leftAside[Self.directory]?.accounts == 1)
        #expect(aside.report.findings.deletedByHand == [])
        let leaver = try await company.day(["E1,Berg,Chief,terminated"] + staff.dropFirst())
        #expect(leaver.orders == [] && leaver.report.leftAside[Self.directory]?.isAnotherSystem == true)
        let accepted = try await company.day(["E1,Berg,Chief,terminated"] + staff.dropFirst(), accepted: [.gone])
        #expect(accepted.orders.map(\.becomes) == [.deleted] && accepted.orders.map(\.state) == [.executed])
        #expect(try await company.account("E1")?.state == .deleted)
    }

    @Test func `a leaver whose group keeps a member too many is proposed until the group lets go`() async throws {
        let company = try await Company()
        _ = try await company.day(staff)
        await company.system.refuse(group: "cn=Staff", ConnectorFailure(.permanent, "the last member stays", serverText: "65"))
        let left = ["E1,Berg,Clerk,terminated"] + staff.dropFirst()
        #expect(try await company.day(left).orders.map(\.state) == [.errored])
        _ = try await company.day(left)
        #expect(try await company.account("E1")?.memberships == ["cn=Staff"])
        await company.system.accept(group: "cn=Staff")
        _ = try await company.day(left)
        #expect(try await company.account("E1")?.memberships == [])
        #expect(await company.system.members["cn=Staff"]?.contains(AccountName("cn=Berg,ou=Disabled")) == false)
        #expect(await company.system.members["cn=Staff"]?.contains(AccountName("cn=Berg,ou=People")) == false)
        #expect(try await company.day(left).orders == [])
    }

    @Test(arguments: [true, false])
    func `a leaver whose answers are all lost ends without a membership, whatever the server repairs`(maintains: Bool) async throws {
        let company = try await Company(ScriptedSystem(maintainsReferences: maintains))
        _ = try await company.day(staff)
        await company.system.plan(.halfDoneAndLost, for: "cn=Berg,ou=People")
        await company.system.plan(.lost, .lost, .lost, .lost, for: "cn=Berg,ou=Disabled")
        let left = ["E1,Berg,Clerk,terminated"] + staff.dropFirst()
        #expect(try await company.day(left).orders.map(\.state) == [.errored])
        #expect(try await company.account("E1")?.isUnknown == true)
        #expect(try await company.day(left).orders.map(\.state) == [.executed])
        let account = try #require(try await company.account("E1"))
        #expect(account.state == .deprovisioned && account.memberships == [] && !account.isUnsettled)
        #expect(await company.system.members["cn=Staff"]?.count == 3)
        #expect(try await company.day(left).orders == [])
    }

    @Test func `somebody who was switched off by a withdrawal that failed, and stays after all, is switched on`() async throws {
        let company = try await Company()
        _ = try await company.day(staff)
        await company.system.refuseRenames(ConnectorFailure(.permanent, "no such folder", serverText: "32"))
        #expect(try await company.day(["E1,Berg,Clerk,terminated"] + staff.dropFirst()).orders.map(\.state) == [.errored])
        #expect(await company.system.entry(named: "cn=Berg,ou=People")?.attributes["userAccountControl"] == ["514"])
        #expect(try await company.day(staff).orders.map(\.operation) == [.enable])
        let entry = await company.system.entry(named: "cn=Berg,ou=People")
        #expect(entry?.attributes["userAccountControl"] == ["512"] && entry?.groups == ["cn=Staff"])
        #expect(try await company.day(staff).orders == [])
    }

    @Test func `an entry that is adopted when it is planned loses a value that its rule gives no more`() async throws {
        let company = try await Company()
        await company.system.add(name: "cn=Berg,ou=People", ["number": ["E1"], "title": ["Clerk"]])
        #expect(try await company.day(staff).orders.filter(\.adopts).count == 1)
        #expect(try await company.day(staff).orders == [])
        _ = try await company.day(["E1,Berg,,active"] + staff.dropFirst())
        #expect(await company.system.entry(named: "cn=Berg,ou=People")?.attributes["title"] == nil)
    }

    @Test func `whoever fails on the system that comes first is planned once for the one behind it, not in every run`() async throws {
        let company = try await Company(mail: ScriptedSystem())
        for name in ["cn=One,ou=People", "cn=Two,ou=People"] { await company.system.add(name: name, ["number": ["E1"]]) }
        #expect(try await company.day(["E1,Berg,Clerk,active"]).orders.map(\.state) == [.evaluationFailed, .withdrawn])
        for _ in 1...2 { #expect(try await company.day(["E1,Berg,Clerk,active"]).report.plan == nil) }
        await company.system.remove("cn=One,ou=People")
        await company.system.remove("cn=Two,ou=People")
        #expect(try await company.day(["E1,Berg,Clerk,active"]).orders.map(\.state) == [.executed, .executed])
    }

    @Test func `who cannot be planned on the system that comes first waits on the one behind it`() async throws {
        let mail = ScriptedSystem()
        let company = try await Company(mail: mail)
        // It is away from its first answer on.
        await company.system.goAway()
        _ = try await company.day(["E9,Moe,Clerk,active"])
        let (report, _) = try await company.day(["E9,Moe,Clerk,active", "E1,Berg,Clerk,active"])
        #expect(report.leftAside[SystemName("Mail")]?.reason.contains("requires") == true && report.leftAside[Self.directory] != nil)
        #expect(await mail.entry(named: "cn=E1,dc=mail") == nil)
        await company.system.comeBack()
        for _ in 1...2 { _ = try await company.day(["E9,Moe,Clerk,active", "E1,Berg,Clerk,active"]) }
        #expect(await company.system.entry(named: "cn=Berg,ou=People") != nil)
        #expect(await mail.entry(named: "cn=E1,dc=mail") != nil)
    }

    @Test func `who fails for good on the system that comes first is told of once on the one behind it`() async throws {
        let company = try await Company(mail: ScriptedSystem())
        await company.system.refuse(attribute: "title", ConnectorFailure(.permanent, "no such attribute"))
        #expect(try await company.day(["E1,Berg,Clerk,active"]).orders.map(\.state) == [.errored, .withdrawn])
        for _ in 1...3 {
            let orders = try await company.day(["E1,Berg,Clerk,active"]).orders
            #expect(orders.allSatisfy { $0.system == Self.directory }, "\(orders.map(\.system))")
        }
        await company.system.accept(attribute: "title")
        for _ in 1...2 { _ = try await company.day(["E1,Berg,Clerk,active"]) }
        var request = KnowledgeRequest()
        request.users = try await company.store.users(key: UserKey("E1"), of: nil).map(\.id)
        let accounts = try await company.store.knowledge(request).accounts.values.joined()
        #expect(accounts.map(\.state) == [.enabled, .enabled])
    }

    private static let mailFiles = [
        "Roles.yaml": """
        roles:
          Employee: { entitlements: [ { system: Directory, groups: ["cn=Staff"] }, { system: Mail, groups: [] } ] }
        """,
        "PolicyMaps/mail.yaml": """
        managedSystem: Mail
        connector: { type: ldap, url: ldaps://127.0.0.1, bindDN: cn=x, base: dc=mail }
        correlation: [ number ]
        accountName: dn
        requires: [ Directory ]
        attributes:
          number: user.employeeId
          dn: '"cn=" + user.employeeId + ",dc=mail"'
        """,
    ]

    private static let files = [
        "birthright.yaml": """
        store: { sqlite: store.sqlite }
        guards: { disable: { count: 100 } }
        sources:
          hr:
            files: "*.csv"
            key: row.ID
            contract: { columns: [ID, LAST, TITLE, STATUS] }
            map:
              employeeId: row.ID
              lastName: row.LAST
              title: row.?TITLE
              status: row.STATUS
        """,
        "Roles.yaml": """
        roles:
          Employee: { entitlements: [ { system: Directory, groups: ["cn=Staff"] } ] }
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
        onDelete: DISABLE
        attributes:
          number: user.employeeId
          login:
            enforce: onCreate
            unique:
              candidates:
                - user.lastName.lowerAscii()
                - for: { n: [2, 99] }
                  value: user.lastName.lowerAscii() + string(n)
          cn: user.lastName
          dn: '"cn=" + out.cn + (account.enabled ? ",ou=People" : ",ou=Disabled")'
          title: user.?title
          userAccountControl: 'account.enabled ? 512 : 514'
        """,
    ]
}
