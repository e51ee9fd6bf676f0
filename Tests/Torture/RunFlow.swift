import Contracts
import Histories
import IdentityModel
import Logging
import Planning
import Provisioning

/// What `sync`, `plan` and `apply` do: the product's own front door.
struct RunFlow {
    let configuration: Configuration
    let store: SQLStoreParts
    let connectors: [SystemName: any Connector]
    let files: [Feed: [PublishedFile]]
    let today: CivilDate
    let clock: JumpingClock

    typealias SQLStoreParts = any Store
    typealias End = (exit: Int32, text: String)

    /// Runs the body with a front door that writes down what it tells.
    private func open(_ body: (Runs) async throws -> RunEnd) async throws -> End {
        let files = files
        let news = NewsLines()
        var options = DispatchOptions()
        options.clock = clock.shellClock
        let runs = Runs(
            configuration: configuration, store: store, connectors: connectors,
            source: { source in
                let published = Feed(rawValue: source.name.text).flatMap { files[$0] } ?? []
                return MemorySource(published: published, takesLatestOnly: source.take == .latest)
            }, clock: RunClock(asOf: today, shell: clock.shellClock), options: options,
            log: Logger(label: "torture", factory: { _ in SwiftLogNoOpLogHandler() }),
            listener: Runs.Listener(tell: { await news.add($0) }))
        let end = try await body(runs)
        return (end.rawValue, await news.text)
    }

    private func request(_ name: SourceName, _ accepting: Set<String>) -> PlanRequest {
        PlanRequest(source: name, accepted: Set(accepting.compactMap(ContractBreach.Check.init)), reason: "tester")
    }

    // MARK: Commands

    func sync(_ name: SourceName, accepting: Set<String>) async throws -> End {
        guard configuration.source(name) != nil else { return (2, "no source") }
        return try await open { try await $0.sync(request(name, accepting)) }
    }

    func syncDue(accepting: Set<String>) async throws -> End {
        try await open { try await $0.syncDue(accepted: Set(accepting.compactMap(ContractBreach.Check.init))) }
    }

    func plan(_ name: SourceName) async throws -> End {
        guard configuration.source(name) != nil else { return (2, "no source") }
        return try await open { try await $0.plan(request(name, [])) }
    }

    func approve(_ plan: Plan) async throws -> End {
        guard let current = try await store.plans(limit: 1_000).first(where: { $0.id == plan.id }) else { return (2, "gone") }
        guard current.state.isWaiting || current.state == .applying else { return (0, "is \(current.state)") }
        if current.state == .held {
            let lock = try await store.lock(plan.origin)
            defer { lock.release() }
            try await store.decide(current.id, .approved, by: "tester", reason: "as it should be", at: clock.shellClock.now())
        }
        return try await open { runs in
            try await runs.apply(plan: plan.id, of: plan.origin) { id in
                try await store.plans(limit: 1_000).first { $0.id == id } ?? plan
            }
        }
    }
}

/// What a run told, in a line.
private actor NewsLines {
    private var parts: [String] = []
    var text: String { parts.joined(separator: "; ") }

    func add(_ news: RunNews) {
        switch news {
        case .goesOn(let plan): parts.append("goes on with plan \(plan.ordinal ?? 0)")
        case .planned(let report, _): parts += lines(report)
        case .remark(let text): parts.append(text)
        case .applied(let summary, _):
            parts.append(
                "\(summary.executed) executed, \(summary.errored) errored, \(summary.withdrawn) withdrawn, \(summary.waiting) waiting, "
                    + "\(summary.superseded) superseded, \(summary.heldBack) held back")
            parts += summary.leftOut
            parts += summary.systems.compactMap { $1.outage?.description }
        case .nothingNew: parts.append("no new file")
        case .eventsWait(let sink, let reason): parts.append("events wait for \(sink): \(reason)")
        case .open(let open, _):
            parts += open.orders.filter { !$1.isEmpty }.map { "open of \($0): \($1)" }
            parts += open.leftAside.map { "left aside on \($0): \($1)" }
            parts += open.quarantined.map { "quarantined of \($0): \($1)" }
            parts += open.waitingPlans.map { "plans waiting of \($0): \($1)" }
        }
    }

    private func lines(_ report: PlanReport) -> [String] {
        var lines = report.breaches.map(\.description) + report.warnings
        if let plan = report.plan {
            lines.append("plan \(plan.ordinal ?? 0) \(plan.state.rawValue), \(plan.totals.orders) orders, \(plan.totals.kept) kept")
            lines += plan.verdicts.map(\.description)
        }
        if report.nothing != nil { lines.append("nothing to plan") }
        if report.quarantined > 0 { lines.append("\(report.quarantined) quarantined") }
        return lines + report.leftAside.map { "\($0) left aside with \($1.accounts): \($1.reason)" }
    }
}
