import IdentityModel
import Testing

@testable import ConnectorLDIF

/// RFC 2849.
@Suite("Change records")
struct LDIFRecordTests {
    @Test(
        "a value that is no SAFE-STRING is written in base64",
        arguments: [
            ("Berg", "sn: Berg\n"), ("", "sn: \n"), (" Berg", "sn:: IEJlcmc=\n"), (":Berg", "sn:: OkJlcmc=\n"),
            ("<Berg", "sn:: PEJlcmc=\n"),
            ("Berg ", "sn:: QmVyZyA=\n"), ("Müller", "sn:: TcO8bGxlcg==\n"), ("a\nb", "sn:: YQpi\n"), ("a: b", "sn: a: b\n"),
            ("#1", "sn: #1\n"),
        ])
    func values(_ value: String, _ line: String) { #expect(LDIFRecord.line("sn", value) == line) }

    @Test("lines end after 76 columns and go on behind a space")
    func folding() {
        let value = String(repeating: "x", count: 160)
        let lines = LDIFRecord.line("description", value).split(separator: "\n")
        #expect(lines.map(\.utf8.count) == [76, 76, 23])
        #expect(lines.dropFirst().allSatisfy { $0.hasPrefix(" ") })
        #expect(LDIFRecord.line("d", String(repeating: "y", count: 73)).utf8.count == 77)
    }

    private let records = [
        LDIFRecord(
            account: AccountID("7"), name: "cn=Ann Berg,ou=People,dc=example",
            change: .add([.init("objectClass", "person"), .init("sn", "Müller ")])),
        LDIFRecord(
            account: AccountID("7"), name: "cn=Ann Berg,ou=People,dc=example",
            change: .modify([
                .init(kind: .replace, attribute: "title", values: ["Chief", String(repeating: "long ", count: 40)]),
                .init(kind: .delete, attribute: "sn", values: []), .init(kind: .add, attribute: "mail", values: ["a@example.com"]),
            ])),
        LDIFRecord(
            account: AccountID("7"), name: "cn=Ann Berg,ou=People,dc=example",
            change: .rename(newName: "cn=Ann Dahl,ou=Disabled,dc=example", container: "ou=Disabled,dc=example")),
        LDIFRecord(
            account: nil, name: "cn=Staff,dc=example",
            change: .modify([.init(kind: .add, attribute: "member", values: ["cn=Ann Dahl,ou=Disabled,dc=example"])])),
        LDIFRecord(account: AccountID("7"), name: "cn=Ann Dahl,ou=Disabled,dc=example", change: .delete),
    ]

    @Test("what is written is read back")
    func roundTrip() throws {
        let text = records.map(\.text).joined()
        let reader = try LDIFReader(text)
        #expect(reader.records == records && reader.end == text.utf8.count)
    }

    @Test("a rename says the new name, the old one's end and the container")
    func rename() {
        #expect(
            records[2].text == """
                # birthright account: 7
                dn: cn=Ann Berg,ou=People,dc=example
                changetype: modrdn
                newrdn: cn=Ann Dahl
                deleteoldrdn: 1
                newsuperior: ou=Disabled,dc=example


                """)
    }

    @Test("of a file that was cut off anywhere whole records are read, and it is said where they end")
    func torn() throws {
        let bytes = Array(records.map(\.text).joined().utf8)
        for length in 0...bytes.count {
            let reader = try LDIFReader(String(decoding: bytes.prefix(length), as: UTF8.self))
            #expect(reader.records == Array(records.prefix(reader.records.count)))
            let whole = records.prefix(reader.records.count).map(\.text).joined().utf8.count
            #expect(reader.end == whole && whole <= length)
            #expect(reader.records.count == records.count || whole + records[reader.records.count].text.utf8.count > length)
        }
    }

    @Test("what is no change record is refused with its line")
    func damage() {
        #expect(throws: LDIFReader.Damage.self) { try LDIFReader("dn: cn=a\nnonsense\n\n") }
        #expect(throws: LDIFReader.Damage.self) { try LDIFReader("dn: cn=a\nchangetype: explode\n\n") }
        #expect(throws: LDIFReader.Damage.self) { try LDIFReader("dn:: ###\nchangetype: delete\n\n") }
    }
}
