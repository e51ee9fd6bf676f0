struct Token: Sendable {
    enum Kind: Sendable, Equatable {
        case identifier(String)
        /// A name in backticks, only after a dot.
        case quotedIdentifier(String)
        /// Without its sign; the parser knows whether a minus belongs to it.
        case int(UInt64)
        case uint(UInt64)
        case double(Double)
        case string(String)
        case bytes([UInt8])
        case symbol(Symbol)
        case end
    }

    let kind: Kind
    let range: Range<Int>
}

enum Symbol: String, Sendable {
    case leftParenthesis = "("
    case rightParenthesis = ")"
    case leftBracket = "["
    case rightBracket = "]"
    case leftBrace = "{"
    case rightBrace = "}"
    case dot = "."
    case comma = ","
    case colon = ":"
    case question = "?"
    case plus = "+"
    case minus = "-"
    case times = "*"
    case slash = "/"
    case percent = "%"
    case not = "!"
    case and = "&&"
    case or = "||"
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
}

struct SyntaxError: Error {
    let message: String
    let range: Range<Int>
    var suggestion: String?
}
