import Contracts
import Foundation
import Histories
import IdentityModel
import StoreSQL

/// The real program against real directory servers: every run is a process, and mishaps happen on the wire.
final class ProgramEngine: Engine {
    /// Kinds of disturbances that can be brought about here.
    static let possible: Set<Disturbance> = [
        .death, .lostAfter, .lostBefore, .outage, .away, .failingAttribute, .movedByHand, .deletedByHand, .foreignEntry, .takenName,
        .missingFolder,
    ]

    private let binary: String
    private let folder: URL
    private let directories: [String: DirectoryProcess]
    private var byHand = ByHand()
    private var asOf = firstDay.description
    private var rulebook: Rulebook

    init(_ history: History, binary: String, directories all: [String: DirectoryProcess]) throws {
        self.binary = binary
        rulebook = history.rulebook
        let names = Set(history.rulebook.systems.map(\.name))
        directories = all.filter { names.contains($0.key) }
        let root = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        folder = URL(fileURLWithPath: root).appendingPathComponent("birthright-program-\(UUID().uuidString.prefix(8))")
        for name in ["", "hr", "students", "badges", "PolicyMaps", "Lookups"] {
            try FileManager.default.createDirectory(at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        for directory in directories.values { try directory.clear() }
    }

    func close() async { try? FileManager.default.removeItem(at: folder) }

    // MARK: The world

    func put(_ file: PublishedFile) async throws {
        let path = folder.appendingPathComponent(file.name)
        try file.text.write(to: path, atomically: true, encoding: .utf8)
        try "".write(toFile: path.path + ".done", atomically: true, encoding: .utf8)
    }

    func configure(_ rulebook: Rulebook) async throws {
        self.rulebook = rulebook
        for (path, text) in rulebook.files {
            try text.write(to: folder.appendingPathComponent(path), atomically: true, encoding: .utf8)
        }
    }

    func set(day: CivilDate, hour: Int?) {
        asOf = hour.map { "\(day)T\($0 < 10 ? "0" : "")\($0):00:00Z" } ?? day.description
    }

    func calm() async throws {
        for directory in directories.values {
            directory.proxy.reopen()
            directory.proxy.arm(nil, .before)
            try directory.look()
            for name in Rulebook.folderNames {
                try directory.change(
                    "dn: \(Rulebook.folder(name))\nchangetype: add\nobjectClass: organizationalUnit\nou: \(name)\n", mayFail: true)
            }
            try directory.forget()
        }
    }

    func disturb(_ step: Step, person: Person?) async throws {
        guard let directory = step.system.flatMap({ directories[$0] }) else { return }
        if case .away = step { return directory.proxy.shut() }
        try directory.look()
        let mine = try person.map { try directory.records("(employeeNumber=\($0.identifier))") } ?? []
        switch step {
        case .dropFolder(_, let name): try directory.change("dn: \(Rulebook.folder(name))\nchangetype: delete\n", mayFail: true)
        case .moveByHand(_, _, let target):
            for entry in mine {
                let rdn = entry.name.prefix { $0 != "," }
                try directory.change(
                    "dn: \(entry.name)\nchangetype: modrdn\nnewrdn: \(rdn)\ndeleteoldrdn: 0\nnewsuperior: \(Rulebook.folder(target))\n",
                    mayFail: true)
            }
        case .deleteByHand: for entry in mine { try directory.change("dn: \(entry.name)\nchangetype: delete\n", mayFail: true) }
        case .foreignEntry:
            guard let person, mine.isEmpty else { break }
            try directory.change(
                """
                dn: cn=Foreign \(person.number),\(Rulebook.folder("Annex"))
                changetype: add
                objectClass: inetOrgPerson
                objectClass: adAccount
                cn: Foreign \(person.number)
                sn: \(person[.last])
                employeeNumber: \(person.identifier)
                sAMAccountName: foreign\(person.number)
                title: Clerk

                """, mayFail: true)
        case .takeDN:
            guard let person else { break }
            let name = "\(person[.first]) \(person[.last])"
            for folder in [person[.department], "Unassigned"] where Rulebook.folderNames.contains(folder) {
                try directory.change(
                    """
                    dn: cn=\(name),\(Rulebook.folder(folder))
                    changetype: add
                    objectClass: inetOrgPerson
                    cn: \(name)
                    sn: Stranger
                    description: stranger

                    """, mayFail: true)
            }
        case .takeName:
            guard let person else { break }
            let login = "\(person[.last])\(person[.first].prefix(1))".lowercased()
            guard try directory.records("(sAMAccountName=\(login))").isEmpty else { break }
            let name = "Stranger \(person.number)"
            try directory.change(
                """
                dn: cn=\(name),\(Rulebook.folder("Annex"))
                changetype: add
                objectClass: inetOrgPerson
                objectClass: adAccount
                cn: \(name)
                sn: Stranger
                sAMAccountName: \(login)

                """, mayFail: true)
        default: break
        }
        try directory.forget()
        if let person, let name = step.system {
            byHand.note(step, name, try directory.records("(employeeNumber=\(person.identifier))"))
        }
    }

    /// slapd's refint works after the answer.
    func settle() async -> Bool {
        try? await Task.sleep(for: .seconds(1))
        return true
    }

    func systems() async throws -> [String: SystemView] {
        try directories.mapValues { directory in
            let entries = try directory.records("(objectClass=inetOrgPerson)").map { record in
                SystemView.Entry(id: record.attributes["entryuuid"]?.first ?? "", name: record.name, attributes: record.attributes)
            }
            var groups: [String: Set<String>] = [:]
            for record in try directory.records("(objectClass=groupOfNames)") {
                let members = Set((record.attributes["member"] ?? []).map(foldedName))
                groups[foldedName(record.name)] = members.subtracting([foldedName(DirectoryProcess.account)])
            }
            return SystemView(entries: entries, groups: groups)
        }
    }

    /// Real servers do not tell who asked what: here only what they hold is judged.
    func met() async -> [String: Set<Int>] { byHand.met }
    func misled() async -> [String: Set<Int>] { byHand.misled(whereCarried: rulebook.systems.contains { $0.repair != .never }) }
    func remains() async throws -> [String] { [] }
    func untrueEvents() async throws -> [String] { [] }
    func marks() async throws -> Set<Mark> { [] }

    private var storePath: String { folder.appendingPathComponent("store.sqlite").path }

    private func reading<Result>(_ body: (SQLStore) async throws -> Result) async throws -> Result? {
        guard FileManager.default.fileExists(atPath: storePath) else { return nil }
        let store = try await SQLStore.readSQLite(path: storePath)
        let result = try await body(store)
        await store.close()
        return result
    }

    func applied(_ feed: Feed) async throws -> AppliedFile? {
        try await reading { try await $0.profile(of: SourceName(feed.rawValue)) }??.applied
    }

    func counts() async throws -> Counts {
        for directory in directories.values { try directory.look() }
        let sealed = try await reading { try await $0.plans(limit: 10_000).count { $0.ordinal != nil } } ?? 0
        let events = try await reading { try await $0.events(after: 0, limit: 100_000).count } ?? 0
        return Counts(writes: directories.values.reduce(0) { $0 + $1.writes }, sealed: sealed, events: events)
    }

    // MARK: Runs

    func sync(_ feed: Feed, mishap: Mishap?, accepting: Set<String>) async -> RunReport {
        await run(["sync", feed.rawValue] + accepts(accepting), mishap)
    }

    func sync(_ feed: Feed, file: String) async -> RunReport { await run(["sync", feed.rawValue, "--file", file], nil) }
    func due(mishap: Mishap?, accepting: Set<String>) async -> RunReport { await run(["sync", "--due"] + accepts(accepting), mishap) }
    func plan(_ feed: Feed) async -> RunReport { await run(["plan", feed.rawValue], nil) }

    private func accepts(_ names: Set<String>) -> [String] {
        names.isEmpty ? [] : names.sorted().flatMap { ["--accept", $0] } + ["--reason", "torture"]
    }

    func approveNext(after ordinal: Int) async -> (ordinal: Int, report: RunReport)? {
        guard let plan = ((try? await reading { try await $0.plans(limit: 1_000) }) ?? []).nextWaiting(after: ordinal) else { return nil }
        let number = String(plan.ordinal ?? 0)
        if plan.state == .held { _ = await run(["plans", "approve", number, "--reason", "torture"], nil) }
        let report = await run(["apply", number], nil)
        // Whoever is told so throws it away and makes a new one.
        if report.text.contains("was made with another value of") || report.text.contains("was made under another configuration") {
            _ = await run(["plans", "reject", number, "--reason", "other values"], nil)
        }
        return (plan.ordinal ?? .max, report)
    }

    private func run(_ arguments: [String], _ mishap: Mishap?) async -> RunReport {
        var environment = rulebook.environment
        for (name, directory) in directories {
            environment["\(name.uppercased())_URL"] = directory.proxyURL
            environment["\(name.uppercased())_CA"] = directory.caFile
            environment["\(name.uppercased())_PASSWORD"] = directory.password
            directory.proxy.arm(nil, .before)
        }
        arm(mishap)
        do {
            for directory in directories.values { try directory.look() }
            let writesBefore = directories.values.reduce(0) { $0 + $1.writes }
            let proxies = directories.values.map(\.proxy)
            let (code, output) = try DirectoryProcess.run(
                binary, arguments + ["--config", folder.path, "--as-of", asOf], environment: environment,
                started: { process in for proxy in proxies { proxy.watch(process) } })
            for (name, directory) in directories {
                try directory.look()
                byHand.look(name, try directory.records("(employeeNumber=*)"))
            }
            let lines = output.split(separator: "\n").suffix(6).joined(separator: " | ")
            var report = RunReport(exit: code, text: "\(arguments.prefix(2).joined(separator: " ")): \(lines)")
            report.writes = directories.values.reduce(0) { $0 + $1.writes } - writesBefore
            report.wasStruck = proxies.contains { $0.wasStruck }
            report.wasStruckAmidWrites = report.wasStruck && report.writes > 0
            report.refusals = code == 0 ? 0 : 1
            return report
        } catch {
            return RunReport(exit: 99, text: "\(error)")
        }
    }

    /// The first records are the handshake's end, the bind and the look-ups; requests that write come behind them.
    private func arm(_ mishap: Mishap?) {
        switch mishap {
        case nil: return
        case .death(let call)?:
            let names = directories.keys.sorted()
            guard !names.isEmpty else { return }
            directories[names[call % names.count]]?.proxy.arm(call / 4 + 3, .kill)
        case .lostRename(let system)?: directories[system]?.proxy.arm(6, .after)
        case .deathAfterRename(let system)?: directories[system]?.proxy.arm(6, .kill)
        case .deathAtWrite(let system, let write)?: directories[system]?.proxy.arm(write + 4, .kill)
        case .lostAnswer(let system, let write, let isDone)?: directories[system]?.proxy.arm(write + 4, isDone ? .after : .before)
        case .outage(let system, let write)?: directories[system]?.proxy.arm(write + 4, .outage)
        // Only in memory.
        case .late?, .busy?: return
        }
    }
}

extension SourceProfile {
    fileprivate var applied: AppliedFile { AppliedFile(name: file, configuration: configurationHash) }
}
