import CEL

/// A value as a text that equal values share and others do not, as far as a budget goes: values may share parts and be larger than memory.
struct ValueForm {
    private var text = ""
    private var budget = 5_000

    static func of(_ value: Value) -> String {
        var form = ValueForm()
        form.add(value)
        return form.text
    }

    private mutating func add(_ value: Value) {
        budget -= 1
        guard budget > 0 else { return }
        switch value {
        case .null, .bool, .int, .uint, .duration, .timestamp, .type, .opaque: text += "\(value.type.word) \(value.text ?? "null")"
        case .double(let double): text += double.isNaN ? "NaN" : "double \(double)"
        case .string(let string): text += "\"\(Array(string.utf8))\""
        case .bytes(let bytes): text += "b\(bytes)"
        case .list(let elements): each("[", elements, "]")
        case .map(let map): each("{", zip(map.keys, map.values).flatMap { [$0, $1] }, "}")
        case .optional(let optional): each("optional(", optional.wrapped.map { [$0] } ?? [], ")")
        case .object(let object):
            text += object.type.name
            each("(", object.slots.map { $0.value ?? .optionalNone }, ")")
        }
    }

    private mutating func each(_ open: String, _ values: [Value], _ close: String) {
        text += open
        for value in values {
            guard budget > 0 else { return }
            add(value)
            text += ","
        }
        text += close
    }
}

extension Value {
    /// Whether the value is of the type that the checker promised; looks at so many parts at most.
    func keepsPromise(of type: CELType, _ budget: inout Int) -> Bool {
        budget -= 1
        guard budget > 0 else { return true }
        switch (type, self) {
        case (.dyn, _), (.parameter, _), (.null, .null), (.bool, .bool), (.int, .int), (.uint, .uint), (.double, .double),
            (.string, .string),
            (.bytes, .bytes), (.timestamp, .timestamp), (.duration, .duration), (.type, .type):
            return true
        case (.list(let element), .list(let values)): return values.allSatisfy { $0.keepsPromise(of: element, &budget) }
        case (.map(let key, let content), .map(let map)):
            return map.keys.allSatisfy { $0.keepsPromise(of: key, &budget) }
                && map.values.allSatisfy { $0.keepsPromise(of: content, &budget) }
        case (.optional(let inner), .optional(let optional)): return optional.wrapped?.keepsPromise(of: inner, &budget) ?? true
        case (.object(let type), .object(let object)): return object.type == type
        case (.opaque(let name), .opaque(let opaque)): return opaque.typeName == name
        // null may stand where one of these is wanted (the standard's nullable types).
        case (.optional, .null), (.opaque, .null), (.object, .null), (.timestamp, .null), (.duration, .null): return true
        default: return false
        }
    }
}
