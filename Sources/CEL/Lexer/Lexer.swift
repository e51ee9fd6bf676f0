/// Splits an expression into tokens, byte by byte; positions are UTF-8 offsets.
struct Lexer {
    private(set) var bytes: [UInt8]
    var position = 0

    init(_ source: String) { bytes = Array(source.utf8) }

    static func tokens(of source: String) throws(SyntaxError) -> [Token] {
        var lexer = Lexer(source)
        var tokens: [Token] = []
        repeat { tokens.append(try lexer.next()) } while tokens[tokens.count - 1].kind != .end
        return tokens
    }

    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    func peek(_ distance: Int = 1) -> UInt8? {
        position + distance < bytes.count ? bytes[position + distance] : nil
    }

    private mutating func next() throws(SyntaxError) -> Token {
        skipSpace()
        let start = position
        guard let byte = current else { return Token(kind: .end, range: start..<start) }
        let kind: Token.Kind
        if byte.isLetter || byte == UInt8(ascii: "_") {
            kind = try identifierOrPrefixedLiteral()
        } else if byte.isDigit || (byte == UInt8(ascii: ".") && peek()?.isDigit == true) {
            kind = try number()
        } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
            kind = .string(try quoted(isRaw: false))
        } else if byte == UInt8(ascii: "`") {
            kind = try quotedIdentifier()
        } else {
            kind = .symbol(try symbol())
        }
        return Token(kind: kind, range: start..<position)
    }

    private mutating func skipSpace() {
        while let byte = current {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0C, 0x0D: position += 1
            case UInt8(ascii: "/") where peek() == UInt8(ascii: "/"):
                while let byte = current, byte != 0x0A {
                    _ = byte
                    position += 1
                }
            default: return
            }
        }
    }

    private mutating func identifierOrPrefixedLiteral() throws(SyntaxError) -> Token.Kind {
        if let prefix = literalPrefix() {
            position += prefix.length
            return prefix.isBytes ? .bytes(try quotedBytes(isRaw: prefix.isRaw)) : .string(try quoted(isRaw: prefix.isRaw))
        }
        let start = position
        while let byte = current, byte.isLetter || byte.isDigit || byte == UInt8(ascii: "_") { position += 1 }
        return .identifier(String(bytes: bytes[start..<position]))
    }

    /// `r"`, `b"`, `rb"` and `br"` in either case.
    private func literalPrefix() -> (length: Int, isRaw: Bool, isBytes: Bool)? {
        var isRaw = false
        var isBytes = false
        var length = 0
        while let byte = peek(length), length < 3 {
            switch byte | 0x20 {
            case UInt8(ascii: "r") where !isRaw && byte.isLetter: isRaw = true
            case UInt8(ascii: "b") where !isBytes && byte.isLetter: isBytes = true
            default:
                let isQuote = byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
                return isQuote && length > 0 ? (length, isRaw, isBytes) : nil
            }
            length += 1
        }
        return nil
    }

    private mutating func quotedIdentifier() throws(SyntaxError) -> Token.Kind {
        let start = position
        position += 1
        while let byte = current, byte != UInt8(ascii: "`"), byte != 0x0A {
            _ = byte
            position += 1
        }
        guard current == UInt8(ascii: "`") else {
            throw SyntaxError(message: "the quoted name has no closing backtick", range: start..<position)
        }
        position += 1
        guard position - start > 2 else { throw SyntaxError(message: "the quoted name is empty", range: start..<position) }
        return .quotedIdentifier(String(bytes: bytes[start + 1..<position - 1]))
    }

    private mutating func symbol() throws(SyntaxError) -> Symbol {
        if let second = peek(), second < 0x80, let symbol = Symbol(rawValue: String(bytes: [bytes[position], second])) {
            position += 2
            return symbol
        }
        if bytes[position] < 0x80, let symbol = Symbol(rawValue: String(bytes: [bytes[position]])) {
            position += 1
            return symbol
        }
        throw unexpectedCharacter()
    }

    private func unexpectedCharacter() -> SyntaxError {
        var end = position + 1
        while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        let character = String(bytes: bytes[position..<end])
        let near = ["=": "==", "&": "&&", "|": "||", "\u{2018}": "'", "\u{2019}": "'", "\u{201C}": "\"", "\u{201D}": "\""][character]
        return SyntaxError(message: "unexpected character '\(character)'", range: position..<end, suggestion: near)
    }
}

extension UInt8 {
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }
    var isLetter: Bool { (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7A }
    var isUpper: Bool { self >= 0x41 && self <= 0x5A }
    var isLower: Bool { self >= 0x61 && self <= 0x7A }

    var hexDigit: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}
