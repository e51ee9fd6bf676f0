/// Text for directories: distinguished names, search filters, times.
enum DirectoryFunctions {
    static let all: [Overload] = [
        .function("ldap.escapeDn") { (a: String) throws(CELError) in escapedValue(a) },
        .function("ldap.escapeFilter") { (a: String) throws(CELError) in escapedFilter(a) },
        .function("ldap.rdn") { (attribute: String, value: String) throws(CELError) in
            guard isAttribute(attribute) else { throw CELError.invalid("\(Value.string(attribute).shown) is no attribute name") }
            guard !value.isEmpty else { throw CELError.invalid("ldap.rdn(\(Value.string(attribute).shown), '') has no value") }
            let escaped = escapedValue(value)
            return String(capacity: attribute.utf8.count + 1 + escaped.utf8.count) {
                $0.append(attribute)
                $0.append(UInt8(ascii: "="))
                $0.append(escaped)
            }
        },
        .function("ldap.dn") { (parts: [String]) throws(CELError) in
            guard !parts.isEmpty, !parts.contains(where: \.isEmpty) else { throw CELError.invalid("ldap.dn() has an empty part") }
            return parts.joined(separator: ",")
        },
        .function("ldap.generalizedTime") { (a: Timestamp) throws(CELError) in generalizedTime(a) },
        .function("ad.fileTime") { (a: Timestamp) throws(CELError) in try fileTime(a) },
    ]

    /// RFC 4514, section 2.4: special characters, and space or `#` where they would be read otherwise.
    private static func escapedValue(_ text: String) -> String {
        guard text.utf8.contains(where: isSpecial) || text.utf8.first == UInt8(ascii: " ") || text.utf8.last == UInt8(ascii: " ") else {
            return text
        }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "<"), UInt8(ascii: ">"),
                UInt8(ascii: "\\"), UInt8(ascii: "="):
                result += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: " ") where index == 0 || index == bytes.count - 1: result += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "#") where index == 0: result += [UInt8(ascii: "\\"), byte]
            // NUL must be a hex pair; the other control characters may be, and some servers drop them otherwise.
            case 0..<0x20, 0x7F: result += hexPair(byte)
            default: result.append(byte)
            }
        }
        return String(bytes: result)
    }

    /// Whether the byte may need an escape wherever it stands; spaces are looked at apart.
    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case 0..<0x20, 0x7F, UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"),
            UInt8(ascii: "<"), UInt8(ascii: "="), UInt8(ascii: ">"), UInt8(ascii: "\\"):
            true
        default: false
        }
    }

    /// RFC 4515, section 3.
    private static func escapedFilter(_ text: String) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0, UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "\\"): result += hexPair(byte)
            default: result.append(byte)
            }
        }
        return String(bytes: result)
    }

    private static func hexPair(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return [UInt8(ascii: "\\"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    /// RFC 4512, section 1.4: a short name or a dotted number.
    private static func isAttribute(_ name: String) -> Bool {
        guard let first = name.utf8.first else { return false }
        if first.isLetter { return name.utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") } }
        return first.isDigit && name.utf8.allSatisfy { $0.isDigit || $0 == UInt8(ascii: ".") }
    }

    /// RFC 4517, section 3.3.13, in UTC and whole seconds.
    private static func generalizedTime(_ timestamp: Timestamp) -> String {
        let time = CivilTime(timestamp)
        let date = time.year.padded(4) + time.month.padded(2) + time.day.padded(2)
        return date + time.hour.padded(2) + time.minute.padded(2) + time.second.padded(2) + "Z"
    }

    /// Steps of 100 ns since 1601-01-01, as in accountExpires.
    private static func fileTime(_ timestamp: Timestamp) throws(CELError) -> Int64 {
        let seconds = timestamp.seconds + 11_644_473_600
        guard seconds >= 0 else { throw CELError.invalid("ad.fileTime() has no time before 1601") }
        return seconds * 10_000_000 + Int64(timestamp.nanoseconds) / 100
    }
}
