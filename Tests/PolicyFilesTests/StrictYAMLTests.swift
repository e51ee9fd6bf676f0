import PolicyFiles
import Testing

@Suite("YAML is taken strictly")
struct StrictYAMLTests {
    @Test("repeated keys are found at their place, several in one file, and what surrounds them is still checked")
    func duplicateKeys() {
        let company = Company().map("accountName: dn\n", "accountName: dn\naccountName: cn\n")
            .map("  number: user.employeeId", "  number: user.employeeId\n  number: user.emploeeId\n  x: user.emploeeId")
        #expect(
            company.findings == [
                """
                PolicyMaps/directory.yaml:8:1: error: the key 'accountName' is given twice, first on line 7
                accountName: cn
                ^~~~~~~~~~~
                """,
                """
                PolicyMaps/directory.yaml:17:3: error: the key 'number' is given twice, first on line 16
                  number: user.emploeeId
                  ^~~~~~
                """,
                """
                PolicyMaps/directory.yaml:18:11: error: user has no field 'emploeeId'; did you mean 'employeeId'?
                  x: user.emploeeId
                          ^~~~~~~~~
                """,
            ])
    }

    @Test("'unless: !user.x' is a tag that would give everyone the role, and is refused")
    func tag() {
        #expect(
            Company().with("Rules.yaml", "rules:\n  a:\n    when: \"true\"\n    unless: !user.x\n    roles: [Employee]\n").findings == [
                """
                Rules.yaml:4:13: error: '!user.x' is a YAML tag, not a value; an expression that begins with '!' must be quoted: '!user.x'
                    unless: !user.x
                            ^~~~~~~
                """
            ])
    }

    @Test("anchors, aliases and merge keys are refused")
    func anchors() {
        #expect(
            Company().with("Rules.yaml", "rules:\n  a: &a { when: \"true\", roles: [Employee] }\n  b: *a\n").findings == [
                """
                Rules.yaml:2:6: error: '&a': anchors and aliases are not allowed; write the value where it is used
                  a: &a { when: "true", roles: [Employee] }
                     ^~
                """
            ])
        #expect(
            Company().with("Rules.yaml", "rules:\n  b: { <<: { when: 'true' }, when: 'true', roles: [Employee] }\n").findings == [
                """
                Rules.yaml:2:8: error: merge keys ('<<') are not allowed; write the keys where they are used
                  b: { <<: { when: 'true' }, when: 'true', roles: [Employee] }
                       ^~
                """
            ])
    }

    @Test("an unquoted expression in flow style is refused, and so is the rest that YAML cut off it")
    func unquotedFlow() {
        #expect(
            Company().map("number: user.employeeId", "number: { value: user.title.optMap(m, f(m)), enforce: onCreate }").findings == [
                """
                PolicyMaps/directory.yaml:15:20: error: an expression in { } or [ ] must be quoted: 'user.title.optMap(m'
                  number: { value: user.title.optMap(m, f(m)), enforce: onCreate }
                                   ^~~~~~~~~~~~~~~~~~~
                """,
                """
                PolicyMaps/directory.yaml:15:41: error: 'f(m))' has no value: it looks like the rest of an expression that was cut at ','; \
                an expression in { } or [ ] must be quoted
                  number: { value: user.title.optMap(m, f(m)), enforce: onCreate }
                                                        ^~~~~
                """,
            ])
    }

    @Test("a value that a comment cuts is warned about; an ordinary comment is not")
    func cutByComment() {
        #expect(
            Company().map("number: user.employeeId", "number: user.employeeId #1").findings == [
                """
                PolicyMaps/directory.yaml:15:27: warning: the value ends here, because ' #' begins a comment; quote the value if '#' belongs to it [cut-by-comment]
                  number: user.employeeId #1
                                          ^
                """
            ])
        #expect(
            Company().map("number: user.employeeId", "number: user.employeeId + ' # '").load().diagnostics.map(\.headline) == [
                "PolicyMaps/directory.yaml:15:29: error: the string has no closing quote",
                "PolicyMaps/directory.yaml:15:31: warning: the value ends here, because ' #' begins a comment; quote the value if '#' belongs to it [cut-by-comment]",
            ])
        #expect(Company().map("number: user.employeeId", "number: user.employeeId # from HR").findings == [])
    }

    @Test("an expression that is not there is an error", arguments: ["", " \"\"", " |-\n    \n", " ''"])
    func empty(_ nothing: String) {
        #expect(
            Company().map("number: user.employeeId", "number:" + nothing).load().diagnostics.map(\.message) == [
                "the expression of 'number' is empty"
            ])
    }

    @Test(
        "an error is found at its line and column however the expression is written",
        arguments: [
            ("|-\n    account.enabled\n      ? user.employeeId\n      : user.titel", "18:14"),
            ("|\n    user.titel\n", "16:10"),
            (">-\n    user.employeeId +\n\n    user.titel", "18:10"),
            ("user.employeeId\n    + user.titel", "16:12"),
            ("'user.?title.orValue(''x'') + user.titel'", "15:46"),
            (#""\"å\\n\" + user.titel""#, "15:28"),
            ("\"user.employeeId \\\n    + user.titel\"", "16:12"),
            ("user.employeeId + \"åé😀\" + user.titel", "15:42"),
        ])
    func places(_ expression: String, _ place: String) {
        #expect(
            Company().map("number: user.employeeId", "number: " + expression).load().diagnostics.map(\.headline) == [
                "PolicyMaps/directory.yaml:\(place): error: user has no field 'titel'; did you mean 'title'?"
            ])
    }

    @Test("lines that end with CR LF and a byte-order mark leave every place where it is")
    func lineEndings() {
        let text = (Company().files["PolicyMaps/directory.yaml"] ?? "").replacing(
            "user.employeeId", with: "|-\n    user.employeeId +\n      user.titel")
        let company = Company().with("PolicyMaps/directory.yaml", "\u{FEFF}" + text.replacing("\n", with: "\r\n"))
        #expect(
            company.load().diagnostics.map(\.headline) == [
                "PolicyMaps/directory.yaml:17:12: error: user has no field 'titel'; did you mean 'title'?"
            ])
    }

    @Test(
        "what is no YAML is one error with its place",
        arguments: [
            (
                "rules:\n\ta: 1\n",
                "Rules.yaml:2:1: error: not valid YAML: while scanning for the next token, found character that cannot start any token"
            ),
            ("rules: [\n", "Rules.yaml:2:1: error: not valid YAML: while parsing a flow node, did not find expected node content"),
            (
                "a: 1\n---\nb: 2\n",
                "Rules.yaml:2:1: error: not valid YAML: expected a single document in the stream, but found another document"
            ),
            (
                "rules:\n  a: { roles: [x]",
                "Rules.yaml:2:18: error: not valid YAML: while parsing a flow mapping, did not find expected ',' or '}'"
            ),
            (
                "rules:\n  a: { roles: [x],\n  b: { roles: [y] }\n",
                "Rules.yaml:4:1: error: not valid YAML: while parsing a flow mapping, did not find expected ',' or '}' (it begins on line 2)"
            ),
            ("# nothing\n", "Rules.yaml:1:1: error: the file is empty"),
            ("[]\n", "Rules.yaml:1:1: error: the file must be a mapping of keys to values, not a list"),
            ("rules:\n  a: { when: *b }\n", "Rules.yaml:2:14: error: not valid YAML: found undefined alias"),
            ("a: \u{1}\n", "Rules.yaml:1:4: error: not valid YAML: control characters are not allowed"),
        ])
    func syntax(_ text: String, _ headline: String) {
        #expect(Company().with("Rules.yaml", text).load().diagnostics.map(\.headline) == [headline])
    }

    @Test("deep nesting is an error, not a crash")
    func depth() {
        let text = String(repeating: "[", count: 20_000)
        #expect(Company().with("Rules.yaml", text).load().diagnostics.count == 1)
    }

    @Test("missing files are named")
    func missingFiles() {
        let company = Company().with("birthright.yaml", nil).with("Rules.yaml", nil)
        #expect(
            company.load().diagnostics.map(\.description) == [
                "Rules.yaml:1:1: error: the file is missing", "birthright.yaml:1:1: error: the file is missing",
            ])
    }
}
