/// Looks at the first record before it is split: counts the usual delimiters outside quotes and finds the line ending.
struct HeaderSniffer {
    enum Outcome: Equatable {
        /// The record is not complete yet.
        case undecided
        case found(counts: [DelimiterCount], lineEnding: LineEnding)
        /// A NUL byte at the offset: this is no text.
        case nul(Int)
    }

    /// In the order in which they win when they are equally frequent.
    static let candidates = [UInt8(ascii: ","), UInt8(ascii: ";"), 0x09, UInt8(ascii: "|")]

    private var counts = [Int](repeating: 0, count: candidates.count)

    /// - Parameter declared: a quote opens a field behind this delimiter as well.
    static func sniff(_ text: UnsafeBufferPointer<UInt8>, declared: UInt8?, isFinal: Bool) -> Outcome {
        var sniffer = HeaderSniffer()
        return sniffer.run(text, declared: declared, isFinal: isFinal)
    }

    private mutating func run(_ text: UnsafeBufferPointer<UInt8>, declared: UInt8?, isFinal: Bool) -> Outcome {
        var at = 0
        while at < text.count, text[at] == Byte.lineFeed || text[at] == Byte.carriageReturn { at += 1 }
        var isFieldStart = true
        var isQuoted = false
        while at < text.count {
            let byte = text[at]
            if byte == 0 { return .nul(at) }
            if isQuoted {
                // A doubled quote closes and opens again, which counts the same.
                isQuoted = byte != Byte.quote
                isFieldStart = !isQuoted
            } else if byte == Byte.quote && isFieldStart {
                isQuoted = true
            } else if byte == Byte.lineFeed {
                return .found(counts: sortedCounts, lineEnding: .lf)
            } else if byte == Byte.carriageReturn {
                if at + 1 == text.count && !isFinal { return .undecided }
                let isPair = at + 1 < text.count && text[at + 1] == Byte.lineFeed
                return .found(counts: sortedCounts, lineEnding: isPair ? .crlf : .cr)
            } else if let candidate = Self.candidates.firstIndex(of: byte) {
                counts[candidate] += 1
                isFieldStart = true
            } else {
                isFieldStart = byte == declared
            }
            at += 1
        }
        return isFinal ? .found(counts: sortedCounts, lineEnding: .endOfFile) : .undecided
    }

    private var sortedCounts: [DelimiterCount] {
        let order = counts.indices.filter { counts[$0] > 0 }.sorted { (counts[$1], $0) < (counts[$0], $1) }
        return order.map { DelimiterCount(delimiter: Self.candidates[$0], count: counts[$0]) }
    }
}
