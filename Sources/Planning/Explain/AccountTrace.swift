internal import CEL
internal import IdentityModel

/// The way to each value of an account that was computed: the very evaluation that gave them, asked once more for the value of every part.
package struct AccountTrace {
    private let evaluation: AccountEvaluation
    private var map: PolicyMap { evaluation.map }

    /// `evaluation` has run to its end.
    package init(_ evaluation: AccountEvaluation) { self.evaluation = evaluation }

    /// The steps that an attribute's value takes: the `let`s it reads, then its own expressions. `chosen` is the name that a unique
    /// attribute was given.
    package func steps(of rule: AttributeRule, chosen: String?) -> [TracedExpression] {
        var own: [TracedExpression] = []
        if let when = rule.when { own.append(step("when", when)) }
        switch rule.value {
        case .expression(let expression): own.append(step(rule.name, expression))
        case .literals: break
        case .unique(let unique):
            if let chosen, let (candidate, number) = candidate(giving: chosen, unique) {
                own.append(step("candidate", candidate.expression, candidate.counter, number))
            }
        }
        return letsRead(by: rule.expressions).map { step($0.name, $0.expression) } + own
    }

    /// The steps that lead to what an expression reads: values of `out`, then `let`s. The expression was compiled for the map, and need not stand in it.
    package func steps(readBy expression: Expression) -> [TracedExpression] {
        let read = expression.program.references.filter { $0.variable == "out" }.compactMap(\.field)
        let own = map.attributes.indices.filter { read.contains(map.attributes[$0].name) }.flatMap { index in
            steps(of: map.attributes[index], chosen: evaluation.outcomes[index]?.visibleValues?.first?.text)
        }
        return own + letsRead(by: [expression]).map { step($0.name, $0.expression) }.filter { !own.contains($0) }
    }

    /// In the order in which they are evaluated.
    private func letsRead(by expressions: [Expression]) -> [PolicyMap.Let] {
        var wanted = variables(expressions)
        var read: [PolicyMap.Let] = []
        for step in map.steps.reversed() {
            guard case .define(let index) = step, wanted.contains(map.lets[index].name) else { continue }
            wanted.formUnion(variables([map.lets[index].expression]))
            read.append(map.lets[index])
        }
        return read.reversed()
    }

    private func variables(_ expressions: [Expression]) -> Set<String> { Set(expressions.flatMap(\.program.references).map(\.variable)) }

    /// The candidate that gives a name, with its number. Numbers beyond the first thousand are not searched.
    private func candidate(giving name: String, _ unique: UniqueRule) -> (candidate: UniqueRule.Candidate, number: Int?)? {
        for candidate in unique.candidates {
            guard let counter = candidate.counter else {
                if gives(candidate, nil, name) { return (candidate, nil) }
                continue
            }
            for number in counter.from...min(counter.to, counter.from + 1_000) where gives(candidate, number, name) {
                return (candidate, number)
            }
        }
        return nil
    }

    private func gives(_ candidate: UniqueRule.Candidate, _ number: Int?, _ name: String) -> Bool {
        let value = try? evaluation.value(of: candidate.expression, counter: candidate.counter, number: number)
        return value?.unwrapped?.text == name
    }

    private func step(
        _ title: String, _ expression: Expression, _ counter: UniqueRule.Counter? = nil, _ number: Int? = nil
    ) -> TracedExpression {
        TracedExpression(title: title, expression) { (tell) throws(CELError) in
            try evaluation.value(of: expression, counter: counter, number: number, tracing: tell)
        }
    }
}
