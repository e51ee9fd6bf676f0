import Contracts
import Foundation
import Histories
import IdentityModel
import Logging
import Planning
import PolicyFiles
import Provisioning
import StoreSQL

/// The product's planner, dispatcher and store as they are, over systems in memory; each run is a process that may die.
final class InProcessEngine: Engine {
    private let folder: URL
    private let base: SQLStore
    private let servers: [String: ScriptedServer]
    private var files: [Feed: [PublishedFile]] = [:]
    private var configuration: Configuration
    private var today = firstDay
    private var runs = 0

    init(_ history: History) async throws {
        let shared = URL(fileURLWithPath: "/dev/shm")
        let root = FileManager.default.isWritableFile(atPath: shared.path) ? shared : FileManager.default.temporaryDirectory
        folder = root.appendingPathComponent("birthright-history-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        base = try await SQLStore.openSQLite(SQLiteStoreOptions(path: folder.appendingPathComponent("store.sqlite").path, durable: false))
        servers = Dictionary(
            history.rulebook.systems.map { ($0.name, ScriptedServer($0)) }, uniquingKeysWith: { first, _ in first })
        configuration = try Configurations.load(history.rulebook)
    }

    func close() async {
        await base.close()
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: The world

    func put(_ file: PublishedFile) async throws { files[file.feed, default: []].append(file) }
    func configure(_ rulebook: Rulebook) async throws { configuration = try Configurations.load(rulebook) }
    func set(day: CivilDate) { today = day }

    func calm() async throws {
        for server in servers.values {
            server.locked {
                server.isAway = false
                server.refusedGroups = []
                server.refusedValues = []
                server.forgetsMemberOf = false
                server.restoreFolders()
            }
        }
    }

    func disturb(_ step: Step, person: Person?) async throws {
        guard let server = step.system.flatMap({ servers[$0] }) else { return }
        server.locked {
            switch step {
            case .away: server.isAway = true
            case .refuseGroup(_, let group): server.refusedGroups.insert(foldedName(Rulebook.group(group)))
            case .refuseValue(_, let value): server.refusedValues.insert(value.lowercased())
            case .dropFolder(_, let folder): server.drop(folder: folder)
            case .staleMemberOf: server.forgetsMemberOf = true
            case .moveByHand(_, _, let folder):
                for entry in entries(of: person, server) {
                    let rdn = entry.name.prefix { $0 != "," }
                    try? server.rename(entry.id, to: "\(rdn),\(Rulebook.folder(folder))", countsAsWrite: false)
                }
            case .deleteByHand: for entry in entries(of: person, server) { try? server.delete(entry.id) }
            case .foreignEntry:
                guard let person, entries(of: person, server).isEmpty else { return }
                _ = try? server.add(
                    "cn=Foreign \(person.number),\(Rulebook.folder("Annex"))",
                    [
                        ("objectClass", ["inetOrgPerson"]), ("cn", ["Foreign \(person.number)"]), ("sn", [person[.last]]),
                        ("employeeNumber", [person.identifier]), ("sAMAccountName", ["foreign\(person.number)"]), ("title", ["Clerk"]),
                    ], countsAsWrite: false)
            case .takeName:
                guard let person else { return }
                let login = "\(person[.last])\(person[.first].prefix(1))".lowercased()
                guard server.entries(with: "sAMAccountName", login).isEmpty else { return }
                _ = try? server.add(
                    "cn=Stranger \(person.number),\(Rulebook.folder("Annex"))",
                    [("cn", ["Stranger \(person.number)"]), ("sAMAccountName", [login])], countsAsWrite: false)
            default: break
            }
        }
    }

    private func entries(of person: Person?, _ server: ScriptedServer) -> [ScriptedServer.Entry] {
        person.map { server.entries(with: "employeeNumber", $0.identifier) } ?? []
    }

    func systems() async throws -> [String: SystemView] {
        servers.mapValues { server in
            server.locked {
                server.repairReferences()
                return SystemView(
                    entries: server.entries.values.map { entry in
                        SystemView.Entry(id: entry.id, name: entry.name, attributes: entry.attributes.mapValues(\.values))
                    }, groups: server.groups)
            }
        }
    }

    func applied(_ feed: Feed) async throws -> String? { try await base.profile(of: SourceName(feed.rawValue))?.file }

    func counts() async throws -> Counts {
        Counts(
            writes: servers.values.reduce(0) { $0 + $1.writes }, sealed: try await base.plans(limit: 10_000).count { $0.ordinal != nil },
            events: try await base.events(after: 0, limit: 100_000).count)
    }

    // MARK: Runs

    func sync(_ feed: Feed, mishap: Mishap?, accepting: Set<String>) async -> RunReport {
        await run(mishap) { flow in try await flow.sync(SourceName(feed.rawValue), accepting: accepting) }
    }

    func due(mishap: Mishap?, accepting: Set<String>) async -> RunReport {
        await run(mishap) { flow in try await flow.syncDue(accepting: accepting) }
    }

    func plan(_ feed: Feed) async -> RunReport {
        await run(nil) { flow in try await flow.plan(SourceName(feed.rawValue)) }
    }

    func approve() async -> [RunReport] {
        let waiting = ((try? await base.plans(limit: 1_000)) ?? []).filter { $0.state.isWaiting || $0.state == .applying }
        var reports: [RunReport] = []
        for plan in waiting.sorted(by: { ($0.ordinal ?? 0) < ($1.ordinal ?? 0) }) {
            reports.append(await run(nil) { flow in try await flow.approve(plan) })
        }
        return reports
    }

    /// One process: its own store and connectors, which die with it.
    private func run(_ mishap: Mishap?, _ body: (RunFlow) async throws -> (Int32, String)) async -> RunReport {
        runs += 1
        let life = Life(mishap)
        let store = base.around { MortalEngine(engine: $0, life: life) }
        let connectors = servers.mapValues { ScriptedConnector($0, life: life, mishap: mishap) }
        let writesBefore = servers.values.reduce(0) { $0 + $1.writes }
        let flow = RunFlow(
            configuration: configuration, store: store,
            connectors: Dictionary(connectors.map { (SystemName($0.key), $0.value as any Connector) }, uniquingKeysWith: { a, _ in a }),
            files: files, today: today, clock: JumpingClock(day: today, run: runs))
        var report: RunReport
        do {
            let (exit, text) = try await body(flow)
            report = RunReport(exit: exit, text: text)
        } catch {
            report = RunReport(exit: 4, text: "\(error)")
        }
        report.writes = servers.values.reduce(0) { $0 + $1.writes } - writesBefore
        report.refusals = connectors.values.reduce(0) { $0 + $1.refused }
        report.wasStruck = life.isOver || connectors.values.contains { $0.wasStruck }
        report.wasStruckAmidWrites = connectors.values.contains { $0.wasStruckAmidWrites }
        report.failedEvaluations = ((try? await base.plans(limit: 1)) ?? []).first?.totals.evaluationsFailed ?? 0
        if life.isOver, report.writes > 0, let plans = try? await base.plans(limit: 10) {
            report.wasStruckAmidWrites = plans.contains { $0.state == .applying }
        }
        if life.isOver { report.exit = 137 }
        if life.isEndless { report.exit = RunReport.endless }
        return report
    }
}

/// Loads rulebooks; equal ones once.
enum Configurations {
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    private static let lock = NSLock()
    nonisolated(unsafe) private static var known: [Rulebook: Configuration] = [:]

    /// Keys and rules of configuration that this version reads, of those that histories use: found out by trying.
    static let knows: Set<String> = Set(
        ["creates", "shared", "repair"].filter { key in
            var dice = Dice(seed: 1)
            var rulebook = Rulebook.random(&dice, knows: [key])
            (rulebook.hasStudents, rulebook.hasBadges) = (key == "shared", key == "creates")
            return (try? load(rulebook)) != nil
        })

    static func load(_ rulebook: Rulebook) throws -> Configuration {
        if let configuration = lock.withLock({ known[rulebook] }) { return configuration }
        var environment = rulebook.environment
        for system in rulebook.systems { environment["\(system.name.uppercased())_PASSWORD"] = "secret" }
        let (configuration, diagnostics) = ConfigurationLoader.load(
            ConfigurationFiles(files: rulebook.files.mapValues { Array($0.utf8) }, environment: environment))
        guard let configuration else {
            throw Refused(description: diagnostics.map(\.description).joined(separator: "\n"))
        }
        lock.withLock {
            if known.count > 400 { known = [:] }
            known[rulebook] = configuration
        }
        return configuration
    }
}

/// Time passes only while somebody sleeps.
final class JumpingClock: @unchecked Sendable {
    private let lock = NSLock()
    private var current: Instant

    init(day: CivilDate, run: Int) { current = Instant(milliseconds: Int64(day.days) * 86_400_000 + Int64(run) * 60_000) }

    var shellClock: ShellClock {
        ShellClock(
            now: { [self] in lock.withLock { current } },
            sleep: { [self] milliseconds in
                try Task.checkCancellation()
                lock.withLock { current = current.adding(milliseconds: milliseconds) }
            })
    }
}
