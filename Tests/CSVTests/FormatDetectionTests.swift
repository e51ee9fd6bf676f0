import CSV
import Testing

@Suite struct FormatDetectionTests {
    static let text = "id;navn\r\n1;Bjørn\r\n"
    static let expected = [["1", "Bjørn"]]

    @Test func `a UTF-8 mark is not part of the first column's name`() {
        let reading = Reading("\u{FEFF}" + Self.text)
        #expect(reading.header?.names == ["id", "navn"])
        #expect(reading.header?.positions.first == CSVPosition(line: 1, column: 1))
        #expect(reading.values == Self.expected)
        #expect(
            reading.detected?.summary == "UTF-8 with byte-order mark; delimiter ';' (1 in the header); lines end with CRLF")
    }

    @Test(arguments: [false, true])
    func `UTF-16 is read with its mark and without`(_ bigEndian: Bool) {
        let encoding: TextEncoding = bigEndian ? .utf16BE : .utf16LE
        let bytes = Self.text.utf16Bytes(bigEndian: bigEndian)
        let marked = Reading((bigEndian ? [0xFE, 0xFF] : [0xFF, 0xFE]) + bytes)
        let unmarked = Reading(bytes)
        let declared = Reading(bytes, CSVFormat(encoding: encoding))
        for reading in [marked, unmarked, declared] {
            #expect(reading.values == Self.expected)
            #expect(reading.detected?.encoding == encoding)
        }
        #expect(marked.detected?.encodingDecision == .byteOrderMark)
        #expect(
            unmarked.detected?.summary
                == "\(encoding.name) (every second byte is zero); delimiter ';' (1 in the header); lines end with CRLF")
        #expect(declared.detected?.encodingDecision == .declared)
    }

    @Test func `bytes that are not UTF-8 at the start make the file Windows-1252`() {
        let reading = Reading(Array("id\tnavn\n1\tBj".utf8) + [0xF8] + Array("rn ".utf8) + [0x96, 0x0A])
        #expect(reading.values == [["1", "Bjørn \u{2013}"]])
        #expect(
            reading.detected?.summary
                == "Windows-1252 (byte 0xF8 at offset 12 is not UTF-8); delimiter tab (1 in the header); lines end with LF")
    }

    @Test func `one bad byte among good UTF-8 does not garble every name`() {
        let reading = Reading(Array("id,navn\n1,Bjørn\n2,Åse\n3,x".utf8) + [0xF8] + Array("\n".utf8))
        #expect(reading.detected?.encodingDecision == .validUTF8(characters: 2, invalidBytes: 1))
        #expect(reading.values == [["1", "Bjørn"], ["2", "Åse"]])
        #expect(reading.problems.count == 1)
    }

    @Test func `a bad byte behind the part that was looked at is a problem of its row`() {
        let rows = String(repeating: "1,Kari\n", count: 10_000)
        let reading = Reading(Array(("id,navn\n" + rows).utf8) + Array("2,Bj".utf8) + [0xF8] + Array("rn\n3,Ola".utf8))
        #expect(reading.rows.count == 10_001)
        #expect(
            reading.problems.map(\.description) == [
                "10002:5: column navn: byte 0xF8 is not UTF-8, as which the file was read; if it is not, declare `encoding: windows-1252`"
            ])
        #expect(
            reading.detected?.summary == "UTF-8 (only ASCII at the start); delimiter ',' (1 in the header); lines end with LF")
    }

    @Test func `a character across the end of the part that is looked at is whole`() {
        let filler = "a,b\n" + String(repeating: "x", count: (64 << 10) - 5)
        let reading = Reading(filler + "ø,å\n")
        #expect(reading.detected?.encoding == .utf8)
        #expect(reading.rows.count == 1)
    }

    @Test func `the delimiter is the most frequent candidate outside quotes`() {
        #expect(Reading("a;\"b,,,,\";c|d\n").detected?.delimiterCounts.map(\.count) == [2, 1])
        #expect(Reading("a;\"b,,,,\";c|d\n").header?.names == ["a", "b,,,,", "c|d"])
        #expect(Reading("\"a\"\",,,\";b\n").header?.names == ["a\",,,", "b"])
        #expect(Reading("a|b,c\n").detected?.delimiter == UInt8(ascii: ","))
        #expect(Reading("\"a\nb;;\",c\n").header?.names == ["a\nb;;", "c"])
    }

    @Test func `a header of one column says which other delimiter it holds`() {
        let alone = Reading("name\nKari\n")
        #expect(alone.detected?.delimiterDecision == .noCandidate)
        #expect(alone.detected?.suspectedDelimiter == nil)
        #expect(
            alone.detected?.summary
                == "UTF-8 (only ASCII at the start); delimiter ',' (assumed: the header holds none of , ; tab |); lines end with LF")
        let wrong = Reading("id;name\n1;2\n", CSVFormat(delimiter: UInt8(ascii: ",")))
        #expect(wrong.header?.names == ["id;name"])
        #expect(wrong.detected?.suspectedDelimiter == UInt8(ascii: ";"))
    }

    @Test func `a header at the end of the file has no line ending`() {
        #expect(
            Reading("a,b", CSVFormat(delimiter: UInt8(ascii: ","), encoding: .utf8)).detected?.summary
                == "UTF-8 (declared); delimiter ',' (declared); no line ending")
    }
}
