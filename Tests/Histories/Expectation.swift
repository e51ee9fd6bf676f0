internal import CEL
internal import IdentityModel
internal import Planning

/// What one account should look like, given the names it has: names are chosen by the planner and only judged here.
struct Expectation {
    enum Content: Equatable {
        case values([String])
        /// The account of whoever has this key.
        case account(of: String)
        /// Left alone: `when` is false, or an error is skipped.
        case any
    }

    var attributes: [String: Content] = [:]
    /// The DN that the map gives; nil where it cannot be computed.
    var name: String?
    /// By attribute: whether what the entry holds is one of the candidates.
    var illegal: [String: String] = [:]
    /// An attribute that may not fail fails.
    var failure: String?
}

extension Oracle {
    /// The policy map evaluated for a person whose entry holds `names` (by attribute) already.
    func expectation(_ due: Due, _ system: String, enabled: Bool, names: (String) -> String?) -> Expectation {
        var expectation = Expectation()
        guard let map = configuration.policyMap(SystemName(system)) else { return expectation }
        let activation = Activation(map.environment)
        let out = RecordBuffer(map.outType)
        let account = ObjectValue(type: Vocabulary.accountType, fields: ["enabled": .bool(enabled)])
        activation.set(Vocabulary.Slots.user, .value(record(due)))
        activation.set(Vocabulary.Slots.account, .value(.object(account)))
        activation.set(Vocabulary.Slots.tables, .value(.object(map.tables)))
        activation.bind(Vocabulary.Slots.out, record: out)
        for step in map.steps {
            switch step {
            case .define(let index):
                do throws(CELError) {
                    activation.set(map.lets[index].slot, .value(try map.lets[index].expression.program.evaluate(activation)))
                } catch {
                    activation.set(map.lets[index].slot, .failure(error))
                }
            case .compute(let index):
                let rule = map.attributes[index]
                do throws(CELError) {
                    let content = try self.content(rule, activation, names, &expectation)
                    if case .values(let texts) = content, let text = texts.first { out.set(index, .value(.string(text))) }
                    if rule.name == map.accountName, case .values(let texts) = content {
                        expectation.name = texts.first
                    } else {
                        expectation.attributes[rule.name] = content
                    }
                } catch {
                    out.set(index, .failure(error))
                    expectation.attributes[rule.name] = .any
                    if !rule.skipsOnError { expectation.failure = "\(rule.name): \(error.message)" }
                }
            }
        }
        return expectation
    }

    private func content(
        _ rule: AttributeRule, _ activation: Activation, _ names: (String) -> String?, _ expectation: inout Expectation
    ) throws(CELError) -> Expectation.Content {
        if let when = rule.when, try when.program.evaluate(activation).asBool != true { return .any }
        switch rule.value {
        case .literals(let texts): return .values(texts)
        case .expression(let expression): return try value(expression, activation)
        case .unique(let unique):
            guard let held = names(rule.name) else { return .any }
            // Legal: one of the candidates. What is kept from the day of the Create is judged by whoever knows the names of old.
            if rule.enforce != .onCreate, try !isCandidate(held, unique, activation) { expectation.illegal[rule.name] = held }
            return .values([held])
        }
    }

    private func value(_ expression: Expression, _ activation: Activation) throws(CELError) -> Expectation.Content {
        guard let value = try expression.program.evaluate(activation).unwrapped else { return .values([]) }
        switch value {
        case .opaque(let reference) where reference.typeName == "account":
            return reference.payload.isEmpty ? .values([]) : .account(of: reference.payload)
        case .list(let elements): return .values(elements.compactMap(\.text))
        case .bool(let flag): return .values([flag ? "TRUE" : "FALSE"])
        default:
            guard let text = value.text else { throw CELError(.invalidArgument, "no text") }
            return .values(text.isEmpty ? [] : [text])
        }
    }

    private func isCandidate(_ held: String, _ unique: UniqueRule, _ activation: Activation) throws(CELError) -> Bool {
        for candidate in unique.candidates {
            guard let counter = candidate.counter else {
                if try candidate.expression.program.evaluate(activation).unwrapped?.text == held { return true }
                continue
            }
            for number in counter.from...min(counter.to, counter.from + 60) {
                activation.set(counter.slot, .value(.int(Int64(number))))
                if try candidate.expression.program.evaluate(activation).unwrapped?.text == held { return true }
            }
        }
        return false
    }
}
