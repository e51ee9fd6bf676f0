package import Contracts
package import IdentityModel
package import Logging
package import Planning

/// The front door: what `plan`, `sync` and `apply` do, for whoever asks (a command, a service, a test). Each takes its origin's lock, tells what happens
/// while it happens, and answers how it ended.
package struct Runs: Sendable {
    let configuration: Configuration
    let store: any Store
    let connectors: [SystemName: any Connector]
    let source: @Sendable (SourceConfiguration) -> any SyncSource
    let sinks: [String: any EventSink]
    let clock: RunClock
    let options: DispatchOptions
    let log: Logger
    let listener: Listener

    /// Who is told what happens.
    package struct Listener: Sendable {
        package let tell: @Sendable (RunNews) async throws -> Void
        package let planning: @Sendable (PlanProgress) -> Void
        package let applying: @Sendable (ApplyProgress) -> Void

        package init(
            tell: @escaping @Sendable (RunNews) async throws -> Void, planning: @escaping @Sendable (PlanProgress) -> Void = { _ in },
            applying: @escaping @Sendable (ApplyProgress) -> Void = { _ in }
        ) {
            self.tell = tell
            self.planning = planning
            self.applying = applying
        }
    }

    package init(
        configuration: Configuration, store: any Store, connectors: [SystemName: any Connector],
        source: @escaping @Sendable (SourceConfiguration) -> any SyncSource, sinks: [String: any EventSink] = [:], clock: RunClock,
        options: DispatchOptions = DispatchOptions(), log: Logger, listener: Listener
    ) {
        self.configuration = configuration
        self.store = store
        self.connectors = connectors
        self.source = source
        self.sinks = sinks
        self.clock = clock
        var options = options
        options.clock = clock.shell
        self.options = options
        self.log = log
        self.listener = listener
    }

    // MARK: What can be asked for

    /// Reads the source's next file and seals a plan; writes to no system.
    package func plan(_ request: PlanRequest) async throws -> RunEnd {
        try await running(.source(request.source)) { origin in
            try await meetSystems(request.acceptance)
            try await lookAtOrphans(origin)
            guard let report = try await planNext(request) else { return try await saysLate(request) }
            return end(of: report).and(try await saysLate(request))
        }
    }

    /// Plans the source's next file (with `take: all` each that waits) and carries the plan out unless it is held.
    package func sync(_ request: PlanRequest) async throws -> RunEnd {
        try await running(.source(request.source)) { origin in
            try await meetSystems(request.acceptance)
            try await lookAtOrphans(origin)
            var end = RunEnd.done
            if let open = try await unfinished(origin), try await isStillWanted(open, request) {
                try await listener.tell(.goesOn(open))
                let summary = try await apply(open)
                end = end.and(summary.end)
                // What just failed is not tried again at once: the next run does.
                if !summary.isFinished || summary.errored > 0 { return end.and(try await ending(origin)) }
            }
            while true {
                guard let report = try await planNext(request) else { break }
                let planned = try await carryOut(report, origin)
                end = end.and(planned)
                // Without a file its people were planned from what is kept: there is nothing behind that.
                let goesOn = configuration.source(request.source)?.take == .all && request.file == nil && report.file != nil
                if !goesOn || planned == .held || planned == .unable { break }
            }
            end = end.and(try await tryWaitingRows(besides: origin)).and(try await saysLate(request))
            return end.and(try await ending(origin))
        }
    }

    /// Plans everybody with a date due and carries the plan out unless it is held.
    package func syncDue(_ acceptance: Acceptance = .nothing) async throws -> RunEnd {
        try await running(.due) { origin in
            try await meetSystems(acceptance)
            try await lookAtOrphans(origin)
            if acceptance.contains(.removed) { try await releaseSystems(acceptance, holding: origin) }
            let report = try await planner.planDue(acceptance)
            try await listener.tell(.planned(report, source: nil))
            let end = try await carryOut(report, origin).and(try await tryWaitingRows(besides: origin))
            return end.and(try await ending(origin))
        }
    }

    /// Carries out the plan with this number, or the only one that waits; goes on with one that is being applied.
    ///
    /// - Throws: `InquiryError` for a plan that cannot be applied; of one that a guard holds `notDecidable` says so.
    package func apply(plan ordinal: Int? = nil) async throws -> RunEnd {
        let inquiry = Inquiry(store)
        let chosen = try await inquiry.planToApply(ordinal)
        // Before the lock, too: whoever cannot apply it is told at once, and why.
        try await requireApplicable(chosen)
        return try await running(chosen.origin) { origin in
            // Nobody decides about it from here on.
            let plan = try await inquiry.plan(chosen.ordinal ?? 0)
            try await requireApplicable(plan)
            try await lookAtOrphans(origin)
            let end = try await apply(plan).end
            return end.and(try await ending(origin))
        }
    }

    /// A plan says what comes of the configuration it was made with: carried out under another one, people would get what the rules no longer give, and names
    /// would be chosen by rules that nobody approved.
    private func requireApplicable(_ plan: Plan) async throws {
        try PlanDecision.apply.require(plan)
        if plan.state == .applying { return }
        let changed = configuration.changedValues(since: try await store.values(ofConfiguration: plan.configurationHash))
        if !changed.isEmpty { throw InquiryError.valuesChanged(plan, names: changed) }
        if plan.configurationHash != configuration.hash { throw InquiryError.configurationChanged(plan) }
    }

    /// A person says that the systems are right as they are now: they are asked what they are before anything else, also where nothing is to be planned.
    private func meetSystems(_ acceptance: Acceptance) async throws {
        guard acceptance.contains(.system) else { return }
        let check = RealmCheck(store: store, acceptance: acceptance)
        for (system, connector) in connectors.sorted(by: { $0.key < $1.key }) {
            do {
                _ = try await check.meet(system, connector, at: clock.now())
            } catch let failure as ConnectorFailure {
                try await listener.tell(.remark("\(system) cannot be asked which system it is: \(failure)"))
            }
        }
    }

    // MARK: Plan

    var planner: Planner {
        Planner(configuration: configuration, store: store, connectors: connectors, clock: clock, progress: listener.planning)
    }

    /// Without a new file the source's people who have to be planned are, from the rows that are kept. Nil: it never had a file.
    private func planNext(_ request: PlanRequest) async throws -> PlanReport? {
        guard let configured = configuration.source(request.source) else {
            throw SourceError(file: "birthright.yaml", message: "there is no source '\(request.source)'")
        }
        let sync = source(configured)
        let file = try await nextFile(request, configured, sync)
        if file == nil, try await store.profile(of: configured.name) == nil {
            try await listener.tell(.nothingNew(request.source))
            return nil
        }
        let report = try await plan(request, configured, file, sync)
        let isOldNews = file == nil && report.nothing != nil
        try await listener.tell(isOldNews ? .nothingNew(request.source) : .planned(report, source: request.source))
        return report
    }

    /// Where somebody has let a file through, the plan that was made of it is what there is to do, as long as file and configuration are the same: whoever
    /// comes next, and accepts nothing, does not throw it away.
    private func plan(
        _ request: PlanRequest, _ configured: SourceConfiguration, _ file: String?, _ sync: any SyncSource
    ) async throws -> PlanReport {
        if file == nil, let waiting = try await waiting(configured, sync) { return waiting }
        var report = try await planner.plan(request, file: file, from: sync)
        report.isHandPicked = request.file != nil
        guard !report.breaches.isEmpty, report.breaches.allSatisfy(\.check.isLetThroughWithItsFile),
            let waiting = try await waiting(configured, sync), waiting.file == file
        else { return report }
        return waiting
    }

    // MARK: Plans that an earlier run left unfinished

    /// The plan of this origin that is being applied; at most one has open orders, because a plan takes over what its predecessors left.
    func unfinished(_ origin: Origin) async throws -> Plan? {
        try await store.plan(of: origin, in: [.applying])
    }

    func lookAtOrphans(_ origin: Origin) async throws {
        guard let open = try await unfinished(origin) else { return }
        _ = try await dispatcher.lookAtOrphans(open)
    }

    /// The source has nothing newer than the plan was made from: content, configuration and day are the same.
    private func isStillWanted(_ open: Plan, _ request: PlanRequest) async throws -> Bool {
        guard request.file == nil, let configured = configuration.source(request.source) else { return false }
        guard open.configurationHash == configuration.hash, open.asOf == clock.today(in: configured.timeZone) else { return false }
        let sync = source(configured)
        guard let next = try await nextFile(request, configured, sync) else { return true }
        guard configured.take == .latest, let applied = try await store.profile(of: configured.name) else { return false }
        return try await sync.read(next, header: { _ in }, batch: { _ in }).contentDigest == applied.contentDigest
    }

    // MARK: Apply

    private var dispatcher: Dispatcher {
        Dispatcher(
            store: store, connectors: connectors, maps: configuration.policyMaps,
            substitutes: NameSubstitution(configuration: configuration, store: store, connectors: connectors),
            secrets: OrderSecrets(configuration: configuration, store: store), options: options, log: log, progress: listener.applying)
    }

    @discardableResult
    private func apply(_ plan: Plan, holding back: HeldBack = .nothing) async throws -> ApplySummary {
        var summary = try await dispatcher.apply(plan, holding: back)
        summary.areEventsIncomplete = try await deliver() != .done
        try await listener.tell(.applied(summary, plan))
        return summary
    }

    /// A plan that nothing holds is started. While one is held, or the file is refused, what an older plan still has to do goes on, as far as it may.
    func carryOut(_ report: PlanReport, _ origin: Origin) async throws -> RunEnd {
        let end = end(of: report)
        if report.breaches.isEmpty, let plan = report.plan, plan.state != .held { return end.and(try await apply(plan).end) }
        guard let open = try await unfinished(origin) else { return end }
        let back: HeldBack
        if !report.breaches.isEmpty { back = .newAccess } else { back = report.plan.map { .usersOf($0.id) } ?? .nothing }
        try await listener.tell(.goesOn(open))
        return end.and(try await apply(open, holding: back).end)
    }

    /// Hands the outbox to the sinks; what cannot be delivered now stays in it. An event that was refused for good was announced to nobody either.
    func deliver() async throws -> RunEnd {
        let reports = try await OutboxDelivery(store: store, sinks: sinks, clock: clock.shell, log: log).deliver()
        for (name, report) in reports.sorted(by: { $0.key < $1.key }) {
            for remark in report.remarks { try await listener.tell(.remark("events: \(remark)")) }
            if report.refused > 0 {
                try await listener.tell(.remark("sink \(name) refused \(report.refused) events for good; they stay in the store"))
            }
            if let reason = report.waitsBecause { try await listener.tell(.eventsWait(sink: name, reason: reason)) }
        }
        return reports.values.contains(where: \.isIncomplete) ? .leftAside : .done
    }

    private func eventsEnd() async throws -> RunEnd {
        for sink in sinks.keys where try await !store.undelivered(sink: sink, limit: 1).isEmpty { return try await deliver() }
        return .done
    }

    // MARK: How it ended

    func holding(_ origin: Origin, _ body: (Origin) async throws -> RunEnd) async throws -> RunEnd {
        let lock = try await store.lock(origin)
        defer { lock.release() }
        return try await body(origin)
    }

    /// Without the key nothing secret is sent, and no run ends as if everything were done (the convergence law, Secrets).
    private func running(_ origin: Origin, _ body: (Origin) async throws -> RunEnd) async throws -> RunEnd {
        let end = try await holding(origin, body)
        guard case .lost(let why) = configuration.secrets, configuration.policyMaps.contains(where: { !$0.secrets.isEmpty }) else {
            return end
        }
        try await listener.tell(.remark("nothing secret is sent: \(why)"))
        return end.and(.held)
    }

    /// What planning alone came to.
    private func end(of report: PlanReport) -> RunEnd {
        if !report.breaches.isEmpty || report.plan?.state == .held { return .held }
        var end = RunEnd.done
        if report.leftAside.values.contains(where: \.isAnotherSystem) { end = end.and(.held) }
        if (report.plan?.totals.evaluationsFailed ?? 0) > 0 { end = end.and(.failed) }
        if !report.findings.deletedByHand.isEmpty { end = end.and(.leftAside) }
        if report.quarantined > 0 || report.approvedElsewhere > 0 || report.leftAside.values.contains(where: { $0.accounts > 0 }) {
            end = end.and(.leftAside)
        }
        return end
    }

    /// What is open when the run ends: no run of an origin ends with 0 before its accounts are in their due state.
    func ending(_ origin: Origin) async throws -> RunEnd {
        let open = try await store.openWork()
        let end = open.end(of: origin)
        if end != .done { try await listener.tell(.open(open, of: origin)) }
        // What an earlier run could not announce comes now, also where nothing was to be done.
        return end.and(try await eventsEnd())
    }
}

