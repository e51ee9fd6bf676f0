import CEL
import IdentityModel
import Planning
import Provisioning

extension ExpressionTrial.Outcome {
    func text(_ ink: Ink) -> String {
        var facts = Facts()
        let error = tried.error
        facts.add(error == nil ? "value" : "failed", error == nil ? "\(tried.step.value) (\(tried.type))" : error?.message)
        if system != nil, let values = tried.value.map({ $0.accountValues(flags) }) { facts.add("sent as", sent(values)) }
        facts.add("user", who)
        if let plan = person.plan { facts.add("", "as plan \(PlanText.number(plan)) would have them; it is not applied yet") }
        if let system, let isEnabled { facts.add("account", "on \(system), account.enabled is \(isEnabled)") }
        var lines = facts.lines(indent: 0, least: 7, ink)
        let steps = (steps + [tried.step]).filter { !$0.parts.isEmpty }
        if !steps.isEmpty { lines.append("") }
        for step in steps { lines += step.lines(ink) }
        return lines.joined(separator: "\n")
    }

    private var who: String {
        let name = NameHolders.person(person.user.key.text, person.user.displayName)
        return "\(name) (\(person.user.status.rawValue)\(isMadeUp ? ", made up" : ""))"
    }

    /// What a system would be sent, were it the value of an attribute.
    private func sent(_ values: [AccountValue]?) -> String {
        guard let values else { return "nothing: no system could hold such a value" }
        return values.isEmpty ? "no value" : values.map(\.text).joined(separator: " | ")
    }
}
