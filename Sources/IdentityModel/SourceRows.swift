/// Many rows of a source, flat: one buffer of UTF-8 values and arrays of offsets, no allocation per row.
public struct SourceRowBatch: Sendable {
    /// A row that could not be read as a row; the run goes on.
    public struct Problem: Sendable, Hashable {
        public let line: Int
        public let column: Int
        public let columnName: String?
        public let reason: String
        /// The values that could be read, in column order, so that the key may still be known.
        public let values: [String]
        public init(line: Int, column: Int, columnName: String?, reason: String, values: [String]) {
            self.line = line
            self.column = column
            self.columnName = columnName
            self.reason = reason
            self.values = values
        }
    }

    public let file: String
    public let columnCount: Int
    public var bytes: [UInt8]
    /// `rowCount * columnCount` offsets into `bytes`, rows consecutive.
    public var fieldStarts: [UInt32]
    public var fieldEnds: [UInt32]
    /// The line each row begins on, from 1.
    public var lines: [UInt32]
    /// Content hash of each row, seeded with the header: equal hashes mean equal values in equal columns.
    public var hashes: [UInt64]
    public var problems: [Problem]

    public init(
        file: String, columnCount: Int, bytes: [UInt8], fieldStarts: [UInt32], fieldEnds: [UInt32], lines: [UInt32], hashes: [UInt64],
        problems: [Problem]
    ) {
        self.file = file
        self.columnCount = columnCount
        self.bytes = bytes
        self.fieldStarts = fieldStarts
        self.fieldEnds = fieldEnds
        self.lines = lines
        self.hashes = hashes
        self.problems = problems
    }

    public var rowCount: Int { lines.count }

    public func isEmpty(row: Int, column: Int) -> Bool {
        let field = row * columnCount + column
        return fieldStarts[field] == fieldEnds[field]
    }

    public func text(row: Int, column: Int) -> String {
        let field = row * columnCount + column
        return String(decoding: bytes[Int(fieldStarts[field])..<Int(fieldEnds[field])], as: UTF8.self)
    }

    /// Where a value begins in its line, counted in characters from 1, computed for reports: quotes count as far as they must have stood there.
    public func column(ofRow row: Int, column: Int) -> Int {
        var position = 1
        for earlier in 0..<column { position += text(row: row, column: earlier).unicodeScalars.count + 1 }
        return position
    }
}
