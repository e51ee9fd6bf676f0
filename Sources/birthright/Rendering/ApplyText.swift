import IdentityModel
import Provisioning

extension PlanText {
    /// What came of applying a plan.
    static func applied(_ summary: ApplySummary, plan: Plan, ink: Ink = .standardOutput) -> String {
        let end = summary.isFinished ? ink.green("applied") : ink.yellow("not finished")
        var lines = [ink.bold("Plan \(number(plan))") + ": " + end]
        var table = Table([
            Table.Column("system"), Table.Column("executed", isNumber: true), Table.Column("errored", isNumber: true),
            Table.Column("withdrawn", isNumber: true), Table.Column("waiting", isNumber: true),
        ])
        for (system, counts) in summary.systems.sorted(by: { $0.key < $1.key }) {
            table.add([system.text] + [counts.executed, counts.errored, counts.withdrawn, counts.waiting].map { DisplayText.count($0) })
        }
        if !table.isEmpty { lines += table.takeLines(ink) }
        lines.append("  \(DisplayText.count(summary.events, "event"))")
        return (lines + notes(summary, plan, ink)).joined(separator: "\n")
    }

    private static func leftOut(_ summary: ApplySummary, _ ink: Ink) -> [String] {
        guard !summary.leftOut.isEmpty else { return [] }
        return [ink.yellow("left out, the next run plans them again:")] + summary.leftOut.prefix(10).map { "  " + DisplayText.visible($0) }
            + (summary.leftOut.count > 10 ? ["  and \(DisplayText.count(summary.leftOut.count - 10)) more"] : [])
    }

    private static func notes(_ summary: ApplySummary, _ plan: Plan, _ ink: Ink) -> [String] {
        var lines: [String] = []
        if summary.superseded > 0 {
            lines.append("\(DisplayText.count(summary.superseded, "order")) of older plans withdrawn: superseded by this one")
        }
        if summary.heldBack > 0 {
            lines.append("\(DisplayText.count(summary.heldBack, "order")) not sent while a newer plan or file is held")
        }
        lines += leftOut(summary, ink)
        for (system, counts) in summary.systems.sorted(by: { $0.key < $1.key }) {
            if counts.substituted > 0 {
                lines.append(
                    "\(system): \(DisplayText.count(counts.substituted, "order")) got another name, because the first one was taken there")
            }
            if counts.waiting > 0 {
                let why = counts.outage.map { ": \($0)" } ?? ""
                let wait = counts.waiting == 1 ? "1 order waits" : "\(DisplayText.count(counts.waiting)) orders wait"
                lines.append(ink.yellow("\(system): \(wait)") + DisplayText.visible(why))
            }
        }
        if summary.waiting > 0 { lines.append("Go on when it can be reached:  birthright apply \(number(plan))") }
        if summary.errored + summary.withdrawn > 0 {
            lines.append(ink.red("failed") + ":  birthright orders list --plan \(number(plan)) --state errored --state withdrawn")
        }
        if summary.evaluationsFailed > 0 {
            let accounts = DisplayText.count(summary.evaluationsFailed, "account")
            lines.append(ink.red("\(accounts) could not be computed") + ":  birthright orders list --plan \(number(plan)) --state error")
        }
        return lines
    }
}
