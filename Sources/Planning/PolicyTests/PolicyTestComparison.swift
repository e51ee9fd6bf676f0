package import IdentityModel

/// What a test expects beside what came of it.
struct PolicyTestComparison {
    struct Reality {
        /// Why the known account could not be made.
        var start: String?
        /// Why nothing could be planned.
        var refusal: String?
        var known: Account?
        var outcome: AccountRehearsal.Outcome?
    }

    typealias Mismatch = PolicyTestResult.Mismatch

    let test: PolicyTest
    let map: PolicyMap
    let rehearsal: AccountRehearsal
    let reality: Reality
    private var expected: PolicyTest.Expectation { test.expected }
    private var order: ProvisioningOrder? { reality.outcome?.order }

    init(test: PolicyTest, map: PolicyMap, rehearsal: AccountRehearsal, reality: Reality) {
        self.test = test
        self.map = map
        self.rehearsal = rehearsal
        self.reality = reality
    }

    /// In the order in which a person wants to read them.
    func mismatches() -> [Mismatch] {
        if let start = reality.start {
            return [Mismatch(.account, "an account to begin with", start, at: test.position)]
        }
        return errors() + operation() + attributes() + memberships() + changes()
    }

    // MARK: Errors

    private var error: String? { reality.refusal ?? order?.failure?.message }

    private func errors() -> [Mismatch] {
        if let wanted = expected.error {
            if let error, error.contains(wanted.value) { return [] }
            return [Mismatch(.error, "an error with the text '\(wanted.value)'", error ?? "no error", at: wanted.position)]
        }
        guard let error else { return [] }
        let failed = failures()
        if failed.isEmpty { return [Mismatch(.error, "no error", error, at: expected.position, notes: notes)] }
        let listed = Set(expected.attributes.map(\.name))
        return failed.filter { !listed.contains($0.rule.name) }.map { rule, message in
            Mismatch(.attribute(rule.name), "no error", "error: \(message)", at: expected.position, trace: trace(rule))
        }
    }

    private func failures() -> [(rule: AttributeRule, message: String)] {
        guard let evaluation = reality.outcome?.evaluation else { return [] }
        return zip(map.attributes, evaluation.outcomes).compactMap { rule, outcome in
            if case .failed(let message)? = outcome { (rule, message) } else { nil }
        }
    }

    // MARK: The order

    private func operation() -> [Mismatch] {
        guard let wanted = expected.operation else { return [] }
        let actual = order.flatMap { $0.failure == nil ? $0.operation : nil }
        guard actual != wanted.value else { return [] }
        let reason = error == nil ? "" : ": the account fails"
        return [
            Mismatch(
                .operation, wanted.value?.rawValue ?? "none", (actual?.rawValue ?? "none") + reason, at: wanted.position, notes: notes)
        ]
    }

    private func memberships() -> [Mismatch] {
        guard let wanted = expected.memberships else { return [] }
        var actual = reality.known?.memberships ?? []
        if let order, order.failure == nil { actual = rehearsal.account(reality.known, after: order).memberships }
        guard actual != wanted.value else { return [] }
        return [Mismatch(.memberships, Self.text(wanted.value), Self.text(actual), at: wanted.position, notes: notes)]
    }

    private func changes() -> [Mismatch] {
        guard let wanted = expected.changes else { return [] }
        var actual: Set<String> = []
        if let order, order.failure == nil {
            actual = Set(order.requests.filter { $0.kind == .attribute }.map(\.name))
            if let name = order.nameAfter, name != order.nameBefore { actual.insert(map.accountName) }
        }
        guard actual != wanted.value else { return [] }
        return [Mismatch(.changes, Self.text(wanted.value), Self.text(actual), at: wanted.position)]
    }

