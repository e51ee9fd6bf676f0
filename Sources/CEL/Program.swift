/// A checked and compiled expression. Evaluating it has no effect but its result.
package final class Program: Sendable {
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
    private let root: Node
    let checked: Checked
    package let environment: Environment

    init(source: String, checked: Checked, environment: Environment) {
        self.source = source
        self.checked = checked
        self.environment = environment
        resultType = checked.types[checked.root.id]
        root = Compiler.compile(checked, in: environment, isTracing: false)
    }

    /// Every variable that is read, sorted, each once.
    package var references: [Reference] { checked.references }

    /// The ways in which an evaluation can go, in the order in which they stand.
    package var branches: [Branch] { checked.root.branches }

    /// UTF-8 range of the whole expression, as a traced evaluation reports it: without white space around it, and without brackets around all.
    package var range: Range<Int> { checked.root.range }

    /// The value, when the expression has the same one for every input.
    package var constant: Value? { root.constant }

    /// Throws what the expression ran into, with the position of the part that failed.
    /// One activation serves one evaluation at a time: a host function must not evaluate on it.
    package func evaluate(_ activation: Activation) throws(CELError) -> Value {
        activation.begin(locals: checked.localCount)
        return try root.evaluate(activation)
    }

    /// The same; of an optional its content, nil for none.
    package func present(_ activation: Activation) throws(CELError) -> Value? {
        activation.begin(locals: checked.localCount)
        if case .optional = resultType { return try root.present(activation) }
        return try root.evaluate(activation)
    }

    /// The same, telling the value of every part as it is found: its UTF-8 range in the expression and what it gave.
    /// Parts that were not needed are not told. Slower: the expression is compiled again, without folding.
    package func evaluate(
        _ activation: Activation, tracing: (Range<Int>, Result<Value, CELError>) -> Void
    ) throws(CELError) -> Value {
        let traced = Compiler.compile(checked, in: environment, isTracing: true)
        activation.begin(locals: checked.localCount)
        let result: Result<Value, CELError> = withoutActuallyEscaping(tracing) { trace in
            activation.trace = trace
            defer { activation.trace = nil }
            do throws(CELError) {
                return .success(try traced.evaluate(activation))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
