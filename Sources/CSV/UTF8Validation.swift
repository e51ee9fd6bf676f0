/// RFC 3629 section 4, over raw memory.
enum UTF8Validation {
    /// The offset of the first byte that does not belong to a valid sequence in `from..<to`.
    static func firstInvalid(in bytes: UnsafePointer<UInt8>, from: Int, to: Int) -> Int? {
        var at = from
        while at < to {
            at = skipASCII(bytes, from: at, to: to)
            if at >= to { return nil }
            let length = sequenceLength(in: bytes, at: at, to: to)
            if length == 0 { return at }
            at &+= length
        }
        return nil
    }

    /// The first byte in `from..<to` that is not ASCII, or `to`.
    static func skipASCII(_ bytes: UnsafePointer<UInt8>, from: Int, to: Int) -> Int {
        var at = from
        let raw = UnsafeRawPointer(bytes)
        while at &+ 8 <= to {
            let high = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)) & 0x8080_8080_8080_8080
            if high != 0 { return at &+ high.trailingZeroBitCount >> 3 }
            at &+= 8
        }
        while at < to && bytes[at] < 0x80 { at &+= 1 }
        return at
    }

    /// The length of the valid sequence that begins at `at`; 0 if there is none.
    @inline(__always)
    static func sequenceLength(in bytes: UnsafePointer<UInt8>, at: Int, to: Int) -> Int {
        let lead = bytes[at]
        if lead < 0x80 { return 1 }
        let length = announcedLength(lead)
        guard length > 0, at &+ length <= to else { return 0 }
        let second = bytes[at &+ 1]
        // The second byte rules out overlong forms, surrogates and values above U+10FFFF.
        let range: ClosedRange<UInt8> =
            switch lead {
            case 0xE0: 0xA0...0xBF
            case 0xED: 0x80...0x9F
            case 0xF0: 0x90...0xBF
            case 0xF4: 0x80...0x8F
            default: 0x80...0xBF
            }
        guard range.contains(second) else { return 0 }
        for index in 2..<max(length, 2) where bytes[at &+ index] & 0xC0 != 0x80 { return 0 }
        return length
    }

    /// How many bytes a lead byte announces; 0 for a byte that cannot lead.
    @inline(__always)
    static func announcedLength(_ lead: UInt8) -> Int {
        switch lead {
        case 0x00..<0x80: 1
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 0
        }
    }
}
