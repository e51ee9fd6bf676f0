public import IdentityModel

/// The right to write to a managed system. One run has it at a time, of whatever origin and in whatever process: two operations on one account are never under
/// way together, and what one of them makes known is known before the next one begins.
public protocol SystemLease: Sendable {
    var term: LeaseTerm { get }
    /// Freed by the end of the process as well, however it ends.
    func release()
}

/// Whose turn it is at a system. Every lease has a higher number than the one before it: what is kept or taken under an older one came too late.
public struct LeaseTerm: Hashable, Sendable {
    public let system: SystemName
    public let number: Int64
    public init(system: SystemName, number: Int64) {
        self.system = system
        self.number = number
    }
}
