package import Contracts
internal import IdentityModel
package import Logging

/// What became of one sink's share of the outbox.
package struct DeliveryReport: Sendable, Hashable {
    package var delivered = 0
    /// Events the sink will never take: passed over, they stay in the outbox and can be replayed.
    package var refused = 0
    /// Why the rest waits; nil when nothing does.
    package var waitsBecause: String?
    /// What a person should know of how they were delivered.
    package var remarks: [String] = []
    /// Not everything that was there is with the sink now: such a run does not end as if it were.
    package var isIncomplete: Bool { waitsBecause != nil || refused > 0 }
    package init() {}
}

/// Brings events from the outbox to the sinks: in order, at least once. What a sink does not take now stays for the next delivery.
package struct OutboxDelivery: Sendable {
    private let store: any OutboxStore
    /// By the name under which the store remembers how far each has got.
    private let sinks: [String: any EventSink]
    private let clock: ShellClock
    private let attempts: Int
    private let log: Logger
    private static let batchSize = 500

    /// `attempts`: how often a batch is offered before the rest is left for the next delivery.
    package init(store: any OutboxStore, sinks: [String: any EventSink], clock: ShellClock = .system, attempts: Int = 3, log: Logger) {
        self.store = store
        self.sinks = sinks
        self.clock = clock
        self.attempts = attempts
        self.log = log
    }

    /// Delivers everything that is undelivered now, sink by sink. A sink that fails does not keep the others waiting for ever.
    package func deliver() async throws -> [String: DeliveryReport] {
        var reports: [String: DeliveryReport] = [:]
        for (name, sink) in sinks.sorted(by: { $0.key < $1.key }) { reports[name] = try await deliver(to: sink, name) }
        return reports
    }

    private func deliver(to sink: any EventSink, _ name: String) async throws -> DeliveryReport {
        // Two processes that deliver the same events at once would take each other's lines for those of a run that died.
        guard let turn = try await takeTurn(name) else {
            var report = DeliveryReport()
            if try await !store.undelivered(sink: name, limit: 1).isEmpty {
                report.waitsBecause = "another process has been delivering for a minute"
            }
            return report
        }
        defer { turn.release() }
        var share = Share(name: name, sink: sink, position: try await store.position(of: name))
        while true {
            let batch = try await store.undelivered(sink: name, limit: OutboxDelivery.batchSize)
            guard let last = batch.last else { return share.report }
            if share.position == nil { try await begin(&share, before: batch[0].row) }
            do throws(DeliveryFailure) {
                share.take(try await offer(batch.map(\.event), share), count: batch.count)
            } catch .retry(_, let reason) {
                share.report.waitsBecause = reason
                log.warning("\(name): events wait: \(reason)")
                return share.report
            } catch .refused {
                guard try await deliverOneByOne(batch, &share) else { return share.report }
                continue
            }
            try await store.markDelivered(sink: name, upTo: last.row, position: share.position, at: clock.now())
        }
    }

    /// What a sink has got in this delivery.
    private struct Share {
        let name: String
        let sink: any EventSink
        var position: SinkPosition?
        var report = DeliveryReport()

        mutating func take(_ receipt: DeliveryReceipt, count: Int) {
            position = receipt.position
            report.delivered += count
            if let remark = receipt.remark { report.remarks.append(remark) }
        }
    }

    /// Remembers where the sink stands before it is given anything: a first delivery may be cut short as well.
    private func begin(_ share: inout Share, before row: Int64) async throws {
        // A sink that cannot say it now cannot take anything now either, and says so then.
        share.position = try? await share.sink.position()
        guard let position = share.position else { return }
        try await store.markDelivered(sink: share.name, upTo: row - 1, position: position, at: clock.now())
    }

    private func takeTurn(_ name: String) async throws -> (any OriginLock)? {
        for _ in 0..<600 {
            do throws(StoreError) {
                return try await store.lockDelivery(to: name)
            } catch .busy {
                try await clock.sleep(100)
            }
        }
        return nil
    }

    /// Something in the batch is refused: finds out what, and passes over that alone. False: the sink wants to be left in peace.
    private func deliverOneByOne(_ batch: [(row: Int64, event: OutboxEvent)], _ share: inout Share) async throws -> Bool {
        for (row, event) in batch {
            do throws(DeliveryFailure) {
                share.take(try await offer([event], share), count: 1)
            } catch .retry(_, let reason) {
                share.report.waitsBecause = reason
                return false
            } catch .refused(let reason) {
                share.report.refused += 1
                log.error("\(share.name) refused event \(event.trackingNumber)/\(event.sequence): \(reason)")
            }
            try await store.markDelivered(sink: share.name, upTo: row, position: share.position, at: clock.now())
        }
        return true
    }

    private func offer(_ events: [OutboxEvent], _ share: Share) async throws(DeliveryFailure) -> DeliveryReceipt {
        var attempt = 1
        while true {
            do throws(DeliveryFailure) {
                return try await share.sink.deliver(events, after: share.position)
            } catch {
                guard case .retry(let seconds, _) = error, attempt < attempts else { throw error }
                attempt += 1
                guard (try? await clock.sleep(Int64(max(seconds, 0)) * 1_000)) != nil else { throw error }
            }
        }
    }
}
