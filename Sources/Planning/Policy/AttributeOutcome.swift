package import CEL
package import IdentityModel

/// What an attribute rule came to for one account.
package enum AttributeOutcome: Sendable, Hashable {
    /// None or an empty list: no value.
    case values([AccountValue])
    /// `when` is false, or an error with `onError: skip`: the attribute is left alone.
    case leftAlone(warning: String?)
    /// `enforce: onCreate` on an account that exists: the stored value, not computed again.
    case stored([AccountValue])
    case failed(String)

    /// The values other rules see through `out`.
    package var visibleValues: [AccountValue]? {
        switch self {
        case .values(let values), .stored(let values): values
        case .leftAlone, .failed: nil
        }
    }
}

extension Value {
    /// The attribute values an expression's result stands for; nil when the result has none that a system could hold.
    package var accountValues: [AccountValue]? {
        switch self {
        case .optional(let optional): return optional.wrapped.map(\.accountValues) ?? []
        case .list(let elements):
            var values: [AccountValue] = []
            for element in elements {
                guard let part = element.accountValues else { return nil }
                values.append(contentsOf: part)
            }
            return values
        case .opaque(let opaque) where opaque.typeName == "account":
            return opaque.payload.isEmpty ? [] : [.reference(UserKey(opaque.payload))]
        case .string(let text): return text.isEmpty ? [] : [.text(text)]
        case .bool(let flag): return [.text(flag ? "TRUE" : "FALSE")]  // RFC 4517 section 3.3.3
        case .int, .uint, .timestamp: return text.map { [.text($0)] }
        case .null, .double, .bytes, .map, .duration, .type, .object, .opaque: return nil
        }
    }
}

/// How `out.x` shows values to other rules, following the type the map declared.
func slot(of values: [AccountValue], type: CELType) -> Slot {
    switch type {
    case .list: return .value(.strings(values.map(\.text)))
    case .int: return values.first.flatMap { Int64($0.text) }.map { .value(.int($0)) } ?? .absent
    case .uint: return values.first.flatMap { UInt64($0.text) }.map { .value(.uint($0)) } ?? .absent
    case .bool: return values.first.map { .value(.bool($0.text == "TRUE")) } ?? .absent
    case .optional(let wrapped): return slot(of: values, type: wrapped)
    case .opaque(let name):
        guard case .reference(let key)? = values.first else { return .absent }
        return .value(.opaque(OpaqueValue(typeName: name, payload: key.text)))
    default: return values.first.map { .value(.string($0.text)) } ?? .absent
    }
}
