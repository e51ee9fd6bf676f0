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

extension [AccountValue] {
    /// Each value once, in the order of its first place: an attribute's values are a set, and directories refuse an entry that
    /// says one of them twice. Values that only a system takes for equal (by capitals, say) stay as they are.
    var withoutRepetitions: [AccountValue] {
        guard count > 1 else { return self }
        var seen = Set<AccountValue>(minimumCapacity: count)
        return filter { seen.insert($0).inserted }
    }
}

extension Value {
    /// The attribute values an expression's result stands for, each once; nil when the result has none that a system could hold.
    /// `flags`: the system's words for a flag.
    package func accountValues(_ flags: FlagWords) -> [AccountValue]? {
        switch self {
        case .optional(let optional): return optional.wrapped.map { $0.accountValues(flags) } ?? []
        case .list(let elements):
            var values: [AccountValue] = []
            for element in elements {
                guard let part = element.accountValues(flags) else { return nil }
                values.append(contentsOf: part)
            }
            return values.withoutRepetitions
        case .opaque(let opaque) where opaque.typeName == "account":
            return opaque.payload.isEmpty ? [] : [.reference(UserKey(opaque.payload), in: opaque.context.map { SourceName($0) })]
        case .string(let text): return text.isEmpty ? [] : [.text(text)]
        case .bool(let flag): return [.text(flags.word(flag))]
        case .int, .uint, .timestamp: return text.map { [.text($0)] }
        case .null, .double, .bytes, .map, .duration, .type, .object, .opaque: return nil
        }
    }
}

/// How `out.x` shows an attribute's values to other rules, following the type the map declared.
package enum OutForm: Sendable, Hashable {
    case text, list, int, uint, bool
    case opaque

    package init(_ type: CELType) {
        switch type {
        case .list: self = .list
        case .int: self = .int
        case .uint: self = .uint
        case .bool: self = .bool
        case .optional(let wrapped): self = OutForm(wrapped)
        case .opaque: self = .opaque
        default: self = .text
        }
    }
}

extension ValueType {
    /// Of the values of a rule whose expression has this type.
    package init(_ type: CELType) {
        switch type {
        case .optional(let inner), .list(let inner): self = ValueType(inner)
        case .bool: self = .flag
        case .int, .uint: self = .number
        default: self = .text
        }
    }
}

func slot(of values: [AccountValue], _ form: OutForm, _ flags: FlagWords, type: @autoclosure () -> CELType) -> Slot {
    if case .list = form { return .value(.strings(values.map(\.text))) }
    guard let first = values.first else { return .absent }
    switch form {
    case .text, .list: return .value(.string(first.text))
    case .int: return Int64(first.text).map { .value(.int($0)) } ?? .absent
    case .uint: return UInt64(first.text).map { .value(.uint($0)) } ?? .absent
    case .bool: return .value(.bool(flags.flag(first.text) == true))
    case .opaque:
        var type = type()
        while case .optional(let wrapped) = type { type = wrapped }
        guard case .reference(let user) = first, case .opaque(let name) = type else { return .absent }
        return .value(.opaque(OpaqueValue(typeName: name, payload: user.key.text, context: user.source?.text)))
    }
}
