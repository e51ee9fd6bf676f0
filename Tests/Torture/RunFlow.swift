import Contracts
import Foundation
import Histories
import IdentityModel
import Logging
import Planning
import Provisioning

/// The product's front door, as one process walks through it.
struct RunFlow {
    let configuration: Configuration
    let store: any Store
    let connectors: [SystemName: any Connector]
    let files: [Feed: [PublishedFile]]
    let asOf: AsOf
    let clock: ShellClock

    typealias End = (exit: Int32, text: String)

    func sync(_ name: SourceName, accepting: Set<String>) async throws -> End {
        try await told { runs in try await runs.sync(request(name, accepting)) }
    }

    func sync(_ name: SourceName, file: String) async throws -> End {
        try await told { runs in try await runs.sync(PlanRequest(source: name, file: file)) }
    }

    func syncDue(accepting: Set<String>) async throws -> End {
        try await told { runs in try await runs.syncDue(acceptance(accepting)) }
    }

    func plan(_ name: SourceName) async throws -> End {
        try await told { runs in try await runs.plan(request(name, [])) }
    }

    /// A held plan is approved first.
    func approve(_ plan: Plan) async throws -> End {
        let current = try await found(plan.id)
        if current.state == .held {
            try await store.decide(plan.id, .approved, by: "tester", reason: "as it should be", at: clock.now())
        }
        guard current.state.isWaiting || current.state == .applying else { return (0, "is \(current.state)") }
        return try await told { runs in
            do {
                return try await runs.apply(plan: plan.ordinal)
            } catch InquiryError.valuesChanged {
                return try await reject(plan)
            } catch InquiryError.configurationChanged {
                return try await reject(plan)
            }
        }
    }

    /// Whoever is told that it fits no more throws it away and makes a new one.
    private func reject(_ plan: Plan) async throws -> RunEnd {
        _ = try await Inquiry(store).reject(plan.ordinal ?? 0, by: "tester", reason: "other values", at: clock.now())
        return .held
    }

    private func found(_ id: PlanID) async throws -> Plan {
        guard let plan = try await store.plans(limit: 1_000).first(where: { $0.id == id }) else { throw StoreError.damaged("no such plan") }
        return plan
    }

    private func acceptance(_ names: Set<String>) -> Acceptance {
        Acceptance(Set(names.compactMap(ContractBreach.Check.init)), reason: names.isEmpty ? nil : "tester")
    }

    private func request(_ name: SourceName, _ accepting: Set<String>) -> PlanRequest {
        PlanRequest(source: name, acceptance: acceptance(accepting))
    }

    private func told(_ body: (Runs) async throws -> RunEnd) async throws -> End {
        let notes = Notes()
        let files = files
        let runs = Runs(
            configuration: configuration, store: store, connectors: connectors,
            source: { source in
                MemorySource(
                    published: Feed(rawValue: source.name.text).flatMap { files[$0] } ?? [], takesLatestOnly: source.take == .latest)
            }, clock: RunClock(asOf: asOf, shell: clock),
            log: Logger(label: "torture", factory: { _ in SwiftLogNoOpLogHandler() }),
            listener: Runs.Listener(tell: { notes.take($0) }))
        do {
            return (try await body(runs).rawValue, notes.text)
        } catch {
            return (RunEnd.unable.rawValue, "\(notes.text); \(error)")
        }
    }
}

/// What a run told, in a line.
private final class Notes: @unchecked Sendable {
    private let lock = NSLock()
    private var parts: [String] = []

    var text: String { lock.withLock { parts.joined(separator: "; ") } }

    func take(_ news: RunNews) { lock.withLock { parts.append(words(news)) } }

    private func words(_ news: RunNews) -> String {
        switch news {
        case .goesOn(let plan): "goes on with plan \(plan.ordinal ?? 0)"
        case .planned(let report, _): words(report)
        case .applied(let summary, let plan):
            "plan \(plan.ordinal ?? 0): \(summary.executed) executed, \(summary.errored) errored, \(summary.withdrawn) withdrawn, \(summary.waiting) waiting"
        case .withdrawn(let orders, let reason): "\(orders) withdrawn: \(reason)"
        case .nothingNew: "nothing new"
        case .eventsWait(_, let reason): "events wait: \(reason)"
        case .open: "something is open"
        case .remark(let text): text
        }
    }

    private func words(_ report: PlanReport) -> String {
        var words = report.breaches.map(\.description) + report.warnings
        if let plan = report.plan {
            words.append("plan \(plan.ordinal ?? 0) \(plan.state.rawValue), \(plan.totals.orders) orders")
            words += plan.verdicts.map(\.description)
        }
        if report.quarantined > 0 { words.append("\(report.quarantined) quarantined") }
        for (system, aside) in report.leftAside.sorted(by: { $0.key < $1.key }) {
            words.append("\(system) left aside (\(aside.accounts)): \(aside.reason)")
        }
        return words.joined(separator: ", ")
    }
}

extension Sequence<Plan> {
    /// The oldest behind `ordinal` that waits for somebody, or is being applied.
    func nextWaiting(after ordinal: Int) -> Plan? {
        filter { ($0.state.isWaiting || $0.state == .applying) && ($0.ordinal ?? 0) > ordinal }
            .min { ($0.ordinal ?? 0) < ($1.ordinal ?? 0) }
    }
}
