import Contracts
import Foundation
import Histories
import IdentityModel
import Kinds
import Logging
import Planning
import PolicyFiles
import Provisioning
import StoreSQL

/// The product's planner, dispatcher and store as they are, over systems in memory; each run is a process that may die.
final class InProcessEngine: Engine {
    private let executor: SeededExecutor
    private let base: SQLStore
    private let servers: [String: ScriptedServer]
    private var files: [Feed: [PublishedFile]] = [:]
    private var configuration: Configuration
    private var today = firstDay
    private var hour: Int?
    private var runs = 0
    private var announcements = Announcements()
    private var metByHand: [String: Set<Int>] = [:]
    private var marked: Set<Mark> = []

    init(_ history: History, on executor: SeededExecutor) async throws {
        self.executor = executor
        base = try await InProcessEngine.emptyStore()
        servers = Dictionary(
            history.rulebook.systems.map { ($0.name, ScriptedServer($0)) }, uniquingKeysWith: { first, _ in first })
        configuration = try Configurations.load(history.rulebook)
    }

    func settle() async -> Bool { false }

    func close() async {}

    /// One for all histories of the process: what it knows of its statements is most of what a new one costs.
    private static func emptyStore() async throws -> SQLStore {
        if let shared {
            try shared.empty()
            return shared
        }
        let made = try await SQLStore.inMemory()
        _ = made.around { engine in
            watched = engine
            return engine
        }
        if let watched { try await Watch.begin(over: watched) }
        shared = made
        return made
    }

    nonisolated(unsafe) private static var shared: SQLStore?
    nonisolated(unsafe) private static var watched: (any SQLEngine)?

    func startOrder() async throws -> [Feed] {
        let origins = Dictionary(try await base.plans(limit: 10_000).map { ($0.id, $0.origin) }, uniquingKeysWith: { $1 })
        var feeds: [Feed] = []
        for (_, entry) in try await base.audit(after: 0, limit: 100_000) where entry.kind == "plan started" {
            guard case .source(let name)? = entry.plan.flatMap({ origins[$0] }), let feed = Feed(rawValue: name.text) else { continue }
            feeds.removeAll { $0 == feed }
            feeds.append(feed)
        }
        return feeds
    }

    func active() async throws -> Set<Int> {
        var request = KnowledgeRequest()
        request.users = try await base.users(after: nil, limit: 1_000).map(\.id)
        let users = try await base.knowledge(request).users.values.filter { $0.status == .active || $0.status == .leave }
        return Set(
            users.compactMap { user in
                guard case .string(let number)? = user.attributes["employeeId"] else { return nil }
                return Int(number.dropFirst())
            })
    }

    func violations() async throws -> [String] {
        var found = servers.values.flatMap { $0.underWay.violations + $0.doubled }
        if let watched = InProcessEngine.watched { found += try await Watch.violations(watched) }
        return found
    }

    // MARK: The world

    func put(_ file: PublishedFile) async throws { files[file.feed, default: []].append(file) }
    func configure(_ rulebook: Rulebook) async throws { configuration = try Configurations.load(rulebook) }
    func set(day: CivilDate, hour: Int?) { (today, self.hour) = (day, hour) }

    func calm() async throws {
        for server in servers.values {
            server.carryOutDelayed(all: true)
            server.isAway = false
            server.refusedGroups = []
            server.refusedValues = []
            server.forgetsMemberOf = false
            server.hidden = []
            server.restoreFolders()
        }
    }

