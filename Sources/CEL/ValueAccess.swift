extension Value {
    package static let optionalNone = Value.optional(OptionalValue.none)

    package static func optional(of value: Value) -> Value { .optional(OptionalValue(value)) }

    package static func strings(_ texts: [String]) -> Value { .list(texts.map(Value.string)) }

    /// A map of strings; of a repeated key the first entry counts. Look-up takes constant time.
    package static func table(_ pairs: [(String, String)]) -> Value {
        .map(MapValue(pairs.map { (.string($0.0), .string($0.1)) }))
    }

    package var asBool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var asInt: Int64? {
        if case .int(let value) = self { value } else { nil }
    }

    package var asString: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var asList: [Value]? {
        if case .list(let values) = self { values } else { nil }
    }

    package var asMap: MapValue? {
        if case .map(let value) = self { value } else { nil }
    }

    package var asTimestamp: Timestamp? {
        if case .timestamp(let value) = self { value } else { nil }
    }

    package var asObject: ObjectValue? {
        if case .object(let value) = self { value } else { nil }
    }

    package var asOpaque: OpaqueValue? {
        if case .opaque(let value) = self { value } else { nil }
    }

    /// The value inside an optional, however deep; nil for none. A value that is no optional is itself.
    package var unwrapped: Value? {
        if case .optional(let value) = self { value.wrapped.flatMap(\.unwrapped) } else { self }
    }

    /// The run-time type. Lists, maps and optionals do not know their elements' types: those are `dyn`.
    package var type: CELType {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .list: .list(.dyn)
        case .map: .map(.dyn, .dyn)
        case .timestamp: .timestamp
        case .duration: .duration
        case .type: .type(.dyn)
        case .optional: .optional(.dyn)
        case .object(let object): .object(object.type)
        case .opaque(let opaque): .opaque(opaque.typeName)
        }
    }
}
