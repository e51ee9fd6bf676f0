import IdentityModel
import Pages
import Planning
import Provisioning

extension Explanation {
    func text(_ ink: Ink) -> String {
        var lines = [headline(ink)]
        if let plan = person.plan { lines.append(ink.yellow("as plan \(PlanText.number(plan)) would have it; it is not applied yet")) }
        lines += section("row", rows, ink) + section("user", inputLines, ink) + section("roles", grantLines, ink)
        if let asked = attributes.first, attribute != nil {
            lines += section("rule", ruleLines(asked, ink), ink) + section("names", candidateLines(asked), ink)
        } else {
            lines += section("attributes", attributeLines, ink)
        }
        lines += section("account", accountLines, ink)
        lines += section("last order", orderLines, ink)
        lines += section("event", event.map { ["\($0.trackingNumber): \(DisplayText.count($0.count, "event")) so far"] } ?? [], ink)
        return lines.joined(separator: "\n")
    }

    private func headline(_ ink: Ink) -> String {
        let user = person.user
        let name = user.displayName == user.key.text ? "" : " " + DisplayText.visible(user.displayName)
        let head = ink.bold("\(DisplayText.visible(user.key.text))\(name) on \(system)") + " (\(user.status.rawValue))"
        guard attribute != nil, let asked = attributes.first else { return head }
        return head + ": \(asked.name) = " + (asked.values.isEmpty ? "no value" : PlanText.text(asked.values, of: asked.name))
    }

    /// The title stands before the first line.
    private func section(_ title: String, _ content: [String], _ ink: Ink) -> [String] {
        content.enumerated().map { index, line in
            (index == 0 ? ink.dim(DisplayText.padded(title, to: 12)) : DisplayText.spaces(12)) + line
        }
    }

    private var rows: [String] {
        person.claims.map { claim in
            "\(claim.position) (source \(claim.source), key \(claim.key)\(claim.presence.words))"
        }
    }

    private var inputLines: [String] {
        var table = Table([Table.Column("name"), Table.Column("value"), Table.Column("expression"), Table.Column("position")], indent: 0)
        for input in inputs {
            table.add([input.name, input.value, DisplayText.oneLine(input.expression), input.position?.description ?? ""])
        }
        return Array(table.takeLines().dropFirst())
    }

    private var grantLines: [String] {
        var lines = isEntitled ? [] : ["none gives an account on \(system)" + (grants.isEmpty ? "" : "; these would:")]
        for grant in grants {
            let origin = grant.origin.map { grant.rule == nil ? " (\($0))" : "" } ?? ""
            lines.append("\(grant.role)\(origin), \(grant.position)")
            if let rule = grant.rule {
                lines.append("  rule \(rule.name), \(rule.position): \(DisplayText.oneLine(rule.condition)): \(rule.verdict)")
                lines += TracedExpression.lines(rule.parts, indent: 6)
            }
            lines += grant.groups.map { "  + \(DisplayText.visible($0))" }
        }
        return lines
    }

    private func ruleLines(_ asked: Attribute, _ ink: Ink) -> [String] {
        var lines = ["\(asked.position)" + (asked.settings.isEmpty ? "" : " (\(asked.settings))"), DisplayText.visible(asked.outcome)]
        if let written = asked.written {
            lines.append("last written: " + (written.isEmpty ? "no value" : PlanText.text(written, of: asked.name)))
        }
        for step in asked.steps { lines += step.lines(ink) }
        return lines
    }

    private func candidateLines(_ asked: Attribute) -> [String] {
        var table = Table([Table.Column("name"), Table.Column("fate")], indent: 0)
        for candidate in asked.candidates {
            let fate =
                candidate.isChosen
                ? "chosen" : candidate.holder.map { "held by \($0)" } ?? "held by no user: taken on the system then, or free again since"
            table.add([candidate.value, fate])
        }
        return Array(table.takeLines().dropFirst())
    }

    private var attributeLines: [String] {
        var table = Table([Table.Column("name"), Table.Column("value"), Table.Column("outcome"), Table.Column("position")], indent: 0)
        for attribute in attributes {
            table.add([
                attribute.name, PlanText.text(attribute.values, of: attribute.name), attribute.outcome, attribute.position.description,
            ])
        }
        return Array(table.takeLines().dropFirst())
    }

    private var accountLines: [String] {
        guard let account else { return ["none that we know of"] }
        let since = account.deprovisionedAt.map { " since \($0)" } ?? ""
        return ["\(account.state.rawValue)\(since)"]
            + [account.name?.text, account.id.map { "id \($0)" }].compactMap { $0.map(DisplayText.visible) }
    }

    private var orderLines: [String] {
        guard let (ordinal, order) = order else { return ["none"] }
        return PlanText.order(order, ordinal: ordinal, ink: .plain).split(separator: "\n", omittingEmptySubsequences: false).map(
            String.init)
    }
}
