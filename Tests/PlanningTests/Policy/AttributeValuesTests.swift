import CEL
import IdentityModel
import Testing

@testable import Planning

@Suite("What an expression's result is to a system")
struct AttributeValuesTests {
    @Test("a value that a list says twice is one value, at its first place")
    func repetitions() {
        let value = Value.list([.string("b"), .string("a"), .list([.string("b"), .string("c")]), .string("a")])
        #expect(value.accountValues(.plain) == [.text("b"), .text("a"), .text("c")])
    }

    @Test("values that differ by capitals are two: only the system knows whether it takes them for one")
    func capitals() {
        #expect(Value.list([.string("Chef"), .string("chef")]).accountValues(.plain) == [.text("Chef"), .text("chef")])
    }

    @Test("literals of a map as well")
    func literals() {
        let attribute = AttributeRule(
            name: "objectClass", value: .literals(["top", "person", "top"]), position: TextPosition(file: "m.yaml", line: 1, column: 1))
        #expect(attribute.literalValues == [.text("top"), .text("person")])
    }

    @Test("a flag is what the system calls it, and is read back as that")
    func flags() {
        let words = FlagWords(yes: "TRUE", no: "FALSE")
        #expect(Value.list([.bool(true), .bool(false)]).accountValues(words) == [.text("TRUE"), .text("FALSE")])
        #expect(Value.bool(false).accountValues(.plain) == [.text("false")])
        #expect(words.flag("TRUE") == true && words.flag("FALSE") == false && words.flag("true") == nil)
        let shown = { slot(of: [.text($0)], .bool, words, type: CELType.bool) }
        #expect(shown("TRUE").value == .bool(true) && shown("FALSE").value == .bool(false))
    }

    @Test("the type of a rule's expression says what its values are, also in lists and where there may be none")
    func types() {
        #expect(ValueType(.bool) == .flag && ValueType(.optional(.bool)) == .flag)
        #expect(ValueType(.list(.int)) == .number && ValueType(.uint) == .number)
        #expect(ValueType(.string) == .text && ValueType(.optional(.list(.string))) == .text)
    }

    @Test("nothing is no value, wherever it stands; what no system could hold is none at all")
    func nothing() {
        #expect(Value.list([.string(""), Value.optionalNone, .string("x")]).accountValues(.plain) == [.text("x")])
        #expect(Value.list([]).accountValues(.plain) == [])
        #expect(Value.double(1.5).accountValues(.plain) == nil)
        #expect(Value.list([.string("x"), .null]).accountValues(.plain) == nil)
    }
}
