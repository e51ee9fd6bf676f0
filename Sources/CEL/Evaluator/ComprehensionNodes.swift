/// A walk over a list or a map, as a node of its own: results are collected in place, without `acc + [x]`.
final class ComprehensionNode: Node, @unchecked Sendable {
    let style: Comprehension.Style
    private let range: Node
    private let local: Int
    private let hasTwoVariables: Bool
    let filter: Node?
    let body: Node
    /// Steps one round takes from the budget.
    private let weight: Int

    init(
        _ comprehension: Comprehension, range: Node, local: Int, filter: Node?, body: Node, weight: Int, offset: Int
    ) {
        style = comprehension.style
        self.range = range
        self.local = local
        hasTwoVariables = comprehension.second != nil
        self.filter = filter
        self.body = body
        self.weight = weight
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        let value = try range.evaluate(activation)
        switch style {
        case .all: return try decide(value, activation, decisive: false)
        case .exists: return try decide(value, activation, decisive: true)
        case .existsOne: return try existsOne(value, activation)
        case .map, .filter, .sortBy: return try collect(value, activation)
        case .transformMap, .transformMapEntry: return try transform(value, activation)
        }
    }

    /// Runs `round` for every element until it says stop; the locals are set.
    func walk(
        _ value: Value, _ activation: Activation, _ round: (_ key: Value, _ element: Value) throws(CELError) -> Bool
    ) throws(CELError) {
        switch value {
        case .list(let elements):
            for (index, element) in elements.enumerated() {
                try activation.charge(weight, at: offset)
                let key = Value.int(Int64(index))
                set(activation, first: hasTwoVariables ? key : element, second: element)
                if try !round(key, element) { return }
            }
        case .map(let map):
            for (key, element) in zip(map.keys, map.values) {
                try activation.charge(weight, at: offset)
                set(activation, first: key, second: element)
                if try !round(key, hasTwoVariables ? element : key) { return }
            }
        case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type, .optional, .object, .opaque:
            throw CELError(.noOverload, "\(value.type.word) cannot be walked through", offset: offset)
        }
    }

    @inline(__always)
    private func set(_ activation: Activation, first: Value, second: Value) {
        activation.locals[local] = first
        if hasTwoVariables { activation.locals[local + 1] = second }
    }

    /// `all` and `exists`: a deciding element absorbs the errors of the others.
    private func decide(_ value: Value, _ activation: Activation, decisive: Bool) throws(CELError) -> Value {
        var failure: CELError?
        var isDecided = false
        try walk(value, activation) { (_, _) throws(CELError) in
            do throws(CELError) {
                isDecided = try body.condition(activation) == decisive
            } catch {
                if error.kind == .limit { throw error }
                failure = failure ?? error
            }
            return !isDecided
        }
        if isDecided { return .bool(decisive) }
        if let failure { throw failure }
        return .bool(!decisive)
    }

    private func existsOne(_ value: Value, _ activation: Activation) throws(CELError) -> Value {
        var count = 0
        try walk(value, activation) { (_, _) throws(CELError) in
            if try body.condition(activation) { count += 1 }
            return true
        }
        return .bool(count == 1)
    }

    private func collect(_ value: Value, _ activation: Activation) throws(CELError) -> Value {
        var results: [Value] = []
        var keys: [Value] = []
        try walk(value, activation) { (_, element) throws(CELError) in
            if let filter, try !filter.condition(activation) { return true }
            switch style {
            case .filter: if try body.condition(activation) { results.append(element) }
            case .sortBy:
                keys.append(try body.evaluate(activation))
                results.append(element)
            case .map, .all, .exists, .existsOne, .transformMap, .transformMapEntry: results.append(try body.evaluate(activation))
            }
            return true
        }
        guard results.count <= Limits.listElements else { throw CELError.tooMany.at(offset) }
        return style == .sortBy ? .list(try ListFunctions.sorted(results, by: keys, activation, offset: offset)) : .list(results)
    }

    private func transform(_ value: Value, _ activation: Activation) throws(CELError) -> Value {
        var builder = MapBuilder()
        try walk(value, activation) { (key, _) throws(CELError) in
            if let filter, try !filter.condition(activation) { return true }
            let result = try body.evaluate(activation)
            if style == .transformMap {
                try builder.add(key, result)
                return true
            }
            guard case .map(let entries) = result else { throw CELError(.noOverload, "the entry is no map", offset: offset) }
            for (key, value) in zip(entries.keys, entries.values) { try builder.add(key, value) }
            return true
        }
        return builder.value
    }
}