    func disturb(_ step: Step, person: Histories.Person?) async throws {
        guard let server = step.system.flatMap({ servers[$0] }) else { return }
        switch step {
        case .away: server.isAway = true
        case .refuseGroup(_, let group): server.refusedGroups.insert(foldedName(Rulebook.group(group)))
        case .refuseValue(_, let value): server.refusedValues.insert(value.lowercased())
        case .dropFolder(_, let folder): server.drop(folder: folder)
        case .staleMemberOf: server.forgetsMemberOf = true
        case .moveByHand(_, _, let folder):
            for entry in handle(.movedBack, person, server) {
                let rdn = entry.name.prefix { $0 != "," }
                try? server.rename(entry.id, to: "\(rdn),\(Rulebook.folder(folder))", countsAsWrite: false)
            }
        case .deleteByHand: for entry in handle(.recreated, person, server) { try? server.delete(entry.id) }
        case .replaceByHand:
            for entry in handle(.recreated, person, server) {
                try? server.delete(entry.id)
                let values = entry.attributes.values.filter { $0.name != "manager" }.map { ($0.name, $0.values) }
                let id = try? server.add(entry.name, values, countsAsWrite: false)
                if let id, let person { server.record.noteByHand(id, person, .replaced) }
            }
        case .foreignEntry:
            guard let person, entries(of: person, server).isEmpty else { return }
            let id = try? server.add(
                "cn=Foreign \(person.number),\(Rulebook.folder("Annex"))",
                [
                    ("objectClass", ["inetOrgPerson"]), ("cn", ["Foreign \(person.number)"]), ("sn", [person[.last]]),
                    ("employeeNumber", [person.identifier]), ("sAMAccountName", ["foreign\(person.number)"]), ("title", ["Clerk"]),
                ], countsAsWrite: false)
            if let id { server.record.noteByHand(id, person, .adopted) }
        case .hideID: for entry in entries(of: person, server) { server.hidden.insert(entry.id) }
        case .twins:
            guard let person, entries(of: person, server).isEmpty, !server.book.keepsUnique else { return }
            for twin in ["a", "b"] {
                _ = try? server.add(
                    "cn=Twin \(twin) \(person.number),\(Rulebook.folder("Annex"))",
                    [("cn", ["Twin \(twin) \(person.number)"]), ("employeeNumber", [person.identifier])], countsAsWrite: false)
            }
        case .takeName:
            guard let person else { return }
            let login = "\(person[.last])\(person[.first].prefix(1))".lowercased()
            guard server.entries(with: "sAMAccountName", login).isEmpty else { return }
            _ = try? server.add(
                "cn=Stranger \(person.number),\(Rulebook.folder("Annex"))",
                [("cn", ["Stranger \(person.number)"]), ("sAMAccountName", [login])], countsAsWrite: false)
        case .takeDN:
            guard let person else { return }
            let name = "\(person[.first]) \(person[.last])"
            for folder in [person[.department], "Unassigned"] where Rulebook.folderNames.contains(folder) {
                _ = try? server.add(
                    "cn=\(name),\(Rulebook.folder(folder))", [("cn", [name]), ("description", ["stranger"])], countsAsWrite: false)
            }
        default: break
        }
    }

    private func entries(of person: Histories.Person?, _ server: ScriptedServer) -> [ScriptedServer.Entry] {
        person.map { server.entries(with: "employeeNumber", $0.identifier) } ?? []
    }

    /// The person's entries, which are about to be changed by hand: whoever looked before has to look again.
    private func handle(_ mark: Mark, _ person: Histories.Person?, _ server: ScriptedServer) -> [ScriptedServer.Entry] {
        guard let person else { return [] }
        metByHand[server.book.name]?.remove(person.number)
        let mine = entries(of: person, server)
        for entry in mine { server.record.noteByHand(entry.id, person, mark) }
        return mine
    }

    func systems() async throws -> [String: SystemView] {
        servers.mapValues { server in
            server.repairReferences()
            return SystemView(
                entries: server.entries.values.map { entry in
                    SystemView.Entry(id: entry.id, name: entry.name, attributes: entry.attributes.mapValues(\.values))
                }, groups: server.groups)
        }
    }

    func applied(_ feed: Feed) async throws -> AppliedFile? {
        try await base.profile(of: SourceName(feed.rawValue)).map { AppliedFile(name: $0.file, configuration: $0.configurationHash) }
    }

    func counts() async throws -> Counts {
        Counts(
            writes: servers.values.reduce(0) { $0 + $1.writes }, sealed: try await base.plans(limit: 10_000).count { $0.ordinal != nil },
            events: try await base.events(after: 0, limit: 100_000).count)
    }

    func met() async -> [String: Set<Int>] { metByHand }
    func misled() async -> [String: Set<Int>] { servers.mapValues(\.record.misled) }
    func remains() async throws -> [String] {
        try await base.orders(OrderFilter(), after: nil, limit: 1_000).map { order in
            let requests = order.requests.map { "\($0.operation.rawValue) \($0.name) \($0.after.map(\.text).joined(separator: "|"))" }
            return "\(order.id) \(order.userKey) \(order.system) \(order.operation.rawValue) \(order.state.rawValue)"
                + " \(order.nameBefore?.text ?? "-") -> \(order.nameAfter?.text ?? "-") [\(requests.joined(separator: ", "))]"
                + (order.adopts ? " adopts" : "") + (order.failure.map { " failed: \($0)" } ?? "")
        }
    }

