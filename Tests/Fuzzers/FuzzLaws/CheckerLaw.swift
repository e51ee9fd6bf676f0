import CEL

/// As the parser's laws; and what a program says it reads exists, and its type is the type that it may be asked to have.
enum CheckerLaw {
    static func breach(_ source: String) -> String? {
        let environment = PolicyWorld.environment
        let compilation = environment.compile(source)
        if let breach = Diagnostics.breach(compilation, source) { return breach }
        guard case .program(let program) = compilation else { return nil }
        if let breach = Wrapping.breach(of: compilation, source, in: environment) { return breach }
        guard case .program = environment.compile(source, expecting: program.resultType) else {
            return "it gives \(program.resultType) but may not be asked for that"
        }
        if case .failure(let diagnostics) = environment.compile(source, expecting: .opaque("nothing is that")),
            let breach = Diagnostics.breach(.failure(diagnostics), source)
        {
            return breach
        }
        for reference in program.references where !PolicyWorld.declares(reference) { return "it reads \(reference), which does not exist" }
        return nil
    }
}
