import Foundation
import FoundationXML
import Testing

@testable import birthright

@Suite("JUnit XML")
struct JUnitXMLTests {
    /// What a parser that knows nothing of ours reads.
    private final class Reading: NSObject, XMLParserDelegate {
        var attribute: String?
        var text = ""

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?, attributes: [String: String]
        ) {
            attribute = attributes["message"]
        }

        func parser(_ parser: XMLParser, foundCharacters characters: String) { text += characters }
    }

    @Test(
        "any text survives a parser, in an attribute and between tags",
        arguments: ["a & b", "<b>\"it's\"</b>", "one\ntwo\tthree", "]]>", "Zażółć 王 🙂", "&amp;", ""])
    func roundTrip(_ text: String) throws {
        let document =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<failure message=\(JUnitXML.attribute(text))>\(JUnitXML.characters(text))</failure>"
        let reading = Reading()
        let parser = XMLParser(data: Data(document.utf8))
        parser.delegate = reading
        #expect(parser.parse(), "\(String(describing: parser.parserError)): \(document)")
        #expect(reading.attribute == text)
        #expect(reading.text == text)
    }

    @Test("what XML has no way to write is shown as the replacement character")
    func controls() { #expect(JUnitXML.characters("a\u{0}\u{1B}[1m\u{FFFF}") == "a\u{FFFD}\u{FFFD}[1m\u{FFFD}") }
}
