/// A field of a record that a variable holds: the commonest read, without touching the record itself.
final class FieldNode: Node, @unchecked Sendable {
    private let read: FieldRead
    private let isEmptyWhenAbsent: Bool

    init(_ read: FieldRead, offset: Int) {
        self.read = read
        isEmptyWhenAbsent = read.type.whenAbsent == .empty
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        switch try read.slot(activation, offset: offset) {
        case .value(let value): return value
        case .failure(let error): throw error
        case .absent:
            if isEmptyWhenAbsent { return .string("") }
            throw CELError.absent(read.type.fields[read.field].name, of: read.variable, offset: offset)
        }
    }
}

/// `user.?title`: none when the field is absent.
final class OptionalFieldNode: OptionalNode, @unchecked Sendable {
    private let read: FieldRead

    init(_ read: FieldRead, offset: Int) {
        self.read = read
        super.init(offset: offset)
    }

    override func present(_ activation: Activation) throws(CELError) -> Value? {
        try read.slot(activation, offset: offset).content(whenAbsent: read.type.whenAbsent)
    }
}

final class HasFieldNode: Node, @unchecked Sendable {
    private let read: FieldRead

    init(_ read: FieldRead, offset: Int) {
        self.read = read
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        .bool(try read.slot(activation, offset: offset).content(whenAbsent: read.type.whenAbsent) != nil)
    }
}

/// Where a field of a variable's record stands.
struct FieldRead: Sendable {
    let slot: Int
    let variable: String
    let type: ObjectType
    let field: Int

    @inline(__always)
    func slot(_ activation: Activation, offset: Int) throws(CELError) -> Slot {
        switch activation.bindings[slot] {
        case .record(let record): return record.type === type ? record.slots[field] : record.slot(named: type.fields[field].name)
        case .value(.object(let object)):
            return object.type === type ? object.slots[field] : object[field: type.fields[field].name]
        case .value(let other): throw CELError(.noOverload, "\(other.type.word) has no fields", offset: offset)
        case .failure(let error): throw error
        case .absent: throw CELError(.absentField(path: variable), "\(variable) is absent", offset: offset)
        }
    }
}

extension RecordBuffer {
    func slot(named name: String) -> Slot { type.index(of: name).map { slots[$0] } ?? .absent }
}

extension Slot {
    /// What `.?field` finds; an empty column of a row counts as absent.
    @inline(__always)
    func content(whenAbsent: ObjectType.WhenAbsent) throws(CELError) -> Value? {
        switch self {
        case .value(.string(let text)) where whenAbsent == .empty && text.isEmpty: return nil
        case .value(let value): return value
        case .absent: return nil
        case .failure(let error): throw error
        }
    }
}

extension CELError {
    static func absent(_ field: String, of owner: String, offset: Int? = nil) -> CELError {
        CELError(.absentField(path: "\(owner).\(field)"), "\(owner).\(field) is absent (write \(owner).?\(field))", offset: offset)
    }

    static func noSuchKey(_ key: Value, offset: Int? = nil) -> CELError {
        CELError(.noSuchKey, "no such key: \(key.shown)", offset: offset)
    }
}
