package import IdentityModel
package import Planning
package import Provisioning

extension Explanation {
    package var page: JSON {
        .object([
            JSON.Member("user", .string(person.user.key.text)),
            JSON.Member("userName", .string(person.user.displayName)),
            JSON.Member("status", .string(person.user.status.rawValue)),
            JSON.Member("system", .string(system.text)),
            JSON.Member("attribute", PlanPage.text(attribute)),
            JSON.Member("asPlanned", person.plan?.ordinal.map(PlanPage.number) ?? .null),
            JSON.Member("rows", .array(person.claims.map(PlanPage.claim))),
            JSON.Member("inputs", .array(inputs.map(json))),
            JSON.Member("entitled", .bool(isEntitled)),
            JSON.Member("roles", .array(grants.map(json))),
            JSON.Member("attributes", .array(attributes.map(json))),
            JSON.Member("account", account.map(PlanPage.account) ?? .null),
            JSON.Member("order", order.map { PlanPage.order($0.order, ordinal: $0.ordinal) } ?? .null),
            JSON.Member("event", event.map(json) ?? .null),
        ])
    }

    private func json(_ input: Input) -> JSON {
        .object([
            JSON.Member("name", .string(input.name)), JSON.Member("value", .string(input.value)),
            JSON.Member("expression", .string(input.expression)), JSON.Member("position", PlanPage.text(input.position?.description)),
        ])
    }

    private func json(_ grant: RoleGrant) -> JSON {
        .object([
            JSON.Member("role", .string(grant.role.text)), JSON.Member("position", .string(grant.position.description)),
            JSON.Member("origin", PlanPage.text(grant.origin?.description)), JSON.Member("groups", .strings(grant.groups)),
            JSON.Member(
                "rule",
                grant.rule.map { rule in
                    .object([
                        JSON.Member("name", .string(rule.name)), JSON.Member("position", .string(rule.position.description)),
                        JSON.Member("condition", .string(rule.condition)), JSON.Member("verdict", .string(rule.verdict)),
                        JSON.Member("parts", .array(rule.parts.map(TracedExpression.page))),
                    ])
                } ?? .null),
        ])
    }

    private func json(_ attribute: Attribute) -> JSON {
        .object([
            JSON.Member("name", .string(attribute.name)), JSON.Member("position", .string(attribute.position.description)),
            JSON.Member("settings", .string(attribute.settings)), JSON.Member("outcome", .string(attribute.outcome)),
            JSON.Member("values", PlanPage.values(attribute.values, of: attribute.name)),
            JSON.Member("written", attribute.written.map { PlanPage.values($0, of: attribute.name) } ?? .null),
            JSON.Member("steps", .array(attribute.steps.map(\.page))), JSON.Member("candidates", .array(attribute.candidates.map(json))),
        ])
    }

    private func json(_ candidate: Candidate) -> JSON {
        .object([
            JSON.Member("value", .string(candidate.value)), JSON.Member("chosen", .bool(candidate.isChosen)),
            JSON.Member("holder", PlanPage.text(candidate.holder)),
        ])
    }

    private func json(_ event: Event) -> JSON {
        .object([JSON.Member("trackingNumber", .string(event.trackingNumber)), JSON.Member("count", PlanPage.number(event.count))])
    }
}

extension TracedExpression {
    package var page: JSON {
        .object([
            JSON.Member("title", .string(title)), JSON.Member("position", .string(position.description)),
            JSON.Member("expression", .string(expression)), JSON.Member("value", .string(value)),
            JSON.Member("parts", .array(parts.map(TracedExpression.page))),
        ])
    }

    static func page(_ part: Part) -> JSON {
        .object([JSON.Member("expression", .string(part.expression)), JSON.Member("value", .string(part.value))])
    }
}
