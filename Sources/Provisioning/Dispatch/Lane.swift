internal import Contracts
internal import IdentityModel
internal import Logging

/// One system's orders of a plan, from the first that waits to the last that can be done now.
///
/// Batches are prepared one after the other and carried out side by side (`batchesInFlight`): while one is kept, the next is written.
struct Lane: Sendable {
    let plan: PlanID
    let system: ManagedSystem
    let lease: LeaseTerm
    let store: any Store
    let committer: Committer
    let substitutes: any SubstitutesNames
    let secrets: (any MakesSecrets)?
    let options: DispatchOptions
    let log: Logger
    let progress: @Sendable (SystemSummary) -> Void
    let recent = RecentNames()
    let renames = Renames()
    let groups = GroupNames()

    /// `orphans`: orders in state 2 whose run died; `parking`: the first wave that is not this run's. Waits, retries and reconnects; returns when nothing is left to do or the system is away.
    /// `isLooking`: orphans are looked at, and nothing is sent.
    func run(orphans: [ProvisioningOrder], parking: Int, isLooking: Bool = false) async throws -> (SystemSummary, events: Int) {
        var head = LaneHead(
            largestBatch: system.connector.capabilities.batchSize, batchesInFlight: options.batchesInFlight,
            reconnectAttempts: options.reconnectAttempts, parking: parking, isLooking: isLooking)
        let settling = system.connector.capabilities.settlingMilliseconds
        if settling > 0, orphans.contains(where: { $0.operation == .create }) { try await options.clock.sleep(settling) }
        try await withThrowingTaskGroup(of: BatchReport.self) { group in
            var event = LaneEvent.began(
                orphans: orphans.map { LostOrder(order: $0, failure: nil) }, realm: try? await system.connector.realm())
            while true {
                let before = head.summary.settled
                let action = head.received(event, isCancelled: Task.isCancelled)
                if head.summary.settled != before { progress(head.summary) }
                guard let next = try await perform(action, head, &group) else { break }
                event = next
            }
        }
        return (head.summary, head.events)
    }

    /// Nil: that was all.
    private func perform(
        _ action: LaneAction, _ head: LaneHead, _ group: inout ThrowingTaskGroup<BatchReport, any Error>
    ) async throws -> LaneEvent? {
        switch action {
        case .look(let lost): return .looked(try await look(lost, head))
        case .askWhatWaits:
            let realm = head.realm == nil ? try? await system.connector.realm() : head.realm
            let next = try await store.pending(plan)[system.name]
            return .waits(next.map { WaitingWork(wave: $0.wave, notBefore: $0.notBefore, count: $0.count) }, realm: realm)
        case .sleep(let moment):
            let milliseconds = moment.milliseconds - options.clock.now().milliseconds
            if milliseconds > 0 { try await options.clock.sleep(milliseconds) }
            return .woke
        case .pause(let attempt):
            try await options.clock.sleep(options.retry.delayMilliseconds(attempts: attempt, jitter: StableHash.hash(system.name.text)))
            return .woke
        case .test: return .tested(await test())
        case .claim(let wave, let limit):
            return .claimed(try await store.claim(plan, under: lease, wave: wave, limit: limit, at: options.clock.now()))
        case .prepare(let orders): return .prepared(try await prepare(orders, head))
        case .send(let batch, let number, let outage):
            group.addTask { try await carryOut(batch, number, outage: outage) }
            return .sent
        case .awaitReport:
            guard let report = try await group.next() else { return nil }
            recent.forget(report.number)
            return .reported(report)
        case .end: return nil
        }
    }

    private func test() async -> ConnectorFailure? {
        do throws(ConnectorFailure) {
            _ = try await system.connector.test()
            log.info("\(system.name): is back")
            return nil
        } catch {
            return error
        }
    }

    // MARK: A batch

    @concurrent private func carryOut(_ batch: DispatchBatch, _ number: Int, outage: ConnectorFailure?) async throws -> BatchReport {
        var batch = batch
        var settled = SettledBatch(lease: lease)
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
            try await confirm(&batch, &results)
            await correlateGone(batch, &results)
        }
        recent.note(batch, number, results)
        try await settling.settle(batch.transmissions, results, into: &settled)
        try await planReferers(batch.transmissions, results, wave: batch.wave, &settled)
        if let outage = settled.outage { log.warning("\(system.name): \(outage)") }
        var report = BatchReport(number: number)
        report.events = try await committer.commit(settled)
        report.settled = settled.settledStates
        report.substituted = settled.substituted
        report.lost = settled.lost
        report.outage = settled.outage
        return report
    }
}
