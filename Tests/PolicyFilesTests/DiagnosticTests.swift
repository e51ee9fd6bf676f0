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
                "PolicyMaps/directory.yaml:10:1: warning: the key 'grace' is accepted, but not acted on yet [key-not-acted-on]",
            ])
    }
}
