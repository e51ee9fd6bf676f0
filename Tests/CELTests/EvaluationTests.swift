import CEL
import Testing

@Suite("An expression")
struct EvaluationTests {
    @Test(
        "of the shipped policy map gives what its author means",
        arguments: [
            ("user.?preferredName.orValue(user.firstName)", "Zoë"),
            ("user.lastName.tryTransliterate().orValue(user.employeeId).lowerAscii().alnum()", "muller"),
            ("given.tryTransliterate().orValue('').lowerAscii().alnum()", "zoe"),
            ("given.left(19 - size(string(n))) + string(n)", "Zoë12"),
            (
                "account.enabled ? tables.ouByDepartment[?user.?department.orValue('')].orValue('ou=None') : 'ou=Disabled'",
                "ou=Finance,dc=example,dc=com"
            ),
            ("tables.ouByDepartment[?user.?title.orValue('')].orValue('ou=None')", "ou=None"),
            ("given + ' ' + user.lastName + ' (' + string(n) + ')'", "Zoë Müller (12)"),
            ("row.STATUS == 'Terminated' ? 'terminated' : row.STATUS == 'Leave' ? 'leave' : 'active'", "leave"),
            ("user[\"lastName\"] + row['First Name'] + row.`First Name`", "MüllerZoëZoë"),
            ("ref(user.employeeId)", "E0042"),
            ("string(account.enabled ? 512 : 514)", "512"),
        ])
    func policy(source: String, expected: String) throws {
        #expect(try evaluate(source).text == expected)
    }

    @Test("reads a field that is absent as an error, unless it asks for the optional")
    func absence() throws {
        #expect(failure("user.title") == "5: user.title is absent (write user.?title)")
        #expect(try evaluate("user.?title") == .optionalNone)
        #expect(try evaluate("has(user.title)") == .bool(false))
        #expect(try evaluate("has(user.lastName)") == .bool(true))
        #expect(try evaluate("user.?mobile.optMap(m, phone.e164(m, user.?country.orValue('')))") == .optionalNone)
        #expect(try evaluate("user.?lastName.optMap(l, l.upper())") == .optional(of: .string("MÜLLER")))
    }

    @Test("reads an empty column of a row as an empty string, and its optional as none")
    func rows() throws {
        #expect(try evaluate("row.TITLE") == .string(""))
        #expect(try evaluate("row.?TITLE") == .optionalNone)
        #expect(try evaluate("has(row.TITLE)") == .bool(false))
        #expect(try evaluate("row.?STATUS.hasValue()") == .bool(true))
    }

    @Test("compares strings by code point and counts code points")
    func codePoints() throws {
        #expect(try evaluate("'e\\u0301' == '\\u00e9'") == .bool(false))
        #expect(try evaluate("{'e\\u0301': 1, '\\u00e9': 2}.size()") == .int(2))
        #expect(try evaluate("size('\\r\\n')") == .int(2))
        #expect(try evaluate("'👩‍👩‍👧'.size()") == .int(5))
        #expect(try evaluate("'e\\u0301'.contains('e')") == .bool(true))
        #expect(try evaluate("'\\r\\n'.endsWith('\\n')") == .bool(true))
        #expect(try evaluate("'äöü'.substring(1, 2)") == .string("ö"))
    }

    @Test("absorbs an error beside a deciding operand, on both sides")
    func absorption() throws {
        #expect(try evaluate("1 / 0 > 0 && false") == .bool(false))
        #expect(try evaluate("true || user.title == ''") == .bool(true))
        #expect(try evaluate("[1, 0].exists(x, 4 / x > 3)") == .bool(true))
        #expect(failure("[0].exists(x, 4 / x > 3)") == "16: division by zero")
        #expect(failure("1 / 0 > 0 ? 1 : 2") == "2: division by zero")
    }

