import PolicyFiles
import Testing

@Suite("Planted mistakes")
struct PlantedMistakesTests {
    /// One map and one rule with a mistake of each kind, none of which may hide another.
    private static let company = Company().with(
        "PolicyMaps/directory.yaml",
        """
        managedSystem: Directory
        connector: { type: ldap, url: "ldaps://127.0.0.1" }
        correlation: [ number ]
        accountName: dn
        onDelete: disable
        tables:
          ou: Lookups/ous.csv
        let:
          given: user.?prefferedName.orValue(user.firstName)
          path: tables.ou[?user.?department.orValue("")].orValue("ou=People")
        attributes:
          number: user.employeeId
          displayName: given + " " + user.lastName
          title: user.?title.uper()
          userAccountControl: 'account.enabled ? 512 : "514"'
          mail: out.userPrincipalName
          userPrincipalName: out.mail
          building: user.?location #2
          cn:
            maxLength: 20
            unique:
              scope: container
              candidates:
                - for: { n: [1, 999] }
                  value: user.lastName.left(18) + string(n)
          dn: ldap.rdn("cn", out.cn) + "," + path
        """
    ).with("Rules.yaml", "rules:\n  everybody:\n    when: \"true\"\n    roles: [Employe]\n")

    @Test("of nine kinds are all found in one run, each at its place")
    func nine() {
        #expect(
            PlantedMistakesTests.company.findings == [
                """
                PolicyMaps/directory.yaml:5:11: error: 'onDelete' must be DELETE, DISABLE or UPDATE, not 'disable'; did you mean 'DISABLE'?
                onDelete: disable
                          ^~~~~~~
                """,
                """
                PolicyMaps/directory.yaml:7:7: error: the lookup table 'Lookups/ous.csv' is missing
                  ou: Lookups/ous.csv
                      ^~~~~~~~~~~~~~~
                """,
                """
                PolicyMaps/directory.yaml:9:16: error: user has no field 'prefferedName'; did you mean 'preferredName'?
                  given: user.?prefferedName.orValue(user.firstName)
                               ^~~~~~~~~~~~~
                """,
                """
                PolicyMaps/directory.yaml:14:22: error: unknown function 'uper'; did you mean 'upper'?
                  title: user.?title.uper()
                                     ^~~~
                """,
                """
                PolicyMaps/directory.yaml:15:40: error: the branches of '?:' differ: int and string
                  userAccountControl: 'account.enabled ? 512 : "514"'
                                                       ^
                """,
                """
                PolicyMaps/directory.yaml:16:3: error: attributes: each needs the next one's value: mail -> userPrincipalName -> mail
                  mail: out.userPrincipalName
                  ^~~~
                """,
                """
                PolicyMaps/directory.yaml:18:28: warning: the value ends here, because ' #' begins a comment; quote the value if '#' belongs to it [cut-by-comment]
                  building: user.?location #2
                                           ^
                """,
                """
                PolicyMaps/directory.yaml:25:18: warning: with long names the candidate has 21 characters at n = 100, but maxLength is 20 [candidate-too-long]
                          value: user.lastName.left(18) + string(n)
                                 ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
                """,
                """
                Rules.yaml:4:13: error: unknown role 'Employe'; did you mean 'Employee'?
                    roles: [Employe]
                            ^~~~~~~
                """,
            ])
        #expect(PlantedMistakesTests.company.load().configuration == nil)
    }

    @Test("do not hide what is made of them: a candidate is probed although its parts are misspelt")
    func behind() {
        let company = Company().map("  path: tables", "  last: user.lastNmae\n  path: tables").map(
            "- user.lastName.left(40)\n", "- last + out.number\n"
        )
        .map("user.employeeId", "user.employeId")
        #expect(
            company.load().diagnostics.map(\.headline) == [
                "PolicyMaps/directory.yaml:12:14: error: user has no field 'lastNmae'; did you mean 'lastName'?",
                "PolicyMaps/directory.yaml:16:16: error: user has no field 'employeId'; did you mean 'employeeId'?",
                "PolicyMaps/directory.yaml:22:11: warning: with long names the candidate has 80 characters, but maxLength is 40 [candidate-too-long]",
            ])
    }

    @Test("in every file at once are all found in one run")
    func manyFiles() {
        let company = Company()
            .map("Lookups/ou.csv", "Lookups/none.csv").map("user.employeeId", "user.employeId.foo()")
            .map("left(40 - size(string(n)))", "lft(40)").map("scope: container", "scope: contaner")
            .map("password: { env: SECRET }", "password: x")
            .service("maxRowCountChange: 20%", "maxRowCountChange: 20").service("row.LAST\n", "row.LSAT\n")
            .with("Rules.yaml", "rules:\n  a:\n    when: user.lastNmae == \"x\"\n    unless: !user.x\n    roles: [Emploee]\n")
        #expect(
            company.load().diagnostics.map(\.headline) == [
                "PolicyMaps/directory.yaml:5:13: error: 'password' is a secret and must not stand in the file; write { env: NAME } or { file: PATH }",
                "PolicyMaps/directory.yaml:10:7: error: the lookup table 'Lookups/none.csv' is missing",
                "PolicyMaps/directory.yaml:15:16: error: user has no field 'employeId'; did you mean 'employeeId'?",
                "PolicyMaps/directory.yaml:15:26: error: unknown function 'foo'",
                "PolicyMaps/directory.yaml:19:14: error: 'scope' must be system or container, not 'contaner'; did you mean 'container'?",
                "PolicyMaps/directory.yaml:23:32: error: unknown function 'lft'; did you mean 'left'?",
                "Rules.yaml:3:16: error: user has no field 'lastNmae'; did you mean 'lastName'?",
                "Rules.yaml:4:13: error: '!user.x' is a YAML tag, not a value; an expression that begins with '!' must be quoted: '!user.x'",
                "Rules.yaml:5:13: error: unknown role 'Emploee'; did you mean 'Employee'?",
                "birthright.yaml:11:26: error: 'maxRowCountChange' must be a whole number followed by '%', such as 20%, not '20'",
                "birthright.yaml:17:21: warning: the column 'LSAT' is read, but the contract does not list it; did you mean 'LAST'? [column-not-in-contract]",
            ])
    }
}
