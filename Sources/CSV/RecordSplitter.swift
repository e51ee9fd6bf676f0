/// Splits a window of text into records, one per call, along its marks. It decides nothing about records, it only finds them.
///
/// A record that the window does not hold whole is not consumed: it is split again from its start when more text has come, so no state
/// has to survive the border between two chunks.
struct RecordSplitter {
    enum Step: Equatable {
        /// A record is in `firstField..<fieldCount`.
        case record
        /// A line with nothing on it was passed over.
        case blankLine
        /// The rest of the window, from `recordStart`, is not a whole record; it ends inside the quoted field that opens at the offset.
        case incomplete(openQuote: Int?)
        /// The text ends inside the quoted field that opens at the offset.
        case unterminated(quote: Int)
        /// The text is used up.
        case exhausted
    }

    /// A breach of RFC 4180 inside a record.
    struct Damage: Equatable {
        var offset: Int
        var field: Int
        var isBehindClosingQuote: Bool
    }

    let text: UnsafePointer<UInt8>
    let end: Int
    /// No text will follow `end`.
    let isFinal: Bool
    let delimiter: UInt8
    let marks: UnsafePointer<UInt32>
    let markCount: Int
    /// Room for `markCount + 1` fields; the fields of consecutive records follow each other.
    let starts: UnsafeMutablePointer<UInt32>
    let ends: UnsafeMutablePointer<UInt32>

    /// Whether an empty line is a record of one empty field, as it is in a file of one column.
    var blankLinesCount = false
    private var mark = 0
    /// Where the last record begins; after `incomplete` and `unterminated`, the one that could not be split.
    private(set) var recordStart: Int
    /// Where the next record begins; before it stands the line ending.
    private(set) var nextStart: Int
    /// Where the last record ends, before its line ending.
    private(set) var recordEnd = 0
    private(set) var firstField = 0
    /// The caller lowers it to `firstField` to drop the last record.
    var fieldCount = 0
    /// How many line endings stand in quotes in the last record.
    private(set) var quotedLineEndings = 0
    /// The last record's fields with doubled quotes, as indices into `starts`.
    private(set) var escapedFields: [Int] = []
    private(set) var damage: Damage?

    init(
        text: UnsafePointer<UInt8>, start: Int, end: Int, isFinal: Bool, delimiter: UInt8,
        marks: UnsafePointer<UInt32>, markCount: Int, starts: UnsafeMutablePointer<UInt32>, ends: UnsafeMutablePointer<UInt32>
    ) {
        self.text = text
        self.end = end
        self.isFinal = isFinal
        self.delimiter = delimiter
        self.marks = marks
        self.markCount = markCount
        self.starts = starts
        self.ends = ends
        recordStart = start
        nextStart = start
    }

    mutating func next() -> Step {
        begin()
        let (text, marks, starts, ends, delimiter) = (text, marks, starts, ends, delimiter)
        var mark = mark
        var field = fieldCount
        var start = recordStart
        // 1 while the field that ends next was quoted: its content ends one byte before the delimiter.
        var quoted = 0
        while mark < markCount {
            let at = Int(marks[mark])
            mark &+= 1
            let byte = text[at]
            if byte == delimiter {
                starts[field] = UInt32(truncatingIfNeeded: start)
                ends[field] = UInt32(truncatingIfNeeded: at &- quoted)
                field &+= 1
                start = at &+ 1
                quoted = 0
            } else if byte != Byte.quote {
                starts[field] = UInt32(truncatingIfNeeded: start)
                ends[field] = UInt32(truncatingIfNeeded: at &- quoted)
                return endRecord(at: at, lineEnding: byte, nextMark: mark, fields: field &+ 1)
            } else if at == start {
                switch closeQuote(openedAt: at, field: field, mark: &mark) {
                case .closed: quoted = 1
                case .followedByText: quoted = 0
                case .open: return isFinal ? .unterminated(quote: at) : .incomplete(openQuote: at)
                }
                start = at &+ 1
            } else if damage == nil {
                damage = Damage(offset: at, field: field, isBehindClosingQuote: false)
            }
        }
        guard isFinal else { return .incomplete(openQuote: nil) }
        guard recordStart < end else { return .exhausted }
        starts[field] = UInt32(truncatingIfNeeded: start)
        ends[field] = UInt32(truncatingIfNeeded: end &- quoted)
        return endRecord(at: end, lineEnding: nil, nextMark: mark, fields: field &+ 1)
    }

    @inline(__always)
    private mutating func begin() {
        recordStart = nextStart
        firstField = fieldCount
        quotedLineEndings = 0
        if damage != nil { damage = nil }
        if !escapedFields.isEmpty { escapedFields.removeAll(keepingCapacity: true) }
    }

    /// A CR that is the last byte of the window may be the first half of a CRLF.
    @inline(__always)
    private mutating func endRecord(at: Int, lineEnding: UInt8?, nextMark: Int, fields: Int) -> Step {
        var after = lineEnding == nil ? at : at &+ 1
        var nextMark = nextMark
        if lineEnding == Byte.carriageReturn {
            if after == end && !isFinal { return .incomplete(openQuote: nil) }
            if after < end && text[after] == Byte.lineFeed {
                after &+= 1
                nextMark &+= 1
            }
        }
        mark = nextMark
        nextStart = after
        recordEnd = at
        if at == recordStart && !blankLinesCount { return .blankLine }
        fieldCount = fields
        return .record
    }

    private enum Closing { case closed, followedByText, open }

    /// Finds the end of a quoted field. `mark` is the one after the opening quote, and afterwards the one after the closing quote.
    private mutating func closeQuote(openedAt open: Int, field: Int, mark: inout Int) -> Closing {
        var isEscaped = false
        while mark < markCount {
            let at = Int(marks[mark])
            mark &+= 1
            switch text[at] {
            case Byte.quote:
                let after = at &+ 1
                if after < end && text[after] == Byte.quote {
                    isEscaped = true
                    mark &+= 1
                    continue
                }
                let byte = after < end ? text[after] : Byte.lineFeed
                guard byte == delimiter || byte == Byte.lineFeed || byte == Byte.carriageReturn else {
                    if damage == nil { damage = Damage(offset: after, field: field, isBehindClosingQuote: true) }
                    return .followedByText
                }
                if isEscaped { escapedFields.append(field) }
                return .closed
            case Byte.carriageReturn:
                quotedLineEndings &+= 1
            case Byte.lineFeed where text[at &- 1] != Byte.carriageReturn:
                quotedLineEndings &+= 1
            default:
                break
            }
        }
        return .open
    }
}
