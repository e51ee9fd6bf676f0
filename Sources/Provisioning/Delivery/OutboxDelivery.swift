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
        var report = DeliveryReport()
        while true {
            let batch = try await store.undelivered(sink: name, limit: OutboxDelivery.batchSize)
            guard let last = batch.last else { return report }
            switch await offer(batch.map(\.event), to: sink) {
            case nil:
                report.delivered += batch.count
                try await store.markDelivered(sink: name, upTo: last.row, at: clock.now())
            case .retry(_, let reason)?:
                report.waitsBecause = reason
                log.warning("\(name): events wait: \(reason)")
                return report
            case .refused?:
                guard try await deliverOneByOne(batch, to: sink, name, &report) else { return report }
            }
        }
    }

    /// Something in the batch is refused: finds out what, and passes over that alone. False: the sink wants to be left in peace.
    private func deliverOneByOne(
        _ batch: [(row: Int64, event: OutboxEvent)], to sink: any EventSink, _ name: String, _ report: inout DeliveryReport
    ) async throws -> Bool {
        for (row, event) in batch {
            switch await offer([event], to: sink) {
            case nil: report.delivered += 1
            case .retry(_, let reason)?:
                report.waitsBecause = reason
                return false
            case .refused(let reason)?:
                report.refused += 1
                log.error("\(name) refused event \(event.trackingNumber)/\(event.sequence): \(reason)")
            }
            try await store.markDelivered(sink: name, upTo: row, at: clock.now())
        }
        return true
    }

    private func offer(_ events: [OutboxEvent], to sink: any EventSink) async -> DeliveryFailure? {
        var attempt = 1
        while true {
            do throws(DeliveryFailure) {
                try await sink.deliver(events)
                return nil
            } catch {
                guard case .retry(let seconds, _) = error, attempt < attempts else { return error }
                attempt += 1
                guard (try? await clock.sleep(Int64(max(seconds, 0)) * 1_000)) != nil else { return error }
            }
        }
    }
}
