/// Another user, by the key that a source knows them by. Keys are per source: the same key may be somebody else's in another one. Order of rows and
/// cycles do not matter: who it is is looked up when it has to be known.
public struct UserReference: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let key: UserKey
    /// The source in which it was said, which is asked first; nil where no source said it (a policy test, a value tried out).
    public let source: SourceName?
    /// What stands in the system is the account of whoever had the key before, and is not what the key means now: only what was written is ever that.
    public let isFormer: Bool

    public init(_ key: UserKey, in source: SourceName? = nil, isFormer: Bool = false) {
        self.key = key
        self.source = source
        self.isFormer = isFormer
    }

    /// The key alone: people know from the context whose it is.
    public var description: String { isFormer ? "whoever was \(key)" : key.text }

    public static func < (left: Self, right: Self) -> Bool {
        if left.key != right.key { return left.key < right.key }
        let (first, second) = (left.source?.text ?? "", right.source?.text ?? "")
        return first == second ? !left.isFormer && right.isFormer : first < second
    }
}

extension UserValue {
    public static func reference(_ key: UserKey, in source: SourceName? = nil) -> UserValue { .reference(UserReference(key, in: source)) }
}

extension AccountValue {
    public static func reference(_ key: UserKey, in source: SourceName? = nil) -> AccountValue {
        .reference(UserReference(key, in: source))
    }

    /// What the key means now.
    public var pointingNow: AccountValue {
        guard case .reference(let user) = self else { return self }
        return .reference(UserReference(user.key, in: user.source))
    }

    /// What stands in the system although the key means somebody else now.
    var pointingAtFormer: AccountValue {
        guard case .reference(let user) = self else { return self }
        return .reference(UserReference(user.key, in: user.source, isFormer: true))
    }
}

extension UserReference: CanonicalDocument {
    /// `{"from":"hr","ref":"E0042"}`, or without `from`; `"former":"yes"` of what stands for whoever had the key before.
    public func write(to writer: inout DocumentWriter) {
        writer.object { writer in
            writer.member("former", ifPresent: isFormer ? "yes" : nil)
            writer.member("from", ifPresent: source?.text)
            writer.member("ref", key.text)
        }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        var texts: [String: String] = [:]
        try reader.object { reader, name throws(DocumentError) in texts[name] = try reader.string() }
        try self.init(members: texts)
    }

    /// `members`: of the object, all of which are texts.
    init(members: [String: String]) throws(DocumentError) {
        self.init(
            UserKey(try members["ref"].required("ref")), in: members["from"].map { SourceName($0) }, isFormer: members["former"] == "yes")
    }
}
