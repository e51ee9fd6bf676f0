import CSV
import Testing

@Suite struct CSVPropertyTests {
    /// Everything that can straddle a border: marks, CRLF, doubled quotes, multi-byte characters, damaged rows, blank lines.
    static let nasty =
        "id,\"na\"\"me\",note\r\n1,\"Bjørn \"\"Å\"\"\r\n𝒳\",x\r\r\n2,a\"b,c\n\n3,\"x\" y,z\r4,5\n\"\",\"\",\"\"\r\n6,ø,😀\n7,8,9,\"10\"\n\"l\"\"ast\",\"\r\n\",é"

    static let files: [(name: String, bytes: [UInt8])] = [
        ("UTF-8", Array(nasty.utf8)),
        ("UTF-8 with mark", [0xEF, 0xBB, 0xBF] + Array(nasty.utf8)),
        ("UTF-16LE", [0xFF, 0xFE] + nasty.utf16Bytes(bigEndian: false)),
        ("UTF-16BE", [0xFE, 0xFF] + nasty.utf16Bytes(bigEndian: true)),
        ("damaged UTF-8", Array("a,b\nø,ø\nå,å\n\u{1}".utf8) + [0xC3, 0x28] + Array(",x\r\n1,2\r\n".utf8)),
        ("Windows-1252", Array("a,b\nBj".utf8) + [0xF8, 0x72, 0x6E, 0x2C, 0x80, 0x0A, 0x81, 0x2C, 0x31]),
        ("cut in quotes", Array("a,b\n1,2\n\"x,y\n".utf8)),
        ("NUL", Array("a,b\n1,2\n\"x\n\u{0}y\",2\n3,4\n".utf8)),
        ("odd UTF-16", [0xFF, 0xFE] + "a,b\n1,2\n3,4".utf16Bytes(bigEndian: false) + [0x31]),
    ]

    @Test(arguments: files.indices)
    func `what is read does not depend on where the chunks end`(_ index: Int) {
        let (name, bytes) = Self.files[index]
        let whole = Reading(bytes)
        for first in 0...bytes.count {
            #expect(Reading(bytes, chunks: [first]) == whole, "\(name), cut at \(first)")
        }
        for size in 1...7 {
            let sizes = Array(repeating: size, count: bytes.count / size)
            #expect(Reading(bytes, chunks: sizes) == whole, "\(name), chunks of \(size)")
        }
    }

    /// The encoding is declared, so that rows come out from the first chunk on and every cut is a cut between two splits.
    @Test(arguments: 0..<3)
    func `what is read does not depend on where the chunks end once rows flow`(_ index: Int) {
        let padding = "id,name,note\n" + String(repeating: "1,\"2\"\"\",æ\r\n", count: 3)
        let text = padding + Self.nasty
        let encoding = [TextEncoding.utf8, .utf16LE, .utf16BE][index]
        let bytes = encoding == .utf8 ? Array(text.utf8) : text.utf16Bytes(bigEndian: encoding == .utf16BE)
        let format = CSVFormat(delimiter: UInt8(ascii: ","), encoding: encoding)
        let whole = Reading(bytes, format)
        #expect(whole.rows.count == 8 && whole.problems.count == 4)
        for first in 0...bytes.count {
            #expect(Reading(bytes, format, chunks: [first]) == whole, "cut at \(first)")
            #expect(Reading(bytes, format, chunks: [first, 1, 2]) == whole, "cut at \(first)")
        }
    }

    @Test(arguments: 0..<400)
    func `any bytes are read the same whatever the chunks`(_ seed: Int) {
        var random = SeededGenerator(state: UInt64(seed))
        let alphabet: [UInt8] = Array("\"\"\"\",,,\n\n\r\r;ab ".utf8) + (seed % 4 == 0 ? [0xC3, 0xB8, 0xE2, 0x82, 0xFF] : [])
        let length = Int.random(in: 0...300, using: &random)
        let bytes = (0..<length).map { _ in
            Int.random(in: 0..<500, using: &random) == 0 ? 0 : alphabet.randomElement(using: &random) ?? 0
        }
        let encoding = [nil, TextEncoding.utf8, .windows1252, .utf16LE][seed % 4]
        let format = CSVFormat(delimiter: UInt8(ascii: ","), encoding: encoding, limits: CSVLimits(fieldBytes: 60, rowBytes: 90))
        let header = encoding == .utf16LE ? "x,y,z\n".utf16Bytes(bigEndian: false) : Array("x,y,z\n".utf8)
        let whole = Reading(header + bytes, format)
        for _ in 0..<8 {
            let sizes = (0..<60).map { _ in Int.random(in: 0...12, using: &random) }
            #expect(Reading(header + bytes, format, chunks: sizes) == whole)
        }
    }

    @Test(arguments: 0..<60)
    func `what is written is read again, whatever the chunks`(_ seed: Int) {
        var random = SeededGenerator(state: UInt64(seed))
        let delimiter = [",", ";", "\t", "|"][seed % 4]
        let ending = ["\n", "\r\n", "\r"][seed % 3]
        let columns = Int.random(in: 2...9, using: &random)
        let rows = (0..<Int.random(in: 1...40, using: &random)).map { _ in
            (0..<columns).map { _ in Self.value(&random) }
        }
        let names = (0..<columns).map { "column \($0)" }
        let file = ([names] + rows).map { row in
            row.map { Self.written($0, delimiter: delimiter, &random) }.joined(separator: delimiter)
        }
        let format = CSVFormat(encoding: .utf8)
        let bytes = Array((file.joined(separator: ending) + ending).utf8)
        let sizes = (0..<20).map { _ in Int.random(in: 0...200, using: &random) }
        let reading = Reading(bytes, format, chunks: sizes)
        #expect(reading.values == rows)
        #expect(reading.detected?.delimiter == delimiter.utf8.first)
        #expect(reading.problems.isEmpty && reading.error == nil)
        #expect(reading == Reading(bytes, format))
    }

    private static func value(_ random: inout SeededGenerator) -> String {
        let alphabet = Array("ab1 ø😀中,;\t|\"\"").map(String.init) + ["\n", "\r", "\r\n", "'", "#"]
        let length = Bool.random(using: &random) ? Int.random(in: 0...4, using: &random) : Int.random(in: 0...60, using: &random)
        return (0..<length).map { _ in alphabet.randomElement(using: &random) ?? "" }.joined()
    }

    private static func written(_ value: String, delimiter: String, _ random: inout SeededGenerator) -> String {
        let mustQuote = value.unicodeScalars.contains { "\"\n\r".unicodeScalars.contains($0) || $0 == delimiter.unicodeScalars.first }
        guard mustQuote || Int.random(in: 0..<4, using: &random) == 0 else { return value }
        let doubled = value.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined()
        return "\"\(doubled)\""
    }
}
