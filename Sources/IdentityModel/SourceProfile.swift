/// The shape of a file that was read to its end: what the file contract compares the next one with.
public struct SourceProfile: Hashable, Sendable {
    public var file: String
    /// Digest over the content of its rows, hexadecimal: with `take: all`, a content is taken once.
    public var contentDigest: String
    /// Hash of the configuration the rows were evaluated with.
    public var configurationHash: String
    public var rowCount: Int
    public var columns: [String]
    /// Empty values per column, in the order of `columns`.
    public var emptyCounts: [Int]

    public init(file: String, contentDigest: String, configurationHash: String, rowCount: Int, columns: [String], emptyCounts: [Int]) {
        self.file = file
        self.contentDigest = contentDigest
        self.configurationHash = configurationHash
        self.rowCount = rowCount
        self.columns = columns
        self.emptyCounts = emptyCounts
    }
}

/// What the store remembers of a row, as small as it can be: a million of them are held while a file is read.
public struct SourceMark: Hashable, Sendable {
    public let keyHash: UInt64
    public let rowHash: UInt64
    /// The user must be planned again although the row is the same: an order failed, the row is quarantined, or a date is due.
    public let mustPlan: Bool
    public init(keyHash: UInt64, rowHash: UInt64, mustPlan: Bool) {
        self.keyHash = keyHash
        self.rowHash = rowHash
        self.mustPlan = mustPlan
    }
}
