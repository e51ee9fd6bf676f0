/// Decides the encoding from the first bytes of a file.
struct EncodingDetection: Equatable {
    var encoding: TextEncoding
    var decision: EncodingDecision
    /// Length of the byte-order mark to skip; 0 = none.
    var markLength: Int

    /// How many bytes are looked at when nothing is declared and there is no byte-order mark.
    static let window = 64 << 10
    /// How many bytes a byte-order mark can have.
    static let longestMark = 3

    /// - Parameter isWholeFile: the prefix is all there is, so a sequence cut at its end is really cut.
    init(prefix: [UInt8], declared: TextEncoding?, isWholeFile: Bool) throws(CSVError) {
        let mark = Self.mark(prefix)
        if let declared {
            if let mark, mark.encoding != declared { throw .contradictingMark(declared: declared, found: mark.encoding) }
            self.init(encoding: declared, decision: .declared, markLength: mark?.length ?? 0)
        } else if let mark {
            self.init(encoding: mark.encoding, decision: .byteOrderMark, markLength: mark.length)
        } else if let wide = Self.wideEncoding(prefix) {
            self.init(encoding: wide, decision: .zeroBytes, markLength: 0)
        } else {
            self = Self.narrowEncoding(prefix, isWholeFile: isWholeFile)
        }
    }

    private init(encoding: TextEncoding, decision: EncodingDecision, markLength: Int) {
        self.encoding = encoding
        self.decision = decision
        self.markLength = markLength
    }

    private static func mark(_ prefix: [UInt8]) -> (encoding: TextEncoding, length: Int)? {
        if prefix.starts(with: [0xEF, 0xBB, 0xBF]) { return (.utf8, 3) }
        if prefix.starts(with: [0xFF, 0xFE]) { return (.utf16LE, 2) }
        if prefix.starts(with: [0xFE, 0xFF]) { return (.utf16BE, 2) }
        return nil
    }

    /// UTF-16 without a mark: a header is mostly ASCII, so one byte of most pairs is zero and the other of none.
    private static func wideEncoding(_ prefix: [UInt8]) -> TextEncoding? {
        let pairs = min(prefix.count / 2, 128)
        var zeros = (first: 0, second: 0)
        for pair in 0..<pairs {
            if prefix[2 * pair] == 0 { zeros.first += 1 }
            if prefix[2 * pair + 1] == 0 { zeros.second += 1 }
        }
        if zeros.first == 0 && zeros.second * 2 > pairs { return .utf16LE }
        if zeros.second == 0 && zeros.first * 2 > pairs { return .utf16BE }
        return nil
    }

    /// UTF-8 or Windows-1252. Sequences that are valid UTF-8 hardly occur in Windows-1252 text, so a file with more of them than of
    /// invalid bytes is UTF-8 with damaged rows: reading it as Windows-1252 would silently garble every name in it.
    private static func narrowEncoding(_ prefix: [UInt8], isWholeFile: Bool) -> EncodingDetection {
        var characters = 0
        var invalid = 0
        var firstInvalid: Int?
        prefix.withUnsafeBufferPointer { buffer in
            guard let bytes = buffer.baseAddress else { return }
            var at = UTF8Validation.skipASCII(bytes, from: 0, to: buffer.count)
            while at < buffer.count {
                let length = UTF8Validation.sequenceLength(in: bytes, at: at, to: buffer.count)
                let isCut = !isWholeFile && at + UTF8Validation.announcedLength(bytes[at]) > buffer.count
                if length > 0 {
                    characters += 1
                } else if !isCut {
                    invalid += 1
                    firstInvalid = firstInvalid ?? at
                }
                at = UTF8Validation.skipASCII(bytes, from: at + max(length, 1), to: buffer.count)
            }
        }
        if let firstInvalid, invalid >= characters {
            return EncodingDetection(
                encoding: .windows1252, decision: .notUTF8(byte: prefix[firstInvalid], offset: firstInvalid), markLength: 0)
        }
        let decision: EncodingDecision = characters == 0 ? .onlyASCII : .validUTF8(characters: characters, invalidBytes: invalid)
        return EncodingDetection(encoding: .utf8, decision: decision, markLength: 0)
    }
}
