/// Goes through the members of a noun: a writer writes what it is shown, a reader fills it in.
///
/// A noun names its members once, in the order of the bytes of their names (`MemberwiseDocument`).
public protocol MemberVisitor: ~Copyable {
    /// Writers cannot fail.
    associatedtype Failure: Error

    /// Always there.
    mutating func member<Value: DocumentValue>(_ name: StaticString, _ value: inout Value) throws(Failure)
    /// Absent where it is nil.
    mutating func member<Value: DocumentValue>(_ name: StaticString, _ value: inout Value?) throws(Failure)
    /// Absent where it says nothing: it equals `blank`.
    mutating func member<Value: DocumentValue & Equatable>(_ name: StaticString, _ value: inout Value, blank: Value) throws(Failure)
    /// Always written; a document without it is of an older version, which meant `older`.
    mutating func member<Value: DocumentValue>(_ name: StaticString, _ value: inout Value, older: Value) throws(Failure)
}

/// A noun whose document is an object, and that names each member once: writing and reading are made of that.
public protocol MemberwiseDocument: CanonicalDocument {
    /// What a document without members would be; whatever is always there is filled in.
    static var blank: Self { get }
    mutating func visit<Visitor: MemberVisitor & ~Copyable>(_ members: inout Visitor) throws(Visitor.Failure)
}

extension MemberwiseDocument {
    public func write(to writer: inout DocumentWriter) {
        var copy = self
        writer.object { copy.visit(&$0) }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        var value = Self.blank
        var members = try MemberReader(reader)
        try value.visit(&members)
        try members.end()
        reader = members.reader
        self = value
    }
}

extension DocumentWriter: MemberVisitor {
    public mutating func member<Value: DocumentValue>(_ name: StaticString, _ value: inout Value) {
        self.name(name)
        value.write(to: &self)
    }

    public mutating func member<Value: DocumentValue>(_ name: StaticString, _ value: inout Value?) {
        guard let value else { return }
        self.name(name)
        value.write(to: &self)
    }

    public mutating func member<Value: DocumentValue & Equatable>(_ name: StaticString, _ value: inout Value, blank: Value) {
        guard value != blank else { return }
        self.name(name)
        value.write(to: &self)
    }

    public mutating func member<Value: DocumentValue>(_ name: StaticString, _ value: inout Value, older: Value) { member(name, &value) }
}

/// Reads an object whose members stand in the order of their names, as every document's do: each is met where it is asked for, and names are compared
/// where they are. Members that nobody asks for are passed over: another version wrote them.
struct MemberReader: MemberVisitor {
    private(set) var reader: DocumentReader
    private var hasMore: Bool
    /// The first member that must be there and is not.
    private var missing: StaticString?

    init(_ reader: DocumentReader) throws(DocumentError) {
        self.reader = reader
        hasMore = try self.reader.enterObject()
    }

    mutating func member<Value: DocumentValue>(_ name: StaticString, _ value: inout Value) throws(DocumentError) {
        if !(try fill(name, &value)), missing == nil { missing = name }
    }

    mutating func member<Value: DocumentValue>(_ name: StaticString, _ value: inout Value?) throws(DocumentError) {
        guard try find(name) else { return }
        value = try Value(reading: &reader)
        hasMore = try reader.continueObject()
    }

    mutating func member<Value: DocumentValue & Equatable>(
        _ name: StaticString, _ value: inout Value, blank: Value
    ) throws(DocumentError) {
        if !(try fill(name, &value)) { value = blank }
    }

    mutating func member<Value: DocumentValue>(_ name: StaticString, _ value: inout Value, older: Value) throws(DocumentError) {
        if !(try fill(name, &value)) { value = older }
    }

    /// What is wrong with the text comes before what it does not say.
    mutating func end() throws(DocumentError) {
        while hasMore { try pass() }
        if let missing { throw DocumentError("'\(missing)' is missing") }
    }

    private mutating func fill<Value: DocumentValue>(_ name: StaticString, _ value: inout Value) throws(DocumentError) -> Bool {
        guard try find(name) else { return false }
        value = try Value(reading: &reader)
        hasMore = try reader.continueObject()
        return true
    }

    /// Stands at the value of this member, if there is one.
    private mutating func find(_ name: StaticString) throws(DocumentError) -> Bool {
        while hasMore {
            switch try reader.compareName(with: name) {
            case .same:
                try reader.passName(name)
                return true
            case .earlier: try pass()
            case .later: return false
            }
        }
        return false
    }

    private mutating func pass() throws(DocumentError) {
        try reader.passName()
        try reader.skip()
        hasMore = try reader.continueObject()
    }
}
