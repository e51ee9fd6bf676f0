/// A field of any value: a map, a record, or an optional of one.
final class SelectNode: Node, @unchecked Sendable {
    private let operand: Node
    private let field: String

    init(_ operand: Node, field: String, offset: Int) {
        self.operand = operand
        self.field = field
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        let value = try operand.evaluate(activation)
        switch value {
        case .map(let map):
            guard let found = map[field] else { throw CELError.noSuchKey(.string(field), offset: offset) }
            return found
        case .optional(let optional):
            guard let inner = optional.wrapped, let found = try inner.member(field, offset: offset) else { return .optionalNone }
            return .optional(of: found)
        case .object(let object): return try object.field(field, offset: offset)
        case .null, .bool, .int, .uint, .double, .string, .bytes, .list, .timestamp, .duration, .type, .opaque:
            throw CELError(.noOverload, "\(value.type.word) has no fields, so '.\(field)' cannot be read", offset: offset)
        }
    }
}

final class OptionalSelectNode: OptionalNode, @unchecked Sendable {
    private let operand: Node
    private let field: String

    init(_ operand: Node, field: String, offset: Int) {
        self.operand = operand
        self.field = field
        super.init(offset: offset)
    }

    override func present(_ activation: Activation) throws(CELError) -> Value? {
        let value = try operand.evaluate(activation)
        guard case .optional(let optional) = value else { return try value.member(field, offset: offset) }
        return try optional.wrapped?.member(field, offset: offset)
    }
}

final class HasNode: Node, @unchecked Sendable {
    private let operand: Node
    private let field: String

    init(_ operand: Node, field: String, offset: Int) {
        self.operand = operand
        self.field = field
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        let value = try operand.evaluate(activation)
        guard case .optional(let optional) = value else { return .bool(try value.member(field, offset: offset) != nil) }
        guard let inner = optional.wrapped else { return .bool(false) }
        return .bool(try inner.member(field, offset: offset) != nil)
    }
}

final class IndexNode: Node, @unchecked Sendable {
    private let operand: Node
    private let index: Node

    init(_ operand: Node, _ index: Node, offset: Int) {
        self.operand = operand
        self.index = index
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        let value = try operand.evaluate(activation)
        let key = try index.evaluate(activation)
        if case .optional(let optional) = value {
            guard let inner = optional.wrapped, let found = try inner.element(key, offset: offset) else { return .optionalNone }
            return .optional(of: found)
        }
        if let found = try value.element(key, offset: offset) { return found }
        if case .list(let elements) = value {
            throw CELError(.indexOutOfRange, "index \(key.shown) of a list of \(elements.count)", offset: offset)
        }
        if case .object(let object) = value, let name = key.asString { return try object.field(name, offset: offset) }
        throw CELError.noSuchKey(key, offset: offset)
    }
}

final class OptionalIndexNode: OptionalNode, @unchecked Sendable {
    private let operand: Node
    private let index: Node

    init(_ operand: Node, _ index: Node, offset: Int) {
        self.operand = operand
        self.index = index
        super.init(offset: offset)
    }

    override func present(_ activation: Activation) throws(CELError) -> Value? {
        let value = try operand.evaluate(activation)
        let key = try index.evaluate(activation)
        guard case .optional(let optional) = value else { return try value.element(key, offset: offset) }
        return try optional.wrapped?.element(key, offset: offset)
    }
}

extension Value {
    /// A field that may be missing; an error when the value has no fields at all.
    func member(_ field: String, offset: Int) throws(CELError) -> Value? {
        switch self {
        case .map(let map): return map[field]
        case .object(let object): return try object[field: field].content(whenAbsent: object.type.whenAbsent)
        case .optional(let optional): return try optional.wrapped?.member(field, offset: offset)
        case .null, .bool, .int, .uint, .double, .string, .bytes, .list, .timestamp, .duration, .type, .opaque:
            throw CELError(.noOverload, "\(type.word) has no fields, so '.\(field)' cannot be read", offset: offset)
        }
    }

    /// An element that may be missing; an error when the value has no elements or the index is of a wrong kind.
    func element(_ key: Value, offset: Int) throws(CELError) -> Value? {
        switch self {
        case .map(let map): return map[key]
        case .list(let elements):
            guard let index = key.wholeNumber else {
                throw CELError(.noOverload, "a list is indexed by int, not by \(key.type.word)", offset: offset)
            }
            return index >= 0 && index < elements.count ? elements[Int(index)] : nil
        case .object: return try member(key.asString ?? "", offset: offset)
        case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type, .optional, .opaque:
            throw CELError(.noOverload, "\(type.word) cannot be indexed", offset: offset)
        }
    }

    /// An int, or a number of another type that is one.
    var wholeNumber: Int64? {
        switch self {
        case .int(let int): int
        case .uint(let uint): Int64(exactly: uint)
        case .double(let double): Int64(exactly: double)
        case .null, .bool, .string, .bytes, .list, .map, .timestamp, .duration, .type, .optional, .object, .opaque: nil
        }
    }
}

extension ObjectValue {
    func field(_ name: String, offset: Int) throws(CELError) -> Value {
        switch self[field: name] {
        case .value(let value): return value
        case .failure(let error): throw error
        case .absent:
            if type.whenAbsent == .empty, type.index(of: name) != nil { return .string("") }
            throw CELError.absent(name, of: type.name, offset: offset)
        }
    }
}
