package import IdentityModel
package import Planning
package import Provisioning

extension Comparison {
    /// Counts are complete whatever the number of examples.
    package var page: JSON {
        .object([
            JSON.Member("present", .string(present)), JSON.Member("other", .string(other)), JSON.Member("asOf", .string(asOf.description)),
            JSON.Member("users", PlanPage.number(diff.users)), JSON.Member("affected", PlanPage.number(diff.affected)),
            JSON.Member("differences", .array(diff.differences.map(json))),
            JSON.Member("roles", .array(diff.roles.sorted { $0.key < $1.key }.map(role))),
            JSON.Member("undecided", failures(diff.ruleFailures)),
            JSON.Member("decidedAgain", people(diff.ruleRecoveries)),
            JSON.Member("systems", .array(diff.systems.sorted { $0.key < $1.key }.map(system))),
            JSON.Member("guards", .array(report.verdicts.map(PlanPage.verdict))),
            JSON.Member("notes", .strings(diff.notes.map(\.words))),
        ])
    }

    /// The person who was looked at, in full; null where nobody was.
    package var personPage: JSON {
        guard let person = report.person else { return .null }
        return .object([
            JSON.Member("present", .string(present)), JSON.Member("other", .string(other)), JSON.Member("asOf", .string(asOf.description)),
            JSON.Member("user", .string(person.user.key.text)), JSON.Member("userName", .string(person.user.displayName)),
            JSON.Member("status", .string(person.user.status.rawValue)),
            JSON.Member("undecided", PlanPage.text(person.other.ruleFailure)),
            JSON.Member("rolesBefore", .array(person.present.assignments.sorted().map(PlanPage.assignment))),
            JSON.Member("rolesAfter", .array(person.other.assignments.sorted().map(PlanPage.assignment))),
            JSON.Member("orders", .array(person.other.orders.map { PlanPage.order($0, ordinal: nil) })),
            JSON.Member("stillToBeDone", .array(person.present.orders.map { PlanPage.order($0, ordinal: nil) })),
        ])
    }

    private func json(_ difference: ConfigurationDifference) -> JSON {
        .object([
            JSON.Member("place", .string(difference.place.words)), JSON.Member("part", .string(difference.part)),
            JSON.Member("fate", .string(difference.fate.rawValue)), JSON.Member("before", PlanPage.text(difference.values?.before)),
            JSON.Member("after", PlanPage.text(difference.values?.after)),
            JSON.Member("position", PlanPage.text(difference.position?.description)),
        ])
    }

    private func role(_ name: RoleName, _ counts: ConfigurationDiff.RoleCounts) -> JSON {
        .object([
            JSON.Member("role", .string(name.text)), JSON.Member("gained", roleChanges(counts.gained)),
            JSON.Member("lost", roleChanges(counts.lost)),
        ])
    }

    private func roleChanges(_ tally: Tally<ConfigurationDiff.RoleChange>) -> JSON {
        counted(tally.count, tally.examples.map { person($0.person) + [JSON.Member("origin", .string($0.origin.description))] })
    }

    private func system(_ name: SystemName, _ system: SystemDiff) -> JSON {
        .object([
            JSON.Member("system", .string(name.text)),
            JSON.Member("enabledAccounts", PlanPage.number(system.enabledAccounts)),
            JSON.Member(
                "operations",
                .object(Operation.allCases.map { JSON.Member($0.rawValue, PlanPage.number(system.operations[$0] ?? 0)) })),
            JSON.Member(
                "effects",
                .object(PlanPage.effectOrder.map { JSON.Member($0.rawValue, PlanPage.number(system.effects[$0] ?? 0)) })),
            JSON.Member(
                "accounts",
                .object(AccountFate.allCases.map { JSON.Member($0.rawValue, accounts(system.accounts[$0] ?? Tally())) })),
            JSON.Member("attributes", .array(system.attributes.sorted { $0.key < $1.key }.map(attribute))),
            JSON.Member("memberships", .array(system.memberships.sorted { $0.key < $1.key }.map(membership))),
            JSON.Member("collisions", .array(system.collisions.sorted { $0.key < $1.key }.map(collisions))),
            JSON.Member("failures", failures(system.failures)),
            JSON.Member("recovered", people(system.recovered)),
            JSON.Member(
                "kept", .object(system.kept.sorted { $0.key < $1.key }.map { JSON.Member($0.key, PlanPage.number($0.value)) })),
        ])
    }

