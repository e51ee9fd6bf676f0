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
    /// The entry was deleted by hand and is made anew: its names are asked for, the old ones first, because somebody may have taken them meanwhile.
    private let isMadeAnew: Bool
    /// Names that are asked for, too: those that stand in the name of an entry which was moved or renamed by hand, and those that the system refused.
    private let chosenAnew: Set<String>
    private let observer: ExpressionObserver?
    private let activation: Activation
    private let out: RecordBuffer
    // Hot, and never touched from two places at once: exclusive access is not checked at run time.
    @exclusivity(unchecked) private var step = 0
    @exclusivity(unchecked) private var sequence = NameSequence()
    @exclusivity(unchecked) private var hasOfferedCurrent = false
    @exclusivity(unchecked) private var currentHintKey: String?
    /// What the name base was made of: the candidate that is offered first, unless namesakes have used it up.
    @exclusivity(unchecked) private var firstCandidate: NameCandidate?
    @exclusivity(unchecked) private var nameBases: [(attribute: Int, base: String)] = []
    @exclusivity(unchecked) package private(set) var outcomes: [AttributeOutcome?]
    @exclusivity(unchecked) package private(set) var claims: [NameClaim] = []
    /// Scope and first candidate of each unique attribute, by name.
    package var bases: [String: String] {
        Dictionary(nameBases.map { (map.attributes[$0.attribute].name, $0.base) }, uniquingKeysWith: { first, _ in first })
    }

    /// An observer makes the evaluation slower, and does not change it.
    package init(
        map: PolicyMap, user: User, record: UserReader, isEnabled: Bool, known: Account?, stored: [String: [AccountValue]],
        isMadeAnew: Bool = false, chosenAnew: Set<String> = [], observer: ExpressionObserver? = nil
    ) {
        self.map = map
        self.user = user
        self.isEnabled = isEnabled
        self.known = known
        self.isMadeAnew = isMadeAnew
        self.chosenAnew = chosenAnew
        self.observer = observer
        self.stored = stored
        outcomes = Array(repeating: nil, count: map.attributes.count)
        activation = Activation(map.environment)
        out = RecordBuffer(map.outType)
        activation.set(Vocabulary.Slots.user, .value(.object(record.object(of: user))))
        activation.set(Vocabulary.Slots.account, .value(.object(AccountEvaluation.account(isEnabled))))
        activation.set(Vocabulary.Slots.tables, .value(.object(map.tables)))
        activation.bind(Vocabulary.Slots.out, record: out)
    }

    private static let enabledAccount = ObjectValue(type: Vocabulary.accountType, slots: [.value(.bool(true))])
    private static let disabledAccount = ObjectValue(type: Vocabulary.accountType, slots: [.value(.bool(false))])
    private static func account(_ isEnabled: Bool) -> ObjectValue { isEnabled ? enabledAccount : disabledAccount }

    package func outcome(of name: String) -> AttributeOutcome? {
        map.index(of: name).flatMap { outcomes[$0] }
    }

    /// Runs on to the next question or the end.
    package func advance() -> Progress {
        while step < map.steps.count {
            switch map.steps[step] {
            case .define(let index): define(index)
            case .compute(let index):
                if outcomes[index] == nil, needsName(index) { return .needsName(attribute: index) }
            }
            step += 1
        }
        return .finished
    }

    /// Values that are not to be computed: an order has chosen them already.
    func take(_ given: [String: [AccountValue]]) {
        for (index, rule) in map.attributes.enumerated() {
            if let values = given[rule.name], !values.isEmpty { finish(index, .stored(values)) }
        }
    }

    private func evaluate(_ expression: Expression) throws(CELError) -> Value {
        guard let observer else { return try expression.program.evaluate(activation) }
        return try expression.program.evaluate(activation) { part, result in observer(expression, part, result) }
    }

    /// Of an optional its content, nil for none.
    private func present(_ expression: Expression) throws(CELError) -> Value? {
        observer == nil ? try expression.program.present(activation) : try evaluate(expression).unwrapped
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

    func define(_ index: Int) {
        let rule = map.lets[index]
        // The correlation may have needed it already.
        if activation.holds(rule.slot) { return }
        do throws(CELError) {
            activation.set(rule.slot, .value(try evaluate(rule.expression)))
        } catch {
            activation.set(rule.slot, .failure(error))
        }
    }

    /// Computes the attribute, unless it is one that waits for a name.
    func needsName(_ index: Int) -> Bool {
        let rule = map.attributes[index]
        if rule.enforce == .onCreate, let values = stored[rule.name], !values.isEmpty, !(isMadeAnew && rule.isUnique) {
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
            do throws(CELError) {
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
        case .literals: finish(index, .values(rule.literalValues))
        case .expression(let expression): compute(index, rule, expression)
        case .unique(let unique): return !keepsName(index, unique)
        }
        return false
    }

    private func compute(_ index: Int, _ rule: AttributeRule, _ expression: Expression) {
        do throws(CELError) {
            guard let value = try present(expression) else { return finish(index, .values([])) }
            guard let values = value.accountValues(map.traits.flags) else {
                throw CELError(.invalidArgument, "the result has no text that a system could hold")
            }
            try check(values, rule)
            finish(index, .values(values))
        } catch {
            fail(index, expression, error)
        }
    }

    private func check(_ values: [AccountValue], _ rule: AttributeRule) throws(CELError) {
        guard let limit = rule.maxLength else { return }
        for value in values { try check(value.text, limit) }
    }

    private func check(_ text: String, _ limit: Int) throws(CELError) {
        // No text has more code points than bytes.
        guard text.utf8.count > limit else { return }
        let count = text.unicodeScalars.count
        if count > limit { throw CELError(.limit, "'\(text)' has \(count) characters, maxLength is \(limit)") }
    }

    private func finish(_ index: Int, _ outcome: AttributeOutcome) {
        switch outcome {
        case .values(let values) where values.contains(where: \.isDigest), .stored(let values) where values.contains(where: \.isDigest):
            let path = "out." + map.attributes[index].name
            out.set(
                index, .failure(CELError(.absentField(path: path), "\(path) is a secret that was given once: its value is not kept")))
        case .values(let values), .stored(let values):
            out.set(index, slot(of: values, map.outForms[index], map.traits.flags, type: map.outType.fields[index].type))
        case .failed(let message):
            out.set(index, .failure(CELError(.absentField(path: "out." + map.attributes[index].name), message)))
        case .leftAlone: out.set(index, .absent)
        }
        outcomes[index] = outcome
    }

    private func fail(_ index: Int, _ expression: Expression, _ error: CELError) {
        let rule = map.attributes[index]
        // What went wrong with a secret may quote it.
        let reason = rule.isSensitive ? "its value cannot be computed (nothing of it is shown: it is a secret)" : error.message
        let message = "\(expression.position): \(rule.name): \(reason)"
        finish(index, rule.skipsOnError ? .leftAlone(warning: message) : .failed(message))
    }

    // MARK: Names

    /// The account keeps its name while what the name is made of stays the same.
    private func keepsName(_ index: Int, _ unique: UniqueRule) -> Bool {
        let name = map.attributes[index].name
        let first: NameCandidate
        do throws(CELError) {
            let number = unique.candidates[0].counter?.from
            first = try candidate(try value(of: unique.candidates[0], number: number), number: number, index, unique)
        } catch {
            fail(index, unique.candidates[0].expression, error)
            return true
        }
        // Scope and first candidate: when they change, the name is chosen anew.
        let base = folded(unique, first.container ?? "") + "\u{0}" + first.claim.folded
        nameBases.append((index, base))
        firstCandidate = first
        let isAskedFor = isMadeAnew || chosenAnew.contains(name)
        guard !isAskedFor, let stored = stored[name]?.first, known?.nameBases[name] == base else { return false }
        // What is compared regardless of case is still written as the candidates write it now.
        let current = respelled(stored.text, first, index, unique).map(AccountValue.text) ?? stored
        finish(index, current == stored ? .stored([current]) : .values([current]))
        if let container = try? container(index, unique, value: current.text) {
            claims.append(claim(index, unique, current.text, container))
        }
        return true
    }

    /// The candidate that is this name but for capitals; nil when there is none, or no other.
    private func respelled(_ name: String, _ first: NameCandidate, _ index: Int, _ unique: UniqueRule) -> String? {
        guard unique.match == .caseInsensitive, name != first.value else { return nil }
        let folded = name.caseFolded
        if first.value.caseFolded == folded { return first.value }
        let digits = name.reversed().prefix { $0.isASCII && $0.isNumber }
        let number = Int(String(digits.reversed()))
        for candidate in unique.candidates {
            if candidate.counter != nil, number == nil { continue }
            if let text = try? value(of: candidate, number: number), text.caseFolded == folded { return text }
        }
        return nil
    }

    private func value(of candidate: UniqueRule.Candidate, number: Int?) throws(CELError) -> String {
        if let counter = candidate.counter, let number { activation.set(counter.slot, .value(.int(Int64(number)))) }
        let value = try evaluate(candidate.expression)
        if case .string(let text) = value, !text.isEmpty { return text }
        guard let text = value.unwrapped?.text, !text.isEmpty else {
            throw CELError(.noValue, "the candidate '\(candidate.expression.program.source)' gives no value")
        }
        return text
    }

    /// "" for the whole system; else the parent the account would have with this value, read off the account name rule.
    private func container(_ index: Int, _ unique: UniqueRule, value: String) throws(CELError) -> String {
        guard unique.scope == .container else { return "" }
        return try accountName(index, value: value).map { map.traits.names.container(of: $0) } ?? ""
    }

    /// The name the account would have with this value; nil where it is chosen itself.
    private func accountName(_ index: Int, value: String) throws(CELError) -> AccountName? {
        guard let expression = map.accountNameExpression else { return nil }
        let before = out[index]
        out.set(index, .value(.string(value)))
        defer { out.set(index, before) }
        guard let name = try evaluate(expression).asString else {
            throw CELError(.noValue, "the account name '\(expression.program.source)' gives no text")
        }
        return AccountName(name)
    }

    private func folded(_ unique: UniqueRule, _ text: String) -> String { unique.match == .caseInsensitive ? text.caseFolded : text }

    private func claim(_ index: Int, _ unique: UniqueRule, _ value: String, _ container: String) -> NameClaim {
        NameClaim(
            system: map.system, attribute: map.attributes[index].name, scope: container.caseFolded, folded: folded(unique, value))
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
        // A container changed, or an earlier candidate became free: the name the account has is asked for first, as the candidates write it now.
        if !hasOfferedCurrent, let current = stored[rule.name]?.first, sameFirstCandidate(index) || isMadeAnew && rule.enforce == .onCreate
        {
            let text = firstCandidate.flatMap { respelled(current.text, $0, index, unique) } ?? current.text
            candidates.append(try candidate(text, number: nil, index, unique))
        }
        candidates.reserveCapacity(limit)
        hasOfferedCurrent = true
        while candidates.count < limit,
            let next = sequence.next(unique, start: { hints.start(for: self.hintKey(unique, $0, index), from: $1.from) })
        {
            candidates.append(try offered(next, index, rule, unique))
        }
        return candidates
    }

    private func offered(
        _ next: (candidate: Int, number: Int?), _ index: Int, _ rule: AttributeRule, _ unique: UniqueRule
    ) throws(CELError) -> NameCandidate {
        if next.candidate == 0, let first = firstCandidate, first.number == next.number {
            if let limit = rule.maxLength { try check(first.value, limit) }
            return first
        }
        let text = try value(of: unique.candidates[next.candidate], number: next.number)
        if let limit = rule.maxLength { try check(text, limit) }
        return try candidate(text, number: next.number, index, unique)
    }

    private func candidate(_ text: String, number: Int?, _ index: Int, _ unique: UniqueRule) throws(CELError) -> NameCandidate {
        let rule = map.attributes[index]
        var name = rule.name == map.accountName ? AccountName(text) : nil
        var container = ""
        if unique.scope == .container, let full = try accountName(index, value: text) {
            container = map.traits.names.container(of: full)
            if map.attributesInName.contains(rule.name) { name = full }
        }
        return NameCandidate(
            value: text, claim: claim(index, unique, text, container), container: container.isEmpty ? nil : container, accountName: name,
            number: number)
    }

    /// What the numbered candidates of this account look like, to share hints with namesakes. Nil where they cannot be computed.
    private func hintKey(_ unique: UniqueRule, _ index: Int, _ attribute: Int) -> String? {
        if let currentHintKey { return currentHintKey }
        guard let counter = unique.candidates[index].counter else { return nil }
        var key = "\(map.system)\u{0}\(attribute)"
        for probe in NameSequence.probes {
            guard let text = try? value(of: unique.candidates[index], number: min(max(probe, counter.from), counter.to)) else { return nil }
            key += "\u{0}"
            key += text.caseFolded
        }
        currentHintKey = key
        return key
    }

    package func base(ofAttribute index: Int) -> String? { nameBases.first { $0.attribute == index }?.base }

    private func sameFirstCandidate(_ index: Int) -> Bool {
        guard let old = known?.nameBases[map.attributes[index].name]?.split(separator: "\u{0}", omittingEmptySubsequences: false).last,
            let new = base(ofAttribute: index)?.split(separator: "\u{0}", omittingEmptySubsequences: false).last
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
        firstCandidate = nil
    }
}
