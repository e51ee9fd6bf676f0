package import IdentityModel
internal import Planning
package import Provisioning

extension UserCard {
    package var page: JSON {
        let user = person.user
        return .object([
            JSON.Member("key", .string(user.key.text)),
            JSON.Member("name", .string(user.displayName)),
            JSON.Member("id", .string(user.id.text)),
            JSON.Member("source", .string(user.source.text)),
            JSON.Member("status", .string(user.status.rawValue)),
            JSON.Member("asPlanned", person.plan?.ordinal.map(PlanPage.number) ?? .null),
            JSON.Member("rows", .array(person.claims.map(PlanPage.claim))),
            JSON.Member("attributes", PlanPage.attributes(user.attributes)),
            JSON.Member(
                "positions",
                .object(
                    positions.filter { user.attributes[$0.key] != nil }.sorted { $0.key < $1.key }.map { name, position in
                        JSON.Member(name, .string(position.description))
                    })),
            JSON.Member("roles", .array(person.assignments.sorted().map(PlanPage.assignment))),
            JSON.Member("accounts", .array(person.accounts.map(PlanPage.account))),
            JSON.Member("openOrders", .array(open.map { PlanPage.order($0.order, ordinal: $0.ordinal) })),
        ])
    }
}

extension ListedUser {
    package var page: JSON {
        .object([
            JSON.Member("key", .string(user.key.text)), JSON.Member("source", .string(user.source.text)),
            JSON.Member("name", .string(user.displayName)), JSON.Member("status", .string(user.status.rawValue)),
            JSON.Member(
                "accounts",
                .array(
                    accounts.map { account in
                        .object([
                            JSON.Member("system", .string(account.system.text)), JSON.Member("state", .string(account.state.rawValue)),
                            JSON.Member("name", PlanPage.text(account.name?.text)),
                        ])
                    })),
        ])
    }
}

extension ListedEntry {
    package var page: JSON {
        .object([
            JSON.Member("at", .string(entry.at.description)), JSON.Member("kind", .string(entry.kind)),
            JSON.Member("plan", ordinal.map(PlanPage.number) ?? .null), JSON.Member("order", entry.order.map(PlanPage.number) ?? .null),
            JSON.Member("user", PlanPage.text(user)), JSON.Member("text", .string(entry.text)),
        ])
    }
}
