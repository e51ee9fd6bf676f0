package import IdentityModel
package import Planning

extension PolicyTestReport {
    /// Every member is always there, in a fixed order; `coverage` is null unless it is asked for.
    package func page(withCoverage: Bool) -> JSON {
        .object([
            JSON.Member("tests", PlanPage.number(count)), JSON.Member("failed", PlanPage.number(failed)),
            JSON.Member("systems", .array(suites.map { PolicyTestPage.suite($0, withCoverage) })),
        ])
    }
}

private enum PolicyTestPage {
    static func suite(_ suite: PolicyTestReport.Suite, _ withCoverage: Bool) -> JSON {
        .object([
            JSON.Member("system", .string(suite.map.system.text)), JSON.Member("policyMap", .string(suite.map.file)),
            JSON.Member("file", PlanPage.text(suite.isThere ? suite.place : nil)),
            JSON.Member("results", .array(suite.results.map(result))),
            JSON.Member("coverage", withCoverage ? coverage(suite.coverage) : .null),
        ])
    }

    private static func result(_ result: PolicyTestResult) -> JSON {
        .object([
            JSON.Member("name", .string(result.test.name)), JSON.Member("line", PlanPage.number(result.test.position.line)),
            JSON.Member("passed", .bool(result.hasPassed)), JSON.Member("mismatches", .array(result.mismatches.map(mismatch))),
        ])
    }

    private static func mismatch(_ mismatch: PolicyTestResult.Mismatch) -> JSON {
        let shown = mismatch.shown
        return .object([
            JSON.Member("subject", .string(mismatch.title)), JSON.Member("expected", .string(shown.expected)),
            JSON.Member("actual", .string(shown.actual)), JSON.Member("position", .string(mismatch.position.description)),
            JSON.Member("notes", .strings(mismatch.notes)), JSON.Member("trace", .array(shown.trace.map(\.page))),
        ])
    }

    private static func coverage(_ coverage: MapCoverage) -> JSON {
        .object([
            JSON.Member("branches", PlanPage.number(coverage.branchCount)), JSON.Member("taken", PlanPage.number(coverage.takenCount)),
            JSON.Member("rules", .array(coverage.rules.map(rule))),
        ])
    }

    private static func rule(_ rule: MapCoverage.Rule) -> JSON {
        .object([
            JSON.Member("name", .string(rule.name)), JSON.Member("kind", .string(rule.kind.rawValue)),
            JSON.Member("position", .string(rule.position.description)), JSON.Member("evaluated", PlanPage.number(rule.evaluated)),
            JSON.Member("kept", PlanPage.number(rule.kept)), JSON.Member("leftAlone", PlanPage.number(rule.leftAlone)),
            JSON.Member("failed", PlanPage.number(rule.failed)), JSON.Member("branches", .array(rule.branches.map(branch))),
        ])
    }

    private static func branch(_ branch: MapCoverage.Branch) -> JSON {
        .object([
            JSON.Member("position", .string(branch.position.description)), JSON.Member("source", .string(branch.source)),
            JSON.Member("whenNeverTaken", .string(branch.words)), JSON.Member("tests", PlanPage.number(branch.tests)),
        ])
    }
}
