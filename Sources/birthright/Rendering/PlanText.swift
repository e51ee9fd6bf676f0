import IdentityModel
import Pages
import Planning
import Provisioning

/// Plans, orders and what came of them, as text for people. Pure: equal values have equal texts.
enum PlanText {
    /// What a plan would do, and what a person has to do next when a guard holds it. `report` adds the file and the format that was found.
    static func summary(plan: Plan, report: PlanReport?, ink: Ink = .standardOutput) -> String {
        var lines = [ink.bold("Plan \(number(plan)) of \(words(plan.origin)) for \(plan.asOf)") + ": " + state(plan, ink)]
        var facts = Facts()
        facts.add("file", report?.file)
        facts.add("format", report?.format)
        facts.add("rows", rows(plan))
        facts.add("people", people(plan.totals))
        facts.add("orders", orders(plan))
        facts.add("seal", plan.seal.map { String($0.prefix(12)) })
        lines += facts.lines(ink)
        lines += effects(plan.totals, ink)
        lines += warnings(plan, report, ink)
        lines += held(plan, ink)
        return lines.joined(separator: "\n")
    }

    /// What to do with a plan that waits and is not held; nil for any other. Held ones say it in their summary.
    static func nextStep(_ plan: Plan) -> String? {
        guard plan.state == .ready || plan.state == .approved else { return nil }
        if plan.totals.orders == 0 && plan.totals.changes.isEmpty { return nil }
        return "Carry it out:  birthright apply \(number(plan))"
    }

    /// Why a file was refused, and how to take it all the same.
    static func breaches(_ report: PlanReport, source: SourceName? = nil, ink: Ink = .standardOutput) -> String {
        if report.breaches.contains(where: { $0.check == .removed }) { return removed(report, ink) }
        var lines = [ink.red("Held by the file contract") + ": \(report.file ?? "the file") is not planned, nothing is written"]
        var facts = Facts()
        for breach in report.breaches { facts.add(breach.check.rawValue, breach.message) }
        lines += facts.lines()
        if report.breaches.contains(where: { $0.check == .columns }) {
            lines.append("A missing column cannot be accepted: correct the file, or the contract and the expressions that read the column.")
        } else {
            let broken = ContractBreach.Check.allCases.filter { check in report.breaches.contains { $0.check == check } }
            let options = broken.map { "--accept \($0.rawValue)" }.joined(separator: " ")
            let file = report.isHandPicked ? report.file.map { " --file \($0)" } ?? "" : ""
            lines.append("If the file is right:  birthright plan \(source?.text ?? "SOURCE")\(file) \(options) --reason \"...\"")
        }
        return lines.joined(separator: "\n")
    }

    /// Sources or systems that people are known from left the configuration: nothing is planned before somebody says that it is meant.
    private static func removed(_ report: PlanReport, _ ink: Ink) -> String {
        var lines = [ink.red("Held by the configuration") + ": nothing is planned, nothing is written"]
        var facts = Facts()
        for breach in report.breaches { facts.add(breach.check.rawValue, breach.message) }
        lines += facts.lines()
        lines.append("If it is meant:  birthright sync --due --accept removed --reason \"...\"")
        return lines.joined(separator: "\n")
    }

    /// A file or a day of which nothing comes: there is no plan.
    static func nothing(_ looked: Plan, report: PlanReport, ink: Ink = .standardOutput) -> String {
        var lines = [ink.bold("Nothing to plan for \(words(looked.origin)) on \(looked.asOf)")]
        var facts = Facts()
        facts.add("file", report.file)
        facts.add("format", report.format)
        facts.add("rows", rows(looked))
        lines += facts.lines(ink)
        lines += warnings(looked, report, ink)
        return lines.joined(separator: "\n")
    }

    // MARK: Parts

    static func number(_ plan: Plan) -> String { plan.ordinal.map(String.init) ?? "-" }

    static func words(_ origin: Origin) -> String {
        switch origin {
        case .source(let name): "source \(name)"
        case .due: "due dates"
        case .command(let command): "command \(command)"
        }
    }

    /// The command that plans this origin.
    static func planCommand(_ origin: Origin) -> String {
        switch origin {
        case .source(let name): "birthright plan \(name)"
        case .due: "birthright sync --due"
        case .command(let command): "birthright \(command)"
        }
    }

    static func words(_ state: PlanState) -> String {
        switch state {
        case .open: "not finished"
        case .ready: "ready to be applied"
        case .held: "held by a guard"
        case .approved: "approved, ready to be applied"
        case .rejected: "rejected"
        case .superseded: "superseded by a newer plan"
        case .applying: "being applied"
        case .applied: "applied"
        case .abandoned: "abandoned"
        case .discarded: "discarded"
        }
    }

    private static func state(_ plan: Plan, _ ink: Ink) -> String {
        switch plan.state {
        case .held: ink.red(words(plan.state))
        case .ready, .approved, .applied: ink.green(words(plan.state))
        case .open, .rejected, .superseded, .applying, .abandoned, .discarded: ink.yellow(words(plan.state))
        }
    }