    private var notes: [String] {
        guard let outcome = reality.outcome else { return [] }
        // The roles stand in the first line already.
        let roles = Set(rehearsal.configuration.entitlements(of: outcome.assignments)[map.system]?.reasons ?? [])
        return [outcome.rolesText] + (order?.reasons ?? []).filter { !roles.contains($0) }
    }

    private static func text(_ names: Set<String>) -> String { names.isEmpty ? "none" : names.sorted().joined(separator: " | ") }

    // MARK: Attributes

    private func attributes() -> [Mismatch] {
        guard reality.outcome != nil, let first = expected.attributes.first else { return exactness() }
        guard let evaluation = reality.outcome?.evaluation else {
            let actual = "none: no role gives one on \(map.system)"
            return [Mismatch(.account, "an account", actual, at: first.wanted.position, notes: notes)]
        }
        let listed = expected.attributes.compactMap { name, wanted -> Mismatch? in
            guard let rule = map.attributes.first(where: { $0.name == name }) else { return nil }
            let outcome = evaluation.outcome(of: name)
            if wanted.value.isMet(by: outcome) { return nil }
            return Mismatch(.attribute(name), wanted.value.text, Self.text(outcome), at: wanted.position, trace: trace(rule))
        }
        return listed + exactness()
    }

    private func exactness() -> [Mismatch] {
        guard expected.isExact, let evaluation = reality.outcome?.evaluation else { return [] }
        let listed = Set(expected.attributes.map(\.name))
        return map.attributes.filter { !listed.contains($0.name) }.compactMap { rule in
            let outcome = evaluation.outcome(of: rule.name)
            guard let values = outcome?.visibleValues, !values.isEmpty else { return nil }
            return Mismatch(
                .attribute(rule.name), "no value, because 'exactly' is true", Self.text(outcome), at: expected.position, trace: trace(rule))
        }
    }

    private func trace(_ rule: AttributeRule) -> [TracedExpression] {
        guard let evaluation = reality.outcome?.evaluation else { return [] }
        return AccountTrace(evaluation).steps(of: rule, chosen: evaluation.outcome(of: rule.name)?.visibleValues?.first?.text)
    }

    private static func text(_ outcome: AttributeOutcome?) -> String {
        switch outcome {
        case .values(let values)?: PolicyTest.text(values)
        case .stored(let values)?: PolicyTest.text(values) + " (kept)"
        case .leftAlone(nil)?: "left alone ('when' is false)"
        case .leftAlone(let warning?)?: "left alone (\(warning))"
        case .failed(let message)?: "error: \(message)"
        case nil: "not computed"
        }
    }
}

extension PolicyTestResult.Mismatch {
    package init(
        _ subject: Subject, _ expected: String, _ actual: String, at position: TextPosition, trace: [TracedExpression] = [],
        notes: [String] = []
    ) {
        self.init(subject: subject, expected: expected, actual: actual, position: position, trace: trace, notes: notes)
    }
}

extension PolicyTest.WantedOutcome {
    func isMet(by outcome: AttributeOutcome?) -> Bool {
        switch (self, outcome) {
        case (.values(let wanted), .values(let actual)?), (.values(let wanted), .stored(let actual)?):
            wanted.sorted() == actual.sorted()  // Attribute values are a set.
        case (.noValue, .values(let actual)?), (.noValue, .stored(let actual)?): actual.isEmpty
        case (.leftAlone, .leftAlone?): true
        case (.values, _), (.noValue, _), (.leftAlone, _): false
        }
    }

    var text: String {
        switch self {
        case .values(let values): PolicyTest.text(values)
        case .noValue: "none"
        case .leftAlone: "left alone"
        }
    }
}

extension PolicyTest {
    /// As a test file writes values: `a | b`, `account(E0042)`, `none`.
    package static func text(_ values: [AccountValue]) -> String {
        let texts = values.map { value in
            switch value {
            case .text, .digest: value.text
            case .reference(let user): "account(\(user))"
            }
        }
        return texts.isEmpty ? "none" : texts.joined(separator: " | ")
    }
}
