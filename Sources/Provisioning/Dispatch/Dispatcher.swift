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
    private let secrets: (any MakesSecrets)?
    private let options: DispatchOptions
    private let log: Logger
    private let progress: @Sendable (ApplyProgress) -> Void

    package init(
        store: any Store, connectors: [SystemName: any Connector], maps: [PolicyMap], substitutes: any SubstitutesNames,
        secrets: (any MakesSecrets)? = nil, options: DispatchOptions,
        log: Logger, progress: @escaping @Sendable (ApplyProgress) -> Void
    ) {
        let systems = maps.compactMap { map in connectors[map.system].map { ManagedSystem(map, connector: $0) } }
        self.init(
            store: store, systems: systems, substitutes: substitutes, secrets: secrets, options: options, log: log, progress: progress)
    }

    package init(
        store: any Store, systems: [ManagedSystem], substitutes: any SubstitutesNames, secrets: (any MakesSecrets)? = nil,
        options: DispatchOptions, log: Logger, progress: @escaping @Sendable (ApplyProgress) -> Void
    ) {
        self.store = store
        self.systems = Dictionary(systems.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.substitutes = substitutes
        self.secrets = secrets
        self.options = options
        self.log = log
        self.progress = progress
    }

    /// Applies a plan from wherever it stands: one that is ready or approved is started; one that is being applied is gone on with, as after a
    /// crash or an outage. The caller holds the origin's lock. Orders that cannot be done now stay, and so does the plan.
    ///
    /// - Throws: `SealBroken` when the plan is not the one that was sealed; `NotApplicable`; `StoreError`.
    package func apply(_ plan: Plan, holding back: HeldBack = .nothing) async throws -> ApplySummary {
        let isFresh: Bool
        switch plan.state {
        case .ready, .approved: isFresh = true
        case .applying: isFresh = false
        case .open, .held, .rejected, .superseded, .applied, .abandoned, .discarded:
            throw NotApplicable(ordinal: plan.ordinal, state: plan.state)
        }
        guard let ordinal = plan.ordinal else { throw NotApplicable(ordinal: nil, state: plan.state) }
        var summary = ApplySummary()
        var takesOver = plan.totals.kept > 0
        // Of a plan that goes on nobody remembers.
        var meetsOthers = true
        if isFresh {
            guard try await PlanSeal.compute(plan, store) == plan.seal else { throw SealBroken(ordinal: ordinal) }
            let started = try await store.startApplying(plan.id, at: options.clock.now())
            summary.leftOut = started.leftOut
            summary.superseded = started.superseded
            takesOver = takesOver || started.takesOver || started.superseded > 0
            meetsOthers = started.meetsOthers
        }
        let committer = Committer(
            plan: plan, ordinal: ordinal, store: store, clock: options.clock, isFresh: isFresh && !takesOver,
            isSingleSystem: isFresh && systems.count == 1 && !takesOver, pendingAfterMilliseconds: options.pendingAfterMilliseconds)
        summary.evaluationsFailed = plan.totals.evaluationsFailed
        summary.events = try await committer.closeSuperseded()
        summary.events += try await committer.report(usersWith: [.evaluationFailed], onlySettled: true)
        let orphans = isFresh ? [] : try await store.transmitted(plan.id)
        summary.heldBack = try await store.resume(plan.id, holding: back.filter, at: options.clock.now())
        try await runLanes(plan, committer, orphans: orphans, Mode(meetsOthers: meetsOthers), &summary)
        try Task.checkCancellation()
        try await end(plan, committer, &summary)
        return summary
    }

    /// Looks at orders that a run which is no more had sent: what happened is settled, what did not happen waits again, and what cannot be asked stays as it is.
    /// Writes to no system.
    package func lookAtOrphans(_ plan: Plan) async throws -> ApplySummary {
        var summary = ApplySummary()
        let orphans = try await store.transmitted(plan.id)
        guard !orphans.isEmpty, let ordinal = plan.ordinal else { return summary }
        let committer = Committer(
            plan: plan, ordinal: ordinal, store: store, clock: options.clock, isFresh: false, isSingleSystem: false,
            pendingAfterMilliseconds: options.pendingAfterMilliseconds)
        try await runLanes(plan, committer, orphans: orphans, Mode(isLooking: true), &summary)
        summary.events += try await committer.closeSuperseded()
        return summary
    }

    // MARK: Lanes

    private struct Mode {
        /// Orphans are looked at, and nothing is sent.
        var isLooking = false
        /// Orders of other plans were under way when the plan started.
        var meetsOthers = false
    }

    private typealias Finished = (system: SystemName, summary: SystemSummary, events: Int)

    /// Systems in parallel; one that requires others begins when they are through.
    private func runLanes(
        _ plan: Plan, _ committer: Committer, orphans: [ProvisioningOrder], _ mode: Mode, _ summary: inout ApplySummary
    ) async throws {
        let pending = mode.isLooking ? [:] : try await store.pending(plan.id)
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
                    group.addTask { try await run(plan, name, committer, orphans: mine, total: total, mode) }
                }
                guard let finished = try await group.next() else { break }
                running.remove(finished.system)
                summary.systems[finished.system] = finished.summary
                summary.leftOut += finished.summary.leftOut
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
        _ plan: Plan, _ name: SystemName, _ committer: Committer, orphans: [ProvisioningOrder], total: Int, _ mode: Mode
    ) async throws -> Finished {
        var summary = SystemSummary()
        guard let system = systems[name] else {
            summary.outage = ConnectorFailure(.unavailable, "no policy map and no connector for \(name) is configured")
            return (name, summary, 0)
        }
        if try await !meet(system, &summary) { return (name, summary, 0) }
        let lease = try await lease(name)
        defer { lease.release() }
        let (leftOut, eventsOfThose) = mode.meetsOthers ? try await leaveOutOvertaken(plan, name, committer) : ([], 0)
        let requirements = Requirements(
            plan: plan.id, system: system, lease: lease.term, store: store, committer: committer, options: options)
        let (withdrawn, eventsBefore, parking) = mode.isLooking ? (0, 0, 0) : try await requirements.enforce()
        let lane = Lane(
            plan: plan.id, system: system, lease: lease.term, store: store, committer: committer, substitutes: substitutes,
            secrets: secrets, options: options,
            log: log,
            progress: { now in
                progress(
                    ApplyProgress(
                        system: name, settled: now.settled + withdrawn, errored: now.errored, total: max(total, now.settled + withdrawn)))
            })
        let (lanes, events) = try await lane.run(orphans: orphans, parking: parking, isLooking: mode.isLooking)
        summary = lanes
        summary.withdrawn += withdrawn
        summary.leftOut = leftOut
        return (name, summary, events + eventsBefore + eventsOfThose)
    }

    /// When a plan starts, orders of another one may be under way. What they make of an account is known as soon as the system is ours: what was planned on the
    /// account as it was before is left out like everything that changed by the start, and planned again.
    private func leaveOutOvertaken(_ plan: Plan, _ system: SystemName, _ committer: Committer) async throws -> (said: [String], events: Int)
    {
        let overtaken = try await store.overtaken(plan.id, on: system)
        guard !overtaken.isEmpty else { return ([], 0) }
        let events = try await committer.withdraw(
            overtaken, because: "the account changed since the plan was made: an order of another plan was under way", planAgain: true)
        let lines = overtaken.map {
            "the account of \($0.userKey) on \(system) was changed by an order that was under way, and is planned again"
        }
        return (lines.count > 20 ? lines.prefix(20) + ["and \(lines.count - 20) more"] : lines, events)
    }

    /// A run of another origin that writes to the system is waited for: nobody can say what an account is like that somebody else is changing.
    private func lease(_ system: SystemName) async throws -> any SystemLease {
        var attempts = 0
        while true {
            if let lease = try await freeLease(system) { return lease }
            attempts += 1
            // An operator sees nothing else of a run that waits.
            if attempts == 20 { log.warning("\(system): another run is writing to it; this one goes on when that one is through") }
            try await options.clock.sleep(100)
        }
    }

    /// Nil: another run has it.
    private func freeLease(_ system: SystemName) async throws -> (any SystemLease)? {
        do throws(StoreError) {
            return try await store.lease(system)
        } catch {
            if case .leased = error { return nil }
            throw error
        }
    }

    /// The first question to a system is which one it is; false: nothing is to be sent there now.
    private func meet(_ system: ManagedSystem, _ summary: inout SystemSummary) async throws -> Bool {
        do {
            let check = RealmCheck(store: store, acceptance: .nothing)
            guard let refusal = try await check.meet(system.name, system.connector, at: options.clock.now()).refusal else { return true }
            summary.outage = refusal
            summary.isAnotherSystem = true
            return false
        } catch let failure as ConnectorFailure {
            summary.outage = failure
            log.warning("\(system.name): \(failure)")
            return false
        }
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

extension HeldBack {
    fileprivate var filter: OrdersHeldBack {
        switch self {
        case .nothing: .none
        case .usersOf(let plan): .usersOf(plan)
        case .newAccess: .operations([.create, .enable])
        }
    }
}
