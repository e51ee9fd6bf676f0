internal import Foundation
internal import IdentityModel

/// A stream of requests that depend on each other's outcomes: what `Exchange` sends, and tells the outcomes to.
protocol RequestFeed {
    /// The next request that may be sent now; nil: none, before something in flight is answered. `idle`: nothing is in flight, so that nil is the end.
    mutating func next(idle: Bool) -> (tag: Int, request: WireRequest)?
    mutating func receive(_ outcome: WireOutcome, tag: Int)
}

/// Sends a feed's requests over some connections, with a window of them in flight on each.
struct Exchange {
    let connections: [Connection]
    let window: Int
    let timeoutSeconds: Int

    /// Returns when every request of the feed has its outcome. Of a connection that ends, what is in flight is lost; the others go on; with none left,
    /// what has not been sent stays unsent.
    func run(_ feed: inout some RequestFeed) {
        while true {
            fill(&feed)
            guard inFlight > 0 else { return }
            drain(into: &feed, ready: wait())
        }
    }

    private var inFlight: Int { connections.reduce(0) { $0 + $1.outstanding.count } }

    private func fill(_ feed: inout some RequestFeed) {
        var count = inFlight
        while true {
            var freest: Connection?
            for connection in connections where !connection.isLost && connection.outstanding.count < freest?.outstanding.count ?? window {
                freest = connection
            }
            if freest == nil, connections.contains(where: { !$0.isLost }) { return }
            guard let (tag, request) = feed.next(idle: count == 0) else { return }
            guard let freest else {
                let reason = connections.compactMap(\.lossReason).first ?? "there is no connection"
                feed.receive(.unsent(ConnectorFailure(.transient, "not sent: \(reason)")), tag: tag)
                continue
            }
            do {
                try freest.send(request, tag: tag)
                count += 1
            } catch {
                feed.receive(.unsent(error), tag: tag)
                freest.drain { tag, outcome in
                    feed.receive(outcome, tag: tag)
                    count -= 1
                }
            }
        }
    }

    /// Waits until a connection has something to read; false when the wait was over first.
    private func wait() -> Bool {
        var descriptors = connections.filter { !$0.outstanding.isEmpty }.map {
            pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0)
        }
        return poll(&descriptors, nfds_t(descriptors.count), 1_000) > 0
    }

    private func drain(into feed: inout some RequestFeed, ready: Bool) {
        for connection in connections where !connection.outstanding.isEmpty {
            connection.drain { feed.receive($1, tag: $0) }
            if !ready {
                connection.expire(sentBefore: .now - .seconds(timeoutSeconds), seconds: timeoutSeconds) { feed.receive($1, tag: $0) }
            }
        }
    }
}

/// Requests that do not depend on each other; their outcomes in order.
struct IndependentFeed: RequestFeed {
    private let requests: [WireRequest]
    private var sent = 0
    private(set) var outcomes: [WireOutcome]

    init(_ requests: [WireRequest]) {
        self.requests = requests
        outcomes = Array(repeating: .unsent(ConnectorFailure(.transient, "not sent")), count: requests.count)
    }

    mutating func next(idle: Bool) -> (tag: Int, request: WireRequest)? {
        guard sent < requests.count else { return nil }
        defer { sent += 1 }
        return (sent, requests[sent])
    }

    mutating func receive(_ outcome: WireOutcome, tag: Int) { outcomes[tag] = outcome }
}