    @Test(
        "never traps on numbers",
        arguments: [
            ("-9223372036854775808 / (n - 13)", "21: the number does not fit: overflow"),
            ("-9223372036854775808 % (n - 13)", "21: the number does not fit: overflow"),
            ("9223372036854775807 + n", "20: the number does not fit: overflow"),
            ("-(-9223372036854775808 + (n - 12))", "0: the number does not fit: overflow"),
            ("int(0.0 / 0.0)", "0: NaN does not fit into int"),
            ("int(1e300)", "0: 1e+300 does not fit into int"),
            ("uint(n - 13)", "0: -1 does not fit into uint"),
            ("math.abs(-9223372036854775808)", "5: the number does not fit: overflow"),
            ("date('2026-01-31').addDays(9223372036854775807)", "19: the time is outside the years 1 to 9999"),
            ("'a'.padLeft(-9223372036854775808, 'x').padLeft(9223372036854775807, 'x')", "39: the string is longer than 65536 bytes"),
        ])
    func numbers(source: String, expected: String) {
        #expect(failure(source) == expected)
    }

    @Test("finds a number's key whatever the number's type")
    func numericKeys() throws {
        #expect(try evaluate("{1: 'a'}[dyn(1.0)]") == .string("a"))
        #expect(try evaluate("dyn(1u) in {1: 'a'}") == .bool(true))
        #expect(failure("{'a': 1}['b']") == "8: no such key: 'b'")
        #expect(failure("[1, 2][2]") == "6: index 2 of a list of 2")
    }

    @Test("that is the same for every input is known to be constant")
    func folding() throws {
        #expect(try program("1 + 2 == 3").constant == .bool(true))
        #expect(try program("account.enabled || true").constant == .bool(true))
        #expect(try program("false ? user.title : 'x'.upper()").constant == .string("X"))
        #expect(try program("1 / 0").constant == nil)
        #expect(try program("user.lastName").constant == nil)
    }

    @Test("tells which variables and fields it reads, sorted")
    func references() throws {
        let read = try program("out.mail + user.lastName + (has(user.title) ? given : user.?country.orValue('')) + out.cn").references
        let expected: [(String, String?)] = [
            ("given", nil), ("out", "cn"), ("out", "mail"), ("user", "country"), ("user", "lastName"), ("user", "title"),
        ]
        #expect(read == expected.map { Program.Reference(variable: $0.0, field: $0.1) })
        #expect(try program("[1].map(user, user)").references.isEmpty)
        #expect(try program("dyn(out) == dyn(1)").references == [Program.Reference(variable: "out", field: nil)])
    }

    @Test("compares sets of values whatever their type and order")
    func equality() throws {
        #expect(try evaluate("{'a': 1, 'b': [1.0]} == {'b': [1], 'a': 1u}") == .bool(true))
        #expect(Value.list([.int(1)]) == .list([.double(1)]))
        #expect(Value.double(.nan) != .double(.nan))
        #expect(Value.string("b").compared(to: .string("a")) == 1)
        #expect(Value.string("b").compared(to: .int(1)) == nil)
    }

    @Test("tests coalesce: the first that is neither none nor empty")
    func coalescing() throws {
        #expect(try evaluate("coalesce(user.?title, '', user.?department, 'x')") == .string("Finance"))
        #expect(try evaluate("coalesce(user.?title, user.?mobile)") == .optionalNone)
        #expect(try program("coalesce(user.?title, 'x')").resultType == .string)
        #expect(try program("coalesce(user.?title, user.?mobile)").resultType == .optional(.string))
    }

    @Test("works on values of three words")
    func size() {
        #expect(MemoryLayout<Value>.stride <= 24)
    }

    @Test("uses regular expressions that take linear time")
    func regularExpressions() throws {
        let letters = String(repeating: "a", count: 5_000)
        #expect(try evaluate("'\(letters)b'.matches('^(a+)+$')") == .bool(false))
        #expect(try evaluate("regex.extract('E0042', 'E0*([0-9]+)')") == .optional(of: .string("42")))
        #expect(try evaluate("regex.extractAll('a1b22', '[0-9]+')") == .strings(["1", "22"]))
        #expect(try evaluate("regex.replace('Müller, Zoë', '(.+), (.+)', '\\\\2 \\\\1')") == .string("Zoë Müller"))
        #expect(try evaluate("regex.replace('äb', '', '-')") == .string("-ä-b-"))
        #expect(failure("given.matches(given + '(')") == "6: the regular expression is refused: missing ): Zoë(")
    }
}
