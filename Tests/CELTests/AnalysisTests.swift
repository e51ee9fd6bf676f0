import CEL
import Testing

@Suite("What can be said of an expression without running it")
struct AnalysisTests {
    private static func constants(_ source: String, isCondition: Bool = true) throws -> [String] {
        try program(source).constantConditions(isCondition: isCondition).map { condition in
            let text = String(decoding: Array(source.utf8)[condition.range], as: UTF8.self)
            return "\(condition.place) \(text) is \(condition.outcome)"
        }
    }

    @Test(
        "a condition that decides nothing is found where it stands",
        arguments: [
            ("true", ["whole true is true"]),
            ("1 > 2", ["whole 1 > 2 is false"]),
            ("given == 'x' || true", ["whole given == 'x' || true is true"]),
            ("given == 'x' && !(1 < 2)", ["whole given == 'x' && !(1 < 2) is false"]),
            ("'a' in []", ["whole 'a' in [] is false"]),
            ("[1, 2].all(x, x > 0)", ["whole [1, 2].all(x, x > 0) is true"]),
            ("optional.none().hasValue()", ["whole optional.none().hasValue() is false"]),
            ("cel.bind(x, 2, x == 2)", ["whole cel.bind(x, 2, x == 2) is true"]),
            ("given == 'x' || 1 > 2", ["operand(of: \"||\", isDecisive: false) 1 > 2 is false"]),
            ("(1 < 2 ? given : 'a') == 'b'", ["test 1 < 2 is true"]),
            ("[given].exists(x, true)", ["predicate true is true"]),
            ("[given].exists(x, x == 'a' && true)", ["operand(of: \"&&\", isDecisive: false) true is true"]),
            ("given == 'x'", []), ("[given].exists(x, x == 'a')", []), ("['a'].exists(x, ['b'].exists(y, y == given))", []),
            ("['a'].exists(x, ['b'].exists(y, x == y))", ["whole ['a'].exists(x, ['b'].exists(y, x == y)) is false"]),
            ("[given].exists(x, ['b'].exists(y, x == y))", []), ("1 / 0 == 1", []),
        ])
    func constants(_ source: String, _ expected: [String]) throws {
        #expect(try AnalysisTests.constants(source) == expected)
    }

    @Test("the whole of a value is no condition, its parts are")
    func values() throws {
        #expect(try AnalysisTests.constants("true", isCondition: false) == [])
        #expect(
            try AnalysisTests.constants("account.enabled || true", isCondition: false) == [
                "operand(of: \"||\", isDecisive: true) true is true"
            ])
        #expect(try AnalysisTests.constants("false ? given : given", isCondition: false) == ["test false is false"])
    }

    @Test("parts that take long are looked at for as long as one evaluation may take", .timeLimit(.minutes(1)))
    func limit() throws {
        let numbers = "[" + (0..<30).map(String.init).joined(separator: ",") + "]"
        let slow = "\(numbers).all(x, \(numbers).all(y, \(numbers).all(z, x + y + z >= 0)))"
        let nested = (0..<70).reduce("given == 'x'") { text, _ in "(\(text) || !\(slow)) && given != 'y'" }
        #expect(try !AnalysisTests.constants(nested).isEmpty)
    }

    @Test("an outcome can be known where one field is, whatever the others are")
    func outcomes() throws {
        func outcome(_ source: String, _ values: [String]) throws -> Bool? {
            try program(source).outcome(ofField: "department", in: "user", being: values.map(Value.string))
        }
        #expect(try outcome("user.department == 'a'", ["a"]) == true)
        #expect(try outcome("user.department == 'a'", ["a", "b"]) == nil)
        #expect(try outcome("user.department in ['a', 'b'] && user.title == 'x'", ["c", "d"]) == false)
        #expect(try outcome("user.title == 'x'", ["a"]) == nil)
        #expect(try outcome("user.?department.orValue('') == 'a' || given == ''", ["a"]) == true)
    }

    @Test(
        "a look-up without a default is found, unless it is guarded",
        arguments: [
            ("tables.ouByDepartment[given]", ["ouByDepartment expression(\"given\") [given]"]),
            ("tables.ouByDepartment['Sales']", ["ouByDepartment literal(\"Sales\") ['Sales']"]),
            ("tables.ouByDepartment.Sales", ["ouByDepartment literal(\"Sales\") Sales"]),
            ("tables.ouByDepartment[?given].value()", ["ouByDepartment expression(\"given\") [?given]"]),
            ("given in tables.ouByDepartment ? 'x' : tables.ouByDepartment[given]", ["ouByDepartment expression(\"given\") [given]"]),
            (
                "given in tables.ouByDepartment ? tables.ouByDepartment[given + given] : ''",
                ["ouByDepartment expression(\"given + given\") [given + given]"]
            ),
            ("given in tables.ouByDepartment ? tables.ouByDepartment[given] : ''", []),
            ("tables.ouByDepartment[given] == 'x' && given in tables.ouByDepartment", []),
            ("tables.ouByDepartment[?given].orValue('')", []), ("has(tables.ouByDepartment.Sales)", []), ("['a'][0]", []),
        ])
    func lookUps(_ source: String, _ expected: [String]) throws {
        let found = try program(source).lookUps(in: "tables").map { lookUp in
            "\(lookUp.field) \(lookUp.key) \(String(decoding: Array(source.utf8)[lookUp.range], as: UTF8.self))"
        }
        #expect(found == expected)
    }

    @Test("the fields that are read are found where their names stand")
    func fields() throws {
        let uses = try program("user.lastName + user.?title.orValue(user['department']) + given").fieldUses(of: "user")
        #expect(uses.map(\.field) == ["lastName", "title", "department"])
        #expect(uses.map(\.range) == [5..<13, 22..<27, 40..<54])
    }
}
