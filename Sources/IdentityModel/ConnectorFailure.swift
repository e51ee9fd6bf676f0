/// Sorted by what the caller does next (product.md section 3).
public enum ErrorClass: String, Sendable {
    /// Timeout, busy, connection lost, Retry-After: tried again with backoff.
    case transient
    /// A name is taken: next candidate.
    case conflict
    /// Schema, rights, constraint: a person has to look.
    case permanent
    /// The system cannot be reached or refuses us altogether: its orders wait, other systems go on.
    case unavailable
    /// The answer was lost: it may or may not have happened. Resolved by looking, never by repeating.
    case unknown
}

/// What a managed system, or the way to it, answered. Never holds a secret.
public struct ConnectorFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public internal(set) var errorClass: ErrorClass
    /// Our words: what was tried, and what to do.
    public internal(set) var message: String
    /// The system's own code and text, unchanged ("LDAP 19: some attributes not unique").
    public internal(set) var serverText: String?
    /// The attribute concerned, where it is known.
    public internal(set) var attribute: String?

    public init(_ errorClass: ErrorClass, _ message: String, serverText: String? = nil, attribute: String? = nil) {
        self.errorClass = errorClass
        self.message = message
        self.serverText = serverText
        self.attribute = attribute
    }

    public var description: String { serverText.map { "\(message) (\($0))" } ?? message }
}
