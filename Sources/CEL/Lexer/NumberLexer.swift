extension Lexer {
    /// A number without sign: `12`, `0x1F`, `12u`, `1.5`, `1e3`.
    mutating func number() throws(SyntaxError) -> Token.Kind {
        let start = position
        if current == UInt8(ascii: "0"), let marker = peek(), marker | 0x20 == UInt8(ascii: "x") {
            return try hexadecimal(from: start)
        }
        skipDigits()
        var isDouble = false
        if current == UInt8(ascii: "."), peek()?.isDigit == true {
            isDouble = true
            position += 1
            skipDigits()
        }
        if let byte = current, byte | 0x20 == UInt8(ascii: "e") {
            let sign = peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") ? 1 : 0
            if peek(1 + sign)?.isDigit == true {
                isDouble = true
                position += 1 + sign
                skipDigits()
            }
        }
        if isDouble { return try double(from: start) }
        return try integer(digits: bytes[start..<position], radix: 10, from: start)
    }

    private mutating func skipDigits() {
        while current?.isDigit == true { position += 1 }
    }

    private func double(from start: Int) throws(SyntaxError) -> Token.Kind {
        let text = String(bytes: bytes[start..<position])
        guard let value = Double(text.hasPrefix(".") ? "0" + text : text) else {
            throw SyntaxError(message: "'\(text)' is not a number", range: start..<position)
        }
        return .double(value)
    }

    private mutating func hexadecimal(from start: Int) throws(SyntaxError) -> Token.Kind {
        position += 2
        let digits = position
        while current?.hexDigit != nil { position += 1 }
        guard position > digits else {
            throw SyntaxError(message: "'0x' needs hexadecimal digits", range: start..<position)
        }
        return try integer(digits: bytes[digits..<position], radix: 16, from: start)
    }

    private mutating func integer(digits: ArraySlice<UInt8>, radix: Int, from start: Int) throws(SyntaxError) -> Token.Kind {
        let isUnsigned = current.map { $0 | 0x20 == UInt8(ascii: "u") } ?? false
        if isUnsigned { position += 1 }
        if let byte = current, byte.isLetter || byte.isDigit || byte == UInt8(ascii: "_") {
            throw SyntaxError(message: "a number and a name stand together without a space", range: start..<position + 1)
        }
        guard let value = UInt64(String(bytes: digits), radix: radix) else {
            throw SyntaxError(message: "the number is too large", range: start..<position)
        }
        return isUnsigned ? .uint(value) : .int(value)
    }
}
