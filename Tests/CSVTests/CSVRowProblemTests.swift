import CSV
import Testing

@Suite struct CSVRowProblemTests {
    @Test func `a row with too few fields is set aside, and the run goes on`() {
        let reading = Reading("id,first,last\n1,Kari,Hansen\n2,Ola\n3,Åse,Berg\n")
        #expect(reading.values.map(\.[0]) == ["1", "3"])
        #expect(
            reading.problems.map(\.description) == [
                "3:6: the row has 2 fields, the header has 3; is a delimiter missing, or a line break not in quotes?"
            ])
        #expect(reading.problems[0].fields == ["2", "Ola"])
        #expect(reading.problems[0].rowLine == 3)
        #expect(reading.problems[0].columnName == nil)
    }

    @Test func `a row with too many fields keeps as many values as the header has`() {
        let reading = Reading("id,name\n1,Hansen, Kari,\"x\"\n")
        #expect(
            reading.problems.map(\.description) == [
                "2:10: the row has 4 fields, the header has 2; is a value that contains the delimiter not in quotes?"
            ])
        #expect(reading.problems[0].fields == ["1", "Hansen"])
    }

    @Test func `one field is spelt in the singular`() {
        #expect(
            Reading("id,name\nx\n").problems.map(\.message) == [
                "the row has 1 field, the header has 2; is a delimiter missing, or a line break not in quotes?"
            ])
    }

    @Test func `text behind a closing quote spoils its field only`() {
        let reading = Reading("id,name,city\n\"1\"\"\",\"Kari\" H\"ansen,\"Os\"\"lo\"\n2,b,c\n")
        #expect(
            reading.problems.map(\.description) == [
                "2:13: column name: text after the closing quote; a quote inside a quoted field must be doubled (\"\")"
            ])
        #expect(reading.problems[0].fields == ["1\"", nil, "Os\"lo"])
        #expect(reading.values == [["2", "b", "c"]])
    }

    @Test func `a quote in a field that does not begin with one spoils its field only`() {
        let reading = Reading("id,name,city\n1,Kari \"K\" Hansen,Oslo\n")
        #expect(
            reading.problems.map(\.description) == [
                "2:8: column name: a quote in a field that does not begin with one; "
                    + "put the field in quotes and double the quote (\"\")"
            ])
        #expect(reading.problems[0].fields == ["1", nil, "Oslo"])
    }

    @Test func `a space before the opening quote is named`() {
        #expect(
            Reading("id,name\n1, \"Kari\"\n").problems.map(\.description) == [
                "2:4: column name: a space before the opening quote; remove it"
            ])
    }

    @Test func `a bad byte in a file taken for UTF-8 names the byte and the other encoding`() {
        let bytes = Array("id,name\n".utf8) + Array("1,Bjørn\n2,Bj".utf8) + [0xF8] + Array("rn\n3,Åse\n".utf8)
        let reading = Reading(bytes)
        #expect(
            reading.problems.map(\.description) == [
                "3:5: column name: byte 0xF8 is not UTF-8, as which the file was read; if it is not, declare `encoding: windows-1252`"
            ])
        #expect(reading.problems[0].fields == ["2", nil])
        #expect(reading.values == [["1", "Bjørn"], ["3", "Åse"]])
    }

    @Test(arguments: [
        [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5], [0x80], [0xC3], [0xE2, 0x82],
        [0xF0, 0x8F, 0xBF, 0xBF], [0xC1, 0x81], [0xF0, 0x9F, 0x98],
    ])
    func `overlong, surrogate, cut and stray sequences are not UTF-8`(_ sequence: [Int]) {
        let bytes = Array("a,b\n1,".utf8) + sequence.map(UInt8.init) + Array("\n2,ok\n".utf8)
        let reading = Reading(bytes, CSVFormat(encoding: .utf8))
        #expect(reading.problems.map(\.position.description) == ["2:3"])
        #expect(
            reading.problems.map(\.reason) == [.invalidByte(UInt8(sequence[0]), .utf8, assumed: false)])
        #expect(reading.values == [["2", "ok"]])
    }

    @Test func `a bad byte under a declared encoding does not advise another one`() {
        let bytes = Array("id,name\n1,".utf8) + [0xFF, 0x0A]
        #expect(
            Reading(bytes, CSVFormat(encoding: .utf8)).problems.map(\.message) == [
                "column name: byte 0xFF is not text in UTF-8, the encoding of the file"
            ])
    }

    @Test func `a byte without a character in Windows-1252 is a bad byte`() {
        let bytes = Array("id,name\n1,".utf8) + [0xE5, 0x81] + Array("\n2,".utf8) + [0x80, 0x9F, 0x0A]
        let reading = Reading(bytes)
        #expect(
            reading.problems.map(\.description) == [
                "2:4: column name: byte 0x81 is not text in Windows-1252, the encoding of the file"
            ])
        #expect(reading.values == [["2", "€Ÿ"]])
    }

    @Test func `half of a surrogate pair is a bad character`() {
        let bytes =
            [0xFF, 0xFE] + "id,name\n1,".utf16Bytes(bigEndian: false) + [0x3D, 0xD8] + "x\n2,😀\n3,".utf16Bytes(bigEndian: false)
            + [0x00, 0xDC, 0x3D, 0xD8]
        let reading = Reading(bytes)
        #expect(
            reading.problems.map(\.description) == [
                "2:3: column name: half of a UTF-16 surrogate pair; the text was damaged before it was written",
                "4:3: column name: half of a UTF-16 surrogate pair; the text was damaged before it was written",
            ])
        #expect(reading.values == [["2", "😀"]])
        let cut = Reading([0xFF, 0xFE] + "id,name\n1,x".utf16Bytes(bigEndian: false) + [0x3D, 0xD8])
        #expect(cut.problems.map(\.position.description) == ["2:4"])
    }

    @Test func `the place of a fault counts lines inside quotes`() {
        let reading = Reading("id,note,end\n1,\"two\r\nlines\",a\"b\n")
        #expect(reading.problems.map(\.position.description) == ["3:9"])
        #expect(reading.problems.map(\.rowLine) == [2])
    }
}
