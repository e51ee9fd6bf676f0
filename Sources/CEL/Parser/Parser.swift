/// Recursive descent with precedence climbing; a depth counter keeps every later room from recursing without bound.
struct Parser {
    private let tokens: [Token]
    private var position = 0
    private var nesting = 0
    private(set) var expressionCount = 0

    static func parse(_ source: String) throws(SyntaxError) -> (root: Expression, count: Int) {
        guard source.utf8.count <= Limits.expressionBytes else {
            throw SyntaxError(message: "the expression is longer than \(Limits.expressionBytes) bytes", range: 0..<0)
        }
        var parser = Parser(tokens: try Lexer.tokens(of: source))
        let root = try parser.expression()
        guard parser.token.kind == .end else { throw parser.unexpected("an operator or the end of the expression") }
        return (root, parser.expressionCount)
    }

    private init(tokens: [Token]) { self.tokens = tokens }

    var token: Token { tokens[position] }
    var previousEnd: Int { position == 0 ? 0 : tokens[position - 1].range.upperBound }

    mutating func advance() { if position < tokens.count - 1 { position += 1 } }

    mutating func accept(_ symbol: Symbol) -> Bool {
        guard token.kind == .symbol(symbol) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: Symbol) throws(SyntaxError) {
        guard accept(symbol) else { throw unexpected("'\(symbol.rawValue)'") }
    }

    func unexpected(_ wanted: String) -> SyntaxError {
        let found: String
        switch token.kind {
        case .end: found = "the expression ends here"
        case .identifier(let name): found = "found '\(name)'"
        case .quotedIdentifier(let name): found = "found '`\(name)`'"
        case .symbol(let symbol): found = "found '\(symbol.rawValue)'"
        case .int, .uint, .double: found = "found a number"
        case .string: found = "found a string"
        case .bytes: found = "found bytes"
        }
        return SyntaxError(message: "\(found), but \(wanted) is expected", range: token.range)
    }

    mutating func make(_ kind: Expression.Kind, from start: Int, focus: Range<Int>? = nil) throws(SyntaxError) -> Expression {
        let depth = 1 + (kind.children.map(\.depth).max() ?? 0)
        let range = start..<max(start, previousEnd)
        guard depth <= Limits.depth else { throw tooDeep(range) }
        defer { expressionCount += 1 }
        return Expression(id: expressionCount, kind: kind, range: range, focus: focus ?? range, depth: depth)
    }

    private func tooDeep(_ range: Range<Int>) -> SyntaxError {
        SyntaxError(message: "the expression nests deeper than \(Limits.depth) levels", range: range)
    }

    mutating func expression() throws(SyntaxError) -> Expression {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= Limits.depth else { throw tooDeep(token.range) }
        let start = token.range.lowerBound
        let condition = try binary(0)
        let mark = token.range
        guard accept(.question) else { return condition }
        let yes = try binary(0)
        try expect(.colon)
        let no = try expression()
        return try make(.conditional(condition, yes, no), from: start, focus: mark)
    }

    private static let levels: [[(Symbol, String)]] = [
        [(.or, "||")], [(.and, "&&")],
        [
            (.less, "_<_"), (.lessOrEqual, "_<=_"), (.greater, "_>_"), (.greaterOrEqual, "_>=_"), (.equal, "_==_"),
            (.notEqual, "_!=_"),
        ],
        [(.plus, "_+_"), (.minus, "_-_")], [(.times, "_*_"), (.slash, "_/_"), (.percent, "_%_")],
    ]

    private func operatorName(_ level: Int) -> String? {
        if level == 2, token.kind == .identifier("in") { return "@in" }
        guard case .symbol(let symbol) = token.kind else { return nil }
        return Self.levels[level].first { $0.0 == symbol }?.1
    }

    private func level(ofOperatorAtLeast minimum: Int) -> (Int, String)? {
        for level in minimum..<Self.levels.count {
            if let name = operatorName(level) { return (level, name) }
        }
        return nil
    }

    /// Operators of at least this level, left to right.
    private mutating func binary(_ minimum: Int) throws(SyntaxError) -> Expression {
        let start = token.range.lowerBound
        var left = try unary()
        while let (level, name) = level(ofOperatorAtLeast: minimum) {
            let mark = token.range
            advance()
            let right = try binary(level + 1)
            if level < 2 {
                left = try logical(name, left, right, level: level, from: start, focus: mark)
            } else {
                left = try make(.call(name, target: nil, [left, right]), from: start, focus: mark)
            }
        }
        return left
    }

    /// A chain of one logical operator is one expression, however long: it does not nest.
    private mutating func logical(
        _ name: String, _ left: Expression, _ right: Expression, level: Int, from start: Int, focus: Range<Int>
    ) throws(SyntaxError) -> Expression {
        var operands = [left, right]
        while operatorName(level) == name {
            advance()
            operands.append(try binary(level + 1))
        }
        return try make(name == "&&" ? .and(operands) : .or(operands), from: start, focus: focus)
    }

    private mutating func unary() throws(SyntaxError) -> Expression {
        let start = token.range.lowerBound
        var marks: [Range<Int>] = []
        if token.kind == .symbol(.not) {
            while token.kind == .symbol(.not) {
                marks.append(token.range)
                advance()
            }
            let operand = try member()
            return marks.count.isMultiple(of: 2)
                ? operand : try make(.call("!_", target: nil, [operand]), from: start, focus: marks[0])
        }
        while token.kind == .symbol(.minus) {
            marks.append(token.range)
            advance()
        }
        guard let last = marks.last else { return try member() }
        let operand: Expression
        if isNumber {
            marks.removeLast()
            operand = try member(minus: last.lowerBound)
        } else {
            operand = try member()
        }
        return marks.count.isMultiple(of: 2)
            ? operand : try make(.call("-_", target: nil, [operand]), from: start, focus: marks[0])
    }

    private var isNumber: Bool {
        switch token.kind {
        case .int, .double: true
        case .identifier, .quotedIdentifier, .uint, .string, .bytes, .symbol, .end: false
        }
    }
}
