import IdentityModel
import Testing

@Suite("JSON")
struct JSONTests {
    private func value(_ samples: inout Samples, depth: Int) -> JSON {
        switch samples.number(depth > 3 ? 4 : 6) {
        case 0: .null
        case 1: .bool(samples.flag())
        case 2: .int(Int64(bitPattern: samples.next()))
        case 3: .string(samples.text())
        case 4: .array(samples.some(3) { value(&$0, depth: depth + 1) })
        default: .object(samples.some(3) { JSON.Member($0.text(), value(&$0, depth: depth + 1)) })
        }
    }

    @Test func whatIsWrittenIsReadBackCompactAndIndented() throws {
        for seed in 1...500 {
            var samples = Samples(seed: seed)
            let json = value(&samples, depth: 0)
            #expect(try JSON(parsing: json.text) == json, "seed \(seed)")
            #expect(try JSON(parsing: json.indentedText) == json, "seed \(seed)")
        }
    }

    @Test func everyEscapeOfTheStandardIsRead() throws {
        #expect(try JSON(parsing: #""\"\\\/\b\f\n\r\t\u00e5\ud835\udd0a""#) == .string("\"\\/\u{8}\u{c}\n\r\tå𝔊"))
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\"}", "{\"a\":1,}", "01x", "1.5", "1e3", "\"", "\"\\x\"", "\"\\ud800\"", "\"\\ud835\\u0041\"", "nul", "1 2",
        "--1", "99999999999999999999",
    ])
    func whatIsNoJSONOfOursIsRefused(_ text: String) { #expect(throws: JSONError.self) { _ = try JSON(parsing: text) } }

    @Test func nestingHasALimitInsteadOfAnOverflow() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { _ = try JSON(parsing: deep) }
    }

    @Test func membersAreFoundByNameAndValuesByKind() throws {
        let json = try JSON(parsing: #"{"a":[1,"x",true,"y"],"b":null}"#)
        #expect(
            json["a"]?.strings == ["x", "y"] && json["a"]?.arrayValue?.first?.intValue == 1 && json["a"]?.arrayValue?[2].boolValue == true)
        #expect(json["b"] == .null && json["c"] == nil && JSON.int(1)["a"] == nil)
    }
}
