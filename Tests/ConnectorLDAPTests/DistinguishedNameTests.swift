import Testing

@testable import ConnectorLDAP

struct DistinguishedNameTests {
    /// Strings that are hard to escape: mostly special characters, spaces at the ends, NUL, text of several scripts.
    static func hostileStrings(_ count: Int, seed: UInt64) -> [String] {
        var generator = SeededGenerator(state: seed)
        let alphabet: [Character] = Array(" ,+\"\\<>;=#aZ0é李🙂\u{0}\n\t/*()") + [" ", ",", "\\"]
        return (0..<count).map { _ in
            String((0..<Int.random(in: 1...12, using: &generator)).map { _ in alphabet.randomElement(using: &generator) ?? "x" })
        }
    }

    @Test func `any text survives being escaped and parsed, alone and between others`() throws {
        let texts = Self.hostileStrings(2_000, seed: 1) + [" ", "  ", "#", "# ", "\u{0}", "\\", "a ", " a", "+", "=", "Neill, O'"]
        for (text, other) in zip(texts, texts.reversed()) {
            let name =
                "cn=\(DistinguishedName.escape(text))+uid=\(DistinguishedName.escape(other)),ou=\(DistinguishedName.escape(other)),dc=example"
            let rdns = try DistinguishedName.parse(name)
            #expect(rdns.map { $0.map(\.text) } == [[text, other], [other], ["example"]])
            #expect(DistinguishedName.split(name).parent == "ou=\(DistinguishedName.escape(other)),dc=example")
        }
    }

    @Test func `a key knows its parent, whatever the first value holds`() {
        for text in Self.hostileStrings(500, seed: 2) {
            let key = DistinguishedName.key("cn=\(DistinguishedName.escape(text)),OU=Finance, dc=Example")
            #expect(DistinguishedName.parent(ofKey: key) == "ou=finance,dc=example")
        }
    }

    @Test(arguments: [
        ("CN=Åse Berg,OU=People", "cn=åse  berg , ou=people"), ("cn=A\\, B,dc=x", "cn=a\\2c b,dc=x"),
        ("cn=a+uid=b,dc=x", "UID=B + CN=A,dc=x"),
        ("cn=\u{212B}se,dc=x", "cn=åse,dc=x"), ("cn=#0403616263,dc=x", "cn=abc,dc=x"), ("cn=\\ a,dc=x", "cn=a,dc=x"),
        ("cn=a\\=b,dc=x", "cn=a=b,dc=x"),
    ])
    func `two ways to write one name have one key`(_ first: String, _ second: String) {
        #expect(DistinguishedName.key(first) == DistinguishedName.key(second))
    }

    @Test func `different names have different keys`() {
        let names = [
            "cn=a,dc=x", "cn=a\\,dc=x", "cn=a,dc=x,dc=x", "uid=a,dc=x", "cn=a+cn=b,dc=x", "cn=a\\+cn=b,dc=x",
            "cn=a b,dc=x",
        ]
        #expect(Set(names.map(DistinguishedName.key)).count == names.count)
    }

    @Test(arguments: [
        ("people", "'people' is not a distinguished name (RFC 4514): '=' is missing at byte 7"),
        ("cn=a,,dc=x", "'cn=a,,dc=x' is not a distinguished name (RFC 4514): an attribute type is missing at byte 6"),
        ("cn=a\\", "'cn=a\\' is not a distinguished name (RFC 4514): an escape is cut off at byte 5"),
        ("cn=a;b", "'cn=a;b' is not a distinguished name (RFC 4514): a character that must be escaped at byte 5"),
        ("cn=#zz", "'cn=#zz' is not a distinguished name (RFC 4514): not a hex string at byte 5"),
    ])
    func `what is no name is refused with its place`(_ name: String, _ message: String) {
        let error = #expect(throws: (any Error).self) { try DistinguishedName.parse(name) }
        #expect(error.map { "\($0)" } == message)
    }

    @Test func `a filter's special characters become hex`() {
        #expect(SearchFilter.equal("cn", "a*(b)\\\u{0}é") == "(cn=a\\2a\\28b\\29\\5c\\00é)")
    }

    @Test func `an objectGUID is written as Windows writes it, and found by its bytes`() {
        let bytes: [UInt8] = [0xFF, 0x19, 0x96, 0x6F, 0x86, 0x8B, 0x11, 0xD0, 0xB4, 0x2D, 0x00, 0xC0, 0x4F, 0xC9, 0x64, 0xFF]
        let text = ActiveDirectory.identifierText(bytes)
        #expect(text == "6f9619ff-8b86-d011-b42d-00c04fc964ff")
        #expect(
            ActiveDirectory.identifierFilter("6f9619ff-8b86-d011-b42d-00c04fc964ff")
                == "\\ff\\19\\96\\6f\\86\\8b\\11\\d0\\b4\\2d\\00\\c0\\4f\\c9\\64\\ff")
        #expect(ActiveDirectory.identifierFilter("nobody") == nil)
    }
}
