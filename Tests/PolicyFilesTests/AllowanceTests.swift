import PolicyFiles
import Testing

@Suite("A comment that allows a lint")
struct AllowanceTests {
    /// A rule that is off, and what stands behind or above it.
    private static func rule(_ comment: String, above: String = "") -> Company {
        Company().with("Rules.yaml", "rules:\n\(above)  a: { when: 'false', roles: [Employee] }\(comment)\n")
    }

    private static let lint =
        "Rules.yaml:2:15: warning: the condition is always false, so the rule gives its roles to nobody [constant-condition]"

    @Test(
        "needs a reason",
        arguments: [" # allow constant-condition", " #allow constant-condition:", " # allow constant-condition until June"])
    func reason(_ comment: String) {
        let column =
            comment.contains("#allow")
            ? "^~~~~~~~~~~~~~~~~~~~~~~~~~" : "^~~~~~~~~~~~~~~~~~~~~~~~~~" + (comment.hasSuffix("June") ? "~~~~~~~~~~~" : "")
        #expect(
            AllowanceTests.rule(comment).findings == [
                """
                \(AllowanceTests.lint)
                  a: { when: 'false', roles: [Employee] }\(comment)
                              ^~~~~
                """,
                """
                Rules.yaml:2:43: error: an allowed lint needs its reason: # allow constant-condition: why it is meant that way
                  a: { when: 'false', roles: [Employee] }\(comment)
                                                          \(column)
                """,
            ])
    }

    @Test("names a lint that there is")
    func unknown() {
        #expect(
            AllowanceTests.rule(" # allow constant-conditon: off").findings == [
                """
                \(AllowanceTests.lint)
                  a: { when: 'false', roles: [Employee] } # allow constant-conditon: off
                              ^~~~~
                """,
                """
                Rules.yaml:2:51: error: there is no lint 'constant-conditon'; did you mean 'constant-condition'?
                  a: { when: 'false', roles: [Employee] } # allow constant-conditon: off
                                                                  ^~~~~~~~~~~~~~~~~
                """,
            ])
        #expect(
            AllowanceTests.rule(" # allow everything: please").load().diagnostics.map(\.headline) == [
                AllowanceTests.lint, "Rules.yaml:2:51: error: there is no lint 'everything'; birthright check --lints lists them",
            ])
        #expect(
            AllowanceTests.rule(" # allow: please").load().diagnostics.map(\.headline) == [
                AllowanceTests.lint,
                "Rules.yaml:2:43: error: 'allow' needs the name of a lint and a reason: # allow constant-condition: why",
            ])
    }

    @Test("that silences nothing is a finding, which cannot be allowed itself")
    func unused() {
        let everybody =
            "rules:\n  # allow constant-condition: above\n  a: { when: \"true\", roles: [Employee] } # allow role-not-given: here\n"
        #expect(
            Company().with("Rules.yaml", everybody).findings == [
                """
                Rules.yaml:2:11: warning: nothing on the line below is a case of 'constant-condition'; remove the comment [unused-allow]
                  # allow constant-condition: above
                          ^~~~~~~~~~~~~~~~~~
                """,
                """
                Rules.yaml:3:50: warning: nothing on this line is a case of 'role-not-given'; remove the comment [unused-allow]
                  a: { when: "true", roles: [Employee] } # allow role-not-given: here
                                                                 ^~~~~~~~~~~~~~
                """,
            ])
        #expect(
            AllowanceTests.rule(" # allow constant-condition, unused-allow: off").load().diagnostics.map(\.headline) == [
                AllowanceTests.lint, "Rules.yaml:2:71: error: 'unused-allow' cannot be allowed; remove the comment that silences nothing",
            ])
    }

    @Test("is not called unused where an error kept lints from being found, or where only the environment decides")
    func unknownUse() {
        let text = "rules:\n  a: { when: 'user.titel == 1', roles: [Employee] } # allow constant-condition: off\n"
        #expect(
            Company().with("Rules.yaml", text).load().diagnostics.map(\.headline) == [
                "Rules.yaml:2:20: error: user has no field 'titel'; did you mean 'title'?"
            ])
        #expect(Company().map("{ env: SECRET }", "{ env: SECRET } # allow unset-setting: set on the server").findings == [])
    }

    @Test(
        "speaks for its line, for the line below when it stands alone, and for a value of several lines as a whole",
        arguments: [
            rule(" # allow constant-condition: off until June"),
            rule(" #   allow   constant-condition  :off"),
            rule("", above: "  # allow constant-condition: off until June\n"),
            rule("", above: "  # allow constant-condition: off until June\n\n  # and more\n"),
            rule("\r", above: "  # allow constant-condition: off until June\r\n"),
            Company().with(
                "Rules.yaml",
                "rules:\n  a:\n    when: |-  # allow constant-condition: off\n      1 == 1\n        && 2 > 3\n    roles: [Employee]\n"),
            Company().with(
                "Rules.yaml",
                "rules:\n  a:\n    # allow constant-condition: off\n    when: |-\n      1 == 1\n        && 2 > 3\n    roles: [Employee]\n"),
            Company().with(
                "Rules.yaml", "rules:\n  a:\n    when: 1 == 1\n      && 2 > 3 # allow constant-condition: off\n    roles: [Employee]\n"),
            Company().map(
                "onDelete: DISABLE",
                "onDelete: DELETE\ngrace: { deleteAfter: P30D } # allow grace-without-disable, key-not-acted-on: until the next version"),
        ])
    func places(_ company: Company) {
        #expect(company.findings == [])
    }

    @Test(
        "is looked for in comments only, and prose that begins with the word is prose",
        arguments: [
            Company().map("number: user.employeeId", "number: '\"# allow x: y\" + user.employeeId'"),
            Company().map("number: user.employeeId", "number: \"'# allow x: y' + user.employeeId\""),
            Company().map("number: user.employeeId", "number: |-\n    user.employeeId\n    // # allow x: y\n"),
            Company().map("number: user.employeeId", "number: >-\n    user.employeeId +\n\n    \" # allow x: y\"\n"),
            Company().map("number: user.employeeId", "number: user.employeeId# + allow x: y".replacing("# + allow x: y", with: "")),
            Company().map("number: user.employeeId", "'number # allow x: y': user.employeeId\n  number: user.employeeId"),
            Company().map("number: user.employeeId", "# allow contractors to have: one\n  number: user.employeeId"),
            Company().map("number: user.employeeId", "# allowed: one\n  number: user.employeeId # see: # allow x: y"),
        ])
    func comments(_ company: Company) {
        #expect(company.findings == [])
    }
}
