public import IdentityModel

/// A sink did not take an event.
public enum DeliveryFailure: Error, Hashable, Sendable {
    /// Try again, not before so many seconds.
    case retry(afterSeconds: Int, reason: String)
    /// Will never be taken.
    case refused(reason: String)
}

/// Carries events. Events of one user arrive in order; one may arrive twice, none is lost.
public protocol EventSink: Sendable {
    /// Returns when all of them are safe on the other side.
    func deliver(_ events: [OutboxEvent]) async throws(DeliveryFailure)
}
