extension Lexer {
    mutating func quoted(isRaw: Bool) throws(SyntaxError) -> String {
        String(bytes: try content(isRaw: isRaw, isBytes: false))
    }

    mutating func quotedBytes(isRaw: Bool) throws(SyntaxError) -> [UInt8] {
        try content(isRaw: isRaw, isBytes: true)
    }

    private mutating func content(isRaw: Bool, isBytes: Bool) throws(SyntaxError) -> [UInt8] {
        let start = position
        let quote = bytes[position]
        let isTriple = peek(1) == quote && peek(2) == quote
        position += isTriple ? 3 : 1
        var content: [UInt8] = []
        while let byte = current {
            if byte == quote, !isTriple || (peek(1) == quote && peek(2) == quote) {
                position += isTriple ? 3 : 1
                return content
            }
            if byte == 0x0A || byte == 0x0D, !isTriple { break }
            if byte == UInt8(ascii: "\\"), !isRaw {
                try escape(into: &content, isBytes: isBytes)
            } else {
                content.append(byte)
                position += 1
            }
        }
        throw SyntaxError(message: "the string has no closing quote", range: start..<min(position, start + 1))
    }

    private mutating func escape(into content: inout [UInt8], isBytes: Bool) throws(SyntaxError) {
        let start = position
        guard let letter = peek() else { throw SyntaxError(message: "the string has no closing quote", range: start..<start + 1) }
        position += 2
        switch letter {
        case UInt8(ascii: "a"): content.append(0x07)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "v"): content.append(0x0B)
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "?"): content.append(letter)
        case UInt8(ascii: "x"), UInt8(ascii: "X"): try code(2, 16, from: start, into: &content, isBytes)
        case UInt8(ascii: "u") where !isBytes: try code(4, 16, from: start, into: &content, false)
        case UInt8(ascii: "U") where !isBytes: try code(8, 16, from: start, into: &content, false)
        case 0x30...0x33:
            position -= 1
            try code(3, 8, from: start, into: &content, isBytes)
        default:
            var end = position
            while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
            let text = String(bytes: bytes[start..<end])
            throw SyntaxError(message: "unknown escape '\(text)' (write '\\\\' for a backslash)", range: start..<end)
        }
    }

    private mutating func code(
        _ digits: Int, _ radix: Int, from start: Int, into content: inout [UInt8], _ isByte: Bool
    ) throws(SyntaxError) {
        let end = min(position + digits, bytes.count)
        let text = bytes[position..<end]
        guard text.count == digits, text.allSatisfy({ $0.hexDigit.map { $0 < radix } ?? false }),
            let number = UInt32(String(bytes: text), radix: radix)
        else { throw SyntaxError(message: "the escape needs \(digits) digits of base \(radix)", range: start..<max(end, start + 1)) }
        position = end
        if isByte {
            content.append(UInt8(truncatingIfNeeded: number))
        } else if let scalar = Unicode.Scalar(number) {
            content.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        } else {
            let escape = String(bytes: bytes[start..<end])
            throw SyntaxError(message: "'\(escape)' is no code point", range: start..<end)
        }
    }
}
