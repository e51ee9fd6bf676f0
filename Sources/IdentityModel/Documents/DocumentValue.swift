/// What can stand in a document: a text, a number, a list, a noun.
public protocol DocumentValue {
    func write(to writer: inout DocumentWriter)
    init(reading reader: inout DocumentReader) throws(DocumentError)
}

extension String: DocumentValue {
    public func write(to writer: inout DocumentWriter) { writer.string(self) }
    public init(reading reader: inout DocumentReader) throws(DocumentError) { self = try reader.string() }
}

extension Int: DocumentValue {
    public func write(to writer: inout DocumentWriter) { writer.int(Int64(self)) }
    public init(reading reader: inout DocumentReader) throws(DocumentError) { self = Int(try reader.int()) }
}

extension Bool: DocumentValue {
    public func write(to writer: inout DocumentWriter) { writer.bool(self) }
    public init(reading reader: inout DocumentReader) throws(DocumentError) { self = try reader.bool() }
}

extension Instant: DocumentValue {
    public func write(to writer: inout DocumentWriter) { writer.int(milliseconds) }
    public init(reading reader: inout DocumentReader) throws(DocumentError) { self.init(milliseconds: try reader.int()) }
}

extension CivilDate: DocumentValue {
    public func write(to writer: inout DocumentWriter) { writer.string(description) }
    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        let text = try reader.string()
        guard let date = CivilDate(text) else { throw DocumentError("'\(text)' is no date") }
        self = date
    }
}

extension TextIdentifier {
    public func write(to writer: inout DocumentWriter) { writer.string(text) }
    public init(reading reader: inout DocumentReader) throws(DocumentError) { self.init(try reader.string()) }
}

extension SourceName: DocumentValue {}
extension SystemName: DocumentValue {}
extension UserID: DocumentValue {}
extension UserKey: DocumentValue {}
extension RoleName: DocumentValue {}
extension AccountID: DocumentValue {}
extension AccountName: DocumentValue {}
extension Realm: DocumentValue {}

/// A case is its raw text.
extension DocumentValue where Self: RawRepresentable, RawValue == String {
    public func write(to writer: inout DocumentWriter) { writer.string(rawValue) }
    public init(reading reader: inout DocumentReader) throws(DocumentError) { self = try reader.raw(Self.self) }
}

extension Operation: DocumentValue {}
extension RequestOperation: DocumentValue {}
extension AttributeRequest.Kind: DocumentValue {}
extension AccountState: DocumentValue {}
extension LifecycleChange: DocumentValue {}
extension UserStatus: DocumentValue {}
extension ErrorClass: DocumentValue {}
extension Effect: DocumentValue {}

extension OrderState: DocumentValue {
    public func write(to writer: inout DocumentWriter) { writer.int(Int64(rawValue)) }
    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        let number = Int(try reader.int())
        guard let state = OrderState(rawValue: number) else { throw DocumentError("\(number) is no order state") }
        self = state
    }
}

// MARK: Several of them

/// A list of documents is a document.
extension Array: DocumentValue where Element: DocumentValue {
    public func write(to writer: inout DocumentWriter) { writer.array(self) { $1.write(to: &$0) } }
    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        self = try reader.array { reader throws(DocumentError) in try Element(reading: &reader) }
    }
}

extension Array: CanonicalDocument where Element: CanonicalDocument {}

/// By the bytes of the texts.
extension Set: DocumentValue where Element: DocumentKey & DocumentValue {
    public func write(to writer: inout DocumentWriter) {
        let sorted = self.sorted { $0.keyText.utf8.lexicographicallyPrecedes($1.keyText.utf8) }
        writer.array(sorted) { $1.write(to: &$0) }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) { self = Set(try [Element](reading: &reader)) }
}

/// What members of an object can be called by.
public protocol DocumentKey: Hashable {
    var keyText: String { get }
    init?(keyText: String)
}

extension String: DocumentKey {
    public var keyText: String { self }
    public init(keyText: String) { self = keyText }
}

extension TextIdentifier {
    public var keyText: String { text }
    public init(keyText: String) { self.init(keyText) }
}

extension SystemName: DocumentKey {}
extension AccountName: DocumentKey {}

extension DocumentKey where Self: RawRepresentable, RawValue == String {
    public var keyText: String { rawValue }
    public init?(keyText: String) { self.init(rawValue: keyText) }
}

extension Effect: DocumentKey {}
extension LifecycleChange: DocumentKey {}

/// An object, by the bytes of its members' names: an order that no version of Unicode changes.
extension Dictionary: DocumentValue where Key: DocumentKey, Value: DocumentValue {
    public func write(to writer: inout DocumentWriter) {
        let sorted = self.sorted { $0.key.keyText.utf8.lexicographicallyPrecedes($1.key.keyText.utf8) }
        writer.object { writer in
            for (key, value) in sorted {
                writer.name(key.keyText)
                value.write(to: &writer)
            }
        }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        var members: [Key: Value] = [:]
        try reader.object { reader, name throws(DocumentError) in
            guard let key = Key(keyText: name) else { throw DocumentError("'\(name)' is no \(Key.self)") }
            members[key] = try Value(reading: &reader)
        }
        self = members
    }
}
