import CEL
import IdentityModel
import Planning

/// A policy map's expressions evaluated once more for one account, with the value of every part: for `explain`, after the account is computed.
final class TracedAccount {
    private let map: PolicyMap
    private let activation: Activation
    private var lets: [String: Result<Value, CELError>] = [:]

    /// `evaluation` has run to its end.
    init(_ evaluation: AccountEvaluation, schema: UserSchema) {
        map = evaluation.map
        activation = Activation(map.environment)
        let reader = UserReader(schema: schema)
        reader.load(evaluation.user)
        let out = RecordBuffer(map.outType)
        set("user", .value(.object(reader.record.value)))
        set("account", .value(.object(ObjectValue(type: Vocabulary.accountType, slots: [.value(.bool(evaluation.isEnabled))]))))
        set("tables", .value(.object(map.tables)))
        if let slot = map.environment.slot(of: "out") { activation.bind(slot, record: out) }
        for step in map.steps {
            switch step {
            case .define(let index): define(map.lets[index])
            case .compute(let index): out.set(index, slot(of: map.attributes[index], evaluation.outcomes[index]))
            }
        }
    }

    private func set(_ variable: String, _ slot: Slot) {
        if let index = map.environment.slot(of: variable) { activation.set(index, slot) }
    }

    private func define(_ rule: PolicyMap.Let) {
        do throws(CELError) {
            activation.set(rule.slot, .value(try rule.expression.program.evaluate(activation)))
        } catch {
            activation.set(rule.slot, .failure(error))
        }
    }

    /// What `out.x` shows: the computed value in its own type; a name, or a value that was kept, as the text it is.
    private func slot(of rule: AttributeRule, _ outcome: AttributeOutcome?) -> Slot {
        switch outcome {
        case .values(let values)?:
            if case .expression(let expression) = rule.value {
                guard let value = try? expression.program.evaluate(activation).unwrapped else { return .absent }
                return .value(value)
            }
            return texts(values, isList: { if case .literals = rule.value { true } else { false } }())
        case .stored(let values)?: return texts(values, isList: values.count > 1)
        case .failed(let message)?: return .failure(CELError(.absentField(path: "out." + rule.name), message))
        case .leftAlone?, nil: return .absent
        }
    }

    private func texts(_ values: [AccountValue], isList: Bool) -> Slot {
        if isList { return .value(.strings(values.map(\.text))) }
        return values.first.map { .value(.string($0.text)) } ?? .absent
    }

    // MARK: Steps

    /// The steps that an attribute's value takes: the `let`s it reads, then its own expressions.
    func steps(of rule: AttributeRule, chosen: String?) -> [Explanation.Step] {
        var own: [Explanation.Step] = []
        if let when = rule.when { own.append(step("when", when)) }
        switch rule.value {
        case .expression(let expression): own.append(step(rule.name, expression))
        case .literals: break
        case .unique(let unique):
            if let chosen, let candidate = candidate(giving: chosen, unique) { own.append(step("candidate", candidate)) }
        }
        return letsRead(by: rule.expressions).map { step($0.name, $0.expression) } + own
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

    /// The candidate that gives a name, with its counter left as it was then. Numbers beyond the first thousand are not searched.
    private func candidate(giving name: String, _ unique: UniqueRule) -> Expression? {
        for candidate in unique.candidates {
            guard let counter = candidate.counter else {
                if gives(candidate.expression, name) { return candidate.expression }
                continue
            }
            for number in counter.from...min(counter.to, counter.from + 1_000) {
                activation.set(counter.slot, .value(.int(Int64(number))))
                if gives(candidate.expression, name) { return candidate.expression }
            }
        }
        return nil
    }

    private func gives(_ expression: Expression, _ name: String) -> Bool {
        (try? expression.program.evaluate(activation).unwrapped)?.text == name
    }

    private func step(_ title: String, _ expression: Expression) -> Explanation.Step {
        let source = Array(expression.program.source.utf8)
        var parts: [Explanation.Step.Part] = []
        let value: String
        do throws(CELError) {
            let result = try expression.program.evaluate(activation) { range, result in
                guard range.upperBound <= source.count, range.count < source.count else { return }
                let text = String(decoding: source[range], as: UTF8.self)
                let part = Explanation.Step.Part(expression: text, value: Self.shown(result))
                if Self.tells(part), !parts.contains(part) { parts.append(part) }
            }
            value = Self.shown(.success(result))
        } catch {
            value = Self.shown(.failure(error))
        }
        return Explanation.Step(
            title: title, position: expression.position, expression: expression.program.source, value: value, parts: parts)
    }

    /// A literal, and a record by its name, say nothing that does not stand there already.
    private static func tells(_ part: Explanation.Step.Part) -> Bool {
        guard let first = part.expression.utf8.first, part.expression != part.value else { return false }
        let isLiteral = first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
        let isRecord = ["user", "account", "tables", "out"].contains(part.expression)
        return !(isRecord || isLiteral && !part.expression.contains("("))
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
