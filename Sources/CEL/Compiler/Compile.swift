extension Environment {
    /// Parses, checks and compiles. Reports every error of the expression, not only the first; a syntax error stands alone.
    package func compile(_ source: String, expecting: CELType? = nil) -> Compilation {
        let parsed: (root: Expression, count: Int)
        do {
            parsed = try Parser.parse(source)
        } catch {
            let range = error.range
            return .failure([
                Diagnostic(
                    message: error.message, offset: range.lowerBound, length: range.count, suggestion: error.suggestion, in: source)
            ])
        }
        switch Checker.check(parsed.root, count: parsed.count, source: source, in: self, expecting: expecting) {
        case .failure(let failures): return .failure(failures.diagnostics)
        case .success(let checked): return .program(Program(source: source, checked: checked, environment: self))
        }
    }
}
