/// What the file turned out to be, and how that was decided; complete once the header is known.
package struct DetectedFormat: Sendable, Equatable {
    package var encoding: TextEncoding
    package var encodingDecision: EncodingDecision
    package var hadByteOrderMark: Bool
    package var delimiter: UInt8
    package var delimiterDecision: DelimiterDecision
    /// How often each usual delimiter stands in the header outside quotes; only those that do, most frequent first.
    package var delimiterCounts: [DelimiterCount]
    package var lineEnding: LineEnding

    /// A delimiter that the header contains although it was not read with it: set when the header read as a single column
    /// but holds another usual delimiter. The caller decides whether that is an error.
    package var suspectedDelimiter: UInt8? {
        guard !delimiterCounts.contains(where: { $0.delimiter == delimiter }) else { return nil }
        return delimiterCounts.first?.delimiter
    }

    /// One line for reports, such as `UTF-8 with byte-order mark; delimiter ';' (21 in the header); lines end with CRLF`.
    package var summary: String {
        "\(encoding.name)\(hadByteOrderMark ? " with byte-order mark" : "")\(encodingDecision.explanation); "
            + "delimiter \(Byte.name(delimiter))\(delimiterExplanation); \(lineEnding.explanation)"
    }

    private var delimiterExplanation: String {
        switch delimiterDecision {
        case .declared: " (declared)"
        case .mostFrequent(let count): " (\(count) in the header)"
        case .noCandidate: " (assumed: the header holds none of , ; tab |)"
        }
    }
}

/// Why a file is read in its encoding.
package enum EncodingDecision: Sendable, Equatable {
    case declared
    case byteOrderMark
    /// No mark, but every second byte of ordinary text is zero.
    case zeroBytes
    /// Only ASCII so far, which is the same in UTF-8 and Windows-1252.
    case onlyASCII
    /// Characters beyond ASCII, encoded as UTF-8; `invalidBytes` in between are reported as row problems.
    case validUTF8(characters: Int, invalidBytes: Int)
    /// Bytes that are not UTF-8; the first of them and its offset in the file.
    case notUTF8(byte: UInt8, offset: Int)

    var explanation: String {
        switch self {
        case .declared: " (declared)"
        case .byteOrderMark: ""
        case .zeroBytes: " (every second byte is zero)"
        case .onlyASCII: " (only ASCII at the start)"
        case .validUTF8: ""
        case .notUTF8(let byte, let offset): " (byte \(Byte.hex(byte)) at offset \(offset) is not UTF-8)"
        }
    }
}

/// Why a file is split at its delimiter.
package enum DelimiterDecision: Sendable, Equatable {
    case declared
    case mostFrequent(count: Int)
    /// The header holds no usual delimiter: it has one column and a comma was assumed.
    case noCandidate
}

package struct DelimiterCount: Sendable, Equatable {
    package var delimiter: UInt8
    package var count: Int
}

extension LineEnding {
    fileprivate var explanation: String {
        switch self {
        case .lf, .crlf, .cr: "lines end with \(rawValue)"
        case .endOfFile: "no line ending"
        }
    }
}
