/// Rows as flat memory, filled by `CSVParser` and reused: no allocation per row or field.
///
/// Row `r`'s value in column `c` is `bytes[fieldStart[i]..<fieldEnd[i]]` with `i = r * columnCount + c`: valid UTF-8 without its quotes.
/// What else stands in `bytes` has no promise.
package struct CSVBatch: Sendable {
    package internal(set) var bytes: [UInt8] = []
    package internal(set) var fieldStart: [UInt32] = []
    package internal(set) var fieldEnd: [UInt32] = []
    /// The physical line, from 1, on which each row begins.
    package internal(set) var rowLine: [UInt32] = []
    /// Content hash of each row's values, seeded with the header's: equal values under an equal header have equal hashes, whatever the
    /// quoting, delimiter, line ending and encoding, on every machine and in every version (`RowHash`).
    package internal(set) var rowHash: [UInt64] = []
    /// The rows that could not be used, in file order.
    package internal(set) var problems: [CSVRowProblem] = []
    /// The number of columns of the header; 0 before the first row or problem.
    package internal(set) var columnCount = 0

    package init() {}

    package var rowCount: Int { rowLine.count }

    /// Empties the batch for the next chunk.
    package mutating func removeAll(keepingCapacity: Bool = true) {
        bytes.removeAll(keepingCapacity: keepingCapacity)
        fieldStart.removeAll(keepingCapacity: keepingCapacity)
        fieldEnd.removeAll(keepingCapacity: keepingCapacity)
        rowLine.removeAll(keepingCapacity: keepingCapacity)
        rowHash.removeAll(keepingCapacity: keepingCapacity)
        problems.removeAll(keepingCapacity: keepingCapacity)
    }

    /// Where a value lies in `bytes`.
    package func range(row: Int, column: Int) -> Range<Int> {
        let index = row * columnCount + column
        return Int(fieldStart[index])..<Int(fieldEnd[index])
    }

    package func value(row: Int, column: Int) -> String {
        String(decoding: bytes[range(row: row, column: column)], as: UTF8.self)
    }

    /// All values of a row, in column order.
    package func values(row: Int) -> [String] {
        (0..<columnCount).map { value(row: row, column: $0) }
    }

    /// Where a value begins in the file (at its opening quote, if it has one). Computed on demand from the row's values, for reports.
    package func position(row: Int, column: Int) -> CSVPosition {
        var place = TextPlace(CSVPosition(line: Int(rowLine[row]), column: 1))
        for earlier in 0..<column {
            let range = range(row: row, column: earlier)
            let isQuoted = range.lowerBound > 0 && bytes[range.lowerBound - 1] == Byte.quote
            if isQuoted { place.pass(Byte.quote) }
            for byte in bytes[range] {
                place.pass(byte)
                if isQuoted && byte == Byte.quote { place.pass(byte) }
            }
            if isQuoted { place.pass(Byte.quote) }
            place.pass(Byte.delimiterStandIn)
        }
        return place.position
    }
}

/// Follows line and column through UTF-8 text: LF, CR and CRLF each end a line; a column is a code point.
struct TextPlace {
    var position: CSVPosition
    private var isAfterReturn = false

    init(_ position: CSVPosition) {
        self.position = position
    }

    mutating func pass(_ byte: UInt8) {
        switch byte {
        case Byte.lineFeed where isAfterReturn: break
        case Byte.lineFeed, Byte.carriageReturn: position = CSVPosition(line: position.line + 1, column: 1)
        case 0x80..<0xC0: break
        default: position.column += 1
        }
        isAfterReturn = byte == Byte.carriageReturn
    }

    /// The position of `offset` when the text from `start` begins at the beginning of `line`.
    static func position(of offset: Int, in text: UnsafePointer<UInt8>, from start: Int, line: Int) -> CSVPosition {
        var place = TextPlace(CSVPosition(line: line, column: 1))
        for at in start..<max(offset, start) { place.pass(text[at]) }
        return place.position
    }
}
