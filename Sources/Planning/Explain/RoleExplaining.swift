internal import CEL
package import IdentityModel

/// A role that gives (or would give) an account, and why.
package struct RoleGrant: Sendable {
    package struct Rule: Sendable {
        package let name: String
        package let position: TextPosition
        /// `when` and `unless` as written.
        package let condition: String
        /// What they come to for this user: "matches", "does not match", or why that cannot be said.
        package let verdict: String
        /// What `when`, and where it was asked for `unless`, came to part by part.
        package let parts: [TracedExpression.Part]
    }

    package let role: RoleName
    package let groups: [String]
    package let position: TextPosition
    /// Nil: the user does not hold it.
    package let origin: RoleOrigin?
    package let rule: Rule?
}

/// Which roles give an account on a system to a user, and why; for somebody without one, which would.
package struct RoleExplaining {
    let configuration: Configuration
    let user: User
    let assignments: [RoleAssignment]
    let today: CivilDate

    /// `today`: the day on which the person's dates and those of rules are read.
    package init(configuration: Configuration, user: User, assignments: [RoleAssignment], today: CivilDate) {
        self.configuration = configuration
        self.user = user
        self.assignments = assignments
        self.today = today
    }

    package func grants(on system: SystemName) -> [RoleGrant] {
        let giving = configuration.roles.filter { $0.entitlements.contains { $0.system == system } }
        let held = giving.flatMap { role in
            assignments.sorted().filter { $0.role == role.name }.map { grant(role, system, $0.origin, rule(of: $0.origin)) }
        }
        if !held.isEmpty { return held }
        return giving.flatMap { role -> [RoleGrant] in
            let rules = configuration.rules.filter { $0.roles.contains(role.name) }
            return rules.isEmpty ? [grant(role, system, nil, nil)] : rules.map { grant(role, system, nil, $0) }
        }
    }

    private func rule(of origin: RoleOrigin) -> BusinessRule? {
        guard case .rule(let name) = origin else { return nil }
        return configuration.rules.first { $0.name == name }
    }

    private func grant(_ role: Role, _ system: SystemName, _ origin: RoleOrigin?, _ rule: BusinessRule?) -> RoleGrant {
        RoleGrant(
            role: role.name, groups: role.entitlements.filter { $0.system == system }.flatMap(\.groups).sorted(), position: role.position,
            origin: origin,
            rule: rule.map { rule in
                RoleGrant.Rule(
                    name: rule.name, position: rule.position, condition: condition(rule), verdict: verdict(rule), parts: parts(rule))
            })
    }

    private func condition(_ rule: BusinessRule) -> String {
        let unless = rule.unless.map { " unless \($0.program.source)" } ?? ""
        return "when \(rule.when.program.source)\(unless)"
    }

    private func verdict(_ rule: BusinessRule) -> String {
        // The planner's own evaluation says it, so that it cannot be another answer than the plan's.
        let evaluation = RuleEvaluation(rules: configuration.rules, schema: configuration.schema)
        return switch evaluation.verdict(rule, of: user, today: today) {
        case .otherStatus: "does not apply to users who are \(user.status.rawValue)"
        case .notYet(let from): "applies from \(from) on"
        case .over(let until): "applied until \(until)"
        case .noMatch(let absent): absent.map { "does not match: \($0)" } ?? "does not match"
        case .excluded: "matches, but so does `unless`"
        case .matches: "matches"
        case .undecided(let failure): "cannot be decided, so the person is set aside: \(failure.message)"
        }
    }

    /// Nothing of a rule that does not apply, and of `unless` only where `when` matches.
    private func parts(_ rule: BusinessRule) -> [TracedExpression.Part] {
        guard rule.statuses.contains(user.status) else { return [] }
        // A step on the way would show a secret that the rule reads.
        guard ([rule.when, rule.unless].compactMap { $0 }).allSatisfy({ MaskedAttributes.read(by: $0, of: nil) == nil }) else { return [] }
        let activation = activation
        func trace(_ expression: Expression) -> [TracedExpression.Part] {
            TracedExpression(title: rule.name, expression) { (tell) throws(CELError) in
                try expression.program.evaluate(activation, tracing: tell)
            }.parts
        }
        guard let unless = rule.unless, (try? rule.when.program.evaluate(activation))?.asBool == true else { return trace(rule.when) }
        return trace(rule.when) + trace(unless)
    }

    private var activation: Activation {
        let reader = UserReader(schema: configuration.schema)
        reader.load(user)
        let activation = Activation(Vocabulary.ruleEnvironment(configuration.schema))
        activation.bind(0, record: reader.record)
        return activation
    }
}
