/// What a kind of adapter (a connector, a store, a sink) is called and which settings it takes. The adapter declares it; whoever reads the configuration, and
/// writes schemas for editors, goes by it and knows no adapter.
public struct AdapterShape: Sendable {
    public enum Kind: Sendable {
        case text, flag
        /// From the environment or a file, and never shown.
        case secret
        case number(ClosedRange<Int>)
        case word([String])
    }

    public struct Key: Sendable {
        public let name: String
        public let kind: Kind
        /// For people who write it: one sentence.
        public let about: String
        public let isRequired: Bool

        public init(_ name: String, _ kind: Kind, _ about: String, isRequired: Bool = false) {
            self.name = name
            self.kind = kind
            self.about = about
            self.isRequired = isRequired
        }
    }

    /// The word behind `type:`; of a store or a sink, which have none, the key that tells it from others: `store: { sqlite: ... }`.
    public let type: String
    public let keys: [Key]

    public init(type: String, keys: [Key]) {
        self.type = type
        self.keys = keys
    }
}

/// A kind of connector, with what the systems behind it are like.
public struct ConnectorShape: Sendable {
    public typealias Key = AdapterShape.Key

    public let adapter: AdapterShape
    public let traits: SystemTraits
    /// Nothing can be sent yet: settings are read and checked, so that policy maps can be written and tested.
    public let isAnnounced: Bool

    public init(type: String, keys: [Key], traits: SystemTraits, isAnnounced: Bool = false) {
        adapter = AdapterShape(type: type, keys: keys)
        self.traits = traits
        self.isAnnounced = isAnnounced
    }

    public var type: String { adapter.type }
    public var keys: [Key] { adapter.keys }

    /// What every system over HTTP needs: an address, a way in (a bearer token, or user and password), how much at once.
    public static func announcedWeb(_ type: String) -> ConnectorShape {
        ConnectorShape(
            type: type,
            keys: [
                Key("url", .text, "Where the server is: https://app.example.com/scim/v2", isRequired: true),
                Key("token", .secret, "The bearer token that Birthright shows, from the environment or a file."),
                Key("user", .text, "The account that Birthright signs in with, where there is no token."),
                Key("password", .secret, "Its password, from the environment or a file."),
                Key("caFile", .text, "Whose signature the server's certificate has to carry: a PEM file."),
                Key("connections", .number(1...64), "How many connections are opened."),
                Key("timeout", .number(1...3_600), "Seconds after which an answer is no longer waited for."),
            ], traits: SystemTraits(names: .flat, membershipAttribute: "groups"), isAnnounced: true)
    }
}
