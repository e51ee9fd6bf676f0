/// Takes records from the splitter: the first becomes the header, the others rows or problems of a batch.
struct RowCollector {
    private(set) var header: CSVHeader?
    /// The physical line on which the next record begins.
    private(set) var line: Int
    private let format: CSVFormat
    private let detected: DetectedFormat

    init(format: CSVFormat, detected: DetectedFormat, header: CSVHeader?, line: Int) {
        self.format = format
        self.detected = detected
        self.header = header
        self.line = line
    }

    /// Goes through the window and returns where the first record begins that it does not hold whole.
    ///
    /// - Parameter isValid: the whole window is known to be valid UTF-8, so that no record has to be looked at.
    mutating func collect(
        _ splitter: inout RecordSplitter, text: UnsafeMutablePointer<UInt8>, isValid: Bool, into batch: inout CSVBatch
    ) throws(CSVError) -> Int {
        if let header { prepare(&splitter, &batch, for: header) }
        do throws(CSVError) {
            let rest = try takeRecords(&splitter, text: text, isValid: isValid, into: &batch)
            moveFields(of: splitter, count: splitter.fieldCount, into: &batch)
            return rest
        } catch {
            moveFields(of: splitter, count: splitter.firstField, into: &batch)
            throw error
        }
    }

    private func moveFields(of splitter: RecordSplitter, count: Int, into batch: inout CSVBatch) {
        batch.fieldStart.append(contentsOf: UnsafeBufferPointer(start: splitter.starts, count: count))
        batch.fieldEnd.append(contentsOf: UnsafeBufferPointer(start: splitter.ends, count: count))
    }

    private mutating func takeRecords(
        _ splitter: inout RecordSplitter, text: UnsafeMutablePointer<UInt8>, isValid: Bool, into batch: inout CSVBatch
    ) throws(CSVError) -> Int {
        while true {
            switch splitter.next() {
            case .record:
                if let header {
                    try takeRow(&splitter, text: text, header: header, isValid: isValid, into: &batch)
                } else {
                    let header = try readHeader(splitter, text: text)
                    self.header = header
                    splitter.fieldCount = splitter.firstField
                    prepare(&splitter, &batch, for: header)
                }
                line &+= 1 &+ splitter.quotedLineEndings
            case .blankLine:
                line &+= 1
            case .unterminated(let quote):
                throw .unterminatedQuote(opened: position(quote, splitter))
            case .incomplete, .exhausted:
                return splitter.recordStart
            }
        }
    }

    private func prepare(_ splitter: inout RecordSplitter, _ batch: inout CSVBatch, for header: CSVHeader) {
        splitter.blankLinesCount = header.names.count == 1
        batch.columnCount = header.names.count
    }

    @inline(__always)
    private func takeRow(
        _ splitter: inout RecordSplitter, text: UnsafeMutablePointer<UInt8>, header: CSVHeader, isValid: Bool,
        into batch: inout CSVBatch
    ) throws(CSVError) {
        let first = splitter.firstField
        let count = splitter.fieldCount &- first
        let length = splitter.recordEnd &- splitter.recordStart
        let isPlain = isValid && splitter.damage == nil && count == header.names.count && length <= shortestLimit
        if !isPlain {
            try checkLimits(splitter, length: length)
            if let fault = fault(in: splitter, expected: header.names.count) {
                batch.problems.append(problem(fault, in: splitter, text: text, header: header))
                splitter.fieldCount = first
                return
            }
        }
        for field in splitter.escapedFields { unescape(field, of: splitter, in: text) }
        batch.rowLine.append(UInt32(truncatingIfNeeded: line))
        batch.rowHash.append(
            RowHash.hash(text, splitter.starts + first, splitter.ends + first, count: count, seed: header.hash))
    }

    private var shortestLimit: Int { min(format.limits.fieldBytes, format.limits.rowBytes) }

    private func checkLimits(_ splitter: RecordSplitter, length: Int) throws(CSVError) {
        let limits = format.limits
        if length > limits.rowBytes {
            let row = UnsafeBufferPointer(start: splitter.text + splitter.recordStart, count: limits.rowBytes + 1)
            throw OverlongRow.error(Array(row)[...], delimiter: detected.delimiter, line: line, limit: limits.rowBytes)
        }
        guard length > limits.fieldBytes else { return }
        for field in splitter.firstField..<splitter.fieldCount
        where Int(splitter.ends[field]) - Int(splitter.starts[field]) > limits.fieldBytes {
            throw .fieldTooLong(position(fieldBegin(field, splitter), splitter), limit: limits.fieldBytes)
        }
    }

