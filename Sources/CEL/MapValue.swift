/// A map that keeps the order of its entries. Numbers that are equal are one key, whatever their type.
package final class MapValue: Sendable {
    package let keys: [Value]
    package let values: [Value]
    private let index: [MapKey: Int]

    /// Of a repeated key the first entry counts; keys that cannot be keys are left out.
    package init(_ entries: [(Value, Value)]) {
        var keys: [Value] = []
        var values: [Value] = []
        var index: [MapKey: Int] = [:]
        keys.reserveCapacity(entries.count)
        values.reserveCapacity(entries.count)
        index.reserveCapacity(entries.count)
        for (key, value) in entries {
            guard let mapKey = MapKey(key), index[mapKey] == nil else { continue }
            index[mapKey] = keys.count
            keys.append(key)
            values.append(value)
        }
        self.keys = keys
        self.values = values
        self.index = index
    }

    package var count: Int { keys.count }

    /// The value of a key, in constant time.
    package subscript(key: Value) -> Value? {
        guard !keys.isEmpty, let mapKey = MapKey(key) else { return nil }
        guard let position = index[mapKey] else { return nil }
        return values[position]
    }

    package subscript(key: String) -> Value? {
        guard let position = index[.string(Text(key))] else { return nil }
        return values[position]
    }
}

/// A key in the one form that equal keys share.
enum MapKey: Hashable, Sendable {
    case bool(Bool)
    case int(Int64)
    /// Only beyond the range of int.
    case uint(UInt64)
    case string(Text)

    /// nil when the value can equal no key.
    init?(_ value: Value) {
        switch value {
        case .bool(let bool): self = .bool(bool)
        case .int(let int): self = .int(int)
        case .uint(let uint): self = Int64(exactly: uint).map(MapKey.int) ?? .uint(uint)
        case .double(let double):
            if let int = Int64(exactly: double) {
                self = .int(int)
            } else if let uint = UInt64(exactly: double) {
                self = .uint(uint)
            } else {
                return nil
            }
        case .string(let string): self = .string(Text(string))
        case .null, .bytes, .list, .map, .timestamp, .duration, .type, .optional, .object, .opaque: return nil
        }
    }

    /// Whether CEL allows a key of this kind in a map (a double can look one up, but cannot be one).
    static func allows(_ value: Value) -> Bool {
        switch value {
        case .bool, .int, .uint, .string: true
        case .null, .double, .bytes, .list, .map, .timestamp, .duration, .type, .optional, .object, .opaque: false
        }
    }
}
