public import IdentityModel

/// What a connector can do, as a value.
public struct ConnectorCapabilities: Hashable, Sendable {
    /// Largest batch that `execute` wants in one call.
    public let batchSize: Int
    /// The server keeps references (manager, member) right when an entry is renamed; a rename then makes no order of ours.
    public let maintainsReferences: Bool
    /// After so long whoever was made is found; before, "absent" says nothing of a Create that was not answered. The connector waits for what it has sent itself,
    /// and whoever looks at what another process has sent waits before.
    public let settlingMilliseconds: Int64
    public init(batchSize: Int, maintainsReferences: Bool, settlingMilliseconds: Int64 = 0) {
        self.batchSize = batchSize
        self.settlingMilliseconds = settlingMilliseconds
        self.maintainsReferences = maintainsReferences
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
        /// What the values are: those of a flag are the system's own words (`SystemTraits.flags`), those of a number have decimal digits.
        public let type: ValueType
        /// The attribute's rule reads `account.enabled`: it belongs to what switches the account off or on.
        public let switches: Bool
        public init(
            kind: AttributeRequest.Kind, name: String, operation: RequestOperation, values: [String], type: ValueType = .text,
            switches: Bool = false
        ) {
            self.kind = kind
            self.name = name
            self.operation = operation
            self.values = values
            self.type = type
            self.switches = switches
        }
    }

    /// Which way the account goes; it decides in which order the steps are taken, and what a failed step keeps from being taken (see `Connector`).
    public enum Direction: Hashable, Sendable { case steady, enabling, withdrawing }

    public let id: OrderID
    public let operation: Operation
    public let accountID: AccountID?
    /// The name now (for Create: the name to create).
    public var name: AccountName
    /// Rename and move in one; nil when the name stays.
    public let newName: AccountName?
    public var requests: [Request]
    /// The connector adds the dialect's own disabling (withdrawing) or undoes it (enabling), because the map writes no such attribute.
    public let appliesDialectDisabling: Bool
    public let direction: Direction
    /// An earlier attempt's outcome is not known: what it may have done is sent again, and memberships are shown by the groups (see `Connector`).
    public let isUncertain: Bool
    /// Other names the entry may still stand under in groups: every one it had since the last certain state, without names another account has now.
    public var formerNames: [AccountName]
    /// Groups that we gave and that stay: where the system does not keep references right, a rename takes the old name out and puts the new one in, and so it
    /// is with an entry that is found under another name than `name`; where it is said to keep them right, the connector looks whether it has, unless it does
    /// so in the same transaction.
    public var carriedMemberships: [String]
    /// The names by which groups of `carriedMemberships` go by now, where somebody renamed them: it is with these as it is with those.
    public var carriedByNewName: [String] = []
    /// Groups that were named like one of `carriedMemberships` before another group was: only the old name is taken out there.
    public var replacedGroups: [String] = []
    /// Groups in which the account stands under its new name after a rename.
    public var carriedGroups: [String] { carriedMemberships + carriedByNewName }
    /// Whoever sends it has looked, and correlated: the account is gone. Only its names leave groups, as far as no other entry has them.
    public var isGone = false
    /// What the account keeps, of attributes that no request is about: a value of the old name that is among them is no less the account's under the new one.
    public var staying: [String: [String]] = [:]
    /// The account gets another name, or may stand in groups under another: its memberships are a part of what is to be written. Of any other operation they
    /// count only if its entry is found elsewhere.
    public var carriesMemberships: Bool { !carriedMemberships.isEmpty && (newName != nil || isUncertain || !formerNames.isEmpty) }

