internal import CEL
internal import Planning

/// Tries the candidates of unique names with long names, so that one that grows too long or loses its number is found before anybody joins.
struct CandidateProbe {
    private let map: PolicyMap
    private let texts: [AttributeText]
    private let activation: Activation
    private let out: RecordBuffer
    private static let longLetters = "abcdefghijklmnopqrstuvwxyzabcdefghijklmn"

    static func run(_ map: PolicyMap, _ texts: [AttributeText], _ schema: UserSchema) {
        let probe = CandidateProbe(map: map, texts: texts, schema: schema)
        for step in map.steps { probe.take(step) }
    }

    private init(map: PolicyMap, texts: [AttributeText], schema: UserSchema) {
        self.map = map
        self.texts = texts
        activation = Activation(map.environment)
        out = RecordBuffer(map.outType)
        activation.set(0, .value(.object(CandidateProbe.user(schema))))
        activation.set(1, .value(.object(ObjectValue(type: Vocabulary.accountType, slots: [.value(.bool(true))]))))
        activation.set(2, .value(.object(map.tables)))
        activation.bind(3, record: out)
    }

    /// Everything about this user is 40 letters long.
    private static func user(_ schema: UserSchema) -> ObjectValue {
        let slots = schema.attributes.map { attribute -> Slot in
            switch attribute.type {
            case .string: .value(.string(longLetters))
            case .int: .value(.int(999_999_999))
            case .bool: .value(.bool(true))
            case .date: .value(.timestamp(Timestamp(seconds: 1_767_225_600)))
            case .list: .value(.strings([longLetters]))
            case .reference: .value(.opaque(OpaqueValue(typeName: "ref", payload: longLetters)))
            }
        }
        return ObjectValue(type: schema.objectType, slots: slots + [.value(.string("active"))])
    }

    private func take(_ step: PolicyMap.Step) {
        switch step {
        case .define(let index):
            let rule = map.lets[index]
            do throws(CELError) {
                activation.set(rule.slot, .value(try rule.expression.program.evaluate(activation)))
            } catch {
                activation.set(rule.slot, .failure(error))
            }
        case .compute(let index):
            switch map.attributes[index].value {
            case .literals(let texts): out.set(index, .value(.strings(texts)))
            case .expression(let expression): show(index, try? expression.program.evaluate(activation))
            case .unique(let rule): probe(index, rule)
            }
        }
    }

    /// What other rules see through `out`.
    private func show(_ index: Int, _ value: Value?) {
        guard let value = value?.unwrapped else { return out.set(index, .absent) }
        if map.outType.fields[index].type == .string {
            out.set(index, value.text.map { .value(.string($0)) } ?? .absent)
        } else {
            out.set(index, .value(value))
        }
    }

    private func probe(_ index: Int, _ rule: UniqueRule) {
        guard let texts = texts[index].unique?.candidates, texts.count == rule.candidates.count else { return }
        var first: Value?
        for (candidate, text) in zip(rule.candidates, texts) {
            let values = numbers(candidate).map { (number: $0, value: value(candidate, $0)) }
            first = first ?? values.first?.value
            report(
                values.compactMap { pair in pair.value?.text.map { (pair.number, $0) } }, candidate, text.source,
                map.attributes[index].maxLength)
        }
        show(index, first)
    }

    /// Nil stands for a candidate without a counter.
    private func numbers(_ candidate: UniqueRule.Candidate) -> [Int?] {
        guard let counter = candidate.counter else { return [nil] }
        let probes = [counter.from, 9, 10, 99, 100, counter.to].filter { $0 >= counter.from && $0 <= counter.to }
        return Set(probes).sorted()
    }

    /// Nil where the expression fails with such a user, which says nothing about real ones.
    private func value(_ candidate: UniqueRule.Candidate, _ number: Int?) -> Value? {
        if let counter = candidate.counter, let number { activation.set(counter.slot, .value(.int(Int64(number)))) }
        return (try? candidate.expression.program.evaluate(activation))?.unwrapped
    }

    private func report(
        _ values: [(number: Int?, text: String)], _ candidate: UniqueRule.Candidate, _ source: ExpressionSource, _ maxLength: Int?
    ) {
        if let counter = candidate.counter, !candidate.expression.program.references.contains(where: { $0.variable == counter.variable }) {
            source.error("the candidate does not use its counter '\(counter.variable)', so all its values are the same")
            return
        }
        if let maxLength, let long = values.first(where: { $0.text.unicodeScalars.count > maxLength }) {
            let place =
                zip([candidate.counter].compactMap { $0 }, [long.number].compactMap { $0 }).map { " at \($0.variable) = \($1)" }.first ?? ""
            source.error(
                "with long names the candidate has \(long.text.unicodeScalars.count) characters\(place), but maxLength is \(maxLength)")
        }
        var numbers: [String: Int] = [:]
        for (number, text) in values {
            guard let number, let counter = candidate.counter else { continue }
            if let earlier = numbers.updateValue(number, forKey: text) {
                source.error(
                    "with long names the candidate gives '\(text)' for \(counter.variable) = \(earlier) and for \(counter.variable) = \(number): its number is cut off"
                )
                return
            }
        }
    }
}
