/// Reads CSV (RFC 4180) that is pushed to it in chunks of any size, in order.
///
/// Beyond the RFC: any ASCII delimiter, LF, CRLF and CR as line endings, also mixed; a line with nothing on it is passed over, except behind
/// the header of a file with one column, where it is a row with an empty value; the last line needs no ending; a line that starts with `#` is
/// data. What the RFC forbids in a row is a `CSVRowProblem` and the reading goes on; what makes the file doubtful is thrown.
///
/// A chunk border may fall anywhere, also inside a character, a CRLF or a quoted field: rows, problems and errors do not depend on it.
/// Only when they come out does: rows can be held back until a later chunk or `finish`.
package struct CSVParser: Sendable {
    /// The column names; known once the first record is, at the latest after `finish`.
    package private(set) var header: CSVHeader?
    /// What the file turned out to be; known with the header.
    package private(set) var detected: DetectedFormat?

    private let format: CSVFormat
    /// The beginning of the file, kept until the encoding is known.
    private var undecoded: [UInt8] = []
    private var encoding: EncodingDetection?
    private var decoder = TextDecoder(encoding: .utf8)
    /// UTF-8 text behind the last whole record.
    private var pending: [UInt8] = []
    /// How much of `pending` was already found not to be a whole record.
    private var splitInVain = 0
    /// The physical line on which `pending` begins.
    private var line = 1
    private var marks = MarkIndex()
    private var slots: [UInt32] = []

    /// Text is split in windows that fit the processor's cache.
    private static let window = 64 << 10
    private static let widestWindow = 1 << 20

    package init(format: CSVFormat = CSVFormat()) {
        self.format = format
    }

    /// Takes the next bytes of the file and appends the rows that they complete. Chunks of 64 KiB to 1 MiB are fastest; empty the batch
    /// between them. After an error the parser must not be used again.
    package mutating func feed(_ chunk: UnsafeRawBufferPointer, into batch: inout CSVBatch) throws(CSVError) {
        var rest = chunk[...]
        if encoding == nil {
            let wanted = format.encoding == nil ? EncodingDetection.window : EncodingDetection.longestMark
            let prefix = rest.prefix(wanted - undecoded.count)
            undecoded.append(contentsOf: prefix)
            rest = rest.dropFirst(prefix.count)
            guard undecoded.count >= wanted else { return }
            try decideEncoding(isWholeFile: false)
            try absorb(UnsafeRawBufferPointer(rebasing: rest.prefix(0)), into: &batch, isFinal: false)
        }
        while !rest.isEmpty {
            let piece = rest.prefix(min(max(Self.window, pending.count), Self.widestWindow))
            rest = rest.dropFirst(piece.count)
            try absorb(UnsafeRawBufferPointer(rebasing: piece), into: &batch, isFinal: false)
        }
    }

    /// Ends the file: appends the rows that were held back. A file without a header throws `CSVError.empty`.
    package mutating func finish(into batch: inout CSVBatch) throws(CSVError) {
        if encoding == nil { try decideEncoding(isWholeFile: true) }
        let endsWithCharacter = decoder.finish(into: &pending)
        try absorb(UnsafeRawBufferPointer(start: nil, count: 0), into: &batch, isFinal: endsWithCharacter)
        if !endsWithCharacter {
            if !pending.isEmpty { try splitPending(into: &batch, isFinal: false) }
            throw .cutCharacter(endOfPending, decoder.encoding)
        }
        guard header != nil else { throw .empty }
    }

    private mutating func decideEncoding(isWholeFile: Bool) throws(CSVError) {
        if let delimiter = format.delimiter, !CSVFormat.canDelimit(delimiter) { throw .unusableDelimiter(delimiter) }
        let decided = try EncodingDetection(prefix: undecoded, declared: format.encoding, isWholeFile: isWholeFile)
        encoding = decided
        decoder = TextDecoder(encoding: decided.encoding)
        undecoded.withUnsafeBytes { bytes in
            decoder.decode(UnsafeRawBufferPointer(rebasing: bytes[decided.markLength...]), into: &pending)
        }
        undecoded = []
    }

    /// Adds text and splits it. Splitting always starts at the beginning of a record, so it is put off until there is at least as much new
    /// text as was split in vain: the cost stays linear even when a long record comes in small chunks.
    private mutating func absorb(_ raw: UnsafeRawBufferPointer, into batch: inout CSVBatch, isFinal: Bool) throws(CSVError) {
        var text = raw
        if decoder.encoding != .utf8 {
            decoder.decode(raw, into: &pending)
            text = UnsafeRawBufferPointer(start: nil, count: 0)
        }
        if !isFinal && pending.count - splitInVain + text.count < splitInVain {
            pending.append(contentsOf: text)
            return
        }
        guard batch.bytes.count + pending.count + text.count + MarkIndex.overread < Int(UInt32.max) else { throw .batchFull }
        let start = batch.bytes.count
        batch.bytes.append(contentsOf: pending)
        batch.bytes.append(contentsOf: text)
        pending.removeAll(keepingCapacity: true)
        try split(&batch, from: start, isFinal: isFinal)
    }

    private mutating func splitPending(into batch: inout CSVBatch, isFinal: Bool) throws(CSVError) {
        splitInVain = 0
        try absorb(UnsafeRawBufferPointer(start: nil, count: 0), into: &batch, isFinal: isFinal)
    }

    /// Splits the text at the end of the batch's bytes into rows and takes what is not a whole record back into `pending`.
    private mutating func split(_ batch: inout CSVBatch, from start: Int, isFinal: Bool) throws(CSVError) {
        var text: [UInt8] = []
        swap(&text, &batch.bytes)
        defer { swap(&text, &batch.bytes) }
        let end = text.count
        guard let detected = try detectHeader(in: text, from: start, isFinal: isFinal) else {
            try takeBack(&text, from: start)
            return
        }
        text.append(contentsOf: repeatElement(MarkIndex.padding(for: detected.delimiter), count: MarkIndex.overread))
        text.withUnsafeBufferPointer { buffer in
            guard let bytes = buffer.baseAddress else { return }
            marks.build(over: bytes, from: start, to: end, delimiter: detected.delimiter)
        }
        if marks.holdsNUL, let nul = text[start..<end].firstIndex(of: 0) {
            try splitBeforeNUL(&text, at: nul, from: start, into: &batch)
        }
        if slots.count < 2 * (marks.count + 1) { slots = [UInt32](repeating: 0, count: 2 * (marks.count + 1)) }
        let rest = try collect(from: start, to: end, of: &text, detected: detected, isFinal: isFinal, into: &batch)
        text.removeLast(text.count - end)
        try takeBack(&text, from: rest)
    }

    /// A NUL byte stops the file, but not before the rows in front of it were seen, as they would be with smaller chunks.
    private mutating func splitBeforeNUL(
        _ text: inout [UInt8], at nul: Int, from start: Int, into batch: inout CSVBatch
    ) throws(CSVError) {
        text.removeLast(text.count - nul)
        swap(&text, &batch.bytes)
        defer { swap(&text, &batch.bytes) }
        try split(&batch, from: start, isFinal: false)
        throw .nulByte(endOfPending)
    }

    private mutating func detectHeader(in text: [UInt8], from start: Int, isFinal: Bool) throws(CSVError) -> DetectedFormat? {
        if let detected { return detected }
        let outcome = text.withUnsafeBufferPointer { buffer in
            HeaderSniffer.sniff(UnsafeBufferPointer(rebasing: buffer[start...]), declared: format.delimiter, isFinal: isFinal)
        }
        switch outcome {
        case .undecided:
            return nil
        case .nul(let offset):
            throw .nulByte(position(of: start + offset, in: text, from: start))
        case .found(let counts, let lineEnding):
            let decision: DelimiterDecision =
                format.delimiter != nil ? .declared : counts.first.map { .mostFrequent(count: $0.count) } ?? .noCandidate
            detected = DetectedFormat(
                encoding: decoder.encoding, encodingDecision: encoding?.decision ?? .declared,
                hadByteOrderMark: (encoding?.markLength ?? 0) > 0,
                delimiter: format.delimiter ?? counts.first?.delimiter ?? HeaderSniffer.candidates[0],
                delimiterDecision: decision, delimiterCounts: counts, lineEnding: lineEnding)
            return detected
        }
    }

    /// Runs the splitter over the window and returns where the text that is not a whole record begins.
    private mutating func collect(
        from start: Int, to end: Int, of text: inout [UInt8], detected: DetectedFormat, isFinal: Bool, into batch: inout CSVBatch
    ) throws(CSVError) -> Int {
        var collector = RowCollector(format: format, detected: detected, header: header, line: line)
        defer { (header, line) = (collector.header, collector.line) }
        let (count, isASCII) = (marks.count, marks.isASCII)
        return try text.withUnsafeMutableBufferPointer { text throws(CSVError) in
            try marks.offsets.withUnsafeBufferPointer { offsets throws(CSVError) in
                try slots.withUnsafeMutableBufferPointer { slots throws(CSVError) in
                    guard let bytes = text.baseAddress, let offsets = offsets.baseAddress, let slots = slots.baseAddress else {
                        return start
                    }
                    var splitter = RecordSplitter(
                        text: bytes, start: start, end: end, isFinal: isFinal, delimiter: detected.delimiter,
                        marks: offsets, markCount: count, starts: slots, ends: slots + (count + 1))
                    let isValid = isASCII || UTF8Validation.firstInvalid(in: bytes, from: start, to: end) == nil
                    return try collector.collect(&splitter, text: bytes, isValid: isValid, into: &batch)
                }
            }
        }
    }

    /// Moves the text from `rest` on into `pending`. It belongs to one record, which may not outgrow the limit (a last CR does not count).
    private mutating func takeBack(_ text: inout [UInt8], from rest: Int) throws(CSVError) {
        pending.append(contentsOf: text[rest...])
        text.removeLast(text.count - rest)
        splitInVain = pending.count
        let limit = format.limits.rowBytes
        guard pending.count > limit + 1 else { return }
        throw OverlongRow.error(pending[...], delimiter: detected?.delimiter ?? HeaderSniffer.candidates[0], line: line, limit: limit)
    }

    private var endOfPending: CSVPosition {
        position(of: pending.count, in: pending, from: 0)
    }

    private func position(of offset: Int, in text: [UInt8], from start: Int) -> CSVPosition {
        text.withUnsafeBufferPointer { buffer in
            guard let bytes = buffer.baseAddress else { return CSVPosition(line: line, column: 1) }
            return TextPlace.position(of: offset, in: bytes, from: start, line: line)
        }
    }
}
