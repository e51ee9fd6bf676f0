import IdentityModel
import Pages
import Planning

extension PlanText {
    /// One order: what is done to which account, every value before and after, why, and what came of it. `ordinal` is its plan's number.
    static func order(_ order: ProvisioningOrder, ordinal: Int?, ink: Ink = .standardOutput) -> String {
        var lines = [header(order, ordinal, ink)]
        lines += name(order)
        lines += requests(order, ink)
        var facts = Facts()
        facts.add("because", each: order.reasons)
        facts.add("warning", each: order.warnings)
        if let failure = order.failure { add(failure, of: order, to: &facts) }
        if let notBefore = order.notBefore { facts.add("again", "not before \(notBefore)") }
        return (lines + facts.lines(least: 7, ink)).joined(separator: "\n")
    }

    /// An order that belongs to no plan: what would be done to the account, and why.
    static func proposal(_ order: ProvisioningOrder, ink: Ink) -> String {
        var facts = Facts()
        facts.add("because", each: order.reasons.filter { !$0.hasPrefix("planned again") })
        facts.add("warning", each: order.warnings)
        if let failure = order.failure { add(failure, of: order, to: &facts) }
        let lines = [ink.bold("\(order.operation.rawValue) \(order.system)")] + name(order) + requests(order, ink)
        return (lines + facts.lines(least: 7, ink)).joined(separator: "\n")
    }

    /// `title, manager, +1 -2 memberships`: what the order touches, in one line.
    static func digest(_ order: ProvisioningOrder) -> String {
        if let failure = order.failure { return DisplayText.visible(failure.description) }
        var parts: [String] = []
        if order.renames { parts.append("new name") }
        let attributes = order.requests.filter { $0.kind == .attribute }.map(\.name)
        switch order.operation {
        case .create: parts.append(order.nameAfter?.text ?? DisplayText.count(attributes.count, "attribute"))
        case .modify, .enable, .disable, .unlock, .delete: parts += attributes
        }
        let memberships = order.requests.filter { $0.kind == .membership }
        let added = memberships.filter { $0.operation != .remove }.count
        let removed = memberships.count - added
        if !memberships.isEmpty {
            let counts = [added > 0 ? "+\(added)" : nil, removed > 0 ? "-\(removed)" : nil].compactMap { $0 }.joined(separator: " ")
            parts.append("\(counts) membership\(memberships.count == 1 ? "" : "s")")
        }
        return parts.isEmpty ? order.nameBefore?.text ?? "" : parts.joined(separator: ", ")
    }

    /// Before its plan is applied an order is planned even when it is known that it cannot be sent.
    static func label(_ order: ProvisioningOrder) -> String {
        order.state == .planned && order.failure != nil ? OrderState.evaluationFailed.label : order.state.label
    }

    private static func header(_ order: ProvisioningOrder, _ ordinal: Int?, _ ink: Ink) -> String {
        let who = order.userName == order.userKey.text ? order.userName : "\(order.userKey) \(order.userName)"
        let title = "\(PlanPage.number(order, ordinal)) \(order.operation.rawValue) \(order.system) \(DisplayText.visible(who))"
        var notes = [order.change.rawValue]
        switch order.state {
        case .planned: if order.failure != nil { notes.append(ink.red(label(order))) }
        case .errored, .evaluationFailed, .withdrawn: notes.append(ink.red(label(order)))
        case .executed, .verified: notes.append(ink.green(label(order)))
        case .pending, .transmitted, .awaitingApproval: notes.append(ink.yellow(label(order)))
        }
        if order.attempts > 1 { notes.append("\(order.attempts) attempts") }
        return ink.bold(title) + " (" + notes.joined(separator: ", ") + ")"
    }

    private static func name(_ order: ProvisioningOrder) -> [String] {
        if order.renames, let before = order.nameBefore, let after = order.nameAfter {
            return ["  rename   \(DisplayText.visible(before.text))", "        -> \(DisplayText.visible(after.text))"]
        }
        return (order.nameAfter ?? order.nameBefore).map { ["  account  \(DisplayText.visible($0.text))"] } ?? []
    }

    private static func requests(_ order: ProvisioningOrder, _ ink: Ink) -> [String] {
        let width = order.requests.map { DisplayText.width($0.name) }.max() ?? 0
        return order.requests.flatMap { request -> [String] in
            let name = DisplayText.padded(request.name, to: width)
            let margin = DisplayText.spaces(width + 6)
            switch request.outcome {
            case .open, .done: return ["  \(mark(request, ink)) \(name)  \(values(request))"]
            case .deferred(let why):
                return ["  \(mark(request, ink)) \(name)  \(values(request))", margin + "sent later: \(DisplayText.visible(why))"]
            case .failed(let failure):
                return [
                    "  \(mark(request, ink)) \(name)  \(values(request))",
                    margin + ink.red("failed: ") + DisplayText.visible(failure.description),
                ]
            }
        }
    }

    private static func mark(_ request: AttributeRequest, _ ink: Ink) -> String {
        if request.after.isEmpty { return ink.red("-") }
        return request.before.isEmpty ? ink.green("+") : ink.yellow("~")
    }

    /// `Analyst -> Manager`, or the values that are added or taken away.
    private static func values(_ request: AttributeRequest) -> String {
        let before = text(request.shownBefore, of: request.name)
        let after = text(request.shownAfter, of: request.name)
        if request.after.isEmpty { return before }
        guard !request.before.isEmpty else {
            return request.after.count == 1 && !isMasked(request) ? DisplayText.visible(request.after[0].text) : after
        }
        return "\(before) -> \(request.operation == .add ? "\(before) | \(after)" : after)"
    }

    private static func isMasked(_ request: AttributeRequest) -> Bool { request.isSensitive || MaskedAttributes.contains(request.name) }

    /// Several values stand side by side, divided as no name in a directory is; a reference reads `account of E0042`.
    static func text(_ values: [AccountValue], of attribute: String) -> String {
        MaskedAttributes.shown(values, of: attribute).map { value in
            switch value {
            case .text, .digest: DisplayText.visible(value.text)
            case .reference(let user): "account of \(DisplayText.visible(user.description))"
            }
        }.joined(separator: " | ")
    }

    private static func add(_ failure: ConnectorFailure, of order: ProvisioningOrder, to facts: inout Facts) {
        let label = order.state == .pending ? "so far" : "failed"
        facts.add(label, (failure.attribute.map { "\($0): " } ?? "") + failure.message)
        facts.add("server", failure.serverText)
    }
}
