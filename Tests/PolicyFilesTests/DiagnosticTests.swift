import Planning
import PolicyFiles
import Testing

@Suite("What check says, word for word")
struct DiagnosticTests {
    @Test("a configuration without mistakes has no findings")
    func clean() {
        #expect(Company().findings == [])
        #expect(Company().load().configuration != nil)
    }

    @Test("an unknown key is pointed at, with the key that was probably meant")
    func unknownKey() {
        #expect(
            Company().map("onDelete", "ondelete").findings == [
                """
                PolicyMaps/directory.yaml:8:1: error: unknown key 'ondelete'; did you mean 'onDelete'?
                ondelete: DISABLE
                ^~~~~~~~
                """
            ])
    }

    @Test("a wrong onDelete is refused, with the three there are")
    func wrongOnDelete() {
        #expect(
            Company().map("DISABLE", "DISABEL").findings == [
                """
                PolicyMaps/directory.yaml:8:11: error: 'onDelete' must be DELETE, DISABLE or UPDATE, not 'DISABEL'; did you mean 'DISABLE'?
                onDelete: DISABEL
                          ^~~~~~~
                """
            ])
    }

    @Test("an attribute that users do not have is found where it stands in the expression")
    func unknownAttribute() {
        #expect(
            Company().map("user.employeeId", "user.emploeeId").findings == [
                """
                PolicyMaps/directory.yaml:15:16: error: user has no field 'emploeeId'; did you mean 'employeeId'?
                  number: user.emploeeId
                               ^~~~~~~~~
                """
            ])
    }

    @Test("an unknown function is found where it is called")
    func unknownFunction() {
        #expect(
            Company().map("user.employeeId", "user.employeeId.lowr()").findings == [
                """
                PolicyMaps/directory.yaml:15:27: error: unknown function 'lowr'; did you mean 'lower'?
                  number: user.employeeId.lowr()
                                          ^~~~
                """
            ])
    }

    @Test("a cycle between attributes is named as a whole, at its first member")
    func cycle() {
        #expect(
            Company().map("user.employeeId", "out.dn").map("- user.lastName.left(40)\n", "- out.number\n").findings == [
                """
                PolicyMaps/directory.yaml:15:3: error: attributes: each needs the next one's value: number -> dn -> cn -> number
                  number: out.dn
                  ^~~~~~
                """
            ])
    }

    @Test("a candidate that grows too long is found before anybody joins")
    func longCandidate() {
        #expect(
            Company().map("left(40 - size(string(n)))", "left(39)").findings == [
                """
                PolicyMaps/directory.yaml:23:18: error: with long names the candidate has 41 characters at n = 10, but maxLength is 40
                          value: user.lastName.left(39) + string(n)
                                 ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
                """
            ])
    }

    @Test("a candidate whose number is cut off is found before anybody joins")
    func cutNumber() {
        #expect(
            Company().map("user.lastName.left(40 - size(string(n))) + string(n)", "(user.lastName + string(n)).left(12)").findings == [
                """
                PolicyMaps/directory.yaml:23:18: error: with long names the candidate gives 'abcdefghijkl' for n = 2 and for n = 9: its number is cut off
                          value: (user.lastName + string(n)).left(12)
                                 ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
                """
            ])
    }

    @Test("a missing lookup table is found where the map names it")
    func missingTable() {
        #expect(
            Company().map("Lookups/ou.csv", "Lookups/ous.csv").findings == [
                """
                PolicyMaps/directory.yaml:10:7: error: the lookup table 'Lookups/ous.csv' is missing
                  ou: Lookups/ous.csv
                      ^~~~~~~~~~~~~~~
                """
            ])
    }

    @Test("a key that a lookup table holds twice is found on its line of the table")
    func repeatedTableKey() {
        #expect(
            Company().with("Lookups/ou.csv", "department,ou\nSales,a\nLegal,b\nSales,c\n").findings == [
                """
                Lookups/ou.csv:4:1: error: 'Sales' is in the table twice, first on line 2
                Sales,c
                ^~~~~
                """
            ])
    }

    @Test("a rule that gives an unknown role is refused")
    func unknownRole() {
        #expect(
            Company().with("Rules.yaml", "rules:\n  a: { when: 'true', roles: [Employe] }\n").findings == [
                """
                Rules.yaml:2:30: error: unknown role 'Employe'; did you mean 'Employee'?
                  a: { when: 'true', roles: [Employe] }
                                             ^~~~~~~
                """
            ])
    }

    @Test("a role on an unknown system is refused")
    func unknownSystem() {
        #expect(
            Company().with("Roles.yaml", "roles:\n  Employee: { entitlements: [ { system: Directry } ] }\n").findings == [
                """
                Roles.yaml:2:41: error: no policy map is for the managed system 'Directry'; did you mean 'Directory'?
                  Employee: { entitlements: [ { system: Directry } ] }
                                                        ^~~~~~~~
                """
            ])
    }

    @Test("a value of the wrong type says what is wanted")
    func wrongType() {
        #expect(
            Company().map("maxLength: 40", "maxLength: forty").map("[ number ]", "number").findings == [
                """
                PolicyMaps/directory.yaml:6:14: error: 'correlation' must be a list, not a text
                correlation: number
                             ^~~~~~
                """,
                """
                PolicyMaps/directory.yaml:17:16: error: 'maxLength' must be a whole number from 1 to 65536, not 'forty'
                    maxLength: forty
                               ^~~~~
                """,
            ])
    }

    @Test(
        "an expression whose result no attribute can hold is refused",
        arguments: [
            ("null", "'number' is null, which is no value; write optional.none(), or leave the attribute alone with 'when'"),
            ("1.5", "'number' is a double, which an attribute cannot hold; give a string, int, bool, list<string> or account(...)"),
            ("user.manager", "'number' is a reference to a user; the reference to their account is account(...)"),
            ("'[[1]]'", "'number' is a list<list<int>>; a list of values must be a list<string>"),
        ])
    func wrongResult(_ expression: String, _ message: String) {
        #expect(Company().map("number: user.employeeId", "number: " + expression).load().diagnostics.map(\.message) == [message])
    }

    @Test("an account cannot be looked up by a name that is chosen only afterwards")
    func correlationByUniqueName() {
        #expect(
            Company().map("[ number ]", "[ cn ]").findings == [
                """
                PolicyMaps/directory.yaml:16:3: error: 'cn' is a correlation attribute, but is chosen only after the look-up
                  cn:
                  ^~
                """
            ])
    }

    @Test("required systems must exist and must not wait for each other, and grace is said to do nothing yet")
    func requires() {
        let lines = Company().map("onDelete: DISABLE", "onDelete: DISABLE\nrequires: [ Directory, Direct ]\ngrace: { deleteAfter: P30D }")
            .load().diagnostics.map(\.headline)
        #expect(
            lines == [
                "PolicyMaps/directory.yaml:9:13: error: managed systems wait for each other: Directory -> Directory",
                "PolicyMaps/directory.yaml:9:24: error: no policy map is for the managed system 'Direct'",
                "PolicyMaps/directory.yaml:10:1: warning: the key 'grace' is accepted, but not acted on yet",
            ])
    }

    @Test("planted mistakes of nine kinds are all found in one run, each at its place")
    func manyAtOnce() {
        let company = Company()
            .map("DISABLE", "disable").map("Lookups/ou.csv", "Lookups/none.csv").map("user.employeeId", "user.employeId.foo()")
            .map("left(40 - size(string(n)))", "lft(40)").map("scope: container", "scope: contaner").map(
                "password: { env: SECRET }", "password: x"
            )
            .service("maxRowCountChange: 20%", "maxRowCountChange: 20").service("row.LAST\n", "row.LSAT\n")
            .with("Rules.yaml", "rules:\n  a:\n    when: user.lastNmae == \"x\"\n    unless: !user.x\n    roles: [Emploee]\n")
        #expect(
            company.load().diagnostics.map(\.headline) == [
                "PolicyMaps/directory.yaml:5:13: error: 'password' is a secret and must not stand in the file; write { env: NAME } or { file: PATH }",
                "PolicyMaps/directory.yaml:8:11: error: 'onDelete' must be DELETE, DISABLE or UPDATE, not 'disable'; did you mean 'DISABLE'?",
                "PolicyMaps/directory.yaml:10:7: error: the lookup table 'Lookups/none.csv' is missing",
                "PolicyMaps/directory.yaml:15:16: error: user has no field 'employeId'; did you mean 'employeeId'?",
                "PolicyMaps/directory.yaml:15:26: error: unknown function 'foo'",
                "PolicyMaps/directory.yaml:19:14: error: 'scope' must be system or container, not 'contaner'; did you mean 'container'?",
                "PolicyMaps/directory.yaml:23:32: error: unknown function 'lft'; did you mean 'left'?",
                "Rules.yaml:3:16: error: user has no field 'lastNmae'; did you mean 'lastName'?",
                "Rules.yaml:4:13: error: '!user.x' is a YAML tag, not a value; an expression that begins with '!' must be quoted: '!user.x'",
                "Rules.yaml:5:13: error: unknown role 'Emploee'; did you mean 'Employee'?",
                "birthright.yaml:11:26: error: 'maxRowCountChange' must be a whole number followed by '%', such as 20%, not '20'",
                "birthright.yaml:17:21: warning: the column 'LSAT' is read, but the contract does not list it; did you mean 'LAST'?",
            ])
        #expect(company.load().configuration == nil)
    }
}
