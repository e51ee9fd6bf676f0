public import IdentityModel

/// A kind of connector: what it takes, and how one is made of it. Its folder declares it; the list of all of them makes it known.
public struct ConnectorKind: Sendable {
    public let shape: AdapterShape
    /// Nil for a kind that is only announced.
    public let make: (@Sendable (ConnectorSetup) throws(ConnectorFailure) -> any Connector)?

    public init(_ shape: AdapterShape, make: (@Sendable (ConnectorSetup) throws(ConnectorFailure) -> any Connector)?) {
        self.shape = shape
        self.make = make
    }

    public static func announced(_ shape: AdapterShape) -> ConnectorKind { ConnectorKind(shape, make: nil) }
}

/// What a connector is made of: the settings of one policy map, checked against its kind's shape.
public struct ConnectorSetup: Sendable {
    /// By key; flags are "true" or "false".
    public let values: [String: String]
    public let secrets: [String: Sensitive<String>]
    /// Attributes that accounts are looked for by: correlation and names.
    public let lookedForBy: [String]
    private let folder: String

    /// `folder`: where relative paths start.
    public init(values: [String: String], secrets: [String: Sensitive<String>], lookedForBy: [String], folder: String) {
        self.values = values
        self.secrets = secrets
        self.lookedForBy = lookedForBy
        self.folder = folder
    }

    public func number(_ key: String) -> Int? { values[key].flatMap { Int($0) } }
    public func flag(_ key: String) -> Bool? { values[key].map { $0 == "true" } }
    public func path(_ key: String) -> String? { values[key].map { $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" } }
}
