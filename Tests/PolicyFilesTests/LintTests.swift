import Planning
import PolicyFiles
import Testing

/// A configuration with one lint in it.
struct Slip: Sendable, CustomTestStringConvertible {
    let lint: Lint
    let company: Company
    let text: String
    var testDescription: String { text.split(separator: "\n").first.map(String.init) ?? "" }

    init(_ lint: Lint, _ company: Company, _ text: String) {
        self.lint = lint
        self.company = company
        self.text = text
    }
}

@Suite("Lints")
struct LintTests {
    private static func rules(_ text: String) -> Company { Company().with("Rules.yaml", "rules:\n" + text + "\n") }
    private static func number(_ expression: String) -> Company { Company().map("number: user.employeeId", "number: " + expression) }
    private static let everybody = "  everybody: { when: \"true\", roles: [Employee] }\n"

    static let slips: [Slip] = conditions + lookUps + candidates + files + roles + connectors + sources

    private static let conditions = [
        Slip(
            .constantCondition, rules("  a: { when: '1 < 2', roles: [Employee] }"),
            """
            Rules.yaml:2:15: warning: the condition is always true, so the rule is for everybody; write "true" to say so [constant-condition]
              a: { when: '1 < 2', roles: [Employee] }
                          ^~~~~
            """),
        Slip(
            .constantCondition, rules("  a:\n    when: user.department == \"x\" && \"a\" in []\n    roles: [Employee]"),
            """
            Rules.yaml:3:11: warning: the condition is always false, so the rule gives its roles to nobody [constant-condition]
                when: user.department == "x" && "a" in []
                      ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
            """),
        Slip(
            .constantCondition, rules("  a: { when: 'false', roles: [Employee] }"),
            """
            Rules.yaml:2:15: warning: the condition is always false, so the rule gives its roles to nobody [constant-condition]
              a: { when: 'false', roles: [Employee] }
                          ^~~~~
            """),
        Slip(
            .constantCondition, rules("  a: { when: \"true\", unless: '[1, 2].exists(x, x > 1)', roles: [Employee] }"),
            """
            Rules.yaml:2:31: warning: the condition is always true, so the rule gives its roles to nobody [constant-condition]
              a: { when: "true", unless: '[1, 2].exists(x, x > 1)', roles: [Employee] }
                                          ^~~~~~~~~~~~~~~~~~~~~~~
            """),
        Slip(
            .constantCondition, rules("  a: { when: \"true\", unless: 'false', roles: [Employee] }"),
            """
            Rules.yaml:2:31: warning: the condition is always false, so it excludes nobody [constant-condition]
              a: { when: "true", unless: 'false', roles: [Employee] }
                                          ^~~~~
            """),
        Slip(
            .constantCondition, rules("  a: { when: 'user.department == \"x\" || !(2 > 1)', roles: [Employee] }"),
            """
            Rules.yaml:2:41: warning: this part of the condition is always false, and changes nothing [constant-condition]
              a: { when: 'user.department == "x" || !(2 > 1)', roles: [Employee] }
                                                    ^~~~~~~~
            """),
        Slip(
            .constantCondition, rules("  a: { when: 'user.department == \"x\" && user.status == \"terminated\"', roles: [Employee] }"),
            """
            Rules.yaml:2:15: warning: the condition is always false, because the rule looks only at users whose status is active or leave, \
            so it gives its roles to nobody; name others under 'statuses' [constant-condition]
              a: { when: 'user.department == "x" && user.status == "terminated"', roles: [Employee] }
                          ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
            """),
        Slip(
            .constantCondition,
            rules("  a: { when: \"true\", unless: 'user.status in [\"leave\", \"terminated\"]', statuses: [leave], roles: [Employee] }"),
            """
            Rules.yaml:2:31: warning: the condition is always true, because the rule looks only at users whose status is leave, \
            so it gives its roles to nobody; name others under 'statuses' [constant-condition]
              a: { when: "true", unless: 'user.status in ["leave", "terminated"]', statuses: [leave], roles: [Employee] }
                                          ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
            """),
        Slip(
            .constantCondition, Company().service("row.LAST != \"\"'", "row.LAST != \"\" || true'"),
            """
            birthright.yaml:14:19: warning: the condition is always true, so it never sets a row aside [constant-condition]
                  - { check: 'row.LAST != "" || true', reason: "no last name" }
                              ^~~~~~~~~~~~~~~~~~~~~~
            """),
        Slip(
            .constantCondition, Company().service("row.LAST != \"\"'", "size(\"\") > 0'"),
            """
            birthright.yaml:14:19: warning: the condition is always false, so every row is set aside [constant-condition]
                  - { check: 'size("") > 0', reason: "no last name" }
                              ^~~~~~~~~~~~
            """),
        Slip(
            .constantCondition, Company().service("firstName: row.FIRST", "firstName: '1 == 1 ? row.FIRST : row.LAST'"),
            """
            birthright.yaml:18:19: warning: the condition is always true, so what stands behind ':' is never used [constant-condition]
                  firstName: '1 == 1 ? row.FIRST : row.LAST'
                              ^~~~~~
            """),
        Slip(
            .constantCondition, number("'account.enabled && 1 > 2 ? user.employeeId : \"\"'"),
            """
            PolicyMaps/directory.yaml:15:12: warning: the condition is always false, so what stands between '?' and ':' is never used [constant-condition]
              number: 'account.enabled && 1 > 2 ? user.employeeId : ""'
                       ^~~~~~~~~~~~~~~~~~~~~~~~
            """),
        Slip(
            .constantCondition, number("'user.employeeId + string([user.lastName].filter(x, size(\"a\") == 1).size())'"),
            """
            PolicyMaps/directory.yaml:15:63: warning: the condition is always true, whatever the element [constant-condition]
              number: 'user.employeeId + string([user.lastName].filter(x, size("a") == 1).size())'
                                                                          ^~~~~~~~~~~~~~
            """),
        Slip(
            .constantCondition, Company().map("objectClass: [\"person\"]", "objectClass: { value: [\"person\"], when: 'true' }"),
            """
            PolicyMaps/directory.yaml:14:44: warning: the condition is always true, so it can be left out [constant-condition]
              objectClass: { value: ["person"], when: 'true' }
                                                       ^~~~
            """),
        Slip(
            .constantCondition, Company().map("objectClass: [\"person\"]", "flag: 'account.enabled || true'"),
            """
            PolicyMaps/directory.yaml:14:29: warning: this part of the condition is always true, and all that '||' joins with it [constant-condition]
              flag: 'account.enabled || true'
                                        ^~~~
            """),
        Slip(
            .attributeNeverWritten,
            Company().map("objectClass: [\"person\"]", "objectClass: { value: [\"person\"], when: 'user.department == \"x\" && false' }"),
            """
            PolicyMaps/directory.yaml:14:44: warning: the condition is always false, so 'objectClass' is never written [attribute-never-written]
              objectClass: { value: ["person"], when: 'user.department == "x" && false' }
                                                       ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
            """),
    ]

