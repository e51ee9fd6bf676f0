import Contracts
import Foundation
import IdentityModel
import StoreSQL
import Testing

/// What must be the same whether a run was killed or not. Ids that the server gives and times are left out.
struct Aftermath: Equatable {
    var directory: [String] = []
    var users: [String] = []
    var accounts: [String] = []
    var orders: [String] = []
    var events: [String] = []
    /// Lines of the events' file: none stands there twice.
    var deliveries: [String] = []
}

@Suite("A killed run leaves nothing behind and loses nothing", .serialized)
struct CrashTests {
    static let kills = 20
    static let fewestWhilePlanning = 3
    static let fewestWhileWriting = 12

    @Test("twenty kills, each followed by the same command again, end as an undisturbed run does")
    func killedRunsEndTheSame() async throws {
        let (undisturbed, planning, whole) = try await undisturbedRun()
        #expect(undisturbed.users.count == Playground.people)
        var phases: [Phase: Int] = [:]
        var trial = 0
        var stretch = 1.0
        while phases.values.reduce(0, +) < Self.kills || !isSpread(phases) {
            guard trial < 80 else { break }
            let playground = try Playground("\(trial)")
            defer { playground.strike() }
            let aim = aim(trial, phases)
            let share = (Double((trial * 7) % 16) + 0.5) / 16
            let delay = (aim == .planning ? planning * share : planning + (whole - planning) * share) * stretch
            trial += 1
            guard try playground.killed(["sync", "hr"], after: delay) else {
                stretch *= 0.9
                continue
            }
            let phase = try await phase(of: playground)
            // The machine may be busier or idler than when the undisturbed run was timed.
            if aim == .writing && (phase == .planning || phase == .sealed) { stretch *= 1.15 }
            if aim == .planning && phase != .planning || phase == .settled { stretch *= 0.9 }
            phases[phase, default: 0] += 1
            let resumed = try playground.birthright(["sync", "hr"])
            announce("kill \(trial) after \(Int(delay * 1_000)) ms: \(phase.rawValue)")
            #expect(resumed.code == 0, "the next run ends with \(resumed.code): \(resumed.output)")
            let aftermath = try await aftermath(of: playground)
            #expect(difference(aftermath, undisturbed) == [], "killed after \(Int(delay * 1_000)) ms, \(phase.rawValue)")
        }
        announce(
            "phases: "
                + phases.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }.joined(separator: ", "))
        #expect(phases.values.reduce(0, +) >= Self.kills)
        #expect(phases[.planning] ?? 0 >= Self.fewestWhilePlanning)
        #expect(phases[.writing] ?? 0 >= Self.fewestWhileWriting)
    }

    /// At once, so that a run that is stopped has said how far it was.
    private func announce(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    enum Phase: String, Hashable {
        case planning
        case sealed = "sealed, nothing written"
        case writing = "between the first and the last write"
        case settled = "everything written"
    }

    private func isSpread(_ phases: [Phase: Int]) -> Bool {
        phases[.planning] ?? 0 >= Self.fewestWhilePlanning && phases[.writing] ?? 0 >= Self.fewestWhileWriting
    }

    /// Every fourth kill is aimed at planning until there are enough of those, all others at the writing.
    private func aim(_ trial: Int, _ phases: [Phase: Int]) -> Phase {
        trial % 4 == 0 && phases[.planning] ?? 0 < Self.fewestWhilePlanning + 1 ? .planning : .writing
    }

    private func undisturbedRun() async throws -> (Aftermath, planning: Double, whole: Double) {
        let rehearsal = try Playground("rehearsal")
        let start = Date()
        let plan = try rehearsal.birthright(["plan", "hr"])
        let planning = Date().timeIntervalSince(start)
        #expect(plan.code == 0, "\(plan.output)")
        rehearsal.strike()
        let playground = try Playground("undisturbed")
        defer { playground.strike() }
        let begin = Date()
        let run = try playground.birthright(["sync", "hr"])
        let whole = Date().timeIntervalSince(begin)
        #expect(run.code == 0, "\(run.output)")
        return (try await aftermath(of: playground), planning, whole)
    }

    private func phase(of playground: Playground) async throws -> Phase {
        let people = try playground.directory().filter { $0.contains("objectClass: inetOrgPerson") }.count
        guard FileManager.default.fileExists(atPath: playground.storePath) else { return .planning }
        let store = try await SQLStore.openSQLite(path: playground.storePath)
        let plan = try await store.plans(limit: 1).first
        await store.close()
        switch plan?.state {
        case nil, .open?: return .planning
        case .applied?: return .settled
        default: return people == 0 ? .sealed : .writing
        }
    }

    private func aftermath(of playground: Playground) async throws -> Aftermath {
        let store = try await SQLStore.openSQLite(path: playground.storePath)
        var aftermath = Aftermath()
        aftermath.directory = try playground.directory()
        var ids: [UserID] = []
        for number in 1...Playground.people {
            guard let user = try await store.user(key: UserKey("E\(number)")) else { continue }
            ids.append(user.id)
            let attributes = user.attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }
            let claims = try await store.claims(user: user.id).map { "\($0.source) \($0.position.line) \($0.rowHash)" }
            aftermath.users.append("\(user.key) \(user.status) v\(user.version) \(attributes) \(claims)")
        }
        let accounts = try await store.accounts(SystemName("Corp Directory"), users: ids)
        for id in ids {
            guard let account = accounts[id] else { continue }
            let written = account.written.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.map(\.text))" }
            aftermath.accounts.append(
                "\(id) \(account.state) \(account.name?.text ?? "-") \(account.id == nil ? "no id" : "id") \(written) \(account.memberships.sorted())"
            )
        }
        aftermath.orders = try await orders(store)
        aftermath.events = try await store.events(after: 0, limit: 10_000).map {
            "\($0.event.trackingNumber) \($0.event.sequence) \(stable($0.event.body))"
        }.sorted()
        #expect(Set(aftermath.events.map { $0.split(separator: " ").prefix(2).joined(separator: " ") }).count == aftermath.events.count)
        let lines = try String(contentsOf: playground.folder.appendingPathComponent("events.jsonl"), encoding: .utf8).split(separator: "\n")
        aftermath.deliveries = lines.map { stable(String($0)) }.sorted()
        await store.close()
        return aftermath
    }

    private func orders(_ store: SQLStore) async throws -> [String] {
        var lines: [String] = []
        var after: OrderID?
        while true {
            let page = try await store.orders(OrderFilter(), after: after, limit: 1_000)
            guard let last = page.last else { return lines.sorted() }
            for order in page {
                let requests = order.requests.map { "\($0.kind) \($0.name) \($0.operation) \($0.after.map(\.text))" }
                lines.append("\(order.userKey) \(order.operation) \(order.state) \(order.nameAfter?.text ?? "-") \(requests)")
            }
            after = last.id
        }
    }

    /// The server gives every account another id.
    private func stable(_ text: String) -> String {
        text.replacingOccurrences(
            of: #"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"#, with: "ID", options: .regularExpression)
    }

    private func difference(_ actual: Aftermath, _ expected: Aftermath) -> [String] {
        func lines(_ name: String, _ actual: [String], _ expected: [String]) -> [String] {
            let extra = Set(actual).subtracting(expected).sorted().prefix(3).map { "\(name): not expected: \($0)" }
            let lost = Set(expected).subtracting(actual).sorted().prefix(3).map { "\(name): lost: \($0)" }
            return extra + lost + (actual.count == expected.count ? [] : ["\(name): \(actual.count) instead of \(expected.count)"])
        }
        return lines("directory", actual.directory, expected.directory) + lines("users", actual.users, expected.users)
            + lines("accounts", actual.accounts, expected.accounts) + lines("orders", actual.orders, expected.orders)
            + lines("events", actual.events, expected.events) + lines("deliveries", actual.deliveries, expected.deliveries)
    }
}
