package import Contracts
package import IdentityModel
package import Planning

/// Planning runs: source or due dates in, a sealed plan (or the reason why there is none) out. Writes nothing outside the store.
package struct Planner: Sendable {
    let configuration: Configuration
    let store: any Store
    let connectors: [SystemName: any Connector]
    let clock: RunClock
    let progress: @Sendable (PlanProgress) -> Void

    package init(
        configuration: Configuration, store: any Store, connectors: [SystemName: any Connector], clock: RunClock,
        progress: @escaping @Sendable (PlanProgress) -> Void
    ) {
        self.configuration = configuration
        self.store = store
        self.connectors = connectors
        self.clock = clock
        self.progress = progress
    }

    /// Plans one file of a source; nil: its people who have to be planned although there is no new file, from the rows that are kept. The caller holds the lock of the source's origin.
    ///
    /// A system that cannot be asked is left aside, and named in the report.
    /// - Throws: `SourceError` when the file cannot be read, `StoreError`.
    package func plan(_ request: PlanRequest, file: String?, from sync: any SyncSource) async throws -> PlanReport {
        guard let source = configuration.source(request.source) else {
            throw SourceError(file: "birthright.yaml", message: "there is no source '\(request.source)'")
        }
        let days = clock.days(of: configuration.sources)
        var report = PlanReport()
        report.file = file
        // What is accepted of these ends with the dates that are due.
        report.breaches = try await removedParts()
        guard report.breaches.isEmpty else { return report }
        let plan = try await store.begin(
            .source(source.name), configurationHash: configuration.hash, asOf: days[source.name], at: clock.now())
        return try await discarding(plan, report) {
            let previous = try await store.profile(of: source.name)
            let systems = systemsAtHand
            let run = SourceRun(
                configuration: configuration, source: source, request: request, store: store, systems: systems,
                approvedElsewhere: try await store.usersOfApprovedPlans(except: plan.origin), plan: plan, days: days, previous: previous,
                progress: progress)
            let marks = MarkCollector(expecting: previous?.rowCount ?? 0)
            try await store.marks(of: source.name, asOf: days.ofRun(source.name)) { marks.insert($0) }
            let profile: SourceProfile
            if let file {
                let end = try await sync.read(
                    file, header: { header in try await run.begin(header, marks: marks) }, batch: { batch in try await run.take(batch) })
                profile = try await run.end(end)
            } else {
                guard let previous else { throw SourceError(file: source.files, message: "no file was applied yet") }
                profile = try await run.planKept(marks, previous: previous)
            }
            var made = PlanMade(profile: (source.name, profile))
            report.warnings = await run.warnings
            report.format = await run.format
            report.findings = await run.findings
            try await audit(request.acceptance, await run.accepted, report.findings, plan)
            let counts = await run.counts
            report.quarantined = counts.quarantined
            made.ingest.rowsRead = counts.rows
            made.ingest.rowsUnchanged = counts.unchanged
            made.ingest.rowsQuarantined = counts.quarantined
            let accounts = await run.accounts
            made.evaluations = accounts.evaluated
            made.dereferences = await run.dereferences
            report.approvedElsewhere = accounts.approvedElsewhere
            report.leftAside = await systems.report
            return try await seal(plan, made, report: report)
        }
    }

    /// Plans every user with a date due, and whoever is not settled, whatever becomes of their source's files; and, where somebody accepted it, those whom sources claimed that left the configuration. The caller holds the lock of
    /// the origin `due`.
    package func planDue(_ acceptance: Acceptance = .nothing) async throws -> PlanReport {
        var report = PlanReport()
        let removed = try await removedParts()
        report.breaches = acceptance.contains(.removed) ? [] : removed
        guard report.breaches.isEmpty else { return report }
        // Each date is a midnight in the zone of the source that decides about its person: whoever may be due is looked at.
        let days = clock.days(of: configuration.sources)
        let plan = try await store.begin(.due, configurationHash: configuration.hash, asOf: days[nil], at: clock.now())
        return try await discarding(plan, report) {
            let systems = systemsAtHand
            let chunks = ChunkRun(
                configuration: configuration, source: nil, store: store, systems: systems, plan: plan, days: days,
                approvedElsewhere: try await store.usersOfApprovedPlans(except: .due), acceptance: acceptance)
            for source in try await store.claimants(besides: configuration.sources.map(\.name)).keys.sorted() {
                try await eachPage {
                    try await store.users(claimedBy: source, orOnce: false, after: $0, limit: SourceRun.chunkSize)
                } body: { users in
                    try await chunks.planRemoved(users)
                }
            }
            try await planUnsettled(chunks)
            try await eachPage {
                try await store.dueUsers(asOf: days.ofRun(nil), after: $0, limit: SourceRun.chunkSize)
            } body: { users in
                try await chunks.planDue(users)
                let counts = await chunks.counts
                progress(PlanProgress(rows: 0, users: counts.users, orders: counts.orders))
            }
            try await chunks.planPostponed()
            try await chunks.finishSaving()
            try await chunks.refuseOvertaken()
            var report = report
            report.findings = await chunks.findings
            report.warnings = await chunks.notes.sentences + report.findings.warnings
            try await audit(acceptance, removed, report.findings, plan)
            report.leftAside = await systems.report
            report.approvedElsewhere = await chunks.counts.approvedElsewhere
            var made = PlanMade()
            made.evaluations = await chunks.counts.evaluations
            made.dereferences = await chunks.dereferences
            return try await seal(plan, made, report: report)
        }
    }

    /// Whoever is not settled; and, where a source's file was refused, everybody of the source whom an edit of the configuration has not reached.
    private func planUnsettled(_ chunks: ChunkRun) async throws {
        var unreached: [SourceName] = []
        var isAllReached = false
        for source in try await store.sourcesWithoutPlan() where configuration.source(source) != nil {
            guard let profile = try await store.profile(of: source) else { continue }
            if profile.configurationHash == configuration.hash { isAllReached = true } else { unreached.append(source) }
        }
        // Somebody is to decide about them first; about those of a source that has left the configuration nobody will.
        let withheld = try await store.usersWithheld(of: configuration.sources.map(\.name))
        // Whom an edit was applied to that is undone by now.
        let ofAllSources = isAllReached && unreached.isEmpty
        var last: UserID?
        while let users = try await Optional(store.unsettledUsers(ofAllSources: ofAllSources, after: last, limit: SourceRun.chunkSize)),
            !users.isEmpty
        {
            try await chunks.planUnsettled(users.filter { !withheld.contains($0.id) })
            last = users.last?.id
        }
        for source in unreached {
            try await eachPage {
                try await store.users(claimedBy: source, orOnce: true, after: $0, limit: SourceRun.chunkSize)
            } body: { users in
                try await chunks.planUnsettled(users.filter { !withheld.contains($0) }.map { UnsettledUser($0, .configuration) })
            }
        }
        // Whom this run has marked after their page: a look that met their entry gone is followed by what is to be done about it.
        while true {
            let marked = await chunks.takeMarkedAnew()
            if marked.isEmpty { break }
            try await chunks.planUnsettled(marked.filter { !withheld.contains($0) }.map { UnsettledUser($0, .account) })
        }
    }

    private var systemsAtHand: SystemsAtHand {
        SystemsAtHand(connectors, realms: RealmCheck(store: store, acceptance: .nothing), clock: clock.shell)
    }

    /// Who let this run go past what it met, and why: each breach, and each account.
    private func audit(_ acceptance: Acceptance, _ breaches: [ContractBreach], _ findings: AccountFindings, _ plan: Plan) async throws {
        let now = clock.now()
        try await store.record(acceptance.audit(breaches, plan: plan.id, at: now) + findings.audit(acceptance, plan: plan.id, at: now))
    }

    /// Whatever stops planning: nothing of an unsealed plan stays.
    private func discarding(_ plan: Plan, _ report: PlanReport, _ body: () async throws -> PlanReport) async throws -> PlanReport {
        do {
            return try await body()
        } catch let broken as ContractBroken {
            var report = report
            report.breaches = broken.breaches
            let reason = broken.breaches.map(\.description).joined(separator: "; ")
            try await store.decide(
                plan.id, .discarded, by: "file contract", reason: "\(report.file ?? ""): \(reason)", at: clock.now())
            return report
        } catch {
            try? await store.decide(plan.id, .discarded, by: "birthright", reason: "planning stopped: \(error)", at: clock.now())
            throw error
        }
    }

    private func eachPage(_ page: (UserID?) async throws -> [UserID], body: ([UserID]) async throws -> Void) async throws {
        var after: UserID?
        while let users = try await Optional(page(after)), let last = users.last {
            try await body(users)
            after = last
        }
    }

    /// People are known from sources, or have accounts on systems, that the configuration no longer has: somebody has to say that this is meant.
    private func removedParts() async throws -> [ContractBreach] {
        let systems = configuration.policyMaps.map(\.system)
        try await store.takeBack(systems, at: clock.now())
        let sources = try await store.claimants(besides: configuration.sources.map(\.name)).sorted { $0.key < $1.key }.map {
            source, count in
            "the source '\(source)' is no longer in the configuration, and \(people(count)) \(count == 1 ? "is" : "are") known from it"
        }
        let left = try await store.systemsLeft(besides: systems).sorted { $0.key < $1.key }.map { system, count in
            Planner.words(system, people: count)
        }
        return (sources + left).map { ContractBreach(check: .removed, message: $0) }
    }

    static func words(_ system: SystemName, people count: Int) -> String {
        "the managed system '\(system)' is no longer in the configuration, and \(people(count)) "
            + (count == 1 ? "has an account or an order there" : "have accounts or orders there")
    }

    // MARK: Sealing

    /// What a run puts into its plan beside changes and orders.
    private struct PlanMade {
        var ingest = PlanTotals()
        var evaluations = 0
        /// Accounts that will point at nobody, beside those whose orders say so.
        var dereferences: [SystemName: Int] = [:]
        var profile: (SourceName, SourceProfile)?
    }

    private func seal(_ plan: Plan, _ made: PlanMade, report: PlanReport) async throws -> PlanReport {
        var plan = plan
        var report = report
        plan.totals = try await store.totals(of: plan.id)
        for (system, count) in made.dereferences { plan.totals.effects[system, default: [:]][.dereference, default: 0] += count }
        plan.totals.rowsRead = made.ingest.rowsRead
        plan.totals.rowsUnchanged = made.ingest.rowsUnchanged
        plan.totals.rowsQuarantined = made.ingest.rowsQuarantined
        plan.warnings = report.warnings
        plan.verdicts = Guards.verdicts(try await facts(plan, made), configuration.guards)
        if plan.verdicts.isEmpty, plan.totals.isEmpty, try await store.saysNothingNew(plan.id, ofFile: report.file != nil) {
            return try await accept(plan, made, report)
        }
        if let abandoned = try await store.abandoned(plan.origin) { plan.verdicts.append(.after(abandoning: abandoned)) }
        plan.seal = try await PlanSeal.compute(plan, store)
        let waiting = try await store.plan(of: plan.origin, in: [.ready, .held, .approved])
        if let waiting, waiting.seal == plan.seal {
            try await store.decide(
                plan.id, .discarded, by: "birthright", reason: "the same as plan \(waiting.ordinal ?? 0)", at: clock.now())
            report.plan = waiting
            report.isKept = true
            return report
        }
        plan.state = plan.verdicts.isEmpty ? .ready : .held
        try await store.keepValues(configuration.outsideValues, ofConfiguration: plan.configurationHash)
        report.plan = try await store.seal(plan, profile: made.profile, superseding: waiting?.id, at: clock.now())
        return report
    }

    /// Nothing comes of the file: it is accepted as it is, and there is no plan. One that waits would do what nobody asks for any more.
    private func accept(_ plan: Plan, _ made: PlanMade, _ report: PlanReport) async throws -> PlanReport {
        var report = report
        if let waiting = try await store.plan(of: plan.origin, in: [.ready, .held, .approved]) {
            try await store.decide(
                waiting.id, .superseded, by: "birthright", reason: "\(report.file ?? "\(plan.origin)") asks for nothing", at: clock.now())
        }
        try await store.accept(plan.id, profile: made.profile, at: clock.now())
        report.nothing = plan
        return report
    }

    private func facts(_ plan: Plan, _ made: PlanMade) async throws -> Guards.Facts {
        var facts = Guards.Facts()
        facts.effects = plan.totals.effects
        facts.enabled = try await store.enabledAccounts()
        facts.recent = try await store.recentEffects(configuration.guards, before: clock.now())
        facts.rows = made.ingest.rowsRead
        facts.newlyQuarantined = try await store.newQuarantines(of: plan.id)
        facts.evaluations = made.evaluations
        facts.newlyFailed = plan.totals.evaluationsFailed - plan.totals.evaluationsFailedBefore
        return facts
    }
}

extension PlanSeal {
    /// The seal of a plan as it stands in the store.
    package static func compute(_ plan: Plan, _ store: any PlanningStore) async throws(StoreError) -> String {
        let seal = SealCollector(PlanSeal(origin: plan.origin, configurationHash: plan.configurationHash))
        try await store.documents(of: plan.id) { seal.add($0) }
        return seal.finalized()
    }
}

/// Feeds the seal from the store's reading thread.
private final class SealCollector: @unchecked Sendable {
    private let lock = PlainLock()
    private var seal: PlanSeal

    init(_ seal: consuming PlanSeal) { self.seal = seal }
    func add(_ document: UnsafeRawBufferPointer) { lock.withLock { seal.add(document) } }
    func finalized() -> String { lock.withLock { seal.finalized() } }
}

extension SourceDays {
    fileprivate func ofRun(_ source: SourceName?) -> RunDays { RunDays(latest: latest, earliest: earliest, own: self[source]) }
}
