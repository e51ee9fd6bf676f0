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

    private static func notes(_ summary: ApplySummary, _ plan: Plan, _ ink: Ink) -> [String] {
        var lines: [String] = []
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
