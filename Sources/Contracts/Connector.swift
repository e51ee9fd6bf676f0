public import IdentityModel

/// What a connector can do, as a value.
public struct ConnectorCapabilities: Hashable, Sendable {
    /// Largest batch that `execute` wants in one call.
    public let batchSize: Int
    /// The server keeps references (manager, member) right when an entry is renamed; a rename then makes no order of ours.
    public let maintainsReferences: Bool
    public init(batchSize: Int, maintainsReferences: Bool) {
        self.batchSize = batchSize
        self.maintainsReferences = maintainsReferences
    }
}

/// An account as the system shows it now.
public struct ActualAccount: Hashable, Sendable {
    public let id: AccountID
    public let name: AccountName
    public let attributes: [String: [String]]
    /// Names of the groups the account is a member of, where the system tells.
    public let memberships: [String]
    public init(id: AccountID, name: AccountName, attributes: [String: [String]], memberships: [String]) {
        self.id = id
        self.name = name
        self.attributes = attributes
        self.memberships = memberships
    }
}

/// Which account to look for.
public enum AccountQuery: Hashable, Sendable {
    case id(AccountID)
    /// Every attribute has this value; compared as the system compares it.
    case correlation([String: String])
}

/// "No", "several" and "could not ask" are three answers: the last one is thrown.
public enum Lookup: Hashable, Sendable {
    case found(ActualAccount)
    case absent
    case ambiguous([AccountName])
}

/// A name to ask the system about.
public struct NameProbe: Hashable, Sendable {
    public let attribute: String
    public let value: String
    /// Only entries directly below this container count; nil for the whole system.
    public let container: String?
    public init(attribute: String, value: String, container: String?) {
        self.attribute = attribute
        self.value = value
        self.container = container
    }
}

/// An order as a connector sees it: references resolved, everything it needs and nothing else.
public struct AccountOperation: Hashable, Sendable {
    public struct Request: Hashable, Sendable {
        public let kind: AttributeRequest.Kind
        public let name: String
        public let operation: RequestOperation
        /// Add, Set: the values. Remove: the values to take away; empty = the whole attribute.
        public let values: [String]
        public init(kind: AttributeRequest.Kind, name: String, operation: RequestOperation, values: [String]) {
            self.kind = kind
            self.name = name
            self.operation = operation
            self.values = values
        }
    }

    public let id: OrderID
    public let operation: Operation
    public let accountID: AccountID?
    /// The name now (for Create: the name to create).
    public let name: AccountName
    /// Rename and move in one; nil when the name stays.
    public let newName: AccountName?
    public let requests: [Request]
    /// `onDelete: DISABLE` and the map does not write the dialect's own disabling attribute: the connector adds it.
    public let appliesDialectDisabling: Bool

    public init(
        id: OrderID, operation: Operation, accountID: AccountID?, name: AccountName, newName: AccountName?, requests: [Request],
        appliesDialectDisabling: Bool
    ) {
        self.id = id
        self.operation = operation
        self.accountID = accountID
        self.name = name
        self.newName = newName
        self.requests = requests
        self.appliesDialectDisabling = appliesDialectDisabling
    }
}

/// What came of an operation.
public struct OperationResult: Hashable, Sendable {
    public let id: OrderID
    /// The account's id, where the operation learnt it (always after a Create that succeeded).
    public let accountID: AccountID?
    /// The account's name afterwards, as far as the operation knows.
    public let name: AccountName?
    /// Nil: the entry itself is as ordered (also when there was nothing to do).
    public let failure: ConnectorFailure?
    /// By index into `AccountOperation.requests`: requests that failed of their own (memberships) although the entry was written.
    public let failedRequests: [Int: ConnectorFailure]

    public init(
        id: OrderID, accountID: AccountID?, name: AccountName?, failure: ConnectorFailure?, failedRequests: [Int: ConnectorFailure] = [:]
    ) {
        self.id = id
        self.accountID = accountID
        self.name = name
        self.failure = failure
        self.failedRequests = failedRequests
    }
}

/// What `systems test` learnt.
public struct SystemReport: Hashable, Sendable {
    /// "OpenLDAP 2.5, ldaps, bound as cn=svc..."
    public let facts: [String]
    /// Advice: what is missing or slow on that server.
    public let advice: [String]
    public init(facts: [String], advice: [String]) {
        self.facts = facts
        self.advice = advice
    }
}

/// Drives one managed system.
///
/// Promises: `execute` answers exactly once per operation, in the order given; a failure of one never stops the others; accounts of a batch
/// are written before memberships are added, and after memberships are removed (servers that repair references after a rename would bring them back);
/// memberships of one group are few modifies with many values; a value that is already there, or already gone,
/// is success; Delete of an account that is gone is success. An answer that was lost is `.unknown`. `find` and `holders` throw when they could not ask.
public protocol Connector: Sendable {
    var capabilities: ConnectorCapabilities { get }
    func find(_ queries: [AccountQuery]) async throws(ConnectorFailure) -> [Lookup]
    func execute(_ operations: [AccountOperation]) async -> [OperationResult]
    func test() async throws(ConnectorFailure) -> SystemReport
    /// Ends connections; the connector may be used again and then reconnects.
    func close() async
}

/// Can say who holds a name.
public protocol ProbesNames: Connector {
    /// The ids of accounts that hold each name now, by index; an empty array: free.
    func holders(of probes: [NameProbe]) async throws(ConnectorFailure) -> [[AccountID]]
}

/// Can list everything.
public protocol EnumeratesAccounts: Connector {
    /// Calls `page` with each page of accounts, in bounded memory; `attributes` limits what is read.
    func enumerate(attributes: [String], page: @Sendable ([ActualAccount]) async -> Void) async throws(ConnectorFailure)
}
