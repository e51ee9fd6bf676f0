import IdentityModel
import Testing

struct TextTemplateTests {
    @Test(arguments: [
        ("", [TextTemplate.Piece]()), ("/people", [.text("/people")]), ("/people/{id}", [.text("/people/"), .expression("id", offset: 9)]),
        ("{a}{b}", [.expression("a", offset: 1), .expression("b", offset: 4)]),
        ("/å/{ {'x': '}'}[id] }/e", [.text("/å/"), .expression(" {'x': '}'}[id] ", offset: 5), .text("/e")]),
        (#"{a == "\"}" ? b : c}"#, [.expression(#"a == "\"}" ? b : c"#, offset: 1)]),
    ])
    func `braces hold expressions, and quotes hold braces`(_ template: String, _ pieces: [TextTemplate.Piece]) throws {
        #expect(try TextTemplate(template).pieces == pieces)
    }

    @Test(arguments: [("/{id", 1), ("/id}", 3), ("/å{ }", 3), ("/{'}", 1)])
    func `braces that do not fit are refused where they stand`(_ template: String, _ offset: Int) {
        #expect { try TextTemplate(template) } throws: { ($0 as? TextTemplate.Malformed)?.offset == offset }
    }
}
