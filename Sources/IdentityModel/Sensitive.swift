/// A value that cannot be printed by accident: every description of it is dots.
public struct Sensitive<Wrapped: Sendable>: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let wrapped: Wrapped
    public init(_ wrapped: Wrapped) { self.wrapped = wrapped }
    /// The one way to the value. Search for its callers when auditing where secrets go.
    public func reveal() -> Wrapped { wrapped }
    public var description: String { "••••••" }
    public var debugDescription: String { "••••••" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Sensitive: Equatable where Wrapped: Equatable {
    public static func == (left: Self, right: Self) -> Bool { left.wrapped == right.wrapped }
}
