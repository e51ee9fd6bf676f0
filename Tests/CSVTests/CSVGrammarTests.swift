import CSV
import Testing

@Suite struct CSVGrammarTests {
    @Test func `a quoted value may hold delimiters, doubled quotes and line breaks`() {
        let reading = Reading("id,name,note\n1,\"Hansen, Kari\",\"said \"\"hi\"\"\r\nand left\"\n2,,\"\"\n")
        #expect(reading.values == [["1", "Hansen, Kari", "said \"hi\"\r\nand left"], ["2", "", ""]])
        #expect(reading.rows.map(\.line) == [2, 4])
        #expect(reading.problems.isEmpty && reading.error == nil)
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func `LF, CRLF and CR end a line, and the last line needs no ending`(_ ending: String) {
        let lines = ["a,b", "1,2", "3,\"4\""]
        for file in [lines.joined(separator: ending), lines.joined(separator: ending) + ending] {
            let reading = Reading(file)
            #expect(reading.values == [["1", "2"], ["3", "4"]])
            #expect(reading.rows.map(\.line) == [2, 3])
        }
    }

    @Test func `line endings may be mixed in one file`() {
        let reading = Reading("a,b\r\n1,2\r3,4\n5,6")
        #expect(reading.values == [["1", "2"], ["3", "4"], ["5", "6"]])
        #expect(reading.rows.map(\.line) == [2, 3, 4])
    }

    @Test func `a line with nothing on it is passed over but counted`() {
        let reading = Reading("\r\n\na,b\n\n1,2\r\n\r\n\n3,4\n\n")
        #expect(reading.header?.positions.map(\.line) == [3, 3])
        #expect(reading.values == [["1", "2"], ["3", "4"]])
        #expect(reading.rows.map(\.line) == [5, 8])
    }

    @Test func `in a file of one column an empty line is an empty value`() {
        #expect(Reading("name\nKari\n\nOla\n").values == [["Kari"], [""], ["Ola"]])
    }

    @Test func `a line of quotes only is a value, not an empty line`() {
        #expect(Reading("name\n\"\"\n").values == [[""]])
        #expect(Reading("a,b\n\"\"\n").problems.map(\.reason) == [.tooFewFields(found: 1, expected: 2)])
    }

    @Test func `a row that starts with a number sign is data`() {
        #expect(Reading("a,b\n#1,2\n").values == [["#1", "2"]])
    }

    @Test func `spaces belong to the value`() {
        #expect(Reading("a,b\n x , \n").values == [[" x ", " "]])
    }

    @Test func `an empty last value at the end of the file counts`() {
        #expect(Reading("a,b\n1,").values == [["1", ""]])
    }

    @Test(arguments: [";", "\t", "|", ":", " ", "~", "\u{1F}", "\u{7F}", "x"])
    func `any one ASCII character can be the delimiter`(_ delimiter: String) {
        let lines = [["a", "b", "c"], ["1", "\"2\(delimiter)2\"", ""]].map { $0.joined(separator: delimiter) }
        let reading = Reading(lines.joined(separator: "\n"), CSVFormat(delimiter: delimiter.utf8.first))
        #expect(reading.values == [["1", "2\(delimiter)2", ""]])
        #expect(reading.detected?.delimiterDecision == .declared)
    }

    @Test func `every value knows its line and column in code points`() {
        let reading = Reading("id,name,note,end\n\"1\",\"Åse \"\"Å\"\" Bø\",\"two\nlines\",x\n2,\"a\"\"\r\n\"\"b\",c,d\n")
        #expect(reading.rows[0].positions.map(\.description) == ["2:1", "2:5", "2:20", "3:8"])
        #expect(reading.rows[1].positions.map(\.description) == ["4:1", "4:3", "5:6", "5:8"])
        #expect(reading.header?.positions.map(\.description) == ["1:1", "1:4", "1:9", "1:14"])
    }

    @Test func `a delimiter at the end of every line makes a column without a name`() {
        let reading = Reading("a;b;\n1;2;\n")
        #expect(reading.header?.names == ["a", "b", ""])
        #expect(reading.header?.unnamedColumns == [2])
        #expect(reading.header?.index(of: "") == nil)
        #expect(reading.header?.index(of: "b") == 1)
        #expect(reading.values == [["1", "2", ""]])
    }

    @Test func `a header without rows is a file without rows`() {
        let reading = Reading("a,b\n")
        #expect(reading.error == nil)
        #expect(reading.header?.names == ["a", "b"])
        #expect(reading.rows.isEmpty)
    }

    @Test func `a small table is read in one go`() throws {
        let table = try CSVTable(Array("department,ou\nFinance,\"ou=Finance,dc=example\"\nx\n".utf8))
        #expect(table.header.names == ["department", "ou"])
        #expect(table.rows.values(row: 0) == ["Finance", "ou=Finance,dc=example"])
        #expect(table.rows.problems.count == 1)
        #expect(throws: CSVError.empty) { try CSVTable([]) }
    }
}
