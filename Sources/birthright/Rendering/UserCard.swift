import IdentityModel
import Pages
import Provisioning

extension UserCard {
    func text(_ ink: Ink) -> String {
        let user = person.user
        let name = user.displayName == user.key.text ? "" : " " + DisplayText.visible(user.displayName)
        var lines = [ink.bold(DisplayText.visible(user.key.text) + name) + " (\(user.status.rawValue))"]
        if let plan = person.plan { lines.append(ink.yellow("as plan \(PlanText.number(plan)) would have them; it is not applied yet")) }
        lines += rows(ink) + attributes(ink) + roles(ink)
        for account in person.accounts { lines += [""] + self.account(account, ink) }
        if person.accounts.isEmpty { lines += ["", "  no account"] }
        if !open.isEmpty { lines += ["", "  " + ink.dim("open orders")] + orders }
        return lines.joined(separator: "\n")
    }

    private func rows(_ ink: Ink) -> [String] {
        var facts = Facts()
        for claim in person.claims {
            let gone = claim.presence.words
            facts.add("row", "\(claim.position) (source \(claim.source), key \(claim.key)\(gone))")
        }
        return facts.lines(ink)
    }

    private func attributes(_ ink: Ink) -> [String] {
        var table = Table([Table.Column("attribute"), Table.Column("value"), Table.Column("from")])
        for (name, value) in person.user.attributes.sorted(by: { $0.key < $1.key }) {
            table.add([name, PlanText.text(value, of: name), positions[name]?.description ?? ""])
        }
        return table.isEmpty ? [] : [""] + table.takeLines(ink)
    }

    private func roles(_ ink: Ink) -> [String] {
        guard !person.assignments.isEmpty else { return ["", "  no role"] }
        var table = Table([Table.Column("role"), Table.Column("because of")])
        for assignment in person.assignments.sorted() { table.add([assignment.role.text, assignment.origin.description]) }
        return [""] + table.takeLines(ink)
    }

    private func account(_ account: Account, _ ink: Ink) -> [String] {
        let since = account.deprovisionedAt.map { " since \($0)" } ?? ""
        var facts = Facts()
        facts.add("name", account.name?.text)
        facts.add("id", account.id?.text)
        for (name, values) in account.written.sorted(by: { $0.key < $1.key }) { facts.add(name, PlanText.text(values, of: name)) }
        facts.add("memberships", each: account.memberships.sorted())
        return ["  \(ink.dim("account on")) \(account.system): \(account.state.rawValue)\(since)"] + facts.lines(indent: 4, ink)
    }

    private var orders: [String] {
        open.map { ordinal, order in
            "    \(PlanPage.number(order, ordinal)) \(PlanText.label(order)): \(order.operation.rawValue) \(order.system): \(PlanText.digest(order))"
        }
    }
}

extension SourceClaim.Presence {
    /// Behind a claim, for people.
    var words: String {
        switch self {
        case .present: ""
        case .gone: ", gone since"
        case .forgotten: ", renumbered since"
        }
    }
}
