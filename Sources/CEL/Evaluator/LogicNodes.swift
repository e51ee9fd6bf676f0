/// `&&` and `||` over any number of operands. A deciding operand absorbs the errors of the others, on both sides.
final class LogicNode: Node, @unchecked Sendable {
    private let operands: [Node]
    /// The operand that decides: false for `&&`, true for `||`.
    private let decisive: Bool

    init(_ operands: [Node], decisive: Bool, offset: Int) {
        self.operands = operands
        self.decisive = decisive
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        var failure: CELError?
        for operand in operands {
            do {
                if try operand.condition(activation) == decisive { return .bool(decisive) }
            } catch {
                if error.kind == .limit { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return .bool(!decisive)
    }
}

final class NotNode: Node, @unchecked Sendable {
    private let operand: Node

    init(_ operand: Node, offset: Int) {
        self.operand = operand
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value { .bool(!(try operand.condition(activation))) }
}

final class ConditionalNode: Node, @unchecked Sendable {
    private let test: Node
    private let yes: Node
    private let no: Node

    init(_ test: Node, _ yes: Node, _ no: Node, offset: Int) {
        self.test = test
        self.yes = yes
        self.no = no
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        try test.condition(activation) ? try yes.evaluate(activation) : try no.evaluate(activation)
    }

    override func present(_ activation: Activation) throws(CELError) -> Value? {
        try test.condition(activation) ? try yes.present(activation) : try no.present(activation)
    }
}

final class EqualNode: Node, @unchecked Sendable {
    private let left: Node
    private let right: Node
    private let isNegated: Bool

    init(_ left: Node, _ right: Node, isNegated: Bool, offset: Int) {
        self.left = left
        self.right = right
        self.isNegated = isNegated
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        let first = try left.evaluate(activation)
        let second = try right.evaluate(activation)
        if case .string(let a) = first, case .string(let b) = second { return .bool(Text.equal(a, b) != isNegated) }
        return .bool(try first.equals(second, activation, at: offset) != isNegated)
    }
}

final class OrderNode: Node, @unchecked Sendable {
    enum Relation: String {
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
    }

    private let left: Node
    private let right: Node
    private let relation: Relation

    init(_ left: Node, _ right: Node, _ relation: Relation, offset: Int) {
        self.left = left
        self.right = right
        self.relation = relation
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        let first = try left.evaluate(activation)
        let second = try right.evaluate(activation)
        try activation.charge(first.weight, at: offset)
        switch first.order(second) {
        case .some(.before): return .bool(relation == .less || relation == .lessOrEqual)
        case .some(.same): return .bool(relation == .lessOrEqual || relation == .greaterOrEqual)
        case .some(.after): return .bool(relation == .greater || relation == .greaterOrEqual)
        case .some(.unordered): return .bool(false)
        case nil: throw CELError.noOverload(relation.rawValue, arguments: [first, second]).at(offset)
        }
    }
}

final class InNode: Node, @unchecked Sendable {
    private let element: Node
    private let container: Node

    init(_ element: Node, _ container: Node, offset: Int) {
        self.element = element
        self.container = container
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        let wanted = try element.evaluate(activation)
        let value = try container.evaluate(activation)
        switch value {
        case .map(let map): return .bool(map[wanted] != nil)
        case .list(let elements):
            try activation.charge(1 + (elements.count >> 2) * (1 + wanted.weight), at: offset)
            if case .string(let text) = wanted { return .bool(elements.contains { $0.isText(text) }) }
            for own in elements where try own.equals(wanted, activation, at: offset) { return .bool(true) }
            return .bool(false)
        case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type, .optional, .object, .opaque:
            throw CELError.noOverload("in", arguments: [wanted, value]).at(offset)
        }
    }
}

/// `size(x)` and `x.size()`; lists and maps know theirs.
final class SizeNode: Node, @unchecked Sendable {
    private let operand: Node

    init(_ operand: Node, offset: Int) {
        self.operand = operand
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        let value = try operand.evaluate(activation)
        switch value {
        case .string(let text):
            try activation.charge(1 + value.weight, at: offset)
            return .int(Int64(text.scalarCount))
        case .bytes(let bytes): return .int(Int64(bytes.count))
        case .list(let elements): return .int(Int64(elements.count))
        case .map(let map): return .int(Int64(map.count))
        case .null, .bool, .int, .uint, .double, .timestamp, .duration, .type, .optional, .object, .opaque:
            throw CELError.noOverload("size", arguments: [value]).at(offset)
        }
    }
}

extension Value {
    fileprivate func isText(_ text: String) -> Bool {
        if case .string(let own) = self { Text.equal(own, text) } else { false }
    }
}
