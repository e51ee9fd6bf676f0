extension Value {
    /// The value as an attribute and a person read it: `512`, `true`, `2026-01-31T00:00:00Z`; an optional is its content.
    /// nil for values without such a text (null, lists, maps, records, bytes that are not UTF-8, none).
    package var text: String? {
        switch self {
        case .bool(let bool): bool ? "true" : "false"
        case .int(let int): String(int)
        case .uint(let uint): String(uint)
        case .double(let double): double.celText
        case .string(let string): string
        case .bytes(let bytes): String(validating: bytes, as: UTF8.self)
        case .timestamp(let timestamp): timestamp.text
        case .duration(let duration): duration.text
        case .opaque(let opaque): opaque.payload
        case .optional(let optional): optional.wrapped?.text
        case .type(let type): String(type.description.prefix { $0 != "(" })
        case .null, .list, .map, .object: nil
        }
    }

    /// The value as a message shows it: strings in quotes, long ones cut.
    package var shown: String {
        switch self {
        case .string(let string): "'\(string.scalarCount > 80 ? String(string.unicodeScalars.prefix(77)) + "..." : string)'"
        case .null: "null"
        case .list(let elements): "a list of \(elements.count)"
        case .map(let map): "a map of \(map.count)"
        case .object(let object): object.type.name
        case .opaque(let opaque): "\(opaque.typeName) '\(opaque.payload)'"
        case .optional(let optional): optional.wrapped.map { "optional \($0.shown)" } ?? "none"
        case .bytes(let bytes): "\(bytes.count) bytes"
        case .bool, .int, .uint, .double, .timestamp, .duration, .type: text ?? ""
        }
    }
}

extension Value: Equatable {
    /// CEL's equality: numbers across types, strings by code point, maps whatever their order, NaN unequal to itself.
    /// Values that share parts so often that they cannot be walked through count as unequal.
    package static func == (left: Value, right: Value) -> Bool {
        var steps = 100 * Limits.cost
        return left.equals(right, &steps) ?? false
    }

    /// Below zero, zero or above zero; nil when CEL does not order these two.
    package func compared(to other: Value) -> Int? {
        switch order(other) {
        case .some(.before): -1
        case .some(.same): 0
        case .some(.after): 1
        case .some(.unordered), nil: nil
        }
    }
}
