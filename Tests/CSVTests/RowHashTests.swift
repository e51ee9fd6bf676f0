import CSV
import Testing

@Suite struct RowHashTests {
    private func hash(_ header: String, _ row: String) -> UInt64? {
        Reading(header + "\n" + row + "\n").rows.first?.hash
    }

    /// The values were computed by an independent implementation. Hashes are stored: if one of these changes, every row of every installation counts as changed.
    @Test func `the hash of known rows never changes`() {
        #expect(hash("id,name", "1,Kari") == 0xd475_96d6_32a5_e431)
        #expect(hash("id,name", ",") == 0x7b81_96ed_9971_3984)
        #expect(hash("id,name", "E1000234,Bjørn Åge van den Hoogenband-Christoffersen") == 0xebce_6614_ba7a_3166)
        #expect(hash("a", "0123456789abcdef") == 0xd5ee_4765_a69f_e29b)
    }

    @Test func `it takes the values, not how they are written`() {
        let plain = Reading("id,name\n1,Bjørn\n").rows.first?.hash
        #expect(Reading("\u{FEFF}\"id\";name\r\n\r\n\"1\";\"Bjørn\"\r\n").rows.first?.hash == plain)
        #expect(Reading([0xFF, 0xFE] + "id\tname\r1\tBjørn".utf16Bytes(bigEndian: false)).rows.first?.hash == plain)
        #expect(plain != nil)
    }

    @Test func `a value that moves across a border changes it`() {
        #expect(hash("x,y", "ab,c") != hash("x,y", "a,bc"))
        #expect(hash("x,y", "ab,") != hash("x,y", ",ab"))
        #expect(hash("x,y", "0123456789abcdef0,") != hash("x,y", "0123456789abcdef,0"))
    }

    @Test func `another order or another name of the columns changes it`() {
        #expect(hash("x,y", "a,a") != hash("y,x", "a,a"))
        #expect(hash("x,y", "a,a") != hash("x,z", "a,a"))
    }

    @Test func `no two of many similar rows have the same`() {
        var rows: [String] = []
        for length in 0...70 {
            for value in 0..<40 { rows.append("\(value),\(String(repeating: "a", count: length))") }
        }
        for value in 0..<20_000 { rows.append("x,E\(value)") }
        let reading = Reading("id,name\n" + rows.joined(separator: "\n"))
        #expect(Set(reading.rows.map(\.hash)).count == rows.count)
    }

    @Test func `one changed letter changes about half of the bits`() {
        var changed = 0
        for length in 1...64 {
            let value = String(repeating: "k", count: length)
            let other = String(repeating: "k", count: length - 1) + "j"
            changed += ((hash("a,b", "1,\(value)") ?? 0) ^ (hash("a,b", "1,\(other)") ?? 0)).nonzeroBitCount
        }
        #expect((30 * 64...34 * 64).contains(changed))
    }
}
