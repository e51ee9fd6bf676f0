/// What we know of an account's life.
public enum AccountState: String, Sendable {
    /// A Create is planned or was never confirmed: there is no account that we know of.
    case none
    case enabled
    /// Withdrawn by `onDelete: DISABLE` or UPDATE: nothing more is sent until a fresh assignment re-activates it.
    case deprovisioned
    case deleted
}

/// One value as policy computes it: text, or a reference to a user's account that is resolved just before sending.
public enum AccountValue: Hashable, Sendable, Comparable {
    case text(String)
    case reference(UserReference)

    /// `Berg`, or `-> account of E0042`.
    public var text: String {
        switch self {
        case .text(let text): text
        case .reference(let user): "-> account of " + user.key.text
        }
    }

    public static func < (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.text(let first), .text(let second)): first.utf8.lexicographicallyPrecedes(second.utf8)
        case (.reference(let first), .reference(let second)): first < second
        case (.text, .reference): true
        case (.reference, .text): false
        }
    }
}

/// A user's presence on one managed system, as last known.
public struct Account: Hashable, Sendable {
    public let user: UserID
    public let system: SystemName
    public var state: AccountState
    public var id: AccountID?
    public var name: AccountName?
    /// Grows by one with every settled order; 0 for an account the store does not hold yet.
    public var version: Int
    /// What we last wrote, by attribute name.
    public var written: [String: [AccountValue]]
    /// The memberships (group names) that we gave.
    public var memberships: Set<String>
    /// For each `unique` attribute: the first candidate when its value was chosen. While it stays the same, the name stays.
    public var nameBases: [String: String]
    public var deprovisionedAt: Instant?

    public init(
        user: UserID, system: SystemName, state: AccountState = .none, id: AccountID? = nil, name: AccountName? = nil, version: Int = 0,
        written: [String: [AccountValue]] = [:], memberships: Set<String> = [], nameBases: [String: String] = [:],
        deprovisionedAt: Instant? = nil
    ) {
        self.user = user
        self.system = system
        self.state = state
        self.id = id
        self.name = name
        self.version = version
        self.written = written
        self.memberships = memberships
        self.nameBases = nameBases
        self.deprovisionedAt = deprovisionedAt
    }
}

/// A name somebody wants to hold: unique by system, attribute, scope and folded value.
public struct NameClaim: Hashable, Sendable, Comparable {
    public let system: SystemName
    public let attribute: String
    /// "" for the whole system, else the folded name of the container (a parent DN).
    public let scope: String
    /// The value as it is compared (case folded where the map says so).
    public let folded: String

    public init(system: SystemName, attribute: String, scope: String, folded: String) {
        self.system = system
        self.attribute = attribute
        self.scope = scope
        self.folded = folded
    }

    /// The same in every process and on every machine; two names that share it are taken for one.
    public var stableHash: UInt64 {
        // The unit separator keeps ("ab", "c") and ("a", "bc") apart; nothing depends on it being absent from the parts.
        StableHash.hash([system.text, attribute, scope, folded].joined(separator: "\u{1F}"))
    }

    /// The value tells claims apart nearly always; hashing the rest as well costs more than it saves.
    public func hash(into hasher: inout Hasher) { hasher.combine(folded) }

    public static func < (left: Self, right: Self) -> Bool {
        (left.system.text, left.attribute, left.scope, left.folded) < (right.system.text, right.attribute, right.scope, right.folded)
    }
}

/// A claim with its holder. Provisional until its plan is applied; names that ever belonged to an applied account stay reserved.
public struct NameReservation: Hashable, Sendable {
    public let claim: NameClaim
    public let user: UserID
    public init(claim: NameClaim, user: UserID) {
        self.claim = claim
        self.user = user
    }
}
