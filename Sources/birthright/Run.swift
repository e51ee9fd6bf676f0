import Contracts
import Foundation
import IdentityModel
import Logging
import Pages
import Planning
import Provisioning

/// What `plan`, `apply` and `sync` share: the front door, with what it tells rendered for people or programs.
struct Run {
    let session: Session
    let store: any Store
    let runs: Runs
    private let connectors: [SystemName: any Connector]

    /// `orders`: how many of a plan's orders are shown; nil: all.
    private init(session: Session, store: any Store, common: CommonOptions, orders: Int?) throws {
        self.session = session
        self.store = store
        connectors = try session.connectors()
        let directory = session.directory
        let output = RunOutput(store: store, format: common.format, orders: orders)
        runs = Runs(
            configuration: session.configuration, store: store, connectors: connectors,
            source: { Adapters.source($0, directory: directory) },
            sinks: Adapters.sinks(session.configuration.service, directory: directory), clock: common.clock, log: Run.log,
            listener: Runs.Listener(
                tell: { try await output.tell($0) }, planning: Progress.planning(), applying: Progress.applying()))
    }

    /// Opens the connectors, runs the body and closes them, whatever comes of it.
    static func with(
        _ session: Session, _ store: any Store, _ common: CommonOptions, orders: Int? = 5, _ body: (Run) async throws -> RunEnd
    ) async throws -> Exit {
        let run = try Run(session: session, store: store, common: common, orders: orders)
        return Exit(try await run.connectors.closing { try await body(run) })
    }

    /// `--file` is given relative to where the command runs, or to the configuration directory; reports name it relative to the latter
    /// when it lies below, so that they read the same on every machine.
    func reported(_ file: String) -> String {
        let here = URL(fileURLWithPath: file).standardizedFileURL.path
        guard FileManager.default.fileExists(atPath: here) else { return file }
        let directory = session.directory.standardizedFileURL.path + "/"
        return here.hasPrefix(directory) ? String(here.dropFirst(directory.count)) : here
    }

    private static var log: Logger {
        var log = Logger(label: "birthright", factory: { StreamLogHandler.standardError(label: $0) })
        log.logLevel = .warning
        return log
    }
}

/// Says what a run tells.
struct RunOutput: Sendable {
    let store: any Store
    let format: OutputFormat
    let orders: Int?

    func tell(_ news: RunNews) async throws {
        switch news {
        case .goesOn(let plan):
            complain("plan \(plan.ordinal ?? 0) of \(plan.origin) is unfinished: going on with it")
        case .planned(let report, let source): try await show(report, of: source)
        case .applied(let summary, let plan):
            say(format == .text ? PlanText.applied(summary, plan: plan) : PlanPage.applied(summary, plan: plan).indentedText)
        case .withdrawn(let orders, let reason): complain("\(DisplayText.count(orders, "order")) withdrawn: \(reason)")
        case .nothingNew(let source):
            if format == .text { say("nothing to do: there is no new file for \(source)") }
        case .remark(let text): complain("warning: \(text)")
        case .eventsWait(let sink, let reason): complain("events wait for sink \(sink): \(reason)")
        case .open(let work, let origin): complain(OpenWorkText.lines(work, of: origin).joined(separator: "\n"))
        }
    }

    private func show(_ report: PlanReport, of source: SourceName?) async throws {
        if format == .json { return try await showJSON(report) }
        if !report.breaches.isEmpty { return say(PlanText.breaches(report, source: source)) }
        if let nothing = report.nothing { return say(PlanText.nothing(nothing, report: report)) }
        guard let plan = report.plan else { return }
        say(PlanText.summary(plan: plan, report: report))
        let shown = try await PlanOutput.writeOrders(of: plan, limit: orders ?? Int.max, store: store)
        guard plan.totals.orders > shown else { return }
        let rest = DisplayText.count(plan.totals.orders - shown, "more order", "more orders")
        say("\nand \(rest):  birthright orders list --plan \(PlanText.number(plan))")
    }

    private func showJSON(_ report: PlanReport) async throws {
        guard let plan = report.plan, report.breaches.isEmpty else { return say(PlanPage.withoutPlan(report).indentedText) }
        try await PlanOutput.writeJSON(plan, report: report, store: store)
    }
}