extension ApplySummary {
    /// What applying came to beside what is open in the store afterwards.
    fileprivate var end: RunEnd {
        var end = RunEnd.done
        if systems.values.contains(where: \.isAnotherSystem) { end = end.and(.held) }
        if !leftOut.isEmpty || areEventsIncomplete { end = end.and(.leftAside) }
        return end
    }
}

extension OpenWork {
    /// Of somebody whom the source does not have, another origin says what became of them: its own next run, or that for due dates.
    private func unknownAccounts(of origin: Origin) -> Int {
        if case .source(let source) = origin { unknownOfSource[source] ?? 0 } else { unknownAccounts }
    }

    /// How a run of this origin ends when this is open (law.md, Exit).
    package func end(of origin: Origin) -> RunEnd {
        var end = RunEnd.done
        let mine = orders[origin] ?? Orders()
        if mine.failed > 0 || mine.transmitted > 0 || unknownAccounts(of: origin) > 0 { end = end.and(.failed) }
        if unknownAccounts > 0 { end = end.and(.leftAside) }
        if mine.waiting + mine.awaitingApproval > 0 { end = end.and(.leftAside) }
        if orders.contains(where: { $0.key != origin && !$0.value.isEmpty }) { end = end.and(.leftAside) }
        if waitingPlans.contains(where: { $0.key != origin && $0.value > 0 }) { end = end.and(.leftAside) }
        if missedAccounts > 0 || leftAside.values.contains(where: { $0 > 0 }) { end = end.and(.leftAside) }
        if quarantined.values.contains(where: { $0 > 0 }) { end = end.and(.leftAside) }
        if mappedOfOld.values.contains(where: { $0 > 0 }) { end = end.and(.leftAside) }
        return end
    }
}
