/// Calls of one form of a function, by the number of arguments: nothing is packed into an array up to three.
final class UnaryCallNode: Node, @unchecked Sendable {
    private let body: @Sendable (Value) throws(CELError) -> Value
    private let operand: Node

    init(_ body: @escaping @Sendable (Value) throws(CELError) -> Value, _ operand: Node, offset: Int) {
        self.body = body
        self.operand = operand
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        let value = try operand.evaluate(activation)
        try activation.charge(1 + value.weight, at: offset)
        do {
            return try body(value).limited()
        } catch {
            throw error.at(offset)
        }
    }
}

final class BinaryCallNode: Node, @unchecked Sendable {
    private let body: @Sendable (Value, Value) throws(CELError) -> Value
    private let left: Node
    private let right: Node

    init(_ body: @escaping @Sendable (Value, Value) throws(CELError) -> Value, _ left: Node, _ right: Node, offset: Int) {
        self.body = body
        self.left = left
        self.right = right
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        let first = try left.evaluate(activation)
        let second = try right.evaluate(activation)
        try activation.charge(1 + first.weight + second.weight, at: offset)
        do {
            return try body(first, second).limited()
        } catch {
            throw error.at(offset)
        }
    }
}

final class TernaryCallNode: Node, @unchecked Sendable {
    private let body: @Sendable (Value, Value, Value) throws(CELError) -> Value
    private let arguments: (Node, Node, Node)

    init(
        _ body: @escaping @Sendable (Value, Value, Value) throws(CELError) -> Value, _ arguments: (Node, Node, Node), offset: Int
    ) {
        self.body = body
        self.arguments = arguments
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        let first = try arguments.0.evaluate(activation)
        let second = try arguments.1.evaluate(activation)
        let third = try arguments.2.evaluate(activation)
        try activation.charge(1 + first.weight + second.weight + third.weight, at: offset)
        do {
            return try body(first, second, third).limited()
        } catch {
            throw error.at(offset)
        }
    }
}

/// Calls that give an optional.
final class OptionalUnaryCallNode: OptionalNode, @unchecked Sendable {
    private let body: @Sendable (Value) throws(CELError) -> Value?
    private let operand: Node

    init(_ body: @escaping @Sendable (Value) throws(CELError) -> Value?, _ operand: Node, offset: Int) {
        self.body = body
        self.operand = operand
        super.init(offset: offset)
    }

    override func present(_ activation: Activation) throws(CELError) -> Value? {
        let value = try operand.evaluate(activation)
        try activation.charge(1 + value.weight, at: offset)
        do {
            return try body(value)?.limited()
        } catch {
            throw error.at(offset)
        }
    }
}

final class OptionalBinaryCallNode: OptionalNode, @unchecked Sendable {
    private let body: @Sendable (Value, Value) throws(CELError) -> Value?
    private let left: Node
    private let right: Node

    init(_ body: @escaping @Sendable (Value, Value) throws(CELError) -> Value?, _ left: Node, _ right: Node, offset: Int) {
        self.body = body
        self.left = left
        self.right = right
        super.init(offset: offset)
    }

    override func present(_ activation: Activation) throws(CELError) -> Value? {
        let first = try left.evaluate(activation)
        let second = try right.evaluate(activation)
        try activation.charge(1 + first.weight + second.weight, at: offset)
        do {
            return try body(first, second)?.limited()
        } catch {
            throw error.at(offset)
        }
    }
}

extension [Node] {
    /// The arguments of a call, which is charged for.
    @inline(__always)
    fileprivate func values(_ activation: Activation, at offset: Int) throws(CELError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        var weight = 1
        for argument in self {
            let value = try argument.evaluate(activation)
            weight += value.weight
            values.append(value)
        }
        try activation.charge(weight, at: offset)
        return values
    }
}

/// A call of one form with any number of arguments.
final class ManyCallNode: Node, @unchecked Sendable {
    private let body: @Sendable ([Value]) throws(CELError) -> Value
    private let arguments: [Node]

    init(_ body: @escaping @Sendable ([Value]) throws(CELError) -> Value, _ arguments: [Node], offset: Int) {
        self.body = body
        self.arguments = arguments
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        let values = try arguments.values(activation, at: offset)
        do {
            return try body(values).limited()
        } catch {
            throw error.at(offset)
        }
    }
}

/// A call whose form is chosen by the run-time types of its arguments.
final class CallNode: Node, @unchecked Sendable {
    private let name: String
    private let overloads: [Overload]
    private let arguments: [Node]

    init(_ name: String, _ overloads: [Overload], _ arguments: [Node], offset: Int) {
        self.name = name
        self.overloads = overloads
        self.arguments = arguments
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        let values = try arguments.values(activation, at: offset)
        for overload in overloads where overload.accepts(values) {
            do {
                return try overload.call(values).limited()
            } catch {
                throw error.at(offset)
            }
        }
        throw CELError.noOverload(name, arguments: values).at(offset)
    }
}

extension Value {
    /// The value, unless it is larger than an expression may make it.
    @inline(__always)
    func limited() throws(CELError) -> Value {
        switch self {
        case .string(let text): if text.utf8.count > Limits.stringBytes { throw CELError.tooLong }
        case .bytes(let bytes): if bytes.count > Limits.stringBytes { throw CELError.tooLong }
        case .list(let elements): if elements.count > Limits.listElements { throw CELError.tooMany }
        case .null, .bool, .int, .uint, .double, .map, .timestamp, .duration, .type, .optional, .object, .opaque: break
        }
        return self
    }
}

extension CELError {
    static let tooLong = CELError(.limit, "the string is longer than \(Limits.stringBytes) bytes")
    static let tooMany = CELError(.limit, "the list has more than \(Limits.listElements) elements")
}