    func marks() async throws -> Set<Mark> { servers.values.reduce(into: marked) { $0.formUnion($1.record.marks) } }

    func untrueEvents() async throws -> [String] {
        try announcements.untrue(try await base.events(after: 0, limit: 100_000).map(\.event), servers)
    }

    // MARK: Runs

    func sync(_ feed: Feed, mishap: Mishap?, accepting: Set<String>) async -> RunReport {
        await run(mishap) { flow in try await flow.sync(SourceName(feed.rawValue), accepting: accepting) }
    }

    func sync(_ feed: Feed, file: String) async -> RunReport {
        await run(nil) { flow in try await flow.sync(SourceName(feed.rawValue), file: file) }
    }

    func due(mishap: Mishap?, accepting: Set<String>) async -> RunReport {
        await run(mishap) { flow in try await flow.syncDue(accepting: accepting) }
    }

    func both(_ one: Errand, _ other: Errand) async -> [RunReport] {
        nonisolated(unsafe) let engine = self
        async let first = engine.run(one)
        async let second = engine.run(other)
        return [await first, await second]
    }

    func plan(_ feed: Feed) async -> RunReport {
        await run(nil) { flow in try await flow.plan(SourceName(feed.rawValue)) }
    }

    func approveNext(after ordinal: Int) async -> (ordinal: Int, report: RunReport)? {
        guard let plan = ((try? await base.plans(limit: 1_000)) ?? []).nextWaiting(after: ordinal) else { return nil }
        return (plan.ordinal ?? .max, await run(nil) { flow in try await flow.approve(plan) })
    }

    private var asOf: AsOf {
        guard let hour else { return .day(today) }
        return .instant(Instant(milliseconds: (Int64(today.days) * 24 + Int64(hour)) * 3_600_000))
    }

    /// One process: its own store and connectors, which die with it.
    private func run(_ mishap: Mishap?, _ body: (RunFlow) async throws -> (Int32, String)) async -> RunReport {
        runs += 1
        executor.advance(to: Instant(milliseconds: Int64(today.days) * 86_400_000 + Int64(runs) * 60_000))
        let life = Life(mishap, on: executor)
        let store = base.around { MortalEngine(engine: $0, life: life) }
        let connectors = servers.mapValues { ScriptedConnector($0, life: life, mishap: mishap) }
        let toldBefore = servers.mapValues(\.record.told.count)
        let flow = RunFlow(
            configuration: configuration, store: store,
            connectors: Dictionary(connectors.map { (SystemName($0.key), $0.value as any Connector) }, uniquingKeysWith: { a, _ in a }),
            files: files, asOf: asOf, clock: executor.clock)
        var report: RunReport
        do {
            let (exit, text) = try await body(flow)
            report = RunReport(exit: exit, text: text)
        } catch {
            report = RunReport(exit: 4, text: "\(error)")
        }
        report.writes = connectors.values.reduce(0) { $0 + $1.written }
        report.refusals = connectors.values.reduce(0) { $0 + $1.refused }
        report.wasStruck = life.isOver || connectors.values.contains { $0.wasStruck }
        report.wasStruckAmidWrites = connectors.values.contains { $0.wasStruckAmidWrites }
        let plans = (try? await base.plans(limit: 1_000)) ?? []
        announcements.note(plans: plans, told: toldBefore)
        report.failedEvaluations = plans.first?.totals.evaluationsFailed ?? 0
        if life.isOver, report.writes > 0 { report.wasStruckAmidWrites = plans.prefix(10).contains { $0.state == .applying } }
        if !report.wasStruck { for (system, connector) in connectors { metByHand[system, default: []].formUnion(connector.met) } }
        if life.isOver { report.exit = RunReport.killed }
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
            ConfigurationFiles(files: rulebook.files.mapValues { Array($0.utf8) }, kinds: Kinds.all, environment: environment))
        guard let configuration = configuration?.keeping(.digested(SecretDigest(key: Array(1...32)))) else {
            throw Refused(description: diagnostics.map(\.description).joined(separator: "\n"))
        }
        lock.withLock {
            if known.count > 400 { known = [:] }
            known[rulebook] = configuration
        }
        return configuration
    }
}
