internal import Contracts
internal import IdentityModel
internal import Logging

/// One system's orders of a plan, from the first that waits to the last that can be done now.
///
/// Batches are prepared one after the other and carried out side by side (`batchesInFlight`): while one is kept, the next is written.
struct Lane: Sendable {
    let plan: PlanID
    let system: ManagedSystem
    let store: any Store
    let committer: Committer
    let substitutes: any SubstitutesNames
    let secrets: (any MakesSecrets)?
    let options: DispatchOptions
    let log: Logger
    let progress: @Sendable (SystemSummary) -> Void
    let recent = RecentNames()
    let renames = Renames()

    /// Where the lane stands.
    struct Course {
        var summary = SystemSummary()
        var events = 0
        var wave = 0
        /// The wave before this one settled nothing: what waits for references waits in vain.
        var isForced = false
        var hasProgressed = false
        /// Transmitted, and the answer was lost.
        var lost: [LostOrder] = []
        var wasReached = false
        /// Nil: not asked yet, or it could not be asked.
        var realm: Realm?
        var fruitlessReconnects = 0
        /// Orders of batches that are being carried out.
        var underWay: [Int: DispatchBatch] = [:]
        var nextBatch = 0
    }

    /// What a batch that was carried out reports.
    private struct Report: Sendable {
        let batch: Int
        var settled: [OrderState] = []
        var events = 0
        var substituted = 0
        var lost: [LostOrder] = []
        var outage: ConnectorFailure?
    }

    /// `orphans`: orders in state 2 whose run died; `parking`: the first wave that is not this run's. Waits, retries and reconnects; returns when nothing is left to do or the system is away.
    /// `isLooking`: orphans are looked at, and nothing is sent.
    func run(orphans: [ProvisioningOrder], parking: Int, isLooking: Bool = false) async throws -> (SystemSummary, events: Int) {
        var course = Course()
        course.lost = orphans.map { LostOrder(order: $0, failure: nil) }
        course.realm = try? await system.connector.realm()
        try await look(&course)
        if isLooking { return (course.summary, course.events) }
        while !Task.isCancelled {
            if course.summary.outage != nil, try await !reconnect(&course) { break }
            if course.realm == nil { course.realm = try? await system.connector.realm() }
            guard let next = try await store.pending(plan)[system.name] else { break }
            guard next.wave < parking else { break }
            if next.wave != course.wave {
                course.isForced = next.wave > course.wave && course.nextBatch > 0 && !course.hasProgressed
                course.wave = next.wave
                course.hasProgressed = false
            }
            if let notBefore = next.notBefore { try await wait(until: notBefore) }
            try await runWave(&course, count: next.count)
            if !course.lost.isEmpty { try await look(&course) }
        }
        return (course.summary, course.events)
    }

    private func wait(until moment: Instant) async throws {
        let milliseconds = moment.milliseconds - options.clock.now().milliseconds
        if milliseconds > 0 { try await options.clock.sleep(milliseconds) }
    }

    // MARK: A wave

    /// `count`: orders that wait, those of later waves too.
    private func runWave(_ course: inout Course, count: Int) async throws {
        var claimed = 0
        try await withThrowingTaskGroup(of: Report.self) { group in
            while course.summary.outage == nil, !Task.isCancelled {
                let limit = Lane.batchSize(claimed: claimed, left: count - claimed, largest: system.connector.capabilities.batchSize)
                let orders = try await store.claim(
                    plan, system: system.name, wave: course.wave, limit: limit, at: options.clock.now())
                claimed += orders.count
                if orders.isEmpty {
                    guard let report = try await group.next() else { break }
                    absorb(report, &course)
                    continue
                }
                let batch = try await prepare(orders, course)
                while course.underWay.count >= options.batchesInFlight, let report = try await group.next() { absorb(report, &course) }
                let number = course.nextBatch
                course.nextBatch += 1
                course.underWay[number] = batch
                // Claimed, and the system went away before it was this batch's turn.
                let outage = course.summary.outage
                group.addTask { try await carryOut(batch, number, outage: outage) }
            }
            while let report = try await group.next() { absorb(report, &course) }
        }
    }

    /// A system likes large batches. But the first is prepared and the last is kept while the system has nothing to do: those are small.
    static func batchSize(claimed: Int, left: Int, largest: Int) -> Int {
        let smallest = 1_000
        return min(largest, max(smallest, min(claimed + smallest, left / 2)))
    }

    private func absorb(_ report: Report, _ course: inout Course) {
        course.underWay[report.batch] = nil
        recent.forget(report.batch)
        course.events += report.events
        course.lost += report.lost
        course.summary.substituted += report.substituted
        if let outage = report.outage { course.summary.outage = outage } else { course.wasReached = true }
        count(report.settled, &course)
    }

    func count(_ states: [OrderState], _ course: inout Course) {
        for state in states {
            switch state {
            case .executed, .verified: course.summary.executed += 1
            case .errored, .evaluationFailed: course.summary.errored += 1
            case .withdrawn: course.summary.withdrawn += 1
            case .planned, .pending, .transmitted, .awaitingApproval: break
            }
        }
        guard !states.isEmpty else { return }
        course.hasProgressed = true
        course.fruitlessReconnects = 0
        progress(course.summary)
    }

    // MARK: A batch

    @concurrent private func carryOut(_ batch: DispatchBatch, _ number: Int, outage: ConnectorFailure?) async throws -> Report {
        var batch = batch
        var settled = SettledBatch(system: system.name)
        settled.accountNames = batch.accountNames
        let settling = Settling(
            system: system, wave: batch.wave, now: options.clock.now(), policy: options.retry, substitutes: substitutes)
        try await settling.settle(unsent: batch, into: &settled)
        let operations = batch.transmissions.compactMap(\.operation)
        var results: [OrderID: OperationResult] = [:]
        if let outage {
            for operation in operations {
                results[operation.id] = OperationResult(id: operation.id, accountID: nil, name: nil, failure: outage)
            }
        } else if !operations.isEmpty {
            results.reserveCapacity(operations.count)
            for result in await system.connector.execute(operations) { results[result.id] = result }
            batch.hidingSecrets(in: &results)
            await confirm(&batch, &results)
            await correlateGone(batch, &results)
        }
        recent.note(batch, number, results)
        try await settling.settle(batch.transmissions, results, into: &settled)
        try await planReferers(batch.transmissions, results, wave: batch.wave, &settled)
        if let outage = settled.outage { log.warning("\(system.name): \(outage)") }
        var report = Report(batch: number)
        report.events = try await committer.commit(settled)
        report.settled = settled.settledStates
        report.substituted = settled.substituted
        report.lost = settled.lost
        report.outage = settled.outage
        return report
    }
}
