package import Contracts
package import IdentityModel
package import Logging
package import Planning

/// The plan is not one that can be applied.
package struct NotApplicable: Error, Hashable, Sendable, CustomStringConvertible {
    package let ordinal: Int?
    package let state: PlanState

    package init(ordinal: Int?, state: PlanState) {
        self.ordinal = ordinal
        self.state = state
    }

    package var description: String { "plan \(ordinal.map(String.init) ?? "without a number") is \(state.rawValue) and cannot be applied" }
}

/// Carries out a sealed plan: every order once, whatever dies in between.
package struct Dispatcher: Sendable {
    private let store: any Store
    private let systems: [SystemName: ManagedSystem]
    private let substitutes: any SubstitutesNames
    private let options: DispatchOptions
    private let log: Logger
    private let progress: @Sendable (ApplyProgress) -> Void

    package init(
        store: any Store, connectors: [SystemName: any Connector], maps: [PolicyMap], substitutes: any SubstitutesNames,
        options: DispatchOptions,
        log: Logger, progress: @escaping @Sendable (ApplyProgress) -> Void
    ) {
        let systems = maps.compactMap { map in connectors[map.system].map { ManagedSystem(map, connector: $0) } }
        self.init(store: store, systems: systems, substitutes: substitutes, options: options, log: log, progress: progress)
    }

    package init(
        store: any Store, systems: [ManagedSystem], substitutes: any SubstitutesNames, options: DispatchOptions, log: Logger,
        progress: @escaping @Sendable (ApplyProgress) -> Void
    ) {
        self.store = store
        self.systems = Dictionary(systems.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.substitutes = substitutes
        self.options = options
        self.log = log
        self.progress = progress
    }

    /// Applies a plan from wherever it stands: one that is ready or approved is started; one that is being applied is gone on with, as after a
    /// crash or an outage. The caller holds the origin's lock. Orders that cannot be done now stay, and so does the plan.
    package func apply(_ plan: Plan) async throws -> ApplyOutcome {
        let isFresh: Bool
        switch plan.state {
        case .ready, .approved: isFresh = true
        case .applying: isFresh = false
        case .open, .held, .rejected, .superseded, .applied, .discarded: throw NotApplicable(ordinal: plan.ordinal, state: plan.state)
        }
        guard let ordinal = plan.ordinal else { throw NotApplicable(ordinal: nil, state: plan.state) }
        if isFresh, case .stale(let changed) = try await store.startApplying(plan.id, at: options.clock.now()) { return .stale(changed) }
        let committer = Committer(
            plan: plan, ordinal: ordinal, store: store, clock: options.clock, isFresh: isFresh,
            isSingleSystem: isFresh && systems.count == 1)
        var summary = ApplySummary()
        summary.evaluationsFailed = plan.totals.evaluationsFailed
        summary.events = try await committer.report(usersWith: [.evaluationFailed], onlySettled: true)
        try await runLanes(plan, committer, orphans: isFresh ? [] : store.transmitted(plan.id), &summary)
        try Task.checkCancellation()
        try await end(plan, committer, &summary)
        return .applied(summary)
    }

    // MARK: Lanes

    private typealias Finished = (system: SystemName, summary: SystemSummary, events: Int)

    /// Systems in parallel; one that requires others begins when they are through.
    private func runLanes(
        _ plan: Plan, _ committer: Committer, orphans: [ProvisioningOrder], _ summary: inout ApplySummary
    ) async throws {
        let pending = try await store.pending(plan.id)
        let orphansOfSystem = Dictionary(grouping: orphans, by: \.system)
        var waiting = Set(pending.keys).union(orphansOfSystem.keys)
        var running: Set<SystemName> = []
        try await withThrowingTaskGroup(of: Finished.self) { group in
            while true {
                for name in startable(waiting, running) {
                    waiting.remove(name)
                    running.insert(name)
                    let mine = orphansOfSystem[name] ?? []
                    let total = (pending[name]?.count ?? 0) + mine.count
                    group.addTask { try await run(plan, name, committer, orphans: mine, total: total) }
                }
                guard let finished = try await group.next() else { break }
                running.remove(finished.system)
                summary.systems[finished.system] = finished.summary
                summary.events += finished.events
            }
        }
    }

    /// Systems whose required systems are through. Systems that require each other in a circle all start.
    private func startable(_ waiting: Set<SystemName>, _ running: Set<SystemName>) -> [SystemName] {
        let open = waiting.union(running)
        let free = waiting.filter { name in !(systems[name]?.requires.contains { $0 != name && open.contains($0) } ?? false) }
        return free.isEmpty && running.isEmpty ? waiting.sorted() : free.sorted()
    }

    @concurrent private func run(
        _ plan: Plan, _ name: SystemName, _ committer: Committer, orphans: [ProvisioningOrder], total: Int
    ) async throws -> Finished {
        var summary = SystemSummary()
        guard let system = systems[name] else {
            summary.outage = ConnectorFailure(.unavailable, "no policy map and no connector for \(name) is configured")
            return (name, summary, 0)
        }
        let requirements = Requirements(plan: plan.id, system: system, store: store, committer: committer, options: options)
        let (withdrawn, eventsBefore, parking) = try await requirements.enforce()
        let lane = Lane(
            plan: plan.id, system: system, store: store, committer: committer, substitutes: substitutes, options: options, log: log,
            progress: { now in
                progress(ApplyProgress(system: name, settled: now.settled + withdrawn, errored: now.errored, total: total))
            })
        let (lanes, events) = try await lane.run(orphans: orphans, parking: parking)
        summary = lanes
        summary.withdrawn += withdrawn
        return (name, summary, events + eventsBefore)
    }

    // MARK: The end of the run

    private func end(_ plan: Plan, _ committer: Committer, _ summary: inout ApplySummary) async throws {
        let left = try await store.pending(plan.id)
        let transmitted = try await store.transmitted(plan.id)
        for (name, orders) in left { summary.systems[name, default: SystemSummary()].waiting += orders.count }
        for order in transmitted { summary.systems[order.system, default: SystemSummary()].waiting += 1 }
        summary.isFinished = left.isEmpty && transmitted.isEmpty
        let open: [OrderState] = summary.isFinished ? [.awaitingApproval] : [.pending, .transmitted, .awaitingApproval]
        summary.events += try await committer.report(usersWith: open, onlySettled: false)
        if summary.isFinished { try await store.finish(plan.id, at: options.clock.now()) }
    }
}
