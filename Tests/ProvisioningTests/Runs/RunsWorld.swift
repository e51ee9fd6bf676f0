import Contracts
import Foundation
import IdentityModel
import Kinds
import Logging
import Planning
import PolicyFiles
import SourceCSV
import StoreSQL
import Testing

@testable import Provisioning

/// A company behind the front door: `sync`, `syncDue` and `plan` as commands ask for them, with a store on disk and systems in memory.
final class RunsWorld: Sendable {
    let folder: URL
    let store: SQLStore
    let systems: [SystemName: ScriptedSystem]
    let clock = JumpingClock()
    private let told: Told
    /// Keeps the folder for as long as this one lives.
    private let keeper: RunsWorld?
    static let directory = SystemName("Directory")

    /// `store`: makes the store's file, where it is not to be a new one.
    init(
        _ systems: [SystemName: ScriptedSystem] = [directory: ScriptedSystem()], store make: ((_ path: String) async throws -> Void)? = nil
    ) async throws {
        self.systems = systems
        told = Told()
        keeper = nil
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("birthright-runs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appendingPathComponent("store.sqlite").path
        try await make?(path)
        store = try await SQLStore.openSQLite(path: path)
    }

    /// The same company, whose systems are others now.
    init(_ other: RunsWorld, _ systems: [SystemName: ScriptedSystem]) {
        (self.systems, folder, store, told, keeper) = (systems, other.folder, other.store, other.told, other)
    }

    deinit { if keeper == nil { try? FileManager.default.removeItem(at: folder) } }

    /// What was told since the last time somebody asked.
    func news() -> [RunNews] { told.take() }

    /// How many plans were sealed since somebody asked for the news.
    func plansSealed() -> Int { news().filter { if case .planned(let report, _) = $0 { report.plan != nil } else { false } }.count }

    func configuration(_ files: [String: String] = RunsWorld.files) throws -> Configuration {
        let (loaded, diagnostics) = ConfigurationLoader.load(Self.configurationFiles(files))
        return try #require(loaded, "\(diagnostics.map(\.description))")
    }

    static func configurationFiles(_ files: [String: String]) -> ConfigurationFiles {
        ConfigurationFiles(
            files: files.mapValues { Array($0.utf8) }, kinds: Kinds.all, environment: [:], readSecretFile: { _ in nil })
    }

    func runs(_ configuration: Configuration, day: Int = 0, sinks: [String: any EventSink] = [:]) -> Runs {
        let connectors = systems.filter { configuration.policyMap($0.key) != nil }
        return Runs(
            configuration: configuration, store: store, connectors: connectors,
            source: { [folder] source in
                CSVFileSource(
                    CSVFileSettings(
                        directory: folder.path, pattern: source.files, takesLatestOnly: source.take == .latest, needsMarker: false,
                        delimiter: nil, encoding: nil))
            }, sinks: sinks, clock: RunClock(asOf: CivilDate(days: 20_500 + day), shell: clock.shellClock),
            log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            listener: Runs.Listener(tell: { [told] in told.add($0) }))
    }

    /// `rows`: `E1,Berg,Clerk,active`.
    func write(_ rows: [String], to file: String = "hr.csv") throws {
        try (["ID,LAST,TITLE,STATUS"] + rows).map { $0 + "\n" }.joined().write(
            to: folder.appendingPathComponent(file), atomically: true, encoding: .utf8)
    }

    func remove(_ file: String) throws { try FileManager.default.removeItem(at: folder.appendingPathComponent(file)) }

    /// Writes the file and syncs it.
    @discardableResult
    func sync(
        _ rows: [String]? = nil, _ configuration: Configuration? = nil, source: String = "hr", day: Int = 0,
        accepting: Set<ContractBreach.Check> = [], sinks: [String: any EventSink] = [:]
    ) async throws -> RunEnd {
        if let rows { try write(rows, to: "\(source).csv") }
        let runs = try runs(configuration ?? self.configuration(), day: day, sinks: sinks)
        return try await runs.sync(PlanRequest(source: SourceName(source), acceptance: Acceptance(accepting, reason: "test", by: "ann")))
    }

    func orders(_ states: [OrderState] = []) async throws -> [ProvisioningOrder] {
        var filter = OrderFilter()
        filter.states = states
        return try await store.orders(filter, after: nil, limit: 1_000)
    }

    func account(_ key: String, on system: SystemName = directory) async throws -> Account? {
        var request = KnowledgeRequest()
        request.users = try await store.users(key: UserKey(key), of: nil).map(\.id)
        return try await store.knowledge(request).accounts.values.joined().first { $0.system == system }
    }

    /// Lines of the audit of this kind, the oldest first.
    func audit(_ kind: String) async throws -> [AuditEntry] {
        try await store.audit(after: 0, limit: 10_000).map(\.entry).filter { $0.kind == kind }
    }

    static let map = """
        managedSystem: Directory
        connector: { type: ldap, url: ldaps://127.0.0.1, bindDN: cn=x, base: dc=example }
        correlation: [ number ]
        accountName: dn
        onDelete: DISABLE
        attributes:
          number: user.employeeId
          cn: user.lastName
          dn: '"cn=" + out.cn + (account.enabled ? ",ou=People" : ",ou=Disabled")'
          title: user.?title
          userAccountControl: 'account.enabled ? 512 : 514'
        """

    static let files = [
        "birthright.yaml": """
        store: { sqlite: store.sqlite }
        guards: { disable: { count: 100 }, rename: { count: 100 }, enable: { count: 100 }, adopt: { count: 100 } }
        sources:
          hr:
            files: "hr*.csv"
            key: row.ID
            contract: { columns: [ID, LAST, TITLE, STATUS], maxRowCountChange: 100% }
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
        "PolicyMaps/directory.yaml": map,
    ]
}

/// News, from whatever thread they come.
private final class Told: @unchecked Sendable {
    private let lock = NSLock()
    private var news: [RunNews] = []

    func add(_ one: RunNews) { lock.withLock { news.append(one) } }

    func take() -> [RunNews] {
        lock.withLock {
            defer { news = [] }
            return news
        }
    }
}
