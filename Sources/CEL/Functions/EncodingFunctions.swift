/// The encoders extension: base64 of RFC 4648, section 4.
enum EncodingFunctions {
    static let all: [Overload] = [
        .function("base64.encode") { (a: Bytes) throws(CELError) in encode(a.array) },
        .function("base64.decode") { (a: String) throws(CELError) in Bytes(try decode(a)) },
    ]

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for byte in group { bits = bits << 8 | UInt32(byte) }
            bits <<= UInt32(8 * (3 - group.count))
            for index in 0..<4 {
                let letter = alphabet[Int(bits >> UInt32(18 - 6 * index)) & 63]
                result.append(index <= group.count ? letter : UInt8(ascii: "="))
            }
        }
        return String(bytes: result)
    }

    /// Padding may be left out.
    private static func decode(_ text: String) throws(CELError) -> [UInt8] {
        var letters = Array(text.utf8)
        let isPadded = letters.last == UInt8(ascii: "=")
        while letters.last == UInt8(ascii: "="), letters.count > max(0, text.utf8.count - 2) { letters.removeLast() }
        var result: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for letter in letters {
            guard let value = value(of: letter) else { throw CELError.invalid("\(Value.string(text).shown) is not base64") }
            bits = bits << 6 | value
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            bits &= (1 << UInt32(count)) - 1
        }
        guard letters.count % 4 != 1, !isPadded || text.utf8.count % 4 == 0 else {
            throw CELError.invalid("\(Value.string(text).shown) is not base64")
        }
        return result
    }

    private static func value(of letter: UInt8) -> UInt32? {
        switch letter {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter) - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter) + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
