/// A text with expressions in braces: `/people/{id}/roles/{string(number)}`.
public struct TextTemplate: Hashable, Sendable {
    public enum Piece: Hashable, Sendable {
        case text(String)
        /// What stands between braces, and where it begins: UTF-8 offset in the template.
        case expression(String, offset: Int)
    }

    public struct Malformed: Error, Hashable {
        public let message: String
        /// UTF-8 offset in the template.
        public let offset: Int
    }

    public let pieces: [Piece]

    /// A brace ends at the next one that closes it and stands in no quotes.
    public init(_ template: String) throws(Malformed) {
        var pieces: [Piece] = []
        var text: [UInt8] = []
        let bytes = Array(template.utf8)
        var at = 0
        while at < bytes.count {
            guard bytes[at] != UInt8(ascii: "}") else { throw Malformed(message: "this '}' closes nothing", offset: at) }
            guard bytes[at] == UInt8(ascii: "{") else {
                text.append(bytes[at])
                at += 1
                continue
            }
            guard let end = TextTemplate.end(of: at, in: bytes) else {
                throw Malformed(message: "this '{' is never closed", offset: at)
            }
            let expression = String(decoding: bytes[(at + 1)..<end], as: UTF8.self)
            guard expression.contains(where: { $0 != " " }) else { throw Malformed(message: "these braces are empty", offset: at) }
            if !text.isEmpty { pieces.append(.text(String(decoding: text, as: UTF8.self))) }
            text = []
            pieces.append(.expression(expression, offset: at + 1))
            at = end + 1
        }
        if !text.isEmpty { pieces.append(.text(String(decoding: text, as: UTF8.self))) }
        self.pieces = pieces
    }

    private static func end(of start: Int, in bytes: [UInt8]) -> Int? {
        var (depth, quote): (Int, UInt8?) = (0, nil)
        var at = start
        while at < bytes.count {
            let byte = bytes[at]
            if let open = quote {
                if byte == UInt8(ascii: "\\") { at += 1 } else if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: "{") {
                depth += 1
            } else if byte == UInt8(ascii: "}") {
                depth -= 1
                if depth == 0 { return at }
            }
            at += 1
        }
        return nil
    }
}
