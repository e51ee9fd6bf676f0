import IdentityModel
import Pages
import Planning
import Provisioning

extension Comparison {
    func text(_ ink: Ink) -> String {
        var lines = headline(ink)
        lines += differenceLines(ink)
        if diff.affected > 0 { lines += effectLines(ink) }
        lines += guardLines(ink)
        lines += section("Roles", "people", roleFindings, ink)
        for (system, counts) in diff.systems.sorted(by: { $0.key < $1.key }) {
            lines += section(system.text, "accounts", findings(counts), ink)
        }
        return (lines + noteLines(ink)).joined(separator: "\n")
    }

    private func headline(_ ink: Ink) -> [String] {
        let users = DisplayText.count(diff.users, "person", "people")
        return [ink.bold("\(other) compared with \(present) for \(asOf)") + ": \(users), \(outcome)"]
    }

    private var outcome: String {
        if diff.differences.isEmpty { return "the two say the same" }
        // Not the same answer: nobody was there to be affected.
        if diff.users == 0 { return "the store holds nobody yet, so nothing was compared" }
        return diff.affected == 0 ? "nobody is affected" : "\(DisplayText.count(diff.affected)) affected"
    }

    private func differenceLines(_ ink: Ink) -> [String] {
        guard !diff.differences.isEmpty else { return [] }
        var table = Table([Table.Column("differs"), Table.Column("part"), Table.Column("where")])
        var last = ""
        for difference in diff.differences {
            let place = difference.place.words
            table.add([place == last ? "" : place, Self.words(difference), difference.position?.description ?? ""])
            last = place
        }
        return [""] + table.takeLines(ink)
    }

    static func words(_ difference: ConfigurationDifference) -> String {
        if let values = difference.values { return "\(difference.part): \(values.before) -> \(values.after)" }
        switch difference.fate {
        case .changed: return difference.part
        case .added: return difference.part + " (new)"
        case .removed: return difference.part + " (gone)"
        }
    }

    /// The columns of a plan's summary, and accounts that are in use again beside them.
    private func effectLines(_ ink: Ink) -> [String] {
        let columns = PlanText.columns(diff.systems.values.map(\.effects))
        var table = Table([Table.Column("system")] + columns.map { Table.Column(PlanText.word($0), isNumber: true) })
        for (system, counts) in diff.systems.sorted(by: { $0.key < $1.key }) {
            table.add([system.text] + columns.map { DisplayText.count(counts.effects[$0] ?? 0) })
        }
        return [""] + table.takeLines(ink)
    }

    private func guardLines(_ ink: Ink) -> [String] {
        guard !report.verdicts.isEmpty else { return [] }
        return ["", ink.red("A plan of this would be held by a guard:")] + report.verdicts.map { "  " + PlanText.words($0) }
    }

    private func section(_ title: String, _ unit: String, _ findings: [Finding], _ ink: Ink) -> [String] {
        guard !findings.isEmpty else { return [] }
        var table = Table([Table.Column(title), Table.Column(unit, isNumber: true), Table.Column("")], indent: 0)
        for finding in findings { table.add(["  " + finding.title, DisplayText.count(finding.count), finding.detail]) }
        return [""] + table.takeLines(ink) + findings.flatMap { examples($0, ink) }
    }

    private func examples(_ finding: Finding, _ ink: Ink) -> [String] {
        guard !finding.examples.isEmpty else { return [] }
        let people = finding.examples.map { DisplayText.visible(NameHolders.person($0.person.key.text, $0.person.name)) }
        let width = people.map(DisplayText.width).max() ?? 0
        var lines = ["", "  " + ink.dim(finding.title)]
        for (person, example) in zip(people, finding.examples) {
            lines.append(("    \(DisplayText.padded(person, to: width))  \(example.text)").trimmingEnd)
        }
        let rest = finding.count - finding.examples.count
        if rest > 0 { lines.append("    and \(DisplayText.count(rest)) more") }
        return lines
    }

    private func noteLines(_ ink: Ink) -> [String] {
        diff.differences.isEmpty ? [] : ["", ink.dim("To be read with it:")] + diff.notes.map { "  " + DisplayText.visible($0.words) }
    }

    // MARK: One person

    func personText(_ ink: Ink) -> String {
        guard let person = report.person else { return "" }
        let name = PersonName(person.user)
        let who = NameHolders.person(name.key.text, name.name)
        var lines = [
            ink.bold("\(DisplayText.visible(who)) under \(other), compared with \(present) for \(asOf)")
                + " (\(person.user.status.rawValue))"
        ]
        let failure = person.other.ruleFailure
        if let failure { lines.append("  cannot be decided: \(DisplayText.visible(failure))") }
        let before = Set(person.present.assignments)
        let after = Set(person.other.assignments)
        for role in after.subtracting(before).sorted() { lines.append("  \(ink.green("+")) role \(role.role) (\(role.origin))") }
        for role in before.subtracting(after).sorted() { lines.append("  \(ink.red("-")) role \(role.role) (\(role.origin))") }
        for order in person.other.orders { lines += ["", PlanText.proposal(order, ink: ink)] }
        if person.other.orders.isEmpty, before == after, failure == nil { lines.append("  nothing would be different") }
        if !person.present.orders.isEmpty {
            lines += ["", ink.yellow("Still to be done under \(present), and taken as done above:")]
            for order in person.present.orders { lines.append("  \(order.operation.rawValue) \(order.system): \(PlanText.digest(order))") }
        }
        return lines.joined(separator: "\n")
    }
}
