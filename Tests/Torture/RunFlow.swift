import Contracts
import Histories
import IdentityModel
import Logging
import Planning
import Provisioning

/// What `sync`, `plan` and `apply` do, with the planner and the dispatcher of the product.
struct RunFlow {
    let configuration: Configuration
    let store: SQLStoreParts
    let connectors: [SystemName: any Connector]
    let files: [Feed: [PublishedFile]]
    let today: CivilDate
    let clock: JumpingClock

    typealias SQLStoreParts = any Store
    typealias End = (exit: Int32, text: String)

    private var planner: Planner {
        Planner(configuration: configuration, store: store, connectors: connectors, clock: RunClock(asOf: today), progress: { _ in })
    }

    private func holding(_ origin: Origin, _ body: () async throws -> End) async throws -> End {
        let lock = try await store.lock(origin)
        defer { lock.release() }
        return try await body()
    }

    // MARK: Commands

    func sync(_ name: SourceName, accepting: Set<String>) async throws -> End {
        guard let source = configuration.source(name) else { return (2, "no source") }
        return try await holding(.source(name)) {
            var worst: End = (0, "")
            while true {
                guard let report = try await planReport(source, accepting) else { return worst }
                let end = try await applied(report)
                worst = (max(worst.0, end.0), worst.1.isEmpty ? end.1 : "\(worst.1) | \(end.1)")
                if [2, 3, 4].contains(end.0) || source.take == .latest { return worst }
            }
        }
    }

    func syncDue(accepting: Set<String>) async throws -> End {
        try await holding(.due) {
            try await finishApplying(.due)
            return try await applied(try await planner.planDue())
        }
    }

    func plan(_ name: SourceName) async throws -> End {
        guard let source = configuration.source(name) else { return (2, "no source") }
        return try await holding(.source(name)) {
            guard let report = try await planReport(source, []) else { return (0, "no new file") }
            return (exit(report), text(report))
        }
    }

    func approve(_ plan: Plan) async throws -> End {
        try await holding(plan.origin) {
            guard var current = try await store.plans(limit: 1_000).first(where: { $0.id == plan.id }) else { return (2, "gone") }
            guard current.state.isWaiting || current.state == .applying else { return (0, "is \(current.state)") }
            if current.state == .held {
                try await store.decide(current.id, .approved, by: "tester", reason: "as it should be", at: clock.shellClock.now())
                current.state = .approved
            }
            return try await apply(current)
        }
    }

    // MARK: Planning and applying

    private func planReport(_ source: SourceConfiguration, _ accepting: Set<String>) async throws -> PlanReport? {
        try await finishApplying(.source(source.name))
        guard let feed = Feed(rawValue: source.name.text) else { return nil }
        let reader = MemorySource(published: files[feed] ?? [], takesLatestOnly: source.take == .latest)
        let names = try await reader.files()
        let file: String?
        if source.take == .latest {
            file = names.last
        } else if let before = try await store.profile(of: source.name)?.file {
            file = names.first { $0 > before }
        } else {
            file = names.first
        }
        guard let file else { return nil }
        let request = PlanRequest(source: source.name, accepted: Set(accepting.compactMap(ContractBreach.Check.init)), reason: "tester")
        return try await planner.plan(request, file: file, from: reader)
    }

    private func finishApplying(_ origin: Origin) async throws {
        guard let open = try await store.plan(of: origin, in: [.applying]) else { return }
        _ = try await apply(open)
    }

    private func applied(_ report: PlanReport) async throws -> End {
        let planned = exit(report)
        guard let plan = report.plan, planned != 3 else { return (planned, text(report)) }
        let end = try await apply(plan)
        return (max(planned, end.0), "\(text(report)); \(end.1)")
    }

    private func exit(_ report: PlanReport) -> Int32 {
        if !report.breaches.isEmpty || report.plan?.state == .held { return 3 }
        if (report.plan?.totals.evaluationsFailed ?? 0) > 0 { return 1 }
        return report.quarantined > 0 || !report.warnings.isEmpty ? 5 : 0
    }

    private func text(_ report: PlanReport) -> String {
        var parts = report.breaches.map(\.description) + report.warnings
        if let plan = report.plan {
            parts.append("plan \(plan.ordinal ?? 0) \(plan.state.rawValue), \(plan.totals.orders) orders")
            parts += plan.verdicts.map(\.description)
        }
        if report.quarantined > 0 { parts.append("\(report.quarantined) quarantined") }
        return parts.joined(separator: ", ")
    }

    private func apply(_ plan: Plan) async throws -> End {
        var options = DispatchOptions()
        options.clock = clock.shellClock
        let dispatcher = Dispatcher(
            store: store, connectors: connectors, maps: configuration.policyMaps,
            substitutes: NameSubstitution(configuration: configuration, store: store, connectors: connectors), options: options,
            log: Logger(label: "torture", factory: { _ in SwiftLogNoOpLogHandler() }), progress: { _ in })
        switch try await dispatcher.apply(plan) {
        case .stale(let reasons): return (3, "stale: \(reasons.joined(separator: "; "))")
        case .applied(let summary):
            let rest = summary.errored + summary.withdrawn + summary.evaluationsFailed + summary.waiting
            return (
                rest > 0 ? 1 : 0,
                "\(summary.executed) executed, \(summary.errored) errored, \(summary.withdrawn) withdrawn, \(summary.waiting) waiting"
            )
        }
    }
}
