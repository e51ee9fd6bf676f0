/// What we know of an account's life.
public enum AccountState: String, Sendable {
    /// A Create is planned or was never confirmed: there is no account that we know of.
    case none
    case enabled
    /// Withdrawn by `onDelete: DISABLE` or UPDATE: nothing more is sent until a fresh assignment re-activates it.
    case deprovisioned
    case deleted
}

/// One value as policy computes it: text, a reference to a user's account that is resolved just before sending, or a secret that is made just before sending.
public enum AccountValue: Hashable, Sendable, Comparable {
    case text(String)
    case reference(UserReference)
    /// What tells a secret from another one: secrets are in no document (the convergence law, Secrets). Made by `SecretDigest`, in hexadecimal.
    case digest(String)

    /// `Berg`, `-> account of E0042`, or dots.
    public var text: String {
        switch self {
        case .text(let text): text
        case .reference(let user): "-> account of \(user)"
        case .digest: SensitiveAttributes.dots
        }
    }

    public var isDigest: Bool { if case .digest = self { true } else { false } }

    public static func < (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.text(let first), .text(let second)), (.digest(let first), .digest(let second)):
            first.utf8.lexicographicallyPrecedes(second.utf8)
        case (.reference(let first), .reference(let second)): first < second
        case (.text, .reference), (.text, .digest), (.reference, .digest): true
        case (.reference, .text), (.digest, .text), (.digest, .reference): false
        }
    }
}

/// What is not known of an account, because an answer was lost or an order failed on the way. An account in doubt is *unknown*: it is looked at before it
/// is planned or sent again, and known again with the next order that is answered in full.
public struct AccountDoubt: Hashable, Sendable {
    /// Names, beside the present one, that the entry had or may have had since it was last known: groups may hold it under them.
    public var formerNames: Set<AccountName>
    /// Groups that it was put into or taken out of without an answer that says so. They stand among the account's memberships as well, as far as it had them.
    public var memberships: Set<String>
    /// Attributes that were written without an answer that says so.
    public var attributes: Set<String>
    /// By what a Create looked whose answer was lost: the entry that it finds is ours.
    public var correlation: [String: String]
    /// It was met where somebody had moved it, and written there: an order that gives it its name again ends that.
    public var isElsewhere: Bool

    public init(
        formerNames: Set<AccountName> = [], memberships: Set<String> = [], attributes: Set<String> = [],
        correlation: [String: String] = [:], isElsewhere: Bool = false
    ) {
        self.isElsewhere = isElsewhere
        self.formerNames = formerNames
        self.memberships = memberships
        self.attributes = attributes
        self.correlation = correlation
    }

    /// Something was sent that may or may not have happened. Otherwise the account only has to be looked at: an order on it was refused.
    public var isUncertain: Bool { !formerNames.isEmpty || !memberships.isEmpty || !attributes.isEmpty || !correlation.isEmpty }
}

/// A user's presence on one managed system, as last known.
public struct Account: Hashable, Sendable {
    public internal(set) var user: UserID
    public internal(set) var system: SystemName
    public var state: AccountState
    public var id: AccountID?
    /// The system that `id` is an id of; nil where it was never asked (a store of 0.1.0).
    public var realm: Realm?
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
    /// Nil: the account is as it is written here.
    public var doubt: AccountDoubt?
    /// A withdrawal that failed otherwise switched it off all the same: whoever is due it must have it switched on.
    public var isSwitchedOff: Bool
    /// The dialect's own disabling was applied although the map writes such an attribute itself: enabling undoes it.
    public var isDisabledByDialect: Bool

    public var isUnknown: Bool { doubt != nil }

    /// Something is left to be done or found out, whatever becomes of its user: memberships of an account that was withdrawn, or an answer that was lost.
    public var isUnsettled: Bool {
        switch state {
        case .none, .enabled: isUnknown
        case .deprovisioned, .deleted: isUnknown || !memberships.isEmpty
        }
    }

    public init(
        user: UserID, system: SystemName, state: AccountState = .none, id: AccountID? = nil, realm: Realm? = nil, name: AccountName? = nil,
        version: Int = 0, written: [String: [AccountValue]] = [:], memberships: Set<String> = [], nameBases: [String: String] = [:],
        deprovisionedAt: Instant? = nil, doubt: AccountDoubt? = nil, isSwitchedOff: Bool = false, isDisabledByDialect: Bool = false
    ) {
        self.user = user
        self.system = system
        self.state = state
        self.id = id
        self.realm = realm
        self.name = name
        self.version = version
        self.written = written
        self.memberships = memberships
        self.nameBases = nameBases
        self.deprovisionedAt = deprovisionedAt
        self.doubt = doubt
        self.isSwitchedOff = isSwitchedOff
        self.isDisabledByDialect = isDisabledByDialect
    }
}

/// One user's account on one system.
public struct AccountOwner: Hashable, Sendable {
    public let user: UserID
    public let system: SystemName
    public init(user: UserID, system: SystemName) {
        self.user = user
        self.system = system
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
