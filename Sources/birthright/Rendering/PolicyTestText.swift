import IdentityModel
import Planning

/// Policy tests for people: every test by its name, and what a failing one shows.
enum PolicyTestText {
    static func report(_ report: PolicyTestReport, withCoverage: Bool, _ ink: Ink) -> String {
        var lines: [String] = []
        for suite in report.suites {
            guard suite.isThere else {
                lines.append(ink.yellow("\(suite.map.system): no tests; they belong in \(suite.place)"))
                continue
            }
            guard !suite.results.isEmpty else { continue }
            lines.append(ink.bold(suite.map.system.text) + ink.dim("  \(suite.place)"))
            for result in suite.results { lines += self.lines(result, ink) }
            if withCoverage { lines += [""] + coverage(suite.coverage, ink) + [""] }
        }
        return (lines + [summary(report, ink)]).joined(separator: "\n")
    }

    private static func summary(_ report: PolicyTestReport, _ ink: Ink) -> String {
        let count = DisplayText.count(report.count, "test")
        return report.failed == 0 ? ink.green("\(count), all passed") : ink.red("\(count), \(DisplayText.count(report.failed)) failed")
    }

    private static func lines(_ result: PolicyTestResult, _ ink: Ink) -> [String] {
        let name = DisplayText.visible(result.test.name)
        guard !result.hasPassed else { return ["  \(ink.green("ok"))      \(name)"] }
        return ["  \(ink.red("FAILED"))  \(name)"] + mismatches(result, ink).map { "          " + $0 }
    }

    /// Without a margin, as JUnit's files want it. A step that led to several values is shown with the first of them.
    static func mismatches(_ result: PolicyTestResult, _ ink: Ink) -> [String] {
        var seen: Set<TracedExpression> = []
        return result.mismatches.flatMap { lines($0, &seen, ink) }
    }

    private static func lines(_ mismatch: PolicyTestResult.Mismatch, _ seen: inout Set<TracedExpression>, _ ink: Ink) -> [String] {
        let shown = mismatch.shown
        let trace = shown.trace.filter { seen.insert($0).inserted }
        let head = [
            ink.bold(DisplayText.visible(mismatch.title)) + ink.dim("  \(mismatch.position)"),
            "  expected  \(DisplayText.visible(shown.expected))", "  actual    \(DisplayText.visible(shown.actual))",
        ]
        let notes = mismatch.notes.map { "  " + ink.dim(DisplayText.visible($0)) }
        return head + notes + trace.flatMap { $0.lines(ink) }.map { "    " + $0 }
    }

    // MARK: Coverage

    private static func coverage(_ coverage: MapCoverage, _ ink: Ink) -> [String] {
        var table = Table([
            Table.Column("rule"), Table.Column("evaluated", isNumber: true), Table.Column("kept", isNumber: true),
            Table.Column("left alone", isNumber: true), Table.Column("failed", isNumber: true), Table.Column("branches", isNumber: true),
        ])
        for rule in coverage.rules {
            let name = rule.kind == .define ? "let \(rule.name)" : rule.name
            let counts = [rule.evaluated, rule.kept, rule.leftAlone, rule.failed].map { $0 == 0 ? "-" : DisplayText.count($0) }
            table.add([name] + counts + ["\(rule.taken)/\(rule.branches.count)"])
        }
        var lines = table.takeLines(ink)
        lines.append("  " + percentage(coverage))
        for (rule, branch) in coverage.neverTaken {
            let kind = rule.kind == .define ? "let \(rule.name)" : rule.name
            lines.append("  \(branch.position): \(kind): \(branch.words)")
            lines.append("    " + DisplayText.oneLine(branch.source))
        }
        return lines
    }

    /// Rounded down, so that 100 % means every branch.
    static func percentage(_ coverage: MapCoverage) -> String {
        let tenths = coverage.branchCount == 0 ? 1_000 : coverage.takenCount * 1_000 / coverage.branchCount
        return
            "\(coverage.takenCount) of \(DisplayText.count(coverage.branchCount, "branch", "branches")) taken: \(tenths / 10).\(tenths % 10) %"
    }
}
