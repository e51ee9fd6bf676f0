/// A checked and compiled expression. Evaluating it has no effect but its result.
package struct Program: Sendable {
    /// A variable an expression reads, and the field of it when it reads just that.
    package struct Reference: Sendable, Hashable, Comparable {
        package let variable: String
        package let field: String?

        package init(variable: String, field: String?) {
            self.variable = variable
            self.field = field
        }

        package static func < (left: Reference, right: Reference) -> Bool {
            (left.variable, left.field ?? "") < (right.variable, right.field ?? "")
        }
    }

    package let source: String
    package let resultType: CELType
    /// Every variable that is read, sorted, each once.
    package let references: [Reference]
    /// The value, when the expression has the same one for every input.
    package let constant: Value?
}

extension Program {
    /// Throws what the expression ran into, with the position of the part that failed.
    package func evaluate(_ activation: Activation) throws(CELError) -> Value {
        throw CELError(.unknownName, "not yet")
    }

    /// The same, telling the value of every part as it is found: its UTF-8 range in the expression and what it gave. Slower.
    package func evaluate(
        _ activation: Activation, tracing: (Range<Int>, Result<Value, CELError>) -> Void
    ) throws(CELError) -> Value {
        throw CELError(.unknownName, "not yet")
    }
}
