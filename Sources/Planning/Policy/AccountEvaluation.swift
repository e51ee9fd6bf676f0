package import CEL
package import IdentityModel

/// Is told the value of every part of every expression that is evaluated: its UTF-8 range in the expression, and what it gave.
package typealias ExpressionObserver = (_ expression: Expression, _ part: Range<Int>, _ result: Result<Value, CELError>) -> Void

/// The policy map evaluated for one user's account: runs until a unique attribute needs a name, is told the name, and runs on.
///
/// Pure: what the world answered comes in, what should be asked goes out. Not for several threads at once.
package final class AccountEvaluation {
    package enum Progress {
        /// Candidates for the attribute at this index of the map are wanted: see `offer`.
        case needsName(attribute: Int)
        case finished
    }

    package let map: PolicyMap
    package let user: User
    package let isEnabled: Bool
    /// Values of attributes that are not computed again (`enforce: onCreate`): what the store or an adopted entry holds.
    package let stored: [String: [AccountValue]]
    /// The account's names and what they were chosen from.
    private let known: Account?
    private let observer: ExpressionObserver?
    private let activation: Activation
    private let out: RecordBuffer
    private let outSlot: Int
    private var step = 0
    private var sequence = NameSequence()
    private var hasOfferedCurrent = false
    private var currentHintKey: String?
    package private(set) var outcomes: [AttributeOutcome?]
    package private(set) var bases: [String: String] = [:]
    package private(set) var claims: [NameClaim] = []

    /// An observer makes the evaluation slower, and does not change it.
    package init(
        map: PolicyMap, user: User, record: UserReader, isEnabled: Bool, known: Account?, stored: [String: [AccountValue]],
        observer: ExpressionObserver? = nil
    ) {
        self.map = map
        self.user = user
        self.isEnabled = isEnabled
        self.known = known
        self.observer = observer
        self.stored = stored
        outcomes = Array(repeating: nil, count: map.attributes.count)
        activation = Activation(map.environment)
        out = RecordBuffer(map.outType)
        outSlot = map.environment.slot(of: "out") ?? 3
        record.load(user)
        activation.set(map.environment.slot(of: "user") ?? 0, .value(.object(record.record.value)))
        activation.set(map.environment.slot(of: "account") ?? 1, .value(.object(AccountEvaluation.account(isEnabled))))
        activation.set(map.environment.slot(of: "tables") ?? 2, .value(.object(map.tables)))
        activation.bind(outSlot, record: out)
    }

    private static let enabledAccount = ObjectValue(type: Vocabulary.accountType, slots: [.value(.bool(true))])
    private static let disabledAccount = ObjectValue(type: Vocabulary.accountType, slots: [.value(.bool(false))])
    private static func account(_ isEnabled: Bool) -> ObjectValue { isEnabled ? enabledAccount : disabledAccount }

    package func outcome(of name: String) -> AttributeOutcome? {
        map.attributes.firstIndex { $0.name == name }.flatMap { outcomes[$0] }
    }

    /// Runs on to the next question or the end.
    package func advance() -> Progress {
        while step < map.steps.count {
            switch map.steps[step] {
            case .define(let index): define(map.lets[index])
            case .compute(let index):
                if needsName(index) { return .needsName(attribute: index) }
            }
            step += 1
        }
        return .finished
    }

    private func evaluate(_ expression: Expression) throws(CELError) -> Value {
        guard let observer else { return try expression.program.evaluate(activation) }
        return try expression.program.evaluate(activation) { part, result in observer(expression, part, result) }
    }

    /// An expression of the map evaluated once more, when the evaluation has run to its end. `number` is the counter of a numbered candidate.
    package func value(of expression: Expression, counter: UniqueRule.Counter? = nil, number: Int? = nil) throws(CELError) -> Value {
        if let counter, let number { activation.set(counter.slot, .value(.int(Int64(number)))) }
        return try expression.program.evaluate(activation)
    }

    /// The same, telling the value of every part.
    package func value(
        of expression: Expression, counter: UniqueRule.Counter? = nil, number: Int? = nil,
        tracing tell: (_ part: Range<Int>, _ result: Result<Value, CELError>) -> Void
    ) throws(CELError) -> Value {
        if let counter, let number { activation.set(counter.slot, .value(.int(Int64(number)))) }
        return try expression.program.evaluate(activation, tracing: tell)
    }

    private func define(_ rule: PolicyMap.Let) {
        do {
            activation.set(rule.slot, .value(try evaluate(rule.expression)))
        } catch {
            activation.set(rule.slot, .failure(error))
        }
    }

    /// Computes the attribute, unless it is one that waits for a name.
    private func needsName(_ index: Int) -> Bool {
        let rule = map.attributes[index]
        if rule.enforce == .onCreate, let values = stored[rule.name], !values.isEmpty {
            // An adopted entry brings names with it that we have not reserved yet.
            if known == nil, case .unique(let unique) = rule.value, let name = values.first {
                claims.append(
                    claim(
                        index, unique, name.text, unique.scope == .container ? (try? container(index, unique, value: name.text)) ?? "" : "")
                )
            }
            finish(index, .stored(values))
            return false
        }
        if let when = rule.when {
            do {
                guard try evaluate(when).asBool == true else {
                    finish(index, .leftAlone(warning: nil))
                    return false
                }
            } catch {
                fail(index, when, error)
                return false
            }
        }
        switch rule.value {
        case .literals(let texts): finish(index, .values(texts.map(AccountValue.text)))
        case .expression(let expression): compute(index, expression)
        case .unique(let unique): return !keepsName(index, unique)
        }
        return false
    }

    private func compute(_ index: Int, _ expression: Expression) {
        do throws(CELError) {
            guard let values = try evaluate(expression).accountValues else {
                throw CELError(.invalidArgument, "the result has no text that a system could hold")
            }
            try check(values, rule: map.attributes[index])
            finish(index, .values(values))
        } catch {
            fail(index, expression, error)
        }
    }

    private func check(_ values: [AccountValue], rule: AttributeRule) throws(CELError) {
        guard let limit = rule.maxLength else { return }
        for value in values where value.text.unicodeScalars.count > limit {
            throw CELError(.limit, "'\(value.text)' has \(value.text.unicodeScalars.count) characters, maxLength is \(limit)")
        }
    }

    private func finish(_ index: Int, _ outcome: AttributeOutcome) {
        outcomes[index] = outcome
        if let values = outcome.visibleValues {
            out.set(index, slot(of: values, type: map.outType.fields[index].type))
        } else if case .failed(let message) = outcome {
            out.set(index, .failure(CELError(.absentField(path: "out." + map.attributes[index].name), message)))
        } else {
            out.set(index, .absent)
        }
    }

    private func fail(_ index: Int, _ expression: Expression, _ error: CELError) {
        let rule = map.attributes[index]
        let message = "\(expression.position): \(rule.name): \(error.message)"
        finish(index, rule.skipsOnError ? .leftAlone(warning: message) : .failed(message))
    }

    /// The values by which the account is looked up before names are chosen: `steps` are those that the map's correlation attributes need.
    /// Nil when one of them has no value.
    package func correlation(steps: [PolicyMap.Step]) -> [String: String]? {
        for step in steps {
            switch step {
            case .define(let index): define(map.lets[index])
            case .compute(let index): _ = needsName(index)
            }
        }
        var values: [String: String] = [:]
        for name in map.correlation {
            guard case .text(let text)? = outcome(of: name)?.visibleValues?.first else { return nil }
            values[name] = text
        }
        return values
    }

    // MARK: Names

    /// The account keeps its name while what the name is made of stays the same.
    private func keepsName(_ index: Int, _ unique: UniqueRule) -> Bool {
        let name = map.attributes[index].name
        let base: String
        do {
            base = try self.base(index, unique)
        } catch {
            fail(index, unique.candidates[0].expression, error)
            return true
        }
        bases[name] = base
        guard let current = stored[name]?.first, known?.nameBases[name] == base else { return false }
        finish(index, .stored([current]))
        if let container = try? container(index, unique, value: current.text) {
            claims.append(claim(index, unique, current.text, container))
        }
        return true
    }

    /// Scope and first candidate: when they change, the name is chosen anew.
    private func base(_ index: Int, _ unique: UniqueRule) throws(CELError) -> String {
        let first = try value(of: unique.candidates[0], number: unique.candidates[0].counter?.from)
        let container = try container(index, unique, value: first)
        return folded(unique, container) + "\u{0}" + folded(unique, first)
    }

    private func value(of candidate: UniqueRule.Candidate, number: Int?) throws(CELError) -> String {
        if let counter = candidate.counter, let number { activation.set(counter.slot, .value(.int(Int64(number)))) }
        guard let text = try evaluate(candidate.expression).unwrapped?.text, !text.isEmpty else {
            throw CELError(.noValue, "the candidate '\(candidate.expression.program.source)' gives no value")
        }
        return text
    }

    /// "" for the whole system; else the parent the account would have with this value, read off the account name rule.
    private func container(_ index: Int, _ unique: UniqueRule, value: String) throws(CELError) -> String {
        guard unique.scope == .container else { return "" }
        guard let nameIndex = map.attributes.firstIndex(where: { $0.name == map.accountName }),
            case .expression(let expression) = map.attributes[nameIndex].value
        else { return "" }
        let before = out[index]
        out.set(index, .value(.string(value)))
        defer { out.set(index, before) }
        guard let name = try evaluate(expression).asString else {
            throw CELError(.noValue, "the account name '\(expression.program.source)' gives no text")
        }
        return AccountName(name).container
    }

    private func folded(_ unique: UniqueRule, _ text: String) -> String {
        unique.match == .caseInsensitive ? text.lowercased() : text
    }

    private func claim(_ index: Int, _ unique: UniqueRule, _ value: String, _ container: String) -> NameClaim {
        NameClaim(
            system: map.system, attribute: map.attributes[index].name, scope: container.lowercased(), folded: folded(unique, value))
    }

    /// Up to `limit` further candidates for the attribute the evaluation waits for; empty: all are used up, and the attribute has failed.
    package func offer(_ limit: Int, attribute index: Int, hints: NameHints) -> [NameCandidate] {
        guard case .unique(let unique) = map.attributes[index].value else { return [] }
        do throws(CELError) {
            let candidates = try nextCandidates(limit, index, unique, hints)
            if candidates.isEmpty { throw CELError(.noValue, "every candidate is taken") }
            return candidates
        } catch {
            fail(index, unique.candidates[0].expression, error)
            endSequence()
            return []
        }
    }

    /// The same, to look ahead: fewer, or none, is no failure. A candidate that cannot be computed is met again by `offer`, if it is needed.
    package func furtherCandidates(_ limit: Int, attribute index: Int, hints: NameHints) -> [NameCandidate] {
        guard case .unique(let unique) = map.attributes[index].value else { return [] }
        let before = sequence
        do throws(CELError) {
            return try nextCandidates(limit, index, unique, hints)
        } catch {
            sequence = before
            return []
        }
    }

    private func nextCandidates(
        _ limit: Int, _ index: Int, _ unique: UniqueRule, _ hints: NameHints
    ) throws(CELError) -> [NameCandidate] {
        let rule = map.attributes[index]
        var candidates: [NameCandidate] = []
        // A container changed, or an earlier candidate became free: the name the account has is asked for first.
        if !hasOfferedCurrent, let current = stored[rule.name]?.first, sameFirstCandidate(rule.name) {
            candidates.append(try candidate(current.text, number: nil, index, unique))
        }
        hasOfferedCurrent = true
        while candidates.count < limit,
            let next = sequence.next(unique, start: { hints.start(for: self.hintKey(unique, $0, index), from: $1.from) })
        {
            let text = try value(of: unique.candidates[next.candidate], number: next.number)
            try check([.text(text)], rule: rule)
            candidates.append(try candidate(text, number: next.number, index, unique))
        }
        return candidates
    }

    private func candidate(_ text: String, number: Int?, _ index: Int, _ unique: UniqueRule) throws(CELError) -> NameCandidate {
        let container = try container(index, unique, value: text)
        return NameCandidate(
            value: text, claim: claim(index, unique, text, container), container: container.isEmpty ? nil : container, number: number)
    }

    /// What the numbered candidates of this account look like, to share hints with namesakes. Nil where they cannot be computed.
    private func hintKey(_ unique: UniqueRule, _ index: Int, _ attribute: Int) -> String? {
        if let currentHintKey { return currentHintKey }
        guard let counter = unique.candidates[index].counter else { return nil }
        var key = "\(map.system)\u{0}\(attribute)"
        for probe in NameSequence.probes {
            guard let text = try? value(of: unique.candidates[index], number: min(max(probe, counter.from), counter.to)) else { return nil }
            key += "\u{0}" + text.lowercased()
        }
        currentHintKey = key
        return key
    }

    private func sameFirstCandidate(_ name: String) -> Bool {
        guard let old = known?.nameBases[name]?.split(separator: "\u{0}", omittingEmptySubsequences: false).last,
            let new = bases[name]?.split(separator: "\u{0}", omittingEmptySubsequences: false).last
        else { return false }
        return old == new
    }

    /// The name that was free. Runs on with `advance`.
    package func choose(_ candidate: NameCandidate, attribute index: Int, hints: NameHints) {
        finish(index, .values([.text(candidate.value)]))
        claims.append(candidate.claim)
        if let number = candidate.number { hints.note(currentHintKey, next: number + 1) }
        endSequence()
    }

    private func endSequence() {
        step += 1
        sequence = NameSequence()
        hasOfferedCurrent = false
        currentHintKey = nil
    }
}

extension AccountName {
    /// What follows the first separator that is not escaped: a DN's parent (RFC 4514 section 2.4); "" for names without one.
    package var container: String {
        var isEscaped = false
        for (offset, byte) in text.utf8.enumerated() {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: ",") {
                return String(decoding: text.utf8.dropFirst(offset + 1), as: UTF8.self)
            }
        }
        return ""
    }
}
