package import CEL

/// An expression with what it gave, and what its parts gave: the trace that `explain` and a failing policy test show.
package struct TracedExpression: Sendable, Hashable {
    package struct Part: Sendable, Hashable {
        package let expression: String
        package let value: String

        package init(expression: String, value: String) {
            self.expression = expression
            self.value = value
        }
    }

    /// What the expression is: a name under `let`, an attribute, `when`, `candidate`.
    package let title: String
    package let position: TextPosition
    package let expression: String
    package let value: String
    /// In the order in which they were evaluated; what was not needed is not there, and neither is what says nothing (literals, `user`).
    package let parts: [Part]

    package init(title: String, position: TextPosition, expression: String, value: String, parts: [Part]) {
        self.title = title
        self.position = position
        self.expression = expression
        self.value = value
        self.parts = parts
    }

    /// `evaluate` evaluates the expression and tells the value of every part (`Program.evaluate(_:tracing:)`).
    package init(
        title: String, _ expression: Expression,
        evaluate: ((Range<Int>, Result<Value, CELError>) -> Void) throws(CELError) -> Value
    ) {
        let source = Array(expression.program.source.utf8)
        var parts: [Part] = []
        func tell(_ range: Range<Int>, _ result: Result<Value, CELError>) {
            guard range.upperBound <= source.count, range.count < source.count else { return }
            let part = Part(expression: String(decoding: source[range], as: UTF8.self), value: TracedExpression.shown(result))
            if part.tells, !parts.contains(part) { parts.append(part) }
        }
        do throws(CELError) {
            value = TracedExpression.shown(.success(try evaluate(tell)))
        } catch {
            value = TracedExpression.shown(.failure(error))
        }
        self.title = title
        position = expression.position
        self.expression = expression.program.source
        self.parts = parts
    }

    private static func shown(_ result: Result<Value, CELError>) -> String {
        switch result {
        case .success(let value): shown(value)
        case .failure(let error): "error: \(error.message)"
        }
    }

    private static func shown(_ value: Value) -> String {
        switch value {
        case .list(let elements): "[" + elements.prefix(10).map(shown).joined(separator: ", ") + (elements.count > 10 ? ", ...]" : "]")
        case .optional(let optional): optional.wrapped.map { "optional \(shown($0))" } ?? "none"
        default: value.shown
        }
    }
}

extension TracedExpression.Part {
    /// A literal, and a record by its name, say nothing that does not stand there already.
    fileprivate var tells: Bool {
        guard let first = expression.utf8.first, expression != value else { return false }
        if expression.dropFirst().dropLast() == value.dropFirst().dropLast(), value.hasPrefix("'") { return false }
        let isLiteral = first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
        let isRecord = ["user", "account", "tables", "out"].contains(expression)
        return !(isRecord || isLiteral && !expression.contains("("))
    }
}
