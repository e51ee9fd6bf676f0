public import IdentityModel

/// An operation that is tried without its system: what would be sent, and nothing is.
public struct Rehearsal: Hashable, Sendable {
    public let operation: AccountOperation
    /// The account as the system would show it; nil: there is none.
    public let account: ActualAccount?
    /// What values are, where they are no texts.
    public let types: [String: ValueType]

    public init(operation: AccountOperation, account: ActualAccount?, types: [String: ValueType]) {
        self.operation = operation
        self.account = account
        self.types = types
    }
}

/// One request that would change something.
public struct RehearsedRequest: Hashable, Sendable {
    /// GET, POST, ...
    public let method: String
    /// Behind the system's address, as people read it: not escaped.
    public let path: String
    public let body: JSON?

    public init(method: String, path: String, body: JSON?) {
        self.method = method
        self.path = path
        self.body = body
    }
}