    private static let lookUps = [
        Slip(
            .lookUpWithoutDefault, number("user.employeeId + tables.ou[user.department]"),
            """
            PolicyMaps/directory.yaml:15:38: warning: this look-up fails for everybody whose key the table 'ou' does not hold; \
            write tables.ou[?user.department].orValue("...") [look-up-without-default]
              number: user.employeeId + tables.ou[user.department]
                                                 ^~~~~~~~~~~~~~~~~
            """),
        Slip(
            .lookUpWithoutDefault, number("user.employeeId + tables.ou[?user.department].value()"),
            """
            PolicyMaps/directory.yaml:15:38: warning: this look-up fails for everybody whose key the table 'ou' does not hold; \
            write tables.ou[?user.department].orValue("...") [look-up-without-default]
              number: user.employeeId + tables.ou[?user.department].value()
                                                 ^~~~~~~~~~~~~~~~~~
            """),
        Slip(
            .lookUpWithoutDefault, number("user.employeeId + tables.ou[\"Finnance\"]"),
            """
            PolicyMaps/directory.yaml:15:38: warning: the table 'ou' has no key 'Finnance', so this look-up fails for everybody; \
            did you mean 'Finance'? [look-up-without-default]
              number: user.employeeId + tables.ou["Finnance"]
                                                 ^~~~~~~~~~~~
            """),
        Slip(
            .neverRead, Company().map("  path: tables", "  given: user.firstName\n  path: tables"),
            """
            PolicyMaps/directory.yaml:12:3: warning: nothing reads 'given' [never-read]
              given: user.firstName
              ^~~~~
            """),
        Slip(
            .neverRead, Company().map("  ou: Lookups/ou.csv", "  ou: Lookups/ou.csv\n  location: Lookups/ou.csv"),
            """
            PolicyMaps/directory.yaml:11:3: warning: nothing reads the table 'location' [never-read]
              location: Lookups/ou.csv
              ^~~~~~~~
            """),
    ]

