public import IdentityModel

/// A kind of connector: what it takes, and how one is made of it. Its folder declares it; the list of all of them makes it known.
public struct ConnectorKind: Sendable {
    public let shape: ConnectorShape
    public typealias Rehearse = @Sendable (ConnectorSetup, Rehearsal) async throws(ConnectorFailure) -> [RehearsedRequest]

    public let make: @Sendable (ConnectorSetup) throws(ConnectorFailure) -> any Connector
    /// What an operation would send, in order; nil: it cannot be told as text.
    public let rehearse: Rehearse?

    public init(
        _ shape: ConnectorShape, rehearse: Rehearse? = nil,
        make: @escaping @Sendable (ConnectorSetup) throws(ConnectorFailure) -> any Connector
    ) {
        self.rehearse = rehearse
        self.shape = shape
        self.make = make
    }
}

/// What a connector is made of: the settings of one policy map, checked against its kind's shape.
public struct ConnectorSetup: Sendable {
    public let settings: AdapterSetup
    /// Attributes that accounts are looked for by: correlation and names.
    public let lookedForBy: [String]
    /// Those of them by which an account is recognised.
    public let correlation: [String]
    /// All attributes that the policy map has rules for, as it spells them.
    public let attributes: [String]
    /// Those of them that are lists, also with one value.
    public let lists: Set<String>
    /// The one that names the account.
    public let accountName: String

    public init(
        _ settings: AdapterSetup, lookedForBy: [String], attributes: [String] = [], lists: Set<String> = [], accountName: String = "",
        correlation: [String] = []
    ) {
        self.correlation = correlation
        self.settings = settings
        self.lookedForBy = lookedForBy
        self.attributes = attributes
        self.lists = lists
        self.accountName = accountName
    }

    public var values: [String: String] { settings.values }
    public var secrets: [String: Sensitive<String>] { settings.secrets }
    public func number(_ key: String) -> Int? { settings.number(key) }
    public func flag(_ key: String) -> Bool? { settings.flag(key) }
    public func path(_ key: String) -> String? { settings.path(key) }
}
