import CEL

/// Diagnostics point into the text, and an expression is as good in parentheses as without them.
enum ParserLaw {
    private static let environment = Environment(variables: [], isChecked: false)

    static func breach(_ source: String) -> String? {
        let compilation = environment.compile(source)
        if let breach = Diagnostics.breach(compilation, source) { return breach }
        return Wrapping.breach(of: compilation, source, in: environment)
    }
}

enum Diagnostics {
    static func breach(_ compilation: Compilation, _ source: String) -> String? {
        guard case .failure(let diagnostics) = compilation else { return nil }
        if diagnostics.isEmpty { return "nothing is said about what is wrong" }
        if !zip(diagnostics, diagnostics.dropFirst()).allSatisfy({ $0.offset <= $1.offset }) { return "the diagnostics are not sorted" }
        for diagnostic in diagnostics {
            if let breach = breach(diagnostic, source) { return "\(diagnostic): \(breach)" }
        }
        return nil
    }

    private static func breach(_ diagnostic: Diagnostic, _ source: String) -> String? {
        let end = source.utf8.count
        if diagnostic.message.isEmpty { return "no words" }
        if diagnostic.offset < 0 || diagnostic.length < 0 || diagnostic.offset + diagnostic.length > end { return "outside the text" }
        let before = Array(source.utf8.prefix(diagnostic.offset))
        let line = 1 + before.count { $0 == 0x0A }
        let column = 1 + before.reversed().prefix { $0 != 0x0A }.count { $0 & 0xC0 != 0x80 }
        if (line, column) != (diagnostic.line, diagnostic.column) { return "the position is \(line):\(column)" }
        if diagnostic.suggestion?.isEmpty == true { return "an empty suggestion" }
        return nil
    }
}

/// What is equal to an expression must compile when it does.
enum Wrapping {
    /// A line end before the closing parenthesis: the expression may end with a comment.
    static func forms(of source: String) -> [String] {
        ["(\(source)\n)", "cel.bind(wrapped9, \(source)\n, wrapped9)", "true ? (\(source)\n) : (\(source)\n)", "[\(source)\n][0]"]
    }

    static func breach(of compilation: Compilation, _ source: String, in environment: Environment) -> String? {
        guard case .program(let program) = compilation else { return nil }
        for form in forms(of: source) {
            switch environment.compile(form) {
            case .program(let wrapped):
                if wrapped.resultType != program.resultType { return "\(form) gives \(wrapped.resultType), not \(program.resultType)" }
                if wrapped.references != program.references { return "\(form) reads \(wrapped.references), not \(program.references)" }
            case .failure(let diagnostics):
                let isLimit = diagnostics.contains { $0.message.contains("nests deeper than") || $0.message.contains("is longer than") }
                if !isLimit { return "\(form) does not compile: \(diagnostics.map(\.text))" }
            }
        }
        return nil
    }
}
