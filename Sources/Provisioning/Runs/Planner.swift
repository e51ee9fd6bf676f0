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
    /// - Throws: `SourceError` when the file cannot be read, `ConnectorFailure` when a system that has to be asked cannot be, `StoreError`.
    package func plan(_ request: PlanRequest, file: String?, from sync: any SyncSource) async throws -> PlanReport {
        guard let source = configuration.source(request.source) else {
            throw SourceError(file: "birthright.yaml", message: "there is no source '\(request.source)'")
        }
        let days = clock.days(of: configuration.sources)
        var report = PlanReport()
        report.file = file
        report.breaches = try await removedSources(besides: request.accepted)
        guard report.breaches.isEmpty else { return report }
        let plan = try await store.begin(
            .source(source.name), configurationHash: configuration.hash, asOf: days[source.name], at: clock.now())
        do {
            let previous = try await store.profile(of: source.name)
            let run = SourceRun(
                configuration: configuration, source: source, request: request, store: store, connectors: connectors, plan: plan,
                days: days, previous: previous, progress: progress)
            let marks = MarkCollector(expecting: previous?.rowCount ?? 0)
            let store = self.store
            async let loaded: Void = store.marks(of: source.name, asOf: days.latest) { marks.insert($0) }
            try await loaded
            let profile: SourceProfile
            if let file {
                let end = try await sync.read(
                    file, header: { header in try await run.begin(header, marks: marks) }, batch: { batch in try await run.take(batch) })
                profile = try await run.end(end)
            } else {
                guard let previous else { throw SourceError(file: source.files, message: "no file was applied yet") }
                profile = try await run.planKept(marks, previous: previous)
            }
            report.warnings = await run.warnings
            report.format = await run.format
            let counts = await run.counts
            report.quarantined = counts.quarantined
            var ingest = PlanTotals()
            ingest.rowsRead = counts.rows
            ingest.rowsUnchanged = counts.unchanged
            ingest.rowsQuarantined = counts.quarantined
            if file == nil, previous == profile, await run.hasNothing {
                try await store.decide(plan.id, .discarded, by: "birthright", reason: "nothing to plan", at: clock.now())
                report.isEmpty = true
                return report
            }
            return try await seal(plan, ingest: ingest, profile: (source.name, profile), report: report)
        } catch let broken as ContractBroken {
            report.breaches = broken.breaches
            let reason = broken.breaches.map(\.description).joined(separator: "; ")
            try await store.decide(plan.id, .discarded, by: "file contract", reason: "\(file ?? source.files): \(reason)", at: clock.now())
            return report
        } catch {
            // Whatever stopped it: nothing of an unsealed plan stays.
            try? await store.decide(plan.id, .discarded, by: "birthright", reason: "planning stopped: \(error)", at: clock.now())
            throw error
        }
    }

    /// Plans every user with a date due; and, where somebody accepted it, those whom sources claimed that left the configuration. The caller holds the lock of
    /// the origin `due`.
    package func planDue(accepted: Set<ContractBreach.Check> = []) async throws -> PlanReport {
        var report = PlanReport()
        report.breaches = try await removedSources(besides: accepted)
        guard report.breaches.isEmpty else { return report }
        // Each date is a midnight in the zone of the source that decides about its person: whoever may be due is looked at.
        let days = clock.days(of: configuration.sources)
        let plan = try await store.begin(.due, configurationHash: configuration.hash, asOf: days[nil], at: clock.now())
        do {
            let chunks = ChunkRun(
                configuration: configuration, source: nil, store: store, connectors: connectors, plan: plan, days: days)
            for source in try await store.claimants(besides: configuration.sources.map(\.name)).keys.sorted() {
                try await eachPage {
                    try await store.users(claimedBy: source, after: $0, limit: SourceRun.chunkSize)
                } body: { users in
                    try await chunks.planRemoved(users)
                }
            }
            try await eachPage {
                try await store.dueUsers(asOf: days.latest, after: $0, limit: SourceRun.chunkSize)
            } body: { users in
                try await chunks.planDue(users)
                let counts = await chunks.counts
                progress(PlanProgress(rows: 0, users: counts.users, orders: counts.orders))
            }
            try await chunks.finishSaving()
            report.warnings = await chunks.notes.sentences
            return try await seal(plan, ingest: PlanTotals(), profile: nil, report: report)
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

    /// People are known from sources that the configuration no longer has: somebody has to say that they are to go.
    private func removedSources(besides accepted: Set<ContractBreach.Check>) async throws -> [ContractBreach] {
        guard !accepted.contains(.removed) else { return [] }
        return try await store.claimants(besides: configuration.sources.map(\.name)).sorted { $0.key < $1.key }.map { source, count in
            ContractBreach(
                check: .removed,
                message:
                    "the source '\(source)' is no longer in the configuration, and \(people(count)) \(count == 1 ? "is" : "are") known from it"
            )
        }
    }

    // MARK: Sealing

    private func seal(_ plan: Plan, ingest: PlanTotals, profile: (SourceName, SourceProfile)?, report: PlanReport) async throws
        -> PlanReport
    {
        var plan = plan
        var report = report
        let seal = SealCollector(PlanSeal(origin: plan.origin, configurationHash: plan.configurationHash, asOf: plan.asOf))
        try await store.documents(of: plan.id) { seal.add($0) }
        let digest = seal.finalized()
        let waiting = try await store.plan(of: plan.origin, in: [.ready, .held, .approved])
        if let waiting, waiting.seal == digest {
            try await store.decide(
                plan.id, .discarded, by: "birthright", reason: "the same as plan \(waiting.ordinal ?? 0)", at: clock.now())
            report.plan = waiting
            report.isKept = true
            return report
        }
        plan.seal = digest
        plan.totals = try await store.totals(of: plan.id)
        plan.totals.rowsRead = ingest.rowsRead
        plan.totals.rowsUnchanged = ingest.rowsUnchanged
        plan.totals.rowsQuarantined = ingest.rowsQuarantined
        plan.warnings = report.warnings
        let window = plan.asOf.adding(days: 1 - configuration.guards.windowDays)
        plan.verdicts = Guards.verdicts(
            effects: plan.totals.effects, enabled: try await store.enabledAccounts(), recent: try await store.appliedEffects(since: window),
            settings: configuration.guards)
        plan.state = plan.verdicts.isEmpty ? .ready : .held
        report.plan = try await store.seal(plan, profile: profile, superseding: waiting?.id, at: clock.now())
        return report
    }
}

/// Feeds the seal from the store's reading thread.
private final class SealCollector: @unchecked Sendable {
    private let lock = PlainLock()
    private var seal: PlanSeal

    init(_ seal: PlanSeal) { self.seal = seal }
    func add(_ document: UnsafeRawBufferPointer) { lock.withLock { seal.add(document) } }
    func finalized() -> String { lock.withLock { seal.finalized() } }
}
