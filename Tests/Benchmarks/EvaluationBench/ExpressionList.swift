import CEL

/// Typical policy expressions, and the values of their variables: `expressions.json`.
struct ExpressionList: Decodable {
    struct Named: Decodable {
        let name: String
        let source: String
    }

    let bindings: [String: JSONValue]
    /// Fields of `user` that the person does not have.
    let absent: [String]
    let expressions: [Named]

    private func world() -> (Environment, Activation) {
        let variables = bindings.sorted { $0.key < $1.key }.map { name, value in
            (name: name, content: value.variable(name, absent: name == "user" ? absent : []))
        }
        let environment = Environment(variables: variables.map { ($0.name, $0.content.type) })
        let activation = Activation(environment)
        for (slot, variable) in variables.enumerated() { activation.set(slot, .value(variable.content.value)) }
        return (environment, activation)
    }

    private func program(_ source: String, _ environment: Environment) throws -> Program {
        switch environment.compile(source) {
        case .program(let program): return program
        case .failure(let diagnostics): throw Refusal("\(source): \(diagnostics.map(\.text).joined(separator: "; "))")
        }
    }

    func times() throws -> [ExpressionTimes.Timed] {
        let (environment, activation) = world()
        return try expressions.map { try timed($0.name, try program($0.source, environment), activation, isOfMap: false) }
    }

    /// Parses, checks and compiles the list over and over, `count` expressions in all, no two texts the same.
    func compilation(of count: Int) throws -> EvaluationBench.Compilation {
        let (environment, _) = world()
        let sources = (0..<count).map { "(\(expressions[$0 % expressions.count].source)) == dyn(\($0))" }
        let nanoseconds = try medianNanoseconds { for source in sources { _ = try program(source, environment) } }
        return EvaluationBench.Compilation(count: count, seconds: nanoseconds / 1e9)
    }
}
