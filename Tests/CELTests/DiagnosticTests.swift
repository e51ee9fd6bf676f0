import CEL
import Testing

@Suite("A diagnostic")
struct DiagnosticTests {
    @Test(
        "says what is wrong, where, and what was perhaps meant",
        arguments: [
            ("user.lastNmae", "1:6: user has no field 'lastNmae'; did you mean 'lastName'?"),
            ("usr.lastName", "1:1: unknown variable 'usr'; did you mean 'user'?"),
            ("user.lastName.trnsliterate()", "1:15: unknown function 'trnsliterate'; did you mean 'transliterate'?"),
            ("ldap.rnd('cn', 'x')", "1:6: unknown function 'ldap.rnd'; did you mean 'ldap.rdn'?"),
            ("left('abc', 1)", "1:1: 'left' is written value.left(...)"),
            ("'a'.left('b')", "1:5: there is no string.left(string); it is string.left(int)"),
            ("1 + 'a'", "1:3: '+' does not take int and string"),
            ("1 in 'a'", "1:3: 'in' does not take int and string"),
            ("!1", "1:1: '!' does not take int"),
            ("user.?title.orValue(null)", "1:13: there is no optional<string>.orValue(null); it is optional<T>.orValue(T)"),
            ("has(user.title) ? user.title : null", "1:17: the branches of '?:' differ: string and null"),
            ("1 ? 2 : 3", "1:1: the condition is int, not bool"),
            ("account.enabled && 'x'", "1:20: an operand of '&&' is string, not bool"),
            ("given.nothing", "1:7: string has no fields, so '.nothing' cannot be read"),
            ("tables.ouByDepartment[?user.department.size()]", "1:24: the map's keys are string, but this is int"),
            (
                "tables.ouByDepartment[?user.?department]",
                "1:24: the map's keys are string, but this is optional<string>; give it a default: .orValue(\"\")"
            ),
            ("user[given]", "1:6: a field of user is named by a literal string"),
            ("5[0]", "1:2: int cannot be indexed; a list or a map can"),
            ("[1][true]", "1:5: a list is indexed by int, but this is bool"),
            ("{1.5: 'a'}", "1:2: a map's key is double; it must be string, int, uint or bool"),
            ("[?1]", "1:3: an element marked '?' is int, not optional"),
            ("{?'a': 1}", "1:8: a value whose key is marked '?' is int, not optional"),
            ("1.optMap(x, x)", "1:1: what is mapped is int, not optional"),
            ("user.?title.optFlatMap(x, x)", "1:27: the result of optFlatMap() is string, not optional"),
            ("given.map(x, x)", "1:1: string cannot be walked through; a list or a map can"),
            ("[1].filter(x, x)", "1:15: the condition is int, not bool"),
            ("[1].transformMapEntry(i, v, v)", "1:29: an entry is int, not a map of one entry"),
            ("coalesce(given, n)", "1:17: the values of coalesce() differ: string and int"),
            ("given.matches('(')", "1:15: the regular expression is refused: missing ): ("),
        ])
    func checking(source: String, expected: String) {
        #expect(diagnostics(source) == [expected])
    }

    @Test(
        "of syntax stands alone and names what was expected",
        arguments: [
            ("'a' + ", "1:7: the expression ends here, but a value is expected"),
            ("(1", "1:3: the expression ends here, but ')' is expected"),
            ("1 2", "1:3: found a number, but an operator or the end of the expression is expected"),
            ("f(1 2)", "1:5: found a number, but ',' or ')' is expected"),
            ("[1 2]", "1:4: found a number, but ',' or ']' is expected"),
            ("{1}", "1:3: found '}', but ':' is expected"),
            ("user.", "1:6: the expression ends here, but a field or function name is expected"),
            ("a = b", "1:3: unexpected character '='; did you mean '=='?"),
            ("'a", "1:1: the string has no closing quote"),
            ("\u{201C}a\u{201D}", "1:1: unexpected character '\u{201C}'; did you mean '\"'?"),
            ("'\\q'", "1:2: unknown escape '\\q' (write '\\\\' for a backslash)"),
            ("'\\ud800'", "1:2: '\\ud800' is no code point"),
            ("'\\x1'", "1:2: the escape needs 2 digits of base 16"),
            ("9223372036854775808", "1:1: the number is too large for an int"),
            ("99999999999999999999", "1:1: the number is too large"),
            ("0x", "1:1: '0x' needs hexadecimal digits"),
            ("12abc", "1:1: a number and a name stand together without a space"),
            ("if", "1:1: 'if' is a reserved word"),
            ("User{}", "1:1: messages such as 'User{...}' are not part of this language"),
            ("has(user)", "1:1: has() takes one field, such as has(user.title)"),
            ("[1].map(1, 2)", "1:9: a plain name is expected here, for the variable"),
            ("[1].all(x, x, true)", "1:12: the two variables have one name, 'x'"),
            ("cel.bind(x, 1)", "1:5: cel.bind() takes a name, a value and an expression"),
            ("a.`b", "1:3: the quoted name has no closing backtick"),
        ])
    func syntax(source: String, expected: String) {
        #expect(diagnostics(source) == [expected])
    }

    @Test("comes for every error of one expression")
    func several() {
        #expect(
            diagnostics("user.lastNmae +\n  givn.left('x') + nothing(usr)") == [
                "1:6: user has no field 'lastNmae'; did you mean 'lastName'?", "2:3: unknown variable 'givn'; did you mean 'given'?",
                "2:8: there is no dyn.left(string); it is string.left(int)", "2:20: unknown function 'nothing'",
                "2:28: unknown variable 'usr'; did you mean 'user'?",
            ])
    }

    @Test("counts columns in code points and lines from 1")
    func positions() {
        #expect(diagnostics("'äöü😀' + 1") == ["1:8: '+' does not take string and int"])
        #expect(diagnostics("// Müller\n\t\tusr") == ["2:3: unknown variable 'usr'; did you mean 'user'?"])
    }

    @Test("holds the result against what is wanted")
    func expecting() {
        #expect(diagnostics("1", expecting: .string) == ["1:1: the expression gives int, but string is wanted"])
        #expect(diagnostics("user.?title", expecting: .string) == ["1:1: the expression gives optional<string>, but string is wanted"])
        #expect(diagnostics("null", expecting: .string) == ["1:1: the expression gives null, but string is wanted"])
        #expect(diagnostics("[]", expecting: .list(.string)).isEmpty)
        #expect(diagnostics("anything", expecting: .string).isEmpty)
    }
}
