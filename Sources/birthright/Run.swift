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
        guard let file = try await nextFile(request, configured, source) else { return nil }
        return try await planner.plan(request, file: file, from: source)
    }

    private func nextFile(_ request: PlanRequest, _ configured: SourceConfiguration, _ source: any SyncSource) async throws -> String? {
        if let file = request.file { return file.hasPrefix("/") ? file : relativeToConfiguration(file) }
        let files = try await source.files()
        if configured.take == .latest {
            guard let last = files.last else {
                throw SourceError(file: configured.files, message: "no file matches; the source '\(configured.name)' cannot be read")
            }
            return last
        }
        guard let applied = try await store.profile(of: configured.name) else { return files.first }
        // In name order, each once: what comes behind the last applied one.
        return files.first { $0.utf8.lexicographicallyPrecedes(applied.file.utf8) == false && $0 != applied.file }
    }

    /// `--file` is given relative to where the command runs.
    private func relativeToConfiguration(_ file: String) -> String {
        let here = FileManager.default.currentDirectoryPath + "/" + file
        if FileManager.default.fileExists(atPath: here) { return URL(fileURLWithPath: here).standardizedFileURL.path }
        return file
    }

    func show(_ report: PlanReport, orders limit: Int?) async throws {
        guard common.format == .text else { return say(try await PlanJSON.report(report, store: store).indentedText) }
        if !report.breaches.isEmpty { return say(PlanText.breaches(report)) }
        guard let plan = report.plan else { return }
        say(PlanText.summary(plan: plan, report: report))
        var filter = OrderFilter()
        filter.plan = plan.id
        var after: OrderID?
        var shown = 0
        while limit.map({ shown < $0 }) ?? true {
            let page = try await store.orders(filter, after: after, limit: min(500, (limit ?? Int.max) - shown))
            guard let last = page.last else { break }
            for order in page { say(PlanText.order(order, ordinal: plan.ordinal)) }
            shown += page.count
            after = last.id
        }
        if plan.totals.orders > shown { say("... and \(plan.totals.orders - shown) more: `birthright orders list --plan \(plan.ordinal ?? 0)`") }
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

    func showAndApply(_ report: PlanReport) async throws -> Exit {
        try await show(report, orders: 5)
        let planned = Run.exit(report)
        guard let plan = report.plan, planned != .held else { return planned }
        let applied = try await apply(plan)
        return applied.rawValue > planned.rawValue ? applied : planned
    }

    func apply(_ plan: Plan) async throws -> Exit {
        switch plan.state {
        case .ready, .approved, .applying: break
        case .held:
            let number = plan.ordinal ?? 0
            throw Stop(.held, PlanText.summary(plan: plan, report: nil) + "\nplan \(number) is held: `birthright plans approve \(number)` or `reject \(number)`")
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
