public import IdentityModel

/// What an adapter is made of: settings that were checked against its shape.
public struct AdapterSetup: Sendable {
    /// By key; flags are "true" or "false".
    public let values: [String: String]
    public let secrets: [String: Sensitive<String>]
    /// Where relative paths start.
    public let folder: String

    public init(values: [String: String], secrets: [String: Sensitive<String>] = [:], folder: String) {
        self.values = values
        self.secrets = secrets
        self.folder = folder
    }

    public func number(_ key: String) -> Int? { values[key].flatMap { Int($0) } }
    public func flag(_ key: String) -> Bool? { values[key].map { $0 == "true" } }
    public func path(_ key: String) -> String? { values[key].map { $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" } }
}

/// A kind of store: what it takes, and how one is opened. Its folder declares it; the list of all of them makes it known.
public struct StoreKind: Sendable {
    public typealias Opening = @Sendable (AdapterSetup) async throws(StoreError) -> any Store

    public let shape: AdapterShape
    /// The file that it keeps things in, for whoever keeps others away from it; its key of secrets lies beside it.
    public let file: @Sendable (AdapterSetup) -> String
    /// Made when it is not there yet.
    public let open: Opening
    /// To be read and nothing else: one that is not there is an error, and is not made.
    public let read: Opening

    public init(_ shape: AdapterShape, file: @escaping @Sendable (AdapterSetup) -> String, open: @escaping Opening, read: @escaping Opening)
    {
        self.shape = shape
        self.file = file
        self.open = open
        self.read = read
    }
}

/// A kind of sink for events.
public struct SinkKind: Sendable {
    public let shape: AdapterShape
    /// The file that it writes, for whoever keeps others away from it; nil where there is none.
    public let file: @Sendable (AdapterSetup) -> String?
    public let make: @Sendable (AdapterSetup) -> any EventSink

    public init(
        _ shape: AdapterShape, file: @escaping @Sendable (AdapterSetup) -> String?,
        make: @escaping @Sendable (AdapterSetup) -> any EventSink
    ) {
        self.shape = shape
        self.file = file
        self.make = make
    }
}
