extension Environment {
    /// Parses, checks and compiles. Reports every error of the expression, not only the first.
    package func compile(_ source: String, expecting: CELType? = nil) -> Compilation {
        .failure([Diagnostic(message: "not yet", offset: 0, length: 0, in: source)])
    }
}