    private static func rows(_ plan: Plan) -> String? {
        guard case .source = plan.origin else { return nil }
        let totals = plan.totals
        var text = "\(DisplayText.count(totals.rowsRead)) read, \(DisplayText.count(totals.rowsUnchanged)) unchanged"
        if totals.rowsQuarantined > 0 {
            text += ", \(DisplayText.count(totals.rowsQuarantined)) quarantined (\(quarantineCommand(plan)))"
        }
        return text
    }

    /// What was set aside without a plan is accepted, and listed with all others.
    private static func quarantineCommand(_ plan: Plan) -> String {
        "birthright quarantine list" + (plan.ordinal.map { " --plan \($0)" } ?? "")
    }

    private static func people(_ totals: PlanTotals) -> String {
        let parts = LifecycleChange.allCases.compactMap { change -> String? in
            guard let count = totals.changes[change], count > 0 else { return nil }
            return change == .unchanged ? DisplayText.count(count) + " planned again" : DisplayText.count(count, change.rawValue)
        }
        return parts.isEmpty ? "nobody changes" : parts.joined(separator: ", ")
    }

    private static func orders(_ plan: Plan) -> String {
        let totals = plan.totals
        guard totals.orders > 0 else { return "none" }
        var text = DisplayText.count(totals.orders)
        if totals.kept > 0 { text += ", of which \(DisplayText.count(totals.kept)) waited already and are kept" }
        guard totals.evaluationsFailed > 0 else { return text }
        return text + ", of which \(DisplayText.count(totals.evaluationsFailed)) cannot be sent"
            + " (birthright orders list --plan \(number(plan)) --state error)"
    }

    /// The effects that a table has columns for: those that nearly every plan has, and those that this one has.
    static func columns(_ counts: some Sequence<[Effect: Int]>) -> [Effect] {
        let common: Set<Effect> = [.create, .modify, .rename, .disable, .delete, .removeAccess]
        let counts = Array(counts)
        return PlanPage.effectOrder.filter { effect in common.contains(effect) || counts.contains { ($0[effect] ?? 0) > 0 } }
    }

    static func word(_ effect: Effect) -> String {
        switch effect {
        case .removeAccess: "remove access"
        case .create, .modify, .rename, .disable, .delete, .enable, .adopt, .recreate, .dereference: effect.rawValue
        }
    }

    private static func effects(_ totals: PlanTotals, _ ink: Ink) -> [String] {
        guard !totals.effects.isEmpty else { return [] }
        let columns = columns(totals.effects.values)
        var table = Table([Table.Column("system")] + columns.map { Table.Column(word($0), isNumber: true) })
        for (system, counts) in totals.effects.sorted(by: { $0.key < $1.key }) {
            table.add([system.text] + columns.map { DisplayText.count(counts[$0] ?? 0) })
        }
        return [""] + table.takeLines(ink)
    }

    private static func warnings(_ plan: Plan, _ report: PlanReport?, _ ink: Ink) -> [String] {
        let all = plan.warnings + (report?.warnings ?? []).filter { !plan.warnings.contains($0) } + leftAside(report)
        guard !all.isEmpty else { return [] }
        return [""] + all.map { ink.yellow("warning: ") + DisplayText.visible($0) }
    }

    private static func leftAside(_ report: PlanReport?) -> [String] {
        guard let report else { return [] }
        var lines = report.leftAside.sorted { $0.key < $1.key }.map { system, left in
            let accounts = left.accounts > 0 ? ", \(DisplayText.count(left.accounts, "account")) not planned" : ""
            return "\(system) is left aside\(accounts): \(left.reason)"
        }
        if report.approvedElsewhere > 0 {
            let people = DisplayText.count(report.approvedElsewhere, "person", "people")
            lines.append("\(people) left to an approved plan of another origin that has not started (birthright plans list)")
        }
        return lines
    }

    private static func held(_ plan: Plan, _ ink: Ink) -> [String] {
        guard plan.state == .held else { return [] }
        var lines = ["", ink.red("Held by a guard, nothing is written:")]
        lines += plan.verdicts.map { "  " + words($0) }
        var facts = Facts()
        facts.add("Look closer:", "birthright orders list --plan \(number(plan))")
        facts.add("If it is right:", "birthright plans approve \(number(plan)) --reason \"...\"")
        facts.add("If it is wrong:", "birthright plans reject \(number(plan)) --reason \"...\"")
        return lines + facts.lines(indent: 0)
    }

    /// `Corp Directory: would disable 26 accounts: 8.2 % of 314 enabled accounts, more than 5 % allowed`.
    static func words(_ verdict: GuardVerdict) -> String {
        switch verdict.subject {
        case .effect(let effect, let system):
            "\(system): would \(deed(effect)) \(DisplayText.count(verdict.count, "account")): \(verdict.limit)"
        case .quarantinedRows: "\(DisplayText.count(verdict.count, "row")) would be set aside anew: \(verdict.limit)"
        case .failedEvaluations: "\(DisplayText.count(verdict.count, "account")) newly cannot be computed: \(verdict.limit)"
        case .abandoned: "plan \(verdict.count) was abandoned: \(verdict.limit)"
        }
    }

    private static func deed(_ effect: Effect) -> String {
        switch effect {
        case .removeAccess: "take access from"
        case .dereference: "take references out of"
        case .create, .modify, .rename, .disable, .delete, .enable, .adopt, .recreate: effect.rawValue
        }
    }
}
