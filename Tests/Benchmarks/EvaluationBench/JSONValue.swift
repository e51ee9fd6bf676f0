import CEL

/// A value both evaluators are given.
enum JSONValue: Codable {
    case bool(Bool)
    case int(Int64)
    case string(String)
    case list([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let bool = try? container.decode(Bool.self) {
            self = .bool(bool)
        } else if let int = try? container.decode(Int64.self) {
            self = .int(int)
        } else if let string = try? container.decode(String.self) {
            self = .string(string)
        } else if let list = try? container.decode([JSONValue].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .bool(let bool): try container.encode(bool)
        case .int(let int): try container.encode(int)
        case .string(let string): try container.encode(string)
        case .list(let list): try container.encode(list)
        case .object(let object): try container.encode(object)
        }
    }

    /// Nil for what JSON has no form of here: references, times, none.
    init?(_ value: Value) {
        switch value {
        case .bool(let bool): self = .bool(bool)
        case .int(let int): self = .int(int)
        case .string(let string): self = .string(string)
        case .list(let elements): self = .list(elements.compactMap(JSONValue.init))
        case .map(let map):
            let pairs = zip(map.keys, map.values).compactMap { key, value in
                key.asString.flatMap { name in JSONValue(value).map { (name, $0) } }
            }
            self = .object(Dictionary(pairs, uniquingKeysWith: { first, _ in first }))
        case .object(let object):
            let pairs = zip(object.type.fields, object.slots).compactMap { field, slot in
                slot.value.flatMap(JSONValue.init).map { (field.name, $0) }
            }
            self = .object(Dictionary(pairs, uniquingKeysWith: { first, _ in first }))
        case .null, .uint, .double, .bytes, .timestamp, .duration, .type, .optional, .opaque: return nil
        }
    }

    /// As a variable of ours: an object whose members are all texts or flags is a record, with the fields it has and `absent` ones.
    func variable(_ name: String, absent: [String]) -> (type: CELType, value: Value) {
        switch self {
        case .object(let members):
            let known = members.sorted { $0.key < $1.key }.map { (name: $0.key, member: $0.value.plain) }
            let fields = known.map { ObjectType.Field(name: $0.name, type: $0.member.type) } + absent.map { .init(name: $0, type: .string) }
            let type = ObjectType(name: name, fields: fields, whenAbsent: .error)
            return (.object(type), .object(ObjectValue(type: type, slots: known.map { .value($0.member.value) })))
        case .bool, .int, .string, .list: return plain
        }
    }

    private var plain: (type: CELType, value: Value) {
        switch self {
        case .bool(let bool): (.bool, .bool(bool))
        case .int(let int): (.int, .int(int))
        case .string(let string): (.string, .string(string))
        case .list(let list): (.list(.string), .list(list.map(\.plain.value)))
        case .object(let members):
            (.map(.string, .string), .map(MapValue(members.sorted { $0.key < $1.key }.map { (.string($0.key), $0.value.plain.value) })))
        }
    }
}
