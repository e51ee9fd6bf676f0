internal import CEL

extension JSONValue {
    var celValue: Value {
        switch self {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .integer(let number): .int(number)
        case .double(let number): .double(number)
        case .string(let text): .string(text)
        case .array(let elements): .list(elements.map(\.celValue))
        case .object(let members):
            .map(MapValue(members.sorted { $0.key < $1.key }.map { (Value.string($0.key), $0.value.celValue) }))
        }
    }

    /// Nil: it is none that JSON has.
    init?(_ value: Value) {
        switch value {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .integer(number)
        case .uint(let number):
            guard let number = Int64(exactly: number) else { return nil }
            self = .integer(number)
        case .double(let number):
            guard number.isFinite else { return nil }
            self = .double(number)
        case .string(let text): self = .string(text)
        case .list(let elements):
            var values: [JSONValue] = []
            for element in elements {
                guard let value = JSONValue(element) else { return nil }
                values.append(value)
            }
            self = .array(values)
        case .map(let map):
            var members: [String: JSONValue] = [:]
            for (key, element) in zip(map.keys, map.values) {
                guard case .string(let name) = key, let value = JSONValue(element) else { return nil }
                members[name] = value
            }
            self = .object(members)
        case .optional(let optional):
            guard let wrapped = optional.wrapped else { return nil }
            self.init(wrapped)
        case .bytes, .timestamp, .duration, .type, .object, .opaque: return nil
        }
    }
}

extension Program {
    /// With these values of its variables.
    func evaluate(_ values: [String: Value]) throws(CELError) -> Value {
        let activation = Activation(environment)
        for (name, value) in values {
            if let slot = environment.slot(of: name) { activation.set(slot, .value(value)) }
        }
        return try evaluate(activation)
    }
}
