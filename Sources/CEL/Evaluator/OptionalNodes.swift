/// `o.orValue(d)`: the default is only evaluated when it is needed.
final class OrValueNode: Node, @unchecked Sendable {
    private let operand: Node
    private let fallback: Node

    init(_ operand: Node, _ fallback: Node, offset: Int) {
        self.operand = operand
        self.fallback = fallback
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        if let value = try operand.present(activation) { return value }
        return try fallback.evaluate(activation)
    }
}

/// `a.or(b)`.
final class OrOptionalNode: OptionalNode, @unchecked Sendable {
    private let operand: Node
    private let fallback: Node

    init(_ operand: Node, _ fallback: Node, offset: Int) {
        self.operand = operand
        self.fallback = fallback
        super.init(offset: offset)
    }

    override func present(_ activation: Activation) throws(CELError) -> Value? {
        if let value = try operand.present(activation) { return value }
        return try fallback.present(activation)
    }
}

final class HasValueNode: Node, @unchecked Sendable {
    private let operand: Node

    init(_ operand: Node, offset: Int) {
        self.operand = operand
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value { .bool(try operand.present(activation) != nil) }
}

/// `o.optMap(v, body)` and `o.optFlatMap(v, body)`.
final class OptionalMapNode: OptionalNode, @unchecked Sendable {
    private let operand: Node
    private let local: Int
    private let body: Node
    private let isFlat: Bool

    init(_ operand: Node, local: Int, _ body: Node, isFlat: Bool, offset: Int) {
        self.operand = operand
        self.local = local
        self.body = body
        self.isFlat = isFlat
        super.init(offset: offset)
    }

    override func present(_ activation: Activation) throws(CELError) -> Value? {
        guard let value = try operand.present(activation) else { return nil }
        activation.locals[local] = value
        return isFlat ? try body.present(activation) : try body.evaluate(activation)
    }
}

/// `coalesce(a, b, ...)`: the first that is neither none, null nor empty.
final class CoalesceNode: Node, @unchecked Sendable {
    private let arguments: [Node]
    private let isOptional: Bool

    init(_ arguments: [Node], isOptional: Bool, offset: Int) {
        self.arguments = arguments
        self.isOptional = isOptional
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        for argument in arguments {
            guard let value = try argument.evaluate(activation).unwrapped, !value.isBlank else { continue }
            return isOptional ? .optional(of: value) : value
        }
        guard !isOptional, let last = arguments.last else { return .optionalNone }
        return try last.evaluate(activation)
    }
}

extension Value {
    /// null and the empty string.
    var isBlank: Bool {
        switch self {
        case .null: true
        case .string(let text): text.isEmpty
        case .bool, .int, .uint, .double, .bytes, .list, .map, .timestamp, .duration, .type, .optional, .object, .opaque: false
        }
    }
}
