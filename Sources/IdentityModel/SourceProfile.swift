/// The shape of a file that was read to its end: what the file contract compares the next one with.
public struct SourceProfile: Hashable, Sendable {
    public var file: String
    /// Digest over the content of its rows, hexadecimal: with `take: all`, a content is taken once.
    public var contentDigest: String
    /// Hash of the configuration the rows were evaluated with.
    public var configurationHash: String
    /// In place of a hash: the store was made by 0.1.0, which kept no rows' values, so the source is to be read again.
    public static let configurationOfOlderStore = "0.1.0"
    public var rowCount: Int
    public var columns: [String]
    /// Empty values per column, in the order of `columns`.
    public var emptyCounts: [Int]
    /// Every file lists everybody: whoever stands in quarantine and is not in this one is no longer anybody's concern.
    public var isComplete: Bool
    /// With `take: all`: the name up to which files were taken. Nil: `file`.
    public var upTo: String?
    /// With `take: all`: every file up to `upTo` is known by its name, as applied or as passed over (`TakenFile`).
    public var knowsFiles: Bool
    /// What the file was by then, beside its content: as long as it is the same nobody has touched it. Empty: its source cannot tell.
    public var signature: String

    public init(
        file: String, contentDigest: String, configurationHash: String, rowCount: Int, columns: [String], emptyCounts: [Int],
        isComplete: Bool = false, upTo: String? = nil, knowsFiles: Bool = false, signature: String = ""
    ) {
        self.file = file
        self.contentDigest = contentDigest
        self.configurationHash = configurationHash
        self.rowCount = rowCount
        self.columns = columns
        self.emptyCounts = emptyCounts
        self.isComplete = isComplete
        self.upTo = upTo
        self.knowsFiles = knowsFiles
        self.signature = signature
    }
}

/// A file whose turn is over.
public struct TakenFile: Hashable, Sendable {
    /// Of what it held when it was applied last; empty: it was passed over.
    public let contentDigest: String
    public let signature: String
    public init(contentDigest: String, signature: String) {
        self.contentDigest = contentDigest
        self.signature = signature
    }
}

/// Why a user is planned again although the row is the same.
public struct ReplanReasons: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let date = ReplanReasons(rawValue: 1)
    /// A value points at somebody who has no account yet, or an earlier plan left the user out, or was abandoned.
    public static let reference = ReplanReasons(rawValue: 2)
    /// An order in state 1, 2, 3, 5 or 7, or an account that is not known.
    public static let order = ReplanReasons(rawValue: 4)
    /// The row was quarantined.
    public static let quarantine = ReplanReasons(rawValue: 8)
    public static let configuration = ReplanReasons(rawValue: 16)
    /// A system could not be asked when the user was planned.
    public static let leftAside = ReplanReasons(rawValue: 32)
    /// An account of the user is unknown, or was not withdrawn altogether.
    public static let account = ReplanReasons(rawValue: 64)

    /// For people: "a date has come, the configuration changed".
    public var text: String {
        let words: [(ReplanReasons, String)] = [
            (.date, "a date has come"), (.reference, "an earlier plan left something open"), (.order, "an order is not settled"),
            (.quarantine, "the row was quarantined"), (.configuration, "the configuration changed"),
            (.leftAside, "a system could not be asked"),
            (.account, "an account is not known for certain, or not withdrawn altogether"),
        ]
        return words.filter { contains($0.0) }.map(\.1).joined(separator: ", ")
    }
}

/// Somebody who is not in the due state, as far as the store knows.
public struct UnsettledUser: Hashable, Sendable {
    public let id: UserID
    public let reasons: ReplanReasons
    public init(_ id: UserID, _ reasons: ReplanReasons) {
        self.id = id
        self.reasons = reasons
    }
}

/// What the store remembers of a row, as small as it can be: a million of them are held while a file is read.
public struct SourceMark: Hashable, Sendable {
    public let keyHash: UInt64
    public let rowHash: UInt64
    /// The row was missing before, or is as if it were.
    public let isGone: Bool
    /// Why the user must be planned although the row is the same; empty: nothing asks for it.
    public let again: ReplanReasons
    public init(keyHash: UInt64, rowHash: UInt64, isGone: Bool = false, again: ReplanReasons = []) {
        self.keyHash = keyHash
        self.rowHash = rowHash
        self.isGone = isGone
        self.again = again
    }
}