    private static let candidates = [
        Slip(
            .candidateTooLong, Company().map("left(40 - size(string(n)))", "left(39)"),
            """
            PolicyMaps/directory.yaml:23:18: warning: with long names the candidate has 41 characters at n = 10, but maxLength is 40 [candidate-too-long]
                      value: user.lastName.left(39) + string(n)
                             ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
            """),
        Slip(
            .candidateTooLong, Company().map("- user.lastName.left(40)\n", "- user.lastName + user.firstName\n"),
            """
            PolicyMaps/directory.yaml:21:11: warning: with long names the candidate has 80 characters, but maxLength is 40 [candidate-too-long]
                    - user.lastName + user.firstName
                      ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
            """),
        Slip(
            .candidateNumberCut,
            Company().map("user.lastName.left(40 - size(string(n))) + string(n)", "(user.lastName + string(n)).left(12)"),
            """
            PolicyMaps/directory.yaml:23:18: warning: with long names the candidate gives 'abcdefghijkl' for n = 2 and for n = 3: its number is cut off [candidate-number-cut]
                      value: (user.lastName + string(n)).left(12)
                             ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
            """),
        // One digit survives: 2 to 9 differ, 10 and 11 do not.
        Slip(
            .candidateNumberCut,
            Company().map("user.lastName.left(40 - size(string(n))) + string(n)", "(user.lastName.left(39) + string(n)).left(40)")
                .map("[2, 999]", "[2, 50]"),
            """
            PolicyMaps/directory.yaml:23:18: warning: with long names the candidate gives 'abcdefghijklmnopqrstuvwxyzabcdefghijklm1' for n = 10 and for n = 11: its number is cut off [candidate-number-cut]
                      value: (user.lastName.left(39) + string(n)).left(40)
                             ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
            """),
        Slip(
            .uniqueWithoutNumber,
            Company().map("        - for: { n: [2, 999] }\n          value: user.lastName.left(40 - size(string(n))) + string(n)\n", ""),
            """
            PolicyMaps/directory.yaml:21:9: warning: no candidate is numbered: when all of them are taken, the account fails [unique-without-number]
                    - user.lastName.left(40)
                    ^
            """),
    ]

