import CEL
import IdentityModel
import Testing

@testable import Planning

@Suite("What an expression's result is to a system")
struct AttributeValuesTests {
    @Test("a value that a list says twice is one value, at its first place")
    func repetitions() {
        let value = Value.list([.string("b"), .string("a"), .list([.string("b"), .string("c")]), .string("a")])
        #expect(value.accountValues == [.text("b"), .text("a"), .text("c")])
    }

    @Test("values that differ by capitals are two: only the system knows whether it takes them for one")
    func capitals() {
        #expect(Value.list([.string("Chef"), .string("chef")]).accountValues == [.text("Chef"), .text("chef")])
    }

    @Test("literals of a map as well")
    func literals() {
        let attribute = AttributeRule(
            name: "objectClass", value: .literals(["top", "person", "top"]), position: TextPosition(file: "m.yaml", line: 1, column: 1))
        #expect(attribute.literalValues == [.text("top"), .text("person")])
    }

    @Test("nothing is no value, wherever it stands; what no system could hold is none at all")
    func nothing() {
        #expect(Value.list([.string(""), Value.optionalNone, .string("x")]).accountValues == [.text("x")])
        #expect(Value.list([]).accountValues == [])
        #expect(Value.double(1.5).accountValues == nil)
        #expect(Value.list([.string("x"), .null]).accountValues == nil)
    }
}
