/// What a kind of adapter (a connector, a store, a sink) is called and which settings it takes. The adapter declares it; whoever reads the configuration, and
/// writes schemas for editors, goes by it and knows no adapter.
public struct AdapterShape: Sendable {
    public indirect enum Kind: Sendable {
        case text, flag
        /// From the environment or a file, and never shown.
        case secret
        case number(ClosedRange<Int>)
        case word([String])
        /// Texts, a line each in what is read.
        case texts
        /// Keys of its own: `requests: { find: { get: /people } }` is read as `requests.find.get`.
        case section([Key])
        /// Texts under keys that the author chooses, read in the same way.
        case dictionary
        /// In the policy language.
        case expression([Variable], gives: Variable.Kind)
        /// A text with expressions in braces: `/people/{id}`.
        case template([Variable])
    }

    /// What an expression of an adapter may name.
    public struct Variable: Hashable, Sendable {
        public enum Kind: Hashable, Sendable {
            case text, number, flag, list, anything
            /// A record with the attributes of the policy map; those with dots are records in it.
            case attributes
        }

        public let name: String
        public let kind: Kind

        public init(_ name: String, _ kind: Kind) {
            self.name = name
            self.kind = kind
        }
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

    /// What is wrong with settings that are right one by one, and where: keys with dots as they are read.
    public struct Problem: Hashable, Sendable {
        public let key: String
        public let message: String

        public init(_ key: String, _ message: String) {
            self.key = key
            self.message = message
        }
    }

    public let adapter: AdapterShape
    /// By the settings, as they are read: a system can be what its policy map says that it is.
    public let traits: @Sendable ([String: String]) -> SystemTraits
    public let problems: @Sendable ([String: String]) -> [Problem]

    public init(
        type: String, keys: [Key], problems: @escaping @Sendable ([String: String]) -> [Problem] = { _ in [] },
        traits: @escaping @Sendable ([String: String]) -> SystemTraits
    ) {
        adapter = AdapterShape(type: type, keys: keys)
        self.problems = problems
        self.traits = traits
    }

    public init(type: String, keys: [Key], traits: SystemTraits) {
        self.init(type: type, keys: keys) { _ in traits }
    }

    public var type: String { adapter.type }
    public var keys: [Key] { adapter.keys }
}
