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

    /// Where a value begins in the file: line and column (in characters) from 1, at its opening quote if it has one. Computed for reports from
    /// the values before it; quoted values may hold line breaks.
    public func position(row: Int, column: Int) -> (line: Int, column: Int) {
        var line = Int(lines[row])
        var position = 1
        for earlier in 0..<column {
            let field = row * columnCount + earlier
            let start = Int(fieldStarts[field])
            let isQuoted = start > 0 && bytes[start - 1] == UInt8(ascii: "\"")
            if isQuoted { position += 1 }
            var previous: UInt8 = 0
            for byte in bytes[start..<Int(fieldEnds[field])] {
                if byte == 0x0A || byte == 0x0D {
                    if byte == 0x0D || previous != 0x0D { line += 1 }
                    position = 1
                } else if byte & 0xC0 != 0x80 {
                    // A quote inside quotes is written twice.
                    position += isQuoted && byte == UInt8(ascii: "\"") ? 2 : 1
                }
                previous = byte
            }
            position += isQuoted ? 2 : 1
        }
        return (line, position)
    }
}
