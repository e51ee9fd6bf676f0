/// One value of a user attribute.
public enum UserValue: Hashable, Sendable {
    case string(String)
    case int(Int64)
    case bool(Bool)
    case date(CivilDate)
    case list([String])
    case reference(UserReference)

    /// For people: `2026-03-02`, `-> E0042`, `a, b`.
    public var text: String {
        switch self {
        case .string(let text): text
        case .int(let number): String(number)
        case .bool(let flag): flag ? "true" : "false"
        case .date(let date): date.description
        case .list(let elements): elements.joined(separator: ", ")
        case .reference(let user): "-> " + user.key.text
        }
    }
}

public enum UserStatus: String, Sendable, CaseIterable {
    case pendingStart, active, leave, terminated
    /// Rules without `statuses:` apply to users who are active or on leave.
    public var isEmployed: Bool { self == .active || self == .leave }
}

/// The person as we keep them.
public struct User: Hashable, Sendable {
    public internal(set) var id: UserID
    /// The key by which people are told of the user, and the source it is a key of: the first source in the configured order that has a row of them.
    /// Other sources may claim the user as well, each with a key of its own (`SourceClaim`).
    public var key: UserKey
    public var source: SourceName
    public var status: UserStatus
    /// Absent attributes have no entry; an empty text is never a value.
    public var attributes: [String: UserValue]
    /// Grows by one with every applied change; 0 for a user no plan has created yet.
    public var version: Int

    public init(id: UserID, key: UserKey, source: SourceName, status: UserStatus, attributes: [String: UserValue], version: Int) {
        self.id = id
        self.key = key
        self.source = source
        self.status = status
        self.attributes = attributes
        self.version = version
    }

    /// First and last name, or the key.
    public var displayName: String {
        let first = attributes["preferredName"] ?? attributes["firstName"]
        guard let last = attributes["lastName"] else { return first?.text ?? key.text }
        return first.map { $0.text + " " + last.text } ?? last.text
    }
}

/// What happened to a user.
public enum LifecycleChange: String, Sendable, CaseIterable {
    case joiner, mover, leaver, rehire
    /// The user is as before, but is planned again: a date arrived, the configuration changed, an order had failed.
    case unchanged
}

/// Where a value came from: a line of a file.
public struct SourcePosition: Hashable, Sendable, CustomStringConvertible {
    public internal(set) var file: String
    public internal(set) var line: Int
    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }
    public var description: String { "\(file):\(line)" }
}

/// A row of a source set aside, with its reason. The run goes on without it.
public struct Quarantine: Hashable, Sendable {
    public internal(set) var source: SourceName
    /// Nil when the key itself could not be read.
    public internal(set) var key: UserKey?
    public internal(set) var position: SourcePosition
    public internal(set) var column: Int
    /// The column's name, when the reason concerns one.
    public internal(set) var columnName: String?
    public internal(set) var reason: String

    public init(source: SourceName, key: UserKey?, position: SourcePosition, column: Int, columnName: String?, reason: String) {
        self.source = source
        self.key = key
        self.position = position
        self.column = column
        self.columnName = columnName
        self.reason = reason
    }
}

/// A hash that is the same in every process, unlike Swift's `Hasher`: FNV-1a, 64 bits, with a final mix (MurmurHash3's fmix64).
/// For tables in memory and in the store, never for a seal.
public enum StableHash {
    public static func hash(_ text: String) -> UInt64 {
        var copy = text
        return copy.withUTF8 { hash(UnsafeRawBufferPointer($0)) }
    }

    public static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        state ^= state >> 33
        state = state &* 0xFF51_AFD7_ED55_8CCD
        state ^= state >> 33
        state = state &* 0xC4CE_B9FE_1A85_EC53
        return state ^ (state >> 33)
    }
}
