public import IdentityModel

/// A sink did not take an event.
public enum DeliveryFailure: Error, Hashable, Sendable {
    /// Try again, not before so many seconds.
    case retry(afterSeconds: Int, reason: String)
    /// Will never be taken.
    case refused(reason: String)
}

/// How far a sink has got, in words of its own: kept with the mark of what was delivered, and given back with the next events.
public struct SinkPosition: Hashable, Sendable {
    public let text: String
    public init(_ text: String) { self.text = text }
}

/// What became of events that a sink took.
public struct DeliveryReceipt: Hashable, Sendable {
    /// Nil for a sink that cannot tell what it was given before.
    public let position: SinkPosition?
    /// What a person should know of it; nil when all is as usual.
    public let remark: String?
    public init(position: SinkPosition? = nil, remark: String? = nil) {
        self.position = position
        self.remark = remark
    }
}

/// Carries events. Events of one user arrive in order; one may arrive twice, none is lost.
public protocol EventSink: Sendable {
    /// Where it stands before the first event is given to it.
    func position() async throws(DeliveryFailure) -> SinkPosition?
    /// Returns when all of them are safe on the other side. `position` is that of the last receipt that was kept: what was taken after it is given again now.
    func deliver(_ events: [OutboxEvent], after position: SinkPosition?) async throws(DeliveryFailure) -> DeliveryReceipt
}

extension EventSink {
    public func position() async throws(DeliveryFailure) -> SinkPosition? { nil }
}
