internal import CEL

/// Conditions that decide nothing, wherever expressions stand.
enum ConditionLint {
    /// What the expression is for.
    enum Role {
        /// Of a business rule.
        case when, unless
        /// Of a source.
        case check
        /// The `when` of an attribute rule.
        case attribute(String)
        /// No condition itself.
        case value
    }

    static func run(_ program: Program, _ source: ExpressionSource, _ role: Role) {
        for condition in program.constantConditions(isCondition: role.isCondition) {
            switch condition.place {
            case .whole: report(condition, program, source, role)
            case .test:
                let unused = condition.outcome ? "behind ':'" : "between '?' and ':'"
                warn(source, condition, "the condition is always \(condition.outcome), so what stands \(unused) is never used")
            case .predicate:
                warn(source, condition, "the condition is always \(condition.outcome), whatever the element")
            case .operand(let symbol, let isDecisive):
                let effect = isDecisive ? "and all that '\(symbol)' joins with it" : "and changes nothing"
                warn(source, condition, "this part of the condition is always \(condition.outcome), \(effect)")
            }
        }
    }

    private static func report(_ condition: Program.ConstantCondition, _ program: Program, _ source: ExpressionSource, _ role: Role) {
        let effect: String
        switch (role, condition.outcome) {
        // "true" says everybody.
        case (.when, true) where program.isLiteralBool: return
        case (.when, true): effect = "so the rule is for everybody; write \"true\" to say so"
        case (.when, false), (.unless, true): effect = "so the rule gives its roles to nobody"
        case (.unless, false): effect = "so it excludes nobody"
        case (.check, true): effect = "so it never sets a row aside"
        case (.check, false): effect = "so every row is set aside"
        case (.attribute, true): effect = "so it can be left out"
        case (.attribute(let name), false):
            return source.warning(
                .attributeNeverWritten, "the condition is always false, so '\(name)' is never written", at: condition.range)
        case (.value, _): return
        }
        warn(source, condition, "the condition is always \(condition.outcome), \(effect)")
    }

    private static func warn(_ source: ExpressionSource, _ condition: Program.ConstantCondition, _ message: String) {
        source.warning(.constantCondition, message, at: condition.range)
    }
}

extension ConditionLint.Role {
    fileprivate var isCondition: Bool {
        switch self {
        case .when, .unless, .check, .attribute: true
        case .value: false
        }
    }
}