    private static let files = [
        Slip(
            .cutByComment, number("user.employeeId #1"),
            """
            PolicyMaps/directory.yaml:15:27: warning: the value ends here, because ' #' begins a comment; quote the value if '#' belongs to it [cut-by-comment]
              number: user.employeeId #1
                                      ^
            """),
        Slip(
            .columnNotInContract, Company().service("employeeId: row.ID\n", "employeeId: row.ID + row.LSAT\n"),
            """
            birthright.yaml:16:32: warning: the column 'LSAT' is read, but the contract does not list it; did you mean 'LAST'? [column-not-in-contract]
                  employeeId: row.ID + row.LSAT
                                           ^~~~
            """),
        Slip(
            .keyNotActedOn, Company().service("    files: hr/*.csv\n", "    files: hr/*.csv\n    schedule: \"0 6 * * *\"\n"),
            """
            birthright.yaml:6:5: warning: the key 'schedule' is accepted, but not acted on yet [key-not-acted-on]
                schedule: "0 6 * * *"
                ^~~~~~~~
            """),
        Slip(
            .unsetSetting, Company().map("{ env: SECRET }", "{ env: NONE }"),
            """
            PolicyMaps/directory.yaml:5:20: warning: 'password' needs the environment variable NONE, which is not set; set it [unset-setting]
              password: { env: NONE }
                               ^~~~
            """),
        Slip(
            .attributeNeverMapped,
            Company().service("store: { sqlite: store.sqlite }\n", "store: { sqlite: store.sqlite }\nuser: { badge: string }\n"),
            """
            birthright.yaml:2:9: warning: no source maps 'badge', and nothing reads it [attribute-never-mapped]
            user: { badge: string }
                    ^~~~~
            """),
        Slip(
            .attributeNeverMapped,
            number("user.employeeId + user.?badge.orValue(\"\")")
                .service("store: { sqlite: store.sqlite }\n", "store: { sqlite: store.sqlite }\nuser: { badge: string }\n"),
            """
            birthright.yaml:2:9: warning: no source maps 'badge', although PolicyMaps/directory.yaml:15:35 reads it [attribute-never-mapped]
            user: { badge: string }
                    ^~~~~
            """),
        Slip(
            .attributeNeverMapped, rules("  a: { when: 'user.title == \"x\" || user.title == \"y\"', roles: [Employee] }"),
            """
            Rules.yaml:2:20: warning: no source maps 'title', so nobody has it (and in 1 more) [attribute-never-mapped]
              a: { when: 'user.title == "x" || user.title == "y"', roles: [Employee] }
                               ^~~~~
            """),
    ]

    private static let roles = [
        Slip(
            .roleNotGiven,
            Company().with(
                "Roles.yaml",
                "roles:\n  Employee: { entitlements: [ { system: Directory } ] }\n  Auditor:\n    entitlements: [ { system: Directory } ]\n"
            ),
            """
            Roles.yaml:3:3: warning: no rule gives the role 'Auditor', so it can only be assigned by hand [role-not-given]
              Auditor:
              ^~~~~~~
            """),
        Slip(
            .deleteWhileGranted, left().map("onDelete: DISABLE", "onDelete: DELETE"),
            """
            Rules.yaml:3:52: warning: the accounts of people who have left are never deleted from Directory: PolicyMaps/directory.yaml:8:1 says DELETE, \
            but rule 'alumni' still gives them the role 'Employee', which grants the account [delete-while-granted]
              alumni: { when: "true", statuses: [pendingStart, terminated], roles: [Employee] }
                                                               ^~~~~~~~~~
            """),
        Slip(
            .deleteWhileGranted, left().map("onDelete: DISABLE\n", ""),
            """
            Rules.yaml:3:52: warning: the accounts of people who have left are never deleted from Directory: PolicyMaps/directory.yaml says no onDelete, \
            which means DELETE, but rule 'alumni' still gives them the role 'Employee', which grants the account [delete-while-granted]
              alumni: { when: "true", statuses: [pendingStart, terminated], roles: [Employee] }
                                                               ^~~~~~~~~~
            """),
        Slip(
            .graceWithoutDisable,
            Company().map("onDelete: DISABLE", "onDelete: UPDATE\n# allow key-not-acted-on: for later\ngrace: { deleteAfter: P30D }"),
            """
            PolicyMaps/directory.yaml:10:1: warning: grace begins when an account is disabled, but onDelete is UPDATE [grace-without-disable]
            grace: { deleteAfter: P30D }
            ^~~~~
            """),
        Slip(
            .graceWithoutDisable,
            Company().map("onDelete: DISABLE", "# allow key-not-acted-on: for later\ngrace: { deleteAfter: P30D }"),
            """
            PolicyMaps/directory.yaml:9:1: warning: grace begins when an account is disabled, but onDelete is DELETE where it is not written [grace-without-disable]
            grace: { deleteAfter: P30D }
            ^~~~~
            """),
    ]