    private func accounts(_ tally: Tally<SystemDiff.AccountChange>) -> JSON {
        counted(
            tally.count,
            tally.examples.map {
                person($0.person) + [
                    JSON.Member("nameBefore", PlanPage.text($0.before?.text)), JSON.Member("nameAfter", PlanPage.text($0.after?.text)),
                ]
            })
    }

    private func attribute(_ name: String, _ counts: SystemDiff.AttributeCounts) -> JSON {
        .object([
            JSON.Member("attribute", .string(name)), JSON.Member("accounts", PlanPage.number(counts.accounts.count)),
            JSON.Member("added", PlanPage.number(counts.added)), JSON.Member("changed", PlanPage.number(counts.changed)),
            JSON.Member("removed", PlanPage.number(counts.removed)),
            JSON.Member(
                "examples",
                .array(
                    counts.accounts.examples.map {
                        .object(
                            person($0.person) + [
                                JSON.Member("before", PlanPage.values($0.before, of: name)),
                                JSON.Member("after", PlanPage.values($0.after, of: name)),
                            ])
                    })),
        ])
    }

    private func membership(_ group: String, _ counts: SystemDiff.MembershipCounts) -> JSON {
        .object([
            JSON.Member("group", .string(group)), JSON.Member("added", people(counts.added)),
            JSON.Member("removed", people(counts.removed)),
        ])
    }

    private func collisions(_ attribute: String, _ tally: Tally<SystemDiff.Collision>) -> JSON {
        .object([
            JSON.Member("attribute", .string(attribute)), JSON.Member("count", PlanPage.number(tally.count)),
            JSON.Member(
                "examples",
                .array(
                    tally.examples.map {
                        .object(
                            person($0.person) + [
                                JSON.Member("wanted", .string($0.wanted.folded)), JSON.Member("given", .string($0.given)),
                                JSON.Member("holder", PlanPage.text(holders[$0.wanted])),
                            ])
                    })),
        ])
    }

    private func failures(_ tally: Tally<SystemDiff.Failure>) -> JSON {
        counted(tally.count, tally.examples.map { person($0.person) + [JSON.Member("message", .string($0.message))] })
    }

    private func people(_ tally: Tally<PersonName>) -> JSON { counted(tally.count, tally.examples.map(person)) }

    private func person(_ name: PersonName) -> [JSON.Member] {
        [JSON.Member("user", .string(name.key.text)), JSON.Member("userName", .string(name.name))]
    }

    private func counted(_ count: Int, _ examples: [[JSON.Member]]) -> JSON {
        .object([JSON.Member("count", PlanPage.number(count)), JSON.Member("examples", .array(examples.map { .object($0) }))])
    }
}

extension ConfigurationDifference.Place {
    package var words: String {
        switch self {
        case .service: "service"
        case .source(let name): "source \(name)"
        case .roles: "roles"
        case .rules: "rules"
        case .system(let name): name.text
        }
    }
}

extension DiffNote {
    package var words: String {
        switch self {
        case .kept(let system, let attribute, let count):
            "\(system): \(Counted.things(count, "account keeps", "accounts keep")) \(attribute) as created, although its rule differs (enforce: onCreate)"
        case .onDelete(let system, let before, let after):
            "\(system): onDelete \(before) -> \(after) acts on whoever leaves from then on; accounts that are disabled already stay so"
        case .noPolicyMap(let system, let count):
            "\(system): has no policy map any more; \(Counted.things(count, "account")) there would be left as they are"
        case .source(let source, let parts):
            "source \(source): \(parts.joined(separator: ", ")): what that does to people is not part of this comparison; a plan shows it "
                + "(birthright plan \(source), once the configuration is in place; nothing is sent before a plan is applied)"
        case .noSystemAsked:
            "no system was asked: an entry that is there already would be adopted, not created, and names are compared with those that we know of"
        }
    }
}
