import IdentityModel
import Planning

extension PlanText {
    /// What happens to one user: every attribute before and after, roles that come and go, and why.
    static func change(_ change: UserChange, ink: Ink = .standardOutput) -> String {
        let user = change.user
        let who = user.displayName == user.key.text ? user.displayName : "\(user.key) \(user.displayName)"
        var lines = [ink.bold(DisplayText.visible(who)) + " (\(change.change.rawValue))"]
        let differences = attributeDifferences(change)
        let width = differences.map { DisplayText.width($0.name) }.max() ?? 0
        for difference in differences {
            let name = DisplayText.padded(difference.name, to: width)
            switch (difference.before, difference.after) {
            case (let before?, let after?): lines.append("  \(ink.yellow("~")) \(name)  \(before) -> \(after)")
            case (nil, let after?): lines.append("  \(ink.green("+")) \(name)  \(after)")
            case (let before?, nil): lines.append("  \(ink.red("-")) \(name)  \(before)")
            case (nil, nil): break
            }
        }
        let held = Set(change.assignmentsBefore)
        let holds = Set(change.assignments)
        for role in holds.subtracting(held).sorted() { lines.append("  \(ink.green("+")) role \(role.role) (\(role.origin))") }
        for role in held.subtracting(holds).sorted() { lines.append("  \(ink.red("-")) role \(role.role) (\(role.origin))") }
        var facts = Facts()
        facts.add("because", each: change.reasons)
        facts.add("again on", change.due?.description)
        return (lines + facts.lines(ink)).joined(separator: "\n")
    }

    struct AttributeDifference: Equatable {
        let name: String
        let before: String?
        let after: String?
    }

    /// By name, with the status first.
    static func attributeDifferences(_ change: UserChange) -> [AttributeDifference] {
        var differences: [AttributeDifference] = []
        if change.before?.status != change.user.status {
            differences.append(
                AttributeDifference(name: "status", before: change.before?.status.rawValue, after: change.user.status.rawValue))
        }
        let before = change.before?.attributes ?? [:]
        for name in Set(before.keys).union(change.user.attributes.keys).sorted() where before[name] != change.user.attributes[name] {
            differences.append(
                AttributeDifference(
                    name: name, before: before[name].map { text($0, of: name) },
                    after: change.user.attributes[name].map { text($0, of: name) }))
        }
        return differences
    }

    static func text(_ value: UserValue, of attribute: String) -> String {
        DisplayText.visible(MaskedAttributes.shown(value, of: attribute))
    }
}
