import CEL
import Testing

@Suite("Escaping for directories")
struct EscapingTests {
    @Test(
        "follows the examples of RFC 4514 and RFC 4515",
        arguments: [
            ("ldap.rdn('CN', 'James \\\"Jim\\\" Smith, III')", "CN=James \\\"Jim\\\" Smith\\, III"),
            ("ldap.rdn('CN', 'Before\\rAfter')", "CN=Before\\0dAfter"),
            ("ldap.escapeDn(' a ')", "\\ a\\ "), ("ldap.escapeDn('#a#')", "\\#a#"), ("ldap.escapeDn(' ')", "\\ "),
            ("ldap.escapeDn('Lučić')", "Lučić"),
            ("ldap.escapeFilter('Parens R Us (for all your parenthetical needs)')", "Parens R Us \\28for all your parenthetical needs\\29"),
            ("ldap.escapeFilter('*\\\\')", "\\2a\\5c"), ("ldap.escapeFilter('a\\x00b')", "a\\00b"),
            ("ldap.dn([ldap.rdn('cn', 'a,b'), 'dc=example', 'dc=com'])", "cn=a\\,b,dc=example,dc=com"),
        ])
    func examples(source: String, expected: String) throws {
        #expect(try evaluate(source) == .string(expected))
    }

    @Test("refuses a name without attribute or value")
    func refusals() {
        #expect(failure("ldap.rdn('c n', 'x')") == "5: 'c n' is no attribute name")
        #expect(failure("ldap.rdn('cn', '')") == "5: ldap.rdn('cn', '') has no value")
        #expect(failure("ldap.dn(['dc=a', ''])") == "5: ldap.dn() has an empty part")
    }

    @Test("of any value reads back as that value, by the rules of RFC 4514 section 3")
    func roundTrip() throws {
        let environment = Environment(variables: [("v", .string)])
        guard case .program(let escape) = environment.compile("ldap.escapeDn(v)") else { throw DoesNotCompile(messages: []) }
        let activation = Activation(environment)
        let pieces = Array(" #\",+;<>=\\aé😀\u{0}\r\n\u{7F}b0A".unicodeScalars)
        var state: UInt64 = 42
        for _ in 0..<5_000 {
            var text = ""
            for _ in 0..<Int(next(&state) % 7) { text.unicodeScalars.append(pieces[Int(next(&state) % UInt64(pieces.count))]) }
            activation.set(0, .value(.string(text)))
            let escaped = try #require(try escape.evaluate(activation).asString)
            #expect(Self.unescaped(escaped).map { Array($0.utf8) } == Array(text.utf8), "\(escaped)")
        }
    }

    /// xorshift64*: the same values on every run.
    private func next(_ state: inout UInt64) -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return (state &* 2_685_821_657_736_338_717) >> 33
    }

    private static func isHex(_ byte: UInt8) -> Bool { "0123456789abcdefABCDEF".utf8.contains(byte) }

    /// nil when the text is no attribute value of RFC 4514.
    private static func unescaped(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var position = 0
        while position < bytes.count {
            let byte = bytes[position]
            let isBare = byte != UInt8(ascii: "\\")
            if isBare {
                let isEdgeSpace = byte == UInt8(ascii: " ") && (position == 0 || position == bytes.count - 1)
                guard byte != 0, !"\"+,;<>".utf8.contains(byte), !isEdgeSpace, !(byte == UInt8(ascii: "#") && position == 0) else {
                    return nil
                }
                result.append(byte)
                position += 1
            } else if position + 2 < bytes.count, bytes[position + 1...position + 2].allSatisfy(Self.isHex),
                let value = UInt8(String(decoding: bytes[position + 1...position + 2], as: UTF8.self), radix: 16)
            {
                result.append(value)
                position += 3
            } else {
                guard position + 1 < bytes.count, " #\"+,;<>=\\".utf8.contains(bytes[position + 1]) else { return nil }
                result.append(bytes[position + 1])
                position += 2
            }
        }
        return String(validating: result, as: UTF8.self)
    }
}
