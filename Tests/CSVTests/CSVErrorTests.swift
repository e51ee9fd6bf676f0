import CSV
import Testing

@Suite struct CSVErrorTests {
    @Test(arguments: ["", "\u{FEFF}", "\n\r\n\n"])
    func `a file without a header is empty, which is not the same as a file of no rows`(_ file: String) {
        #expect(Reading(file).error?.description == "the file is empty: it has no header line")
    }

    @Test func `a NUL byte is no text`() {
        #expect(
            Reading("a,b\n1,ø\u{0}\n").error?.description
                == "2:4: a NUL byte, which no text contains; is this a spreadsheet (.xlsx), a compressed file, or UTF-16 without a byte-order mark?"
        )
        #expect(Reading("PK\u{3}\u{4}\u{0}").error == .nulByte(CSVPosition(line: 1, column: 5)))
        #expect(Reading("a\n\u{0}\n").error == .nulByte(CSVPosition(line: 2, column: 1)))
    }

    @Test func `rows in front of a NUL byte are seen`() {
        #expect(Reading("a,b\n1,2\n3,\u{0}\n").values == [["1", "2"]])
    }

    @Test func `a file cut inside a quoted field names the place where the quote opened`() {
        #expect(
            Reading("id,name\n1,\"Kari\"\n2,\"Ola\nNordmann\n").error?.description
                == "3:3: the file ends inside the quoted field that opens here; was it cut off, or is the closing quote (\") missing?")
    }

    @Test func `a header that breaks the rules cannot be read`() {
        #expect(
            Reading("id,\"na\"me\n1,2\n").error?.description
                == "1:8: the header cannot be read: text after the closing quote; a quote inside a quoted field must be doubled (\"\")")
        #expect(
            Reading(Array("id,n".utf8) + [0xFF, 0x0A], CSVFormat(encoding: .utf8)).error?.description
                == "1:5: the header cannot be read: byte 0xFF is not text in UTF-8, the encoding of the file")
    }

    @Test func `two columns of one name are refused`() {
        #expect(
            Reading("id,name,\"id\"\n").error?.description == "1:9: the column 'id' appears twice in the header, first at 1:1")
    }

    @Test func `a header without any name is refused`() {
        #expect(
            Reading("\n;;\n1;2;3\n").error?.description
                == "2:1: the header names no column; the first line must hold the column names")
    }

    @Test func `a declared encoding that the byte-order mark contradicts is refused`() {
        #expect(
            Reading("\u{FEFF}a,b\n", CSVFormat(encoding: .windows1252)).error?.description
                == "the encoding is declared as Windows-1252, but the file begins with the byte-order mark of UTF-8; "
                + "declare `encoding: utf-8` or `encoding: auto`")
    }

    @Test func `UTF-16 of an odd number of bytes was cut`() {
        let bytes = [0xFE, 0xFF] + "a,b\n1,2\n3,4".utf16Bytes(bigEndian: true) + [0x00]
        let reading = Reading(bytes)
        #expect(
            reading.error?.description
                == "3:4: the file ends in the middle of a character: UTF-16BE needs an even number of bytes; was it cut off?")
        #expect(reading.values == [["1", "2"]])
    }

    @Test(arguments: [UInt8(ascii: "\""), 0x0A, 0x0D, 0x00, 0xE5])
    func `a delimiter that cannot separate is refused`(_ byte: UInt8) {
        #expect(Reading("a", CSVFormat(delimiter: byte)).error == .unusableDelimiter(byte))
    }

    @Test func `the refusal of a delimiter names it`() {
        #expect(
            CSVError.unusableDelimiter(0x0A).description
                == "0x0A cannot be a delimiter; use one ASCII character other than a quote or a line ending")
        #expect(CSVError.batchFull.description == "more than 4 GiB were read into one batch; empty it between chunks")
    }
}
