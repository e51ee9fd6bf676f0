extension UserValue: CanonicalDocument {
    /// Texts, numbers, flags and lists are themselves; `{"date":"2026-03-02"}` and `{"from":"hr","ref":"E0042"}`.
    public func write(to writer: inout DocumentWriter) {
        switch self {
        case .string(let text): writer.string(text)
        case .int(let number): writer.int(number)
        case .bool(let flag): writer.bool(flag)
        case .date(let date): writer.object { $0.member("date", date.description) }
        case .list(let elements): writer.array(elements) { $0.string($1) }
        case .reference(let user): user.write(to: &writer)
        }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        switch reader.peek {
        case UInt8(ascii: "\""): self = .string(try reader.string())
        case UInt8(ascii: "["): self = .list(try reader.strings())
        case UInt8(ascii: "t"), UInt8(ascii: "f"): self = .bool(try reader.bool())
        case UInt8(ascii: "{"):
            self = try UserValue(tagged: reader.stringsByName())
        default: self = .int(try reader.int())
        }
    }

    private init(tagged texts: [String: String]) throws(DocumentError) {
        if let key = texts["ref"] {
            self = .reference(UserKey(key), in: texts["from"].map { SourceName($0) })
            return
        }
        guard let text = texts["date"] else { throw DocumentError("'\(texts.keys.sorted().first ?? "")' is no kind of value") }
        guard let date = CivilDate(text) else { throw DocumentError("'\(text)' is no date") }
        self = .date(date)
    }
}

/// The attributes of a user: an object by attribute name.
public struct UserAttributes: Hashable, Sendable, CanonicalDocument {
    public var values: [String: UserValue]
    public init(_ values: [String: UserValue]) { self.values = values }

    public func write(to writer: inout DocumentWriter) { values.write(to: &writer) }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        var values: [String: UserValue] = [:]
        values.reserveCapacity(24)
        try reader.object { reader, name throws(DocumentError) in values[name] = try UserValue(reading: &reader) }
        self.values = values
    }
}

extension User: MemberwiseDocument {
    public static var blank: User {
        User(id: UserID(""), key: UserKey(""), source: SourceName(""), status: .active, attributes: [:], version: 0)
    }

    public mutating func visit<Visitor: MemberVisitor & ~Copyable>(_ members: inout Visitor) throws(Visitor.Failure) {
        var values = UserAttributes(attributes)
        try members.member("attributes", &values)
        attributes = values.values
        try members.member("id", &id)
        try members.member("key", &key)
        try members.member("source", &source)
        try members.member("status", &status)
        try members.member("version", &version)
    }
}

extension RoleAssignment: CanonicalDocument {
    /// `["Finance","rule:finance"]`: role and origin.
    public func write(to writer: inout DocumentWriter) {
        writer.array([role.text, origin.description]) { $0.string($1) }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        let texts = try reader.strings()
        guard texts.count == 2, let origin = RoleOrigin(texts[1]) else { throw DocumentError("an assignment is a role and an origin") }
        self.init(role: RoleName(texts[0]), origin: origin)
    }
}
