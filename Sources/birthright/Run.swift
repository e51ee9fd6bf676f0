import Contracts
import Foundation
import IdentityModel
import Logging
import Planning
import Provisioning

/// What `plan`, `apply` and `sync` share: one run with its planner and dispatcher.
struct Run {
    let session: Session
    let store: any Store
    let common: CommonOptions
    let connectors: [SystemName: any Connector]
    let planner: Planner
    private let clock: RunClock

    init(session: Session, store: any Store, common: CommonOptions) throws {
        self.session = session
        self.store = store
        self.common = common
        clock = RunClock(asOf: common.asOf)
        connectors = try session.connectors()
        planner = Planner(
            configuration: session.configuration, store: store, connectors: connectors, clock: clock, progress: Progress.planning())
    }

    func close() async {
        for connector in connectors.values { await connector.close() }
    }

    /// Runs the body with the origin's lock held.
    func holding(_ origin: Origin, _ body: () async throws -> Exit) async throws -> Exit {
        let lock = try await store.lock(origin)
        defer { lock.release() }
        return try await body()
    }

    // MARK: Plan

    /// Plans the source's next file; nil when there is none. A plan that is being applied is finished first.
    func plan(_ request: PlanRequest) async throws -> PlanReport? {
        try await finishApplying(.source(request.source))
        guard let configured = session.configuration.source(request.source) else { return nil }
        let source = Adapters.source(configured, directory: session.directory)
        let file = try await nextFile(request, configured, source)
        if file == nil, try await store.profile(of: configured.name) == nil { return nil }
        let report = try await planner.plan(request, file: file, from: source)
        return report.isEmpty ? nil : report
    }

    private func nextFile(_ request: PlanRequest, _ configured: SourceConfiguration, _ source: any SyncSource) async throws -> String? {
        if let file = request.file { return reported(file) }
        let files = try await source.files()
        if configured.take == .latest {
            guard let last = files.last else {
                throw SourceError(file: configured.files, message: "no file matches; the source '\(configured.name)' cannot be read")
            }
            return last
        }
        return FileSequence(configured, previous: try await store.profile(of: configured.name)).next(of: files)
    }

    /// `--file` is given relative to where the command runs, or to the configuration directory; reports name it relative to the latter
    /// when it lies below, so that they read the same on every machine.
    private func reported(_ file: String) -> String {
        let here = URL(fileURLWithPath: file).standardizedFileURL.path
        guard FileManager.default.fileExists(atPath: here) else { return file }
        let directory = session.directory.standardizedFileURL.path + "/"
        return here.hasPrefix(directory) ? String(here.dropFirst(directory.count)) : here
    }

    func show(_ report: PlanReport, of source: SourceName? = nil, orders limit: Int?) async throws {
        if common.format == .json { return try await showJSON(report) }
        if !report.breaches.isEmpty { return say(PlanText.breaches(report, source: source)) }
        guard let plan = report.plan else { return }
        say(PlanText.summary(plan: plan, report: report))
        let shown = try await PlanOutput.writeOrders(of: plan, limit: limit ?? Int.max, store: store)
        guard plan.totals.orders > shown else { return }
        let rest = DisplayText.count(plan.totals.orders - shown, "more order", "more orders")
        say("\nand \(rest):  birthright orders list --plan \(PlanText.number(plan))")
    }

    private func showJSON(_ report: PlanReport) async throws {
        guard let plan = report.plan, report.breaches.isEmpty else { return say(PlanJSON.refusal(report).indentedText) }
        try await PlanOutput.writeJSON(plan, report: report, store: store)
    }

    /// Held, incomplete or done.
    static func exit(_ report: PlanReport) -> Exit {
        if !report.breaches.isEmpty || report.plan?.state == .held { return .held }
        let isIncomplete = report.quarantined > 0 || !report.warnings.isEmpty || (report.plan?.totals.evaluationsFailed ?? 0) > 0
        return isIncomplete ? .incomplete : .done
    }

    // MARK: Apply

    /// Goes on with a plan of this origin that an earlier run left half applied.
    func finishApplying(_ origin: Origin) async throws {
        guard let open = try await store.plan(of: origin, in: [.applying]) else { return }
        complain("plan \(open.ordinal ?? 0) of \(origin) is being applied: finishing it first")
        _ = try await apply(open)
    }

    func showAndApply(_ report: PlanReport, of source: SourceName? = nil) async throws -> Exit {
        try await show(report, of: source, orders: 5)
        let planned = Run.exit(report)
        guard let plan = report.plan, planned != .held else { return planned }
        let applied = try await apply(plan)
        return applied.rawValue > planned.rawValue ? applied : planned
    }

    func apply(_ plan: Plan) async throws -> Exit {
        switch plan.state {
        case .ready, .approved, .applying: break
        case .held: throw Stop(.held, PlanText.summary(plan: plan, report: nil))
        case .open, .rejected, .superseded, .applied, .discarded:
            throw Stop(.configuration, "plan \(plan.ordinal ?? 0) is \(plan.state.rawValue): there is nothing to apply")
        }
        let dispatcher = Dispatcher(
            store: store, connectors: connectors, maps: session.configuration.policyMaps,
            substitutes: NameSubstitution(configuration: session.configuration, store: store, connectors: connectors),
            options: DispatchOptions(), log: log, progress: Progress.applying())
        let outcome = try await dispatcher.apply(plan)
        try await deliver()
        switch outcome {
        case .stale(let reasons): throw Stop(.held, PlanText.stale(plan: plan, reasons: reasons))
        case .applied(let summary):
            say(common.format == .text ? PlanText.applied(summary, plan: plan) : PlanJSON.applied(summary, plan: plan).indentedText)
            return summary.errored + summary.withdrawn + summary.evaluationsFailed + summary.waiting > 0 ? .incomplete : .done
        }
    }

    /// Hands the outbox to the sinks; what cannot be delivered now stays in it.
    private func deliver() async throws {
        let sinks = Adapters.sinks(session.configuration.service, directory: session.directory)
        let reports = try await OutboxDelivery(store: store, sinks: sinks, log: log).deliver()
        for (name, report) in reports.sorted(by: { $0.key < $1.key }) {
            if let reason = report.waitsBecause { complain("events wait for sink \(name): \(reason)") }
        }
    }

    private var log: Logger {
        var log = Logger(label: "birthright", factory: { StreamLogHandler.standardError(label: $0) })
        log.logLevel = .warning
        return log
    }
}
