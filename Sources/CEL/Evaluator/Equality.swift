extension Value {
    enum Order { case before, same, after, unordered }

    /// CEL's equality; takes steps from the budget, since values may share parts and so be larger than memory.
    func equals(_ other: Value, _ activation: Activation, at offset: Int) throws(CELError) -> Bool {
        var steps = Limits.cost - activation.cost
        let isEqual = equals(other, &steps)
        try activation.charge(max(0, Limits.cost - activation.cost - steps), at: offset)
        guard let isEqual else { throw Activation.exhausted.at(offset) }
        return isEqual
    }

    /// nil when the steps do not suffice.
    func equals(_ other: Value, _ steps: inout Int) -> Bool? {
        steps -= 1 + weight
        if steps < 0 { return nil }
        switch (self, other) {
        case (.null, .null): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.string(let a), .string(let b)): return Text.equal(a, b)
        case (.bytes(let a), .bytes(let b)): return a == b
        case (.timestamp(let a), .timestamp(let b)): return a == b
        case (.duration(let a), .duration(let b)): return a == b
        case (.type(let a), .type(let b)): return a == b
        case (.opaque(let a), .opaque(let b)): return Text.equal(a.typeName, b.typeName) && Text.equal(a.payload, b.payload)
        case (.list(let a), .list(let b)): return Self.elements(a, b, &steps)
        case (.map(let a), .map(let b)): return Self.entries(a, b, &steps)
        case (.object(let a), .object(let b)): return a === b || Self.slots(a, b, &steps) ?? false
        case (.optional(let a), .optional(let b)):
            guard let first = a.wrapped, let second = b.wrapped else { return a.wrapped == nil && b.wrapped == nil }
            return first.equals(second, &steps)
        default: return numericOrder(other) == .same
        }
    }

    private static func elements(_ left: [Value], _ right: [Value], _ steps: inout Int) -> Bool? {
        guard left.count == right.count else { return false }
        for (a, b) in zip(left, right) {
            guard let isEqual = a.equals(b, &steps) else { return nil }
            if !isEqual { return false }
        }
        return true
    }

    private static func entries(_ left: MapValue, _ right: MapValue, _ steps: inout Int) -> Bool? {
        guard left.count == right.count else { return false }
        for (key, value) in zip(left.keys, left.values) {
            guard let other = right[key] else { return false }
            guard let isEqual = value.equals(other, &steps) else { return nil }
            if !isEqual { return false }
        }
        return true
    }

    private static func slots(_ left: ObjectValue, _ right: ObjectValue, _ steps: inout Int) -> Bool? {
        guard left.type == right.type else { return false }
        for (a, b) in zip(left.slots, right.slots) {
            guard let first = a.value, let second = b.value else {
                if a.value == nil && b.value == nil { continue }
                return false
            }
            guard let isEqual = first.equals(second, &steps) else { return nil }
            if !isEqual { return false }
        }
        return true
    }

    /// nil when the two cannot be ordered at all.
    func order(_ other: Value) -> Order? {
        switch (self, other) {
        case (.bool(let a), .bool(let b)): return a == b ? .same : a ? .after : .before
        case (.string(let a), .string(let b)): return Text.equal(a, b) ? .same : Text.less(a, b) ? .before : .after
        case (.bytes(let a), .bytes(let b)): return a == b ? .same : a.lexicographicallyPrecedes(b) ? .before : .after
        case (.timestamp(let a), .timestamp(let b)): return a == b ? .same : a < b ? .before : .after
        case (.duration(let a), .duration(let b)): return a == b ? .same : a < b ? .before : .after
        default: return numericOrder(other)
        }
    }

    /// Across the number types; nil when one is no number.
    private func numericOrder(_ other: Value) -> Order? {
        switch (self, other) {
        case (.int(let a), .int(let b)): return Self.order(a, b)
        case (.uint(let a), .uint(let b)): return Self.order(a, b)
        case (.double(let a), .double(let b)): return a.isNaN || b.isNaN ? .unordered : Self.order(a, b)
        case (.int(let a), .uint(let b)): return Int64(exactly: b).map { Self.order(a, $0) } ?? .before
        case (.int(let a), .double(let b)): return b.isNaN ? .unordered : Self.order(a, b)
        case (.uint(let a), .double(let b)): return b.isNaN ? .unordered : Self.order(a, b)
        case (.uint, .int), (.double, .int), (.double, .uint):
            switch other.numericOrder(self) {
            case .some(.before): return .after
            case .some(.after): return .before
            case .some(.same): return .same
            case .some(.unordered): return .unordered
            case nil: return nil
            }
        default: return nil
        }
    }

    private static func order<Number: Comparable>(_ left: Number, _ right: Number) -> Order {
        left == right ? .same : left < right ? .before : .after
    }

    /// The standard converts the whole number to double, so the largest int equals 2^63.
    private static func order<Whole: FixedWidthInteger>(_ left: Whole, _ right: Double) -> Order {
        if right > Double(Whole.max) { return .before }
        if right < Double(Whole.min) { return .after }
        return order(Double(left), right)
    }

    /// Steps a function takes at least for reading this value.
    @inline(__always)
    var weight: Int {
        switch self {
        case .string(let text): text.utf8.count >> 4
        case .bytes(let bytes): bytes.count >> 4
        case .list(let elements): elements.reduce(elements.count >> 2) { $0 + $1.shallowWeight }
        case .map(let map): map.count >> 2
        case .null, .bool, .int, .uint, .double, .timestamp, .duration, .type, .optional, .object, .opaque: 0
        }
    }

    private var shallowWeight: Int {
        switch self {
        case .string(let text): text.utf8.count >> 4
        case .bytes(let bytes): bytes.count >> 4
        default: 0
        }
    }
}
