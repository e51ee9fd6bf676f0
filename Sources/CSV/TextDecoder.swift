/// Turns bytes of any supported encoding into UTF-8, piece by piece; state survives the border between two pieces.
///
/// What is not text comes out as bytes that are not valid UTF-8 (an undefined Windows-1252 byte as itself, half of a surrogate pair as the
/// three bytes of its value), so that the row it stands in is found by the same validation as a bad UTF-8 sequence.
struct TextDecoder {
    let encoding: TextEncoding
    private var halfUnit: UInt8?
    private var highSurrogate: UInt16?

    init(encoding: TextEncoding) {
        self.encoding = encoding
    }

    mutating func decode(_ raw: UnsafeRawBufferPointer, into text: inout [UInt8]) {
        switch encoding {
        case .utf8: text.append(contentsOf: raw)
        case .windows1252: decodeWindows1252(raw, into: &text)
        case .utf16LE: decodeUTF16(raw, into: &text) { first, second in UInt16(second) << 8 | UInt16(first) }
        case .utf16BE: decodeUTF16(raw, into: &text) { first, second in UInt16(first) << 8 | UInt16(second) }
        }
    }

    /// Writes what was kept back for a continuation that did not come. Returns false if the last unit is cut in the middle.
    mutating func finish(into text: inout [UInt8]) -> Bool {
        if let high = highSurrogate { append(scalar: UInt32(high), to: &text) }
        highSurrogate = nil
        return halfUnit == nil
    }

    private func decodeWindows1252(_ raw: UnsafeRawBufferPointer, into text: inout [UInt8]) {
        text.reserveCapacity(text.count + raw.count)
        for byte in raw {
            switch byte {
            case 0x00..<0x80:
                text.append(byte)
            case 0x80..<0xA0:
                let scalar = Self.windows1252[Int(byte) - 0x80]
                if scalar == 0 { text.append(byte) } else { append(scalar: scalar, to: &text) }
            default:
                append(scalar: UInt32(byte), to: &text)
            }
        }
    }

    private mutating func decodeUTF16(
        _ raw: UnsafeRawBufferPointer, into text: inout [UInt8], unit: (UInt8, UInt8) -> UInt16
    ) {
        text.reserveCapacity(text.count + raw.count)
        var rest = raw[...]
        if let first = halfUnit, let second = rest.popFirst() {
            halfUnit = nil
            append(unit: unit(first, second), to: &text)
        }
        while rest.count >= 2 {
            append(unit: unit(rest[rest.startIndex], rest[rest.startIndex + 1]), to: &text)
            rest = rest.dropFirst(2)
        }
        if let last = rest.first { halfUnit = last }
    }

    private mutating func append(unit: UInt16, to text: inout [UInt8]) {
        if let high = highSurrogate {
            highSurrogate = nil
            if unit & 0xFC00 == 0xDC00 {
                append(scalar: 0x10000 + (UInt32(high & 0x3FF) << 10 | UInt32(unit & 0x3FF)), to: &text)
                return
            }
            append(scalar: UInt32(high), to: &text)
        }
        if unit & 0xFC00 == 0xD800 {
            highSurrogate = unit
        } else {
            append(scalar: UInt32(unit), to: &text)
        }
    }

    /// UTF-8 of a code point, surrogates included.
    private func append(scalar: UInt32, to text: inout [UInt8]) {
        func low(_ shift: UInt32) -> UInt8 { 0x80 | UInt8(truncatingIfNeeded: scalar >> shift) & 0x3F }
        switch scalar {
        case 0..<0x80:
            text.append(UInt8(truncatingIfNeeded: scalar))
        case 0x80..<0x800:
            text.append(0xC0 | UInt8(truncatingIfNeeded: scalar >> 6))
            text.append(low(0))
        case 0x800..<0x10000:
            text.append(0xE0 | UInt8(truncatingIfNeeded: scalar >> 12))
            text.append(low(6))
            text.append(low(0))
        default:
            text.append(0xF0 | UInt8(truncatingIfNeeded: scalar >> 18))
            text.append(low(12))
            text.append(low(6))
            text.append(low(0))
        }
    }

    /// 0x80...0x9F (https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/WINDOWS/CP1252.TXT); 0 = undefined.
    private static let windows1252: [UInt32] = [
        0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0,
        0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
    ]
}
