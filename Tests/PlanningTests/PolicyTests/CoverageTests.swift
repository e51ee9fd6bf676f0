import IdentityModel
import Kinds
import Planning
import PolicyFiles
import Testing

@Suite("Coverage of a policy map by its tests")
struct CoverageTests {
    private static let files: [String: String] = [
        "birthright.yaml": "store: { sqlite: s }\nsources: {}\n",
        "Roles.yaml": "roles:\n  R: { entitlements: [ { system: D, groups: [] } ] }\n",
        "Rules.yaml": "rules:\n  all: { when: \"true\", roles: [R] }\n",
        "PolicyMaps/d.yaml": """
        managedSystem: D
        connector: { type: ldap, url: ldap://127.0.0.1 }
        correlation: [ number ]
        accountName: dn
        let:
          folder: |-
            account.enabled
              ? user.?department.orValue("none")
              : "gone"
        attributes:
          number: user.employeeId
          dn: '"cn=" + user.employeeId + "," + folder'
          title: { value: 'user.?title.optMap(t, ''the '' + t)', when: 'user.?country.orValue("") == "NO"' }
          mobile: { value: 'user.?mobile.optMap(m, phone.e164(m, "XX"))', onError: skip }
          classes: ["a", "b"]
          login:
            unique: { candidates: ['user.lastName', 'user.lastName + "2"', { for: { n: [3, 9] }, value: 'user.lastName + string(n)' }] }
        """,
    ]

    private func coverage(_ tests: String) throws -> (coverage: MapCoverage, passed: [Bool]) {
        var files = CoverageTests.files
        files["PolicyMaps/d.tests.yaml"] = tests
        let configurationFiles = ConfigurationFiles(files: files.mapValues { Array($0.utf8) }, kinds: Kinds.all)
        let loaded = ConfigurationLoader.load(configurationFiles)
        let configuration = try #require(loaded.configuration, "\(loaded.diagnostics)")
        let (suites, diagnostics) = PolicyTestLoader.load(configurationFiles, configuration)
        #expect(diagnostics.map(\.description) == [])
        let run = PolicyTestRun(configuration: configuration, map: configuration.policyMaps[0])
        let results = try #require(suites.first).tests.map(run.run)
        return (run.coverage, results.map(\.hasPassed))
    }

    private static let start = """
        defaults: { person: x, date: 2026-03-02 }
        people: { x: { employeeId: E1, lastName: Berg, country: SE } }
        tests:

        """

    @Test("what no test takes is named with its place in the file, and what follows from it is not named")
    func neverTaken() throws {
        let (coverage, passed) = try coverage(CoverageTests.start + "  one: { expect: { attributes: { login: Berg, title: left alone } } }")
        #expect(passed == [true])
        #expect(
            coverage.neverTaken.map { "\($0.branch.position): \($0.rule.name): \($0.branch.words): \($0.branch.source)" } == [
                #"PolicyMaps/d.yaml:8:9: folder: never has a value: user.?department"#,
                #"PolicyMaps/d.yaml:9:9: folder: what stands behind ':' is never taken: "gone""#,
                #"PolicyMaps/d.yaml:13:65: title: is never true: user.?country.orValue("") == "NO""#,
                #"PolicyMaps/d.yaml:13:87: title: the default is never taken: """#,
                #"PolicyMaps/d.yaml:13:20: title: is never none: user.?title"#,
                #"PolicyMaps/d.yaml:13:42: title: is never reached: there is no value: 'the ' + t"#,
                #"PolicyMaps/d.yaml:14:44: mobile: is never reached: there is no value: phone.e164(m, "XX")"#,
                #"PolicyMaps/d.yaml:14:3: mobile: has no error that 'onError: skip' skips: mobile"#,
                #"PolicyMaps/d.yaml:17:46: login: is never the name that is chosen: user.lastName + "2""#,
                #"PolicyMaps/d.yaml:17:98: login: is never the name that is chosen: user.lastName + string(n)"#,
            ])
        #expect(coverage.tests == 1)
    }

    @Test("tests that go every way reach every branch, and the counts say how often")
    func everything() throws {
        let (coverage, passed) = try coverage(
            CoverageTests.start + """
                  one: { expect: { operation: Create } }
                  Norway: { given: { country: NO, title: Boss, department: HR, mobile: "1" }, taken: { login: [berg] }, expect: { attributes: { title: the Boss, login: Berg2, mobile: left alone } } }
                  nowhere: { given: { country: none }, taken: { login: { store: [Berg, berg2] } }, expect: { attributes: { login: Berg3 } } }
                  no title: { given: { country: NO }, expect: { attributes: { title: none } } }
                  gone: { account: enabled, given: { status: terminated }, expect: { operation: Delete } }
                """)
        #expect(passed == [true, true, true, true, true])
        #expect(coverage.neverTaken.map(\.branch.words) == [])
        #expect(coverage.takenCount == coverage.branchCount)
        let title = try #require(coverage.rules.first { $0.name == "title" })
        #expect([title.evaluated, title.kept, title.leftAlone, title.failed] == [2, 0, 3, 0])
        let login = try #require(coverage.rules.first { $0.name == "login" })
        #expect([login.evaluated, login.kept] == [4, 1])
        #expect(login.branches.map(\.tests) == [2, 1, 1])
    }

    @Test("a failing test still counts for what it reached, a refused one for nothing")
    func failing() throws {
        let (coverage, passed) = try coverage(
            CoverageTests.start + """
                  wrong: { expect: { attributes: { login: Dahl } } }
                  no role: { roles: [], expect: { attributes: { login: Berg } } }
                  no name: { given: { lastName: none }, expect: { operation: Create } }
                """)
        #expect(passed == [false, false, false])
        let login = try #require(coverage.rules.first { $0.name == "login" })
        #expect([login.evaluated, login.failed] == [1, 1])
        #expect(coverage.tests == 3)
    }

    @Test("a report counts tests and failures over its maps, and shows what is not as expected by its name")
    func report() throws {
        var files = CoverageTests.files
        files["PolicyMaps/d.tests.yaml"] =
            CoverageTests.start + """
                      right: { expect: { attributes: { login: Berg } } }
                      wrong: { expect: { operation: Delete, attributes: { login: Dahl } } }
                """
        let configurationFiles = ConfigurationFiles(files: files.mapValues { Array($0.utf8) }, kinds: Kinds.all)
        let configuration = try #require(ConfigurationLoader.load(configurationFiles).configuration)
        let tests = try #require(PolicyTestLoader.load(configurationFiles, configuration).suites.first).tests
        let map = configuration.policyMaps[0]
        let suite = PolicyTestReport.Suite(tests, of: map, in: "PolicyMaps/d.tests.yaml", isThere: true, configuration)
        let empty = PolicyTestReport.Suite([], of: map, in: "nowhere", isThere: false, configuration)
        let report = PolicyTestReport(suites: [suite, empty])
        #expect(report.count == 2 && report.failed == 1)
        let wrong = try #require(suite.results.last).mismatches
        #expect(Set(wrong.map(\.title)) == ["operation", "login"])
        let login = try #require(wrong.first { $0.title == "login" })
        #expect(login.shown.expected.contains("Dahl") && login.shown.actual.contains("Berg") && !login.shown.trace.isEmpty)
        MaskedAttributes.$configured.withValue(["login"]) {
            #expect(login.shown.expected == login.shown.actual && login.shown.trace.isEmpty)
        }
    }
}
