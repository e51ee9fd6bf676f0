import IdentityModel
import Planning
import Provisioning

/// A comparison of two configurations as it is read in a code review: first how many, then the first few.
extension Comparison {
    /// One kind of thing that happens: how often, and to whom.
    struct Finding {
        let title: String
        let count: Int
        /// `2 added, 1 changed`.
        var detail = ""
        /// Person, and what happens to them.
        var examples: [(person: PersonName, text: String)] = []
    }

    // MARK: What happens on a system

    func findings(_ system: SystemDiff) -> [Finding] {
        failures(system) + fates(system) + names(system) + attributes(system) + memberships(system)
    }

    private func fates(_ system: SystemDiff) -> [Finding] {
        AccountFate.allCases.compactMap { fate in
            guard let accounts = system.accounts[fate] else { return nil }
            let examples = accounts.examples.map { change in
                let before = change.before.map { DisplayText.visible($0.text) } ?? ""
                let after = change.after.map { DisplayText.visible($0.text) } ?? ""
                return (
                    change.person,
                    before == after || before.isEmpty || after.isEmpty ? before.isEmpty ? after : before : "\(before) -> \(after)"
                )
            }
            return Finding(title: "accounts \(fate.rawValue)", count: accounts.count, examples: examples)
        }
    }

    private func attributes(_ system: SystemDiff) -> [Finding] {
        system.attributes.sorted { $0.key < $1.key }.map { name, counts in
            let parts = [(counts.added, "added"), (counts.changed, "changed"), (counts.removed, "removed")].filter { $0.0 > 0 }
            let detail = parts.count == 1 ? parts[0].1 : parts.map { "\(DisplayText.count($0.0)) \($0.1)" }.joined(separator: ", ")
            let examples = counts.accounts.examples.map { change in
                let before = change.before.isEmpty ? "no value" : PlanText.text(change.before, of: name)
                return (change.person, "\(before) -> \(change.after.isEmpty ? "no value" : PlanText.text(change.after, of: name))")
            }
            return Finding(title: name, count: counts.accounts.count, detail: detail, examples: examples)
        }
    }

    private func memberships(_ system: SystemDiff) -> [Finding] {
        system.memberships.sorted { $0.key < $1.key }.flatMap { group, counts in
            [("+ ", counts.added), ("- ", counts.removed)].filter { $0.1.count > 0 }.map { mark, people in
                Finding(title: mark + DisplayText.visible(group), count: people.count, examples: people.examples.map { ($0, "") })
            }
        }
    }

    private func names(_ system: SystemDiff) -> [Finding] {
        system.collisions.sorted { $0.key < $1.key }.map { attribute, people in
            let examples = people.examples.map { collision in
                let holder = holders[collision.wanted].map { "held by \($0)" } ?? "taken"
                return (
                    collision.person,
                    "\(DisplayText.visible(collision.given)); \(DisplayText.visible(collision.wanted.folded)) is \(DisplayText.visible(holder))"
                )
            }
            return Finding(title: "\(attribute) collides", count: people.count, detail: "their first choice is taken", examples: examples)
        }
    }

    private func failures(_ system: SystemDiff) -> [Finding] {
        var findings: [Finding] = []
        if system.failures.count > 0 {
            let examples = system.failures.examples.map { ($0.person, DisplayText.visible($0.message)) }
            findings.append(
                Finding(title: "would fail", count: system.failures.count, detail: "nothing is sent for them", examples: examples))
        }
        if system.recovered.count > 0 {
            findings.append(
                Finding(title: "would fail no more", count: system.recovered.count, examples: system.recovered.examples.map { ($0, "") }))
        }
        return findings
    }

    // MARK: What happens to roles

    var roleFindings: [Finding] {
        let roles = diff.roles.sorted { $0.key < $1.key }.flatMap { role, counts in
            [("+ ", counts.gained), ("- ", counts.lost)].filter { $0.1.count > 0 }.map { mark, people in
                Finding(
                    title: mark + role.text, count: people.count, examples: people.examples.map { ($0.person, $0.origin.description) })
            }
        }
        var failures: [Finding] = []
        if diff.ruleFailures.count > 0 {
            let examples = diff.ruleFailures.examples.map { ($0.person, DisplayText.visible($0.message)) }
            failures.append(
                Finding(title: "cannot be decided", count: diff.ruleFailures.count, detail: "they stay as they are", examples: examples))
        }
        if diff.ruleRecoveries.count > 0 {
            failures.append(
                Finding(
                    title: "can be decided again", count: diff.ruleRecoveries.count, examples: diff.ruleRecoveries.examples.map { ($0, "") }
                ))
        }
        return roles + failures
    }
}
