/// Text of search filters (RFC 4515).
enum SearchFilter {
    /// RFC 4515 section 3: `*`, `(`, `)`, `\` and NUL as hex; UTF-8 stands for itself.
    static func escape(_ value: String) -> String {
        guard value.utf8.contains(where: needsEscape) else { return value }
        let digits = Array("0123456789abcdef".utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(value.utf8.count + 12)
        for byte in value.utf8 {
            if needsEscape(byte) {
                bytes += [UInt8(ascii: "\\"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "*") || byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")") || byte == UInt8(ascii: "\\") || byte == 0
    }

    static func equal(_ attribute: String, _ value: String) -> String { "(" + attribute + "=" + escape(value) + ")" }

    static func all(_ filters: [String]) -> String { filters.count == 1 ? filters[0] : "(&" + filters.joined() + ")" }

    static func any(_ filters: [String]) -> String { filters.count == 1 ? filters[0] : "(|" + filters.joined() + ")" }
}
