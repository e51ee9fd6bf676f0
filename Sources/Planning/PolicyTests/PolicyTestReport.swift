internal import IdentityModel

/// What came of the tests of all policy maps that were to be tested.
package struct PolicyTestReport: Sendable {
    package struct Suite: Sendable {
        package let map: PolicyMap
        /// Where the tests stand, or should.
        package let place: String
        /// False: no tests stand beside the map.
        package let isThere: Bool
        package private(set) var results: [PolicyTestResult]
        package let coverage: MapCoverage

        /// Runs the tests; `place` is that of a file which may not be there.
        package init(_ tests: [PolicyTest], of map: PolicyMap, in place: String, isThere: Bool, _ configuration: Configuration) {
            let run = PolicyTestRun(configuration: configuration, map: map)
            self.map = map
            self.place = place
            self.isThere = isThere
            results = tests.map(run.run)
            coverage = run.coverage
        }

        /// The same tests, of which more is known.
        package func with(_ results: [PolicyTestResult]) -> Suite {
            var suite = self
            suite.results = results
            return suite
        }
    }

    package let suites: [Suite]
    package init(suites: [Suite]) { self.suites = suites }

    package var count: Int { suites.reduce(0) { $0 + $1.results.count } }
    package var failed: Int { suites.reduce(0) { $0 + $1.results.count { !$0.hasPassed } } }
}

extension PolicyTestResult.Mismatch {
    /// What is not as expected, in words: `operation`, or the attribute's name.
    package var title: String {
        switch subject {
        case .operation: "operation"
        case .memberships: "memberships"
        case .changes: "changes"
        case .requests: "requests"
        case .error: "error"
        case .account: "account"
        case .attribute(let name): name
        }
    }

    /// The values of passwords are dots everywhere, and so is how they came about.
    package var shown: (expected: String, actual: String, trace: [TracedExpression]) {
        guard case .attribute(let name) = subject, MaskedAttributes.contains(name) else { return (expected, actual, trace) }
        return (SensitiveAttributes.dots, SensitiveAttributes.dots, [])
    }
}