    /// Halves the doubled quotes of a field in place.
    private func unescape(_ field: Int, of splitter: RecordSplitter, in text: UnsafeMutablePointer<UInt8>) {
        let end = Int(splitter.ends[field])
        var read = Int(splitter.starts[field])
        var write = read
        while read < end {
            text[write] = text[read]
            read &+= text[read] == Byte.quote ? 2 : 1
            write &+= 1
        }
        splitter.ends[field] = UInt32(truncatingIfNeeded: write)
    }

    private func position(_ offset: Int, _ splitter: RecordSplitter) -> CSVPosition {
        TextPlace.position(of: offset, in: splitter.text, from: splitter.recordStart, line: line)
    }

    /// Where a field begins in the file: at its opening quote, if it has one.
    private func fieldBegin(_ field: Int, _ splitter: RecordSplitter) -> Int {
        let start = Int(splitter.starts[field])
        return start > splitter.recordStart && splitter.text[start - 1] == Byte.quote ? start - 1 : start
    }
}

// MARK: - What is wrong with a record

extension RowCollector {
    private struct Fault {
        var offset: Int
        var field: Int?
        var reason: CSVRowProblem.Reason
    }

    /// The first of: a misplaced quote, a byte that is not text, a wrong number of fields. `expected` is nil for the header.
    private func fault(in splitter: RecordSplitter, expected: Int?) -> Fault? {
        if let damage = splitter.damage {
            let begin = fieldBegin(damage.field, splitter)
            let isSpaceOnly = begin < damage.offset && (begin..<damage.offset).allSatisfy { splitter.text[$0] == UInt8(ascii: " ") }
            return Fault(
                offset: damage.offset, field: damage.field - splitter.firstField,
                reason: damage.isBehindClosingQuote ? .textAfterClosingQuote : .quoteInUnquotedField(afterSpaces: isSpaceOnly))
        }
        if let invalid = UTF8Validation.firstInvalid(in: splitter.text, from: splitter.recordStart, to: splitter.recordEnd) {
            let field = (splitter.firstField..<splitter.fieldCount).first { Int(splitter.ends[$0]) > invalid }
            return Fault(offset: invalid, field: field.map { $0 - splitter.firstField }, reason: invalidReason(splitter.text[invalid]))
        }
        let found = splitter.fieldCount - splitter.firstField
        guard let expected, found != expected else { return nil }
        if found < expected {
            return Fault(offset: splitter.recordEnd, field: nil, reason: .tooFewFields(found: found, expected: expected))
        }
        let surplus = fieldBegin(splitter.firstField + expected, splitter)
        return Fault(offset: surplus, field: nil, reason: .tooManyFields(found: found, expected: expected))
    }

    private func invalidReason(_ byte: UInt8) -> CSVRowProblem.Reason {
        switch detected.encoding {
        case .utf16LE, .utf16BE: .unpairedSurrogate
        case .utf8, .windows1252: .invalidByte(byte, detected.encoding, assumed: detected.encodingDecision != .declared)
        }
    }

    private func problem(
        _ fault: Fault, in splitter: RecordSplitter, text: UnsafeMutablePointer<UInt8>, header: CSVHeader
    ) -> CSVRowProblem {
        let place = position(fault.offset, splitter)
        for field in splitter.escapedFields { unescape(field, of: splitter, in: text) }
        let fields = (0..<min(splitter.fieldCount - splitter.firstField, header.names.count)).map { index in
            splitter.damage?.field == splitter.firstField + index ? nil : string(splitter.firstField + index, splitter)
        }
        let name = fault.field.flatMap { $0 < header.names.count ? header.names[$0] : nil }
        return CSVRowProblem(
            rowLine: line, position: place, reason: fault.reason, columnName: name == "" ? nil : name, fields: fields)
    }

    /// A field as text; nil if it is not valid.
    private func string(_ field: Int, _ splitter: RecordSplitter) -> String? {
        let start = Int(splitter.starts[field])
        let bytes = UnsafeBufferPointer(start: splitter.text + start, count: Int(splitter.ends[field]) - start)
        return String(validating: bytes, as: UTF8.self)
    }

    private func readHeader(_ splitter: RecordSplitter, text: UnsafeMutablePointer<UInt8>) throws(CSVError) -> CSVHeader {
        try checkLimits(splitter, length: splitter.recordEnd - splitter.recordStart)
        if let fault = fault(in: splitter, expected: nil) {
            throw .malformedHeader(position(fault.offset, splitter), fault.reason)
        }
        let fields = splitter.firstField..<splitter.fieldCount
        let positions = fields.map { position(fieldBegin($0, splitter), splitter) }
        for field in splitter.escapedFields { unescape(field, of: splitter, in: text) }
        let hash = RowHash.hash(
            text, splitter.starts + splitter.firstField, splitter.ends + splitter.firstField, count: fields.count, seed: 0)
        return try CSVHeader(
            names: fields.map { string($0, splitter) ?? "" }, positions: positions, hash: hash,
            start: CSVPosition(line: line, column: 1))
    }
}
