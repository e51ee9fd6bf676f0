extension Parser {
    private static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace",
        "return", "var", "void", "while",
    ]

    /// A primary with its selects, calls and indices. `minus` is where the sign of a number literal stands.
    mutating func member(minus: Int? = nil) throws(SyntaxError) -> Expression {
        let start = minus ?? token.range.lowerBound
        var operand = try primary(minus: minus)
        while true {
            if accept(.dot) {
                operand = try selectOrCall(operand, from: start)
            } else if accept(.leftBracket) {
                let mark = token.range.lowerBound - 1
                let isOptional = accept(.question)
                let index = try expression()
                try expect(.rightBracket)
                operand = try make(.index(operand, index, isOptional: isOptional), from: start, focus: mark..<previousEnd)
            } else {
                return operand
            }
        }
    }

    private mutating func selectOrCall(_ operand: Expression, from start: Int) throws(SyntaxError) -> Expression {
        let isOptional = accept(.question)
        let mark = token.range
        switch token.kind {
        case .identifier(let name):
            advance()
            if !isOptional, token.kind == .symbol(.leftParenthesis) {
                return try call(name, target: operand, from: start, focus: mark)
            }
            guard name != "in", name != "true", name != "false", name != "null" else { break }
            return try make(.select(operand, field: name, isOptional: isOptional), from: start, focus: mark)
        case .quotedIdentifier(let name):
            advance()
            return try make(.select(operand, field: name, isOptional: isOptional), from: start, focus: mark)
        case .int, .uint, .double, .string, .bytes, .symbol, .end:
            throw unexpected("a field or function name")
        }
        throw SyntaxError(message: "a field called by a keyword needs backticks", range: mark)
    }

    mutating func arguments() throws(SyntaxError) -> [Expression] {
        try expect(.leftParenthesis)
        var arguments: [Expression] = []
        if accept(.rightParenthesis) { return arguments }
        repeat { arguments.append(try expression()) } while accept(.comma)
        guard accept(.rightParenthesis) else { throw unexpected("',' or ')'") }
        return arguments
    }

    private mutating func primary(minus: Int?) throws(SyntaxError) -> Expression {
        let start = minus ?? token.range.lowerBound
        let kind = token.kind
        switch kind {
        case .identifier("in"), .quotedIdentifier: throw unexpected("a value")
        case .identifier(let name): return try named(name)
        case .int(let magnitude):
            guard let value = Self.signed(magnitude, isNegative: minus != nil) else {
                throw SyntaxError(message: "the number is too large for an int", range: start..<token.range.upperBound)
            }
            return try literal(.int(value), from: start)
        case .uint(let value): return try literal(.uint(value), from: start)
        case .double(let value): return try literal(.double(minus == nil ? value : -value), from: start)
        case .string(let value): return try literal(.string(value), from: start)
        case .bytes(let value): return try literal(.bytes(value), from: start)
        case .symbol(.leftParenthesis):
            advance()
            let inner = try expression()
            try expect(.rightParenthesis)
            return inner
        case .symbol(.leftBracket): return try list()
        case .symbol(.leftBrace): return try map()
        case .symbol(.dot):
            advance()
            guard case .identifier(let name) = token.kind else { throw unexpected("a name") }
            let mark = token.range
            advance()
            if token.kind == .symbol(.leftParenthesis) { return try call(name, target: nil, from: start, focus: mark) }
            return try make(.identifier(name, isRooted: true), from: start, focus: mark)
        case .symbol, .end: throw unexpected("a value")
        }
    }

    private static func signed(_ magnitude: UInt64, isNegative: Bool) -> Int64? {
        guard isNegative else { return Int64(exactly: magnitude) }
        return magnitude == 1 << 63 ? Int64.min : Int64(exactly: magnitude).map { -$0 }
    }

    private mutating func literal(_ value: Value, from start: Int) throws(SyntaxError) -> Expression {
        advance()
        return try make(.literal(value), from: start)
    }

    private mutating func named(_ name: String) throws(SyntaxError) -> Expression {
        let mark = token.range
        switch name {
        case "true": return try literal(.bool(true), from: mark.lowerBound)
        case "false": return try literal(.bool(false), from: mark.lowerBound)
        case "null": return try literal(.null, from: mark.lowerBound)
        default: break
        }
        if Self.reserved.contains(name) { throw SyntaxError(message: "'\(name)' is a reserved word", range: mark) }
        advance()
        if token.kind == .symbol(.leftParenthesis) {
            return try call(name, target: nil, from: mark.lowerBound, focus: mark)
        }
        if token.kind == .symbol(.leftBrace) {
            throw SyntaxError(message: "messages such as '\(name){...}' are not part of this language", range: mark)
        }
        return try make(.identifier(name, isRooted: false), from: mark.lowerBound)
    }

    private mutating func list() throws(SyntaxError) -> Expression {
        let start = token.range.lowerBound
        advance()
        var elements: [Expression.Element] = []
        while token.kind != .symbol(.rightBracket) {
            let isOptional = accept(.question)
            elements.append(Expression.Element(value: try expression(), isOptional: isOptional))
            guard accept(.comma) else { break }
        }
        guard accept(.rightBracket) else { throw unexpected("',' or ']'") }
        guard elements.count <= Limits.listElements else {
            throw SyntaxError(message: "the list has more than \(Limits.listElements) elements", range: start..<previousEnd)
        }
        return try make(.list(elements), from: start)
    }

    private mutating func map() throws(SyntaxError) -> Expression {
        let start = token.range.lowerBound
        advance()
        var entries: [Expression.Entry] = []
        while token.kind != .symbol(.rightBrace) {
            let isOptional = accept(.question)
            let key = try expression()
            try expect(.colon)
            entries.append(Expression.Entry(key: key, value: try expression(), isOptional: isOptional))
            guard accept(.comma) else { break }
        }
        guard accept(.rightBrace) else { throw unexpected("',' or '}'") }
        return try make(.map(entries), from: start)
    }
}
