/// The type of an expression, as the checker knows it.
package indirect enum CELType: Hashable, Sendable {
    /// Unknown until run time; goes with every other type.
    case dyn
    case null, bool, int, uint, double, string, bytes, timestamp, duration
    /// The type of a type, such as `type(1)`.
    case type(CELType)
    case list(CELType)
    case map(CELType, CELType)
    case optional(CELType)
    case object(ObjectType)
    /// A value the host hands in and takes back, such as a reference to an account.
    case opaque(String)
    /// An opaque type over other types.
    case applied(String, [CELType])
    /// A type to be inferred; only inside the signature of a function.
    case parameter(String)
}

extension CELType: CustomStringConvertible {
    /// The type as CEL writes it: `list(string)`, `optional_type(int)`.
    package var description: String {
        switch self {
        case .dyn: "dyn"
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .timestamp: "google.protobuf.Timestamp"
        case .duration: "google.protobuf.Duration"
        case .type: "type"
        case .list(let element): "list(\(element))"
        case .map(let key, let value): "map(\(key), \(value))"
        case .optional(let wrapped): "optional_type(\(wrapped))"
        case .object(let object): object.name
        case .opaque(let name): name
        case .applied(let name, let arguments): "\(name)(\(arguments.map(\.description).joined(separator: ", ")))"
        case .parameter(let name): name
        }
    }

    /// The word a message uses for the type: `timestamp`, `optional<string>`.
    package var word: String {
        switch self {
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .null: "null"
        case .list(let element): "list<\(element.word)>"
        case .map(let key, let value): "map<\(key.word), \(value.word)>"
        case .optional(let wrapped): "optional<\(wrapped.word)>"
        case .applied(let name, let arguments): "\(name)<\(arguments.map(\.word).joined(separator: ", "))>"
        case .dyn, .bool, .int, .uint, .double, .string, .bytes, .type, .object, .opaque, .parameter: description
        }
    }
}

/// A record type with slots, such as `user`, `row`, `out`, `account` and `tables`.
package final class ObjectType: Hashable, Sendable {
    /// What a plain select of an absent field gives.
    package enum WhenAbsent: Sendable, Hashable {
        /// An evaluation error: `user.title is absent (write user.?title)`.
        case error
        /// The empty string, as for the columns of a row.
        case empty
    }

    package struct Field: Sendable, Hashable {
        package let name: String
        package let type: CELType

        package init(name: String, type: CELType) {
            self.name = name
            self.type = type
        }
    }

    package let name: String
    package let fields: [Field]
    package let whenAbsent: WhenAbsent
    private let indices: [Text: Int]

    /// When a name is given twice, its first field counts.
    package init(name: String, fields: [Field], whenAbsent: WhenAbsent) {
        self.name = name
        self.fields = fields
        self.whenAbsent = whenAbsent
        indices = Dictionary(fields.enumerated().map { (Text($1.name), $0) }, uniquingKeysWith: { first, _ in first })
    }

    package func index(of field: String) -> Int? { indices[Text(field)] }

    package static func == (left: ObjectType, right: ObjectType) -> Bool {
        left === right || (left.name == right.name && left.whenAbsent == right.whenAbsent && left.fields == right.fields)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
