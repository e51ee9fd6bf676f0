/// A part of a compiled expression. Nodes never change after they are made, so several threads may evaluate one tree.
class Node: @unchecked Sendable {
    /// UTF-8 offset in the expression, for errors.
    let offset: Int

    init(offset: Int) { self.offset = offset }

    func evaluate(_ activation: Activation) throws(CELError) -> Value {
        throw CELError(.noOverload, "nothing to evaluate", offset: offset)
    }

    /// The content of the optional this node gives; nil for none. Spares the box.
    func present(_ activation: Activation) throws(CELError) -> Value? {
        let value = try evaluate(activation)
        guard case .optional(let optional) = value else {
            throw CELError(.noOverload, "\(value.type.word) is not optional", offset: offset)
        }
        return optional.wrapped
    }

    /// The value, when it is the same for every input.
    var constant: Value? { nil }

    func condition(_ activation: Activation) throws(CELError) -> Bool {
        let value = try evaluate(activation)
        guard case .bool(let bool) = value else { throw CELError(.noOverload, "\(value.type.word) is not bool", offset: offset) }
        return bool
    }
}

/// A node that gives an optional: `present` is its one source.
class OptionalNode: Node, @unchecked Sendable {
    final override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        if let value = try present(activation) { return .optional(of: value) }
        return .optionalNone
    }
}

final class ConstantNode: Node, @unchecked Sendable {
    let value: Value

    init(_ value: Value, offset: Int) {
        self.value = value
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value { value }
    override var constant: Value? { value }
}

final class FailureNode: Node, @unchecked Sendable {
    private let error: CELError

    init(_ error: CELError, offset: Int) {
        self.error = error.at(offset)
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value { throw error }
}

final class VariableNode: Node, @unchecked Sendable {
    private let slot: Int
    private let name: String

    init(slot: Int, name: String, offset: Int) {
        self.slot = slot
        self.name = name
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        switch activation.bindings[slot] {
        case .value(let value): return value
        case .failure(let error): throw error
        case .record(let record): return .object(record.value)
        case .absent: throw CELError(.absentField(path: name), "\(name) is absent", offset: offset)
        }
    }
}

final class LocalNode: Node, @unchecked Sendable {
    private let index: Int

    init(index: Int, offset: Int) {
        self.index = index
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value { activation.locals[index] }
}

/// Tells every value to the activation's trace.
final class TraceNode: Node, @unchecked Sendable {
    private let inner: Node
    private let range: Range<Int>

    init(_ inner: Node, range: Range<Int>) {
        self.inner = inner
        self.range = range
        super.init(offset: inner.offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        do {
            let value = try inner.evaluate(activation)
            activation.trace?(range, .success(value))
            return value
        } catch {
            activation.trace?(range, .failure(error))
            throw error
        }
    }
}
