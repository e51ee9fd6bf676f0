internal import CEL
internal import Planning

/// Tries the candidates of unique names with long names, so that one that grows too long or loses its number is found before anybody joins.
///
/// What has mistakes in it stands for a long text here: a candidate that is too long must not hide behind a misspelt attribute.
struct CandidateProbe {
    private let map: MapCompiler.Result
    private let lets: [LetText]
    private let texts: [AttributeText]
    private let activation: Activation
    private let out: RecordBuffer
    private static let longLetters = "abcdefghijklmnopqrstuvwxyzabcdefghijklmn"

    static func run(_ map: MapCompiler.Result, _ lets: [LetText], _ texts: [AttributeText], tables: ObjectValue, _ schema: UserSchema) {
        let probe = CandidateProbe(map: map, lets: lets, texts: texts, tables: tables, schema: schema)
        for step in map.steps { probe.take(step) }
    }

    private init(map: MapCompiler.Result, lets: [LetText], texts: [AttributeText], tables: ObjectValue, schema: UserSchema) {
        self.map = map
        self.lets = lets
        self.texts = texts
        activation = Activation(map.environment)
        out = RecordBuffer(map.outType)
        activation.set(0, .value(.object(CandidateProbe.user(schema))))
        activation.set(1, .value(.object(ObjectValue(type: Vocabulary.accountType, slots: [.value(.bool(true))]))))
        activation.set(2, .value(.object(tables)))
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
            guard let rule = map.lets[index] else {
                if let slot = map.environment.slot(of: lets[index].name) {
                    activation.set(slot, .value(.string(CandidateProbe.longLetters)))
                }
                return
            }
            do throws(CELError) {
                activation.set(rule.slot, .value(try rule.expression.program.evaluate(activation)))
            } catch {
                activation.set(rule.slot, .failure(error))
            }
        case .compute(let index):
            guard let rule = map.attributes[index] else { return out.set(index, .value(.string(CandidateProbe.longLetters))) }
            switch rule.value {
            case .literals(let texts): out.set(index, .value(.strings(texts)))
            case .expression(let expression): show(index, try? expression.program.evaluate(activation))
            case .unique(let unique): probe(index, unique, maxLength: rule.maxLength)
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

    private func probe(_ index: Int, _ rule: UniqueRule, maxLength: Int?) {
        guard let texts = texts[index].unique?.candidates, texts.count == rule.candidates.count else { return }
        var first: Value?
        for (candidate, text) in zip(rule.candidates, texts) {
            let values = numbers(candidate).map { (number: $0, value: value(candidate, $0)) }
            first = first ?? values.first?.value
            report(values.compactMap { pair in pair.value?.text.map { (pair.number, $0) } }, candidate, text.source, maxLength)
        }
        show(index, first)
    }

    /// Nil stands for a candidate without a counter. The first and the last number, those where the number of digits changes, and the neighbour
    /// of each: a candidate that keeps only the first digit gives one value for 10 and 11, but not for 9 and 10.
    private func numbers(_ candidate: UniqueRule.Candidate) -> [Int?] {
        guard let counter = candidate.counter else { return [nil] }
        let probes = [counter.from, 9, 10, 99, 100, counter.to].flatMap { [$0 - 1, $0, $0 + 1] }
        return Set(probes.filter { $0 >= counter.from && $0 <= counter.to }).sorted()
    }

    /// Nil where the expression fails with such a user, which says nothing about real ones.
    private func value(_ candidate: UniqueRule.Candidate, _ number: Int?) -> Value? {
        if let counter = candidate.counter, let number { activation.set(counter.slot, .value(.int(Int64(number)))) }
        return (try? candidate.expression.program.evaluate(activation))?.unwrapped
    }

    private func report(
        _ values: [(number: Int?, text: String)], _ candidate: UniqueRule.Candidate, _ source: ExpressionSource, _ maxLength: Int?
    ) {
        // A counter under the name of a let was reported, and stands for neither.
        if let counter = candidate.counter, lets.contains(where: { $0.name == counter.variable }) { return }
        if let counter = candidate.counter, !candidate.expression.program.references.contains(where: { $0.variable == counter.variable }) {
            source.error("the candidate does not use its counter '\(counter.variable)', so all its values are the same")
            return
        }
        reportLength(values, candidate, source, maxLength)
        var numbers: [String: Int] = [:]
        for (number, text) in values {
            guard let number, let counter = candidate.counter else { continue }
            if let earlier = numbers.updateValue(number, forKey: text) {
                source.warning(
                    .candidateNumberCut,
                    "with long names the candidate gives '\(text)' for \(counter.variable) = \(earlier) and for \(counter.variable) = \(number): its number is cut off"
                )
                return
            }
        }
    }

    private func reportLength(
        _ values: [(number: Int?, text: String)], _ candidate: UniqueRule.Candidate, _ source: ExpressionSource, _ maxLength: Int?
    ) {
        guard let maxLength, let long = values.first(where: { $0.text.unicodeScalars.count > maxLength }) else { return }
        let place = long.number.flatMap { number in candidate.counter.map { " at \($0.variable) = \(number)" } } ?? ""
        source.warning(
            .candidateTooLong,
            "with long names the candidate has \(long.text.unicodeScalars.count) characters\(place), but maxLength is \(maxLength)")
    }
}
