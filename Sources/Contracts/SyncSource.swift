public import IdentityModel

/// A source could not be read. Never the same as a source that is empty.
public struct SourceError: Error, Hashable, Sendable, CustomStringConvertible {
    public let file: String
    public let line: Int?
    public let column: Int?
    public let message: String
    public init(file: String, line: Int? = nil, column: Int? = nil, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }
    /// `hr/2026-03-05.csv:187:40: error: ...`
    public var description: String {
        let position = [line, column].compactMap { $0 }.map { ":\($0)" }.joined()
        return "\(file)\(position): error: \(message)"
    }
}

/// What is known of a file before its first row.
public struct SourceHeader: Hashable, Sendable {
    /// The file as reports name it (relative to the configuration directory).
    public let file: String
    /// Where the names of the columns stand.
    public let line: Int
    public let columns: [String]
    /// The values of the row behind it, as far as they could be read: what a title above the header is recognised by. Empty when there is none.
    public let firstRow: [String]
    /// Encoding, delimiter and how they were found, for people: "UTF-8 with BOM, delimiter ',' (detected)".
    public let format: String
    public init(file: String, line: Int = 1, columns: [String], firstRow: [String] = [], format: String) {
        self.file = file
        self.line = line
        self.columns = columns
        self.firstRow = firstRow
        self.format = format
    }
}

/// How a source ended: only a reading that ended so may infer absence.
public struct SourceEnd: Hashable, Sendable {
    /// Digest over the content of all rows in order, hexadecimal: equal content, equal digest.
    public let contentDigest: String
    /// `SyncSource.signature` of the file that was read.
    public let signature: String
    public init(contentDigest: String, signature: String = "") {
        self.contentDigest = contentDigest
        self.signature = signature
    }
}

/// Where users come from.
public protocol SyncSource: Sendable {
    /// The files to read now, oldest first, as reports name them; throws when the place cannot be read. An empty array: there is none.
    func files() async throws(SourceError) -> [String]
    /// What stands there, is newer than every file that is read, and is not read yet: each in a sentence for people.
    func passedOver() async throws(SourceError) -> [String]
    /// What changes with whatever is done to the file, without reading it (size, time of writing ...). Empty: the source cannot tell.
    func signature(of file: String) async throws(SourceError) -> String
    /// Reads one file in order. `header` is called once before the first batch; whatever a callback throws ends the reading.
    /// Batches are read ahead while earlier ones are worked on, in bounded memory.
    func read(
        _ file: String, header: @Sendable (SourceHeader) async throws -> Void, batch: @Sendable (SourceRowBatch) async throws -> Void
    ) async throws -> SourceEnd
}

extension SyncSource {
    public func passedOver() async throws(SourceError) -> [String] { [] }
    public func signature(of file: String) async throws(SourceError) -> String { "" }
}
