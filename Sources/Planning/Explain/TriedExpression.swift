package import CEL
package import IdentityModel

/// What an expression gave when it was tried, with what its parts gave.
package struct TriedExpression: Sendable {
    package let expression: Expression
    package let step: TracedExpression
    package let result: Result<Value, CELError>

    /// Where business rules stand: it knows `user`, and nothing else.
    package init(_ expression: Expression, user: User, schema: UserSchema) {
        let reader = UserReader(schema: schema)
        reader.load(user)
        let activation = Activation(Vocabulary.ruleEnvironment(schema))
        activation.bind(0, record: reader.record)
        self.init(expression) { (tell) throws(CELError) in try expression.program.evaluate(activation, tracing: tell) }
    }

    /// In a policy map whose evaluation has run to its end. `counter`: of a numbered candidate.
    package init(_ expression: Expression, in evaluation: AccountEvaluation, counter: UniqueRule.Counter?, number: Int?) {
        self.init(expression) { (tell) throws(CELError) in
            try evaluation.value(of: expression, counter: counter, number: number, tracing: tell)
        }
    }

    /// `evaluate` tells the value of every part.
    private init(_ expression: Expression, evaluate: ((Range<Int>, Result<Value, CELError>) -> Void) throws(CELError) -> Value) {
        self.expression = expression
        step = TracedExpression(title: "expression", expression, evaluate: evaluate)
        result = Result { () throws(CELError) in try evaluate { _, _ in } }
    }

    package var value: Value? { try? result.get() }
    package var error: CELError? { if case .failure(let error) = result { error } else { nil } }
    package var type: String { expression.program.resultType.word }
}
