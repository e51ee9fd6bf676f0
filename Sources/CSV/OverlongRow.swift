/// Explains a row that passed the limit: by the quoted field in which its limit falls, which is what an unclosed quote looks like.
enum OverlongRow {
    /// - Parameter row: the text from the beginning of the row, at least one byte more than the limit.
    static func error(_ row: ArraySlice<UInt8>, delimiter: UInt8, line: Int, limit: Int) -> CSVError {
        var text = Array(row.prefix(limit + 1))
        let end = text.count
        text.append(contentsOf: repeatElement(MarkIndex.padding(for: delimiter), count: MarkIndex.overread))
        var marks = MarkIndex()
        let start = CSVPosition(line: line, column: 1)
        return text.withUnsafeBufferPointer { buffer in
            guard let bytes = buffer.baseAddress else { return .rowTooLong(start, limit: limit, openQuote: nil) }
            marks.build(over: bytes, from: 0, to: end, delimiter: delimiter)
            var slots = [UInt32](repeating: 0, count: 2 * (marks.count + 1))
            let quote = marks.offsets.withUnsafeBufferPointer { offsets in
                slots.withUnsafeMutableBufferPointer { slots in
                    openQuote(in: bytes, end: end, delimiter: delimiter, marks: offsets, count: marks.count, slots: slots)
                }
            }
            let position = quote.map { TextPlace.position(of: $0, in: bytes, from: 0, line: line) }
            return .rowTooLong(start, limit: limit, openQuote: position)
        }
    }

    private static func openQuote(
        in text: UnsafePointer<UInt8>, end: Int, delimiter: UInt8, marks: UnsafeBufferPointer<UInt32>, count: Int,
        slots: UnsafeMutableBufferPointer<UInt32>
    ) -> Int? {
        guard let offsets = marks.baseAddress, let starts = slots.baseAddress else { return nil }
        var splitter = RecordSplitter(
            text: text, start: 0, end: end, isFinal: false, delimiter: delimiter,
            marks: offsets, markCount: count, starts: starts, ends: starts + (count + 1))
        if case .incomplete(let quote) = splitter.next() { return quote }
        return nil
    }
}
