internal import Foundation
internal import IdentityModel

/// What a JSON text says (RFC 8259). Numbers without a fraction stay whole.
enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    struct Malformed: Error, Hashable {}

    init(parsing bytes: [UInt8]) throws(Malformed) {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) else { throw Malformed() }
        self = value
    }

    /// Members in order of their names, so that the same value is the same bytes.
    var bytes: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { Array($0) } ?? []
    }

    /// As an attribute's value is shown: text as it is, flags as `true` and `false`, numbers in digits. Nil: it is no single value.
    var text: String? {
        switch self {
        case .string(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .double(let number): String(number)
        case .null, .array, .object: nil
        }
    }

    /// Typed as an attribute's rule says; what is no such thing stays text, and the service says what it thinks of it.
    init(_ text: String, _ type: ValueType) {
        switch type {
        case .text, .reference: self = .string(text)
        case .flag: self = FlagWords.plain.flag(text).map(JSONValue.bool) ?? .string(text)
        case .number: self = Int64(text).map(JSONValue.integer) ?? .string(text)
        }
    }

    /// Of an object; whatever the capitals of the name are (RFC 7643, 2.1).
    func member(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.key(name).flatMap { members[$0] }
    }

    var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }

    /// Says nothing: what is empty counts as not there (RFC 7643, 2.5).
    var isNothing: Bool {
        switch self {
        case .null: true
        case .array(let elements): elements.isEmpty
        case .object(let members): members.isEmpty
        case .bool, .integer, .double, .string: false
        }
    }
}

extension [String: JSONValue] {
    /// How a member of this name is spelled here.
    func key(_ name: String) -> String? {
        if self[name] != nil { return name }
        let wanted = name.lowercased()
        return keys.sorted().first { $0.lowercased() == wanted }
    }
}

extension JSONValue: Codable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // In the order of how often they come: each failed attempt costs.
        if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .bool(flag)
        } else if let number = try? container.decode(Int64.self) {
            self = .integer(number)
        } else if let number = try? container.decode(Double.self) {
            self = .double(number)
        } else if let elements = try? container.decode([JSONValue].self) {
            self = .array(elements)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let flag): try container.encode(flag)
        case .integer(let number): try container.encode(number)
        case .double(let number): try container.encode(number)
        case .string(let text): try container.encode(text)
        case .array(let elements): try container.encode(elements)
        case .object(let members): try container.encode(members)
        }
    }
}
