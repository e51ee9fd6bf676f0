internal import CEL
internal import IdentityModel
internal import Planning

/// A rule that asks for a status it does not look at: `when: user.status == "terminated"`, where `statuses` is not written.
enum StatusLint {
    static func run(_ rule: BusinessRule, when: ExpressionSource, unless: ExpressionSource?) {
        let statuses = UserStatus.allCases.filter(rule.statuses.contains)
        // What is constant whatever the status is another finding.
        if outcome(rule.when, statuses) == false, outcome(rule.when, UserStatus.allCases) == nil {
            warn(when, "false", statuses)
        }
        if let unless, let condition = rule.unless, outcome(condition, statuses) == true, outcome(condition, UserStatus.allCases) == nil {
            warn(unless, "true", statuses)
        }
    }

    private static func outcome(_ condition: Planning.Expression, _ statuses: [UserStatus]) -> Bool? {
        condition.program.outcome(ofField: "status", in: "user", being: statuses.map { .string($0.rawValue) })
    }

    private static func warn(_ source: ExpressionSource, _ outcome: String, _ statuses: [UserStatus]) {
        let words = source.file.alternatives(statuses.map(\.rawValue))
        source.warning(
            .constantCondition,
            "the condition is always \(outcome), because the rule looks only at users whose status is \(words), so it gives its roles to nobody; name others under 'statuses'"
        )
    }
}