    public init(
        id: OrderID, operation: Operation, accountID: AccountID?, name: AccountName, newName: AccountName?, requests: [Request],
        appliesDialectDisabling: Bool, direction: Direction = .steady, isUncertain: Bool = false, formerNames: [AccountName] = [],
        carriedMemberships: [String] = []
    ) {
        self.id = id
        self.operation = operation
        self.accountID = accountID
        self.name = name
        self.newName = newName
        self.requests = requests
        self.appliesDialectDisabling = appliesDialectDisabling
        self.direction = direction
        self.isUncertain = isUncertain
        self.formerNames = formerNames
        self.carriedMemberships = carriedMemberships
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
    public var failure: ConnectorFailure?
    /// By index into `AccountOperation.requests`: requests that failed of their own (memberships, single values) whatever became of the rest.
    public var failedRequests: [Int: ConnectorFailure]
    /// Where `failure` is set: the requests that were answered "done" or "already so" before it and in spite of it. Half done is known.
    /// Without a failure every request that is not in `failedRequests` is done.
    public var doneRequests: Set<Int>
    /// Where `failure` is set: whether the account was switched off (withdrawing) or on (enabling) all the same.
    public let isSwitched: Bool
    /// Removals of memberships by index for which the group may not have held the name that was sent: nobody of that name is in it now, and the account may be
    /// in it under another. Never fewer than those; empty for operations that are uncertain or tell former names.
    public let notThere: Set<Int>
    /// The entry was found by its id under another name than the operation's: somebody moved it. Whatever points at it by that name points at nothing.
    public var wasElsewhere = false
    /// The entry was looked for by its id and is nowhere: somebody deleted it, or an earlier attempt did.
    public var isGone = false
    /// Removals of memberships by index for which nothing was sent: the account is gone, and every name it had is another entry's.
    public var leftAlone: Set<Int> = []

    public init(
        id: OrderID, accountID: AccountID?, name: AccountName?, failure: ConnectorFailure?, failedRequests: [Int: ConnectorFailure] = [:],
        doneRequests: Set<Int> = [], isSwitched: Bool = false, notThere: Set<Int> = []
    ) {
        self.id = id
        self.accountID = accountID
        self.name = name
        self.failure = failure
        self.failedRequests = failedRequests
        self.doneRequests = doneRequests
        self.isSwitched = isSwitched
        self.notThere = notThere
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
/// is success; Delete of an account that is gone is success; a membership in a group that no longer exists is gone, and adding one there fails.
/// An operation that tells the account's id writes that account and no other, whatever has its name by now, groups included; where it is found elsewhere it is
/// written there. Of an account that is gone only memberships are removed, under the names it had. Where another entry has its name by now, the operation fails
/// for good, a Delete as well: that entry may be the account made anew, in groups that were given to the name; whoever has looked says so (`isGone`).
/// Nothing is taken away under a former name that another entry has.
/// A removal that may have met nobody says so (`notThere`), and whoever sent it looks.
/// An answer that was lost is `.unknown`. `find` and `holders` throw when they could not ask, also when the place where accounts are looked for cannot be read.
///
/// Withdrawing, each step whatever befell the others: (1) one modify with the dialect's disabling and every request that `switches`; if it is refused,
/// at once again with the dialect's disabling alone; (2) removals of memberships, also before a Delete; (3) rename or move; (4) the rest.
/// Enabling: rename, attributes, memberships, and switching on last; only a failed rename or attribute keeps it from being switched on.
///
/// An operation that `isUncertain` sends removals under its name and every former name, additions under its name only; at the end of the batch each group
/// concerned is asked once whether it holds the name (`(member=DN)`), what differs is sent once more, and what differs still is a failed request.
/// Nothing is ever taken for done because the account's own entry does not show a membership.
public protocol Connector: Sendable {
    var capabilities: ConnectorCapabilities { get }
    /// What this system is, however it is reached: the naming context and the immutable id of its top entry (HTTP: the configured `realm`); never a host.
    /// The same text for two URLs means one system; another text behind the same URL means that this is not the system it was.
    func realm() async throws(ConnectorFailure) -> Realm
    func find(_ queries: [AccountQuery]) async throws(ConnectorFailure) -> [Lookup]
    func execute(_ operations: [AccountOperation]) async -> [OperationResult]
    func test() async throws(ConnectorFailure) -> SystemReport
    /// Ends connections; the connector may be used again and then reconnects.
    func close() async
}

/// Can say who holds a name.
public protocol ProbesNames: Connector {
    /// Who holds each name now, by index; an empty array: free.
    func holders(of probes: [NameProbe]) async throws(ConnectorFailure) -> [[NameHolder]]
}

/// Can tell which group a group is, however it is named by now.
public protocol IdentifiesGroups: Connector {
    /// The immutable ids of the groups of these names, by index; nil where there is none, or none that may be read.
    func groupIDs(of names: [String]) async throws(ConnectorFailure) -> [GroupID?]
    /// The names that the groups of these ids have now; one that is nowhere has no entry.
    func groupNames(of ids: [GroupID]) async throws(ConnectorFailure) -> [GroupID: String]
}

/// Can list everything.
public protocol EnumeratesAccounts: Connector {
    /// Calls `page` with each page of accounts, in bounded memory; `attributes` limits what is read.
    func enumerate(attributes: [String], page: @Sendable ([ActualAccount]) async -> Void) async throws(ConnectorFailure)
}
