/// Another user, by the key that a source knows them by. Keys are per source: the same key may be somebody else's in another one. Order of rows and
/// cycles do not matter: who it is is looked up when it has to be known.
public struct UserReference: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let key: UserKey
    /// The source in which it was said, which is asked first; nil where no source said it (a policy test, a value tried out).
    public let source: SourceName?

    public init(_ key: UserKey, in source: SourceName? = nil) {
        self.key = key
        self.source = source
    }

    /// The key alone: people know from the context whose it is.
    public var description: String { key.text }

    public static func < (left: Self, right: Self) -> Bool {
        left.key == right.key ? (left.source?.text ?? "") < (right.source?.text ?? "") : left.key < right.key
    }
}

extension UserValue {
    public static func reference(_ key: UserKey, in source: SourceName? = nil) -> UserValue { .reference(UserReference(key, in: source)) }
}

extension AccountValue {
    public static func reference(_ key: UserKey, in source: SourceName? = nil) -> AccountValue {
        .reference(UserReference(key, in: source))
    }
}

extension UserReference: CanonicalDocument {
    /// `{"from":"hr","ref":"E0042"}`, or without `from`.
    public func write(to writer: inout DocumentWriter) {
        writer.object { writer in
            writer.member("from", ifPresent: source?.text)
            writer.member("ref", key.text)
        }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        var texts: [String: String] = [:]
        try reader.object { reader, name throws(DocumentError) in texts[name] = try reader.string() }
        self.init(UserKey(try texts["ref"].required("ref")), in: texts["from"].map { SourceName($0) })
    }
}