    private static func left() -> Company {
        rules(everybody + "  alumni: { when: \"true\", statuses: [pendingStart, terminated], roles: [Employee] }")
    }

    @Test("say what they find, whole", arguments: slips)
    func text(_ slip: Slip) {
        let (configuration, diagnostics) = slip.company.load()
        #expect(diagnostics.map(\.description) == [slip.text])
        #expect(diagnostics.map(\.lint) == [slip.lint])
        #expect(configuration != nil, "a lint leaves the configuration usable")
    }

    @Test("are silenced by a comment on their line", arguments: slips)
    func silenced(_ slip: Slip) throws {
        let place = try #require(slip.company.load().diagnostics.first).position
        // What YAML cut at ' #' is a comment already, and so is what would follow.
        let line = slip.lint == .cutByComment ? place.line - 1 : place.line
        let comment = "# allow \(slip.lint.name): it is meant that way"
        #expect(slip.company.commenting(place.file, line, slip.lint == .cutByComment ? "\n" + comment : " " + comment).findings == [])
    }

    @Test("every one of them has a test")
    func complete() {
        #expect(Set(LintTests.slips.map(\.lint)).union([.unusedAllow]) == Set(Lint.all))
    }

    @Test("a role for those who have left, and grace, contradict each other as well")
    func grace() {
        let company = LintTests.left().map("onDelete: DISABLE", "onDelete: DISABLE\ngrace: { deleteAfter: P30D }")
        #expect(
            company.load().diagnostics.map(\.headline) == [
                "PolicyMaps/directory.yaml:9:1: warning: the key 'grace' is accepted, but not acted on yet [key-not-acted-on]",
                "Rules.yaml:3:52: warning: the accounts of people who have left are never deleted from Directory: PolicyMaps/directory.yaml:8:1 says "
                    + "DISABLE, and grace deletes 30 days later, but rule 'alumni' still gives them the role 'Employee', which grants the account "
                    + "[delete-while-granted]",
            ])
        #expect(LintTests.left().findings == [], "whoever is disabled when nothing is granted is not deleted")
    }

    @Test(
        "find nothing where nothing is wrong",
        arguments: [
            Company(),
            number("'user.department in tables.ou ? tables.ou[user.department] : user.employeeId'"),
            number("'user.department in tables.ou && tables.ou[user.department] == \"x\" ? \"a\" : \"b\"'"),
            number("{ value: 'tables.ou[user.department]', onError: skip }"),
            number("{ value: 'tables.ou[user.department]', when: 'user.department in tables.ou' }"),
            number("user.employeeId + tables.ou[\"Finance\"] + tables.ou.Sales"),
            number("tables.ou[?user.department]"),
            number("'[1, 2].exists(x, x == size(user.lastName)) ? user.employeeId : user.lastName'"),
            number("'[\"a\"].exists(x, [\"b\"].exists(y, x + y == user.lastName)) ? user.employeeId : user.lastName'"),
            rules("  a: { when: \"true\", roles: [Employee], statuses: [pendingStart, active, leave] }"),
            rules("  a: { when: 'user.status == \"active\"', unless: 'user.status == \"leave\"', roles: [Employee] }"),
        ])
    func clean(_ company: Company) {
        #expect(company.findings == [])
    }
}

extension Company: CustomTestStringConvertible {
    var testDescription: String { "a configuration" }

    /// Appends to a line of a file.
    func commenting(_ file: String, _ line: Int, _ comment: String) -> Company {
        var lines = (files[file] ?? "").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        lines[line - 1] += comment
        return with(file, lines.joined(separator: "\n"))
    }
}
