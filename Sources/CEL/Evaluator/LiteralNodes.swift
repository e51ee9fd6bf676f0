final class ListNode: Node, @unchecked Sendable {
    struct Element: Sendable {
        let node: Node
        let isOptional: Bool
    }

    private let elements: [Element]

    init(_ elements: [Element], offset: Int) {
        self.elements = elements
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        try activation.charge(elements.count, at: offset)
        var values: [Value] = []
        values.reserveCapacity(elements.count)
        for element in elements {
            if element.isOptional {
                if let value = try element.node.present(activation) { values.append(value) }
            } else {
                values.append(try element.node.evaluate(activation))
            }
        }
        return .list(values)
    }
}

final class MapNode: Node, @unchecked Sendable {
    struct Entry: Sendable {
        let key: Node
        let value: Node
        let isOptional: Bool
    }

    private let entries: [Entry]

    init(_ entries: [Entry], offset: Int) {
        self.entries = entries
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        try activation.charge(entries.count, at: offset)
        var builder = MapBuilder()
        for entry in entries {
            let key = try entry.key.evaluate(activation)
            let value = entry.isOptional ? try entry.value.present(activation) : try entry.value.evaluate(activation)
            do {
                try builder.add(key, value)
            } catch {
                throw error.at(entry.key.offset)
            }
        }
        return builder.value
    }
}

/// Collects entries and refuses what CEL refuses: keys that are no keys, keys given twice.
struct MapBuilder {
    private var entries: [(Value, Value)] = []
    private var keys: Set<MapKey> = []

    /// An entry without a value is left out.
    mutating func add(_ key: Value, _ value: Value?) throws(CELError) {
        guard MapKey.allows(key), let mapKey = MapKey(key) else { throw CELError.invalid("\(key.type.word) cannot be a map's key") }
        guard let value else { return }
        guard keys.insert(mapKey).inserted else { throw CELError.invalid("the map has the key \(key.shown) twice") }
        guard entries.count < Limits.listElements else { throw CELError(.limit, "the map has more than \(Limits.listElements) entries") }
        entries.append((key, value))
    }

    var value: Value { .map(MapValue(entries)) }
}

/// `cel.bind(name, value, body)`.
final class BindNode: Node, @unchecked Sendable {
    private let local: Int
    private let value: Node
    private let body: Node

    init(local: Int, _ value: Node, _ body: Node, offset: Int) {
        self.local = local
        self.value = value
        self.body = body
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        activation.locals[local] = try value.evaluate(activation)
        return try body.evaluate(activation)
    }

    override func present(_ activation: Activation) throws(CELError) -> Value? {
        activation.locals[local] = try value.evaluate(activation)
        return try body.present(activation)
    }
}
