/// An account as the system shows it now.
public struct ActualAccount: Hashable, Sendable {
    public let id: AccountID
    public let name: AccountName
    /// By attribute name as the system spells it.
    public let attributes: [String: [String]]
    /// Names of the groups the account is a member of, where the system tells.
    public let memberships: [String]
    public init(id: AccountID, name: AccountName, attributes: [String: [String]], memberships: [String]) {
        self.id = id
        self.name = name
        self.attributes = attributes
        self.memberships = memberships
    }

    /// Systems spell the names of attributes as they please.
    public func values(_ attribute: String) -> [String] {
        if let values = attributes[attribute] { return values }
        let folded = attribute.lowercased()
        return attributes.first { $0.key.lowercased() == folded }?.value ?? []
    }
}

/// Which account to look for.
public enum AccountQuery: Hashable, Sendable {
    /// `name`: what the account was called when it was last seen. An entry of that name whose id cannot be read may be it: then it is not absent.
    case id(AccountID, name: AccountName? = nil)
    /// Every attribute has this value; compared as the system compares it.
    case correlation([String: String])
}

/// "No", "several" and "could not ask" are three answers: the last one is thrown.
public enum Lookup: Hashable, Sendable {
    case found(ActualAccount)
    case absent
    case ambiguous([AccountName])
    /// Entries answer, and the id of at least one cannot be read: it is not "absent", and nobody's account.
    case unreadable([AccountName])

    /// The one that was found.
    public var account: ActualAccount? { if case .found(let account) = self { account } else { nil } }
}

/// A name to ask the system about.
public struct NameProbe: Hashable, Sendable {
    public let attribute: String
    public let value: String
    /// Only entries directly below this container count; nil for the whole system.
    public let container: String?
    /// The name that the account would have with this value, where the value stands in it: the system is asked for that name, and not for the value
    /// (a directory without an index searches its whole tree for one).
    public let accountName: AccountName?
    public init(attribute: String, value: String, container: String?, accountName: AccountName? = nil) {
        self.attribute = attribute
        self.value = value
        self.container = container
        self.accountName = accountName
    }
}

/// Who holds a name.
public enum NameHolder: Hashable, Sendable {
    case account(AccountID)
    /// There is an entry, and its id cannot be read: the name is taken, by nobody of ours.
    case unreadable(AccountName)

    /// The holder is this account; never so for nil.
    public func isAccount(_ id: AccountID?) -> Bool {
        guard case .account(let holder) = self else { return false }
        return holder == id
    }
}
