internal import Foundation
internal import IdentityModel

/// The text of a distinguished name (RFC 4514): taking it apart, escaping, and comparing two of them.
enum DistinguishedName {
    /// One attribute value of an RDN, unescaped.
    struct Part: Hashable {
        let type: String
        let value: [UInt8]
        var text: String { String(decoding: value, as: UTF8.self) }
    }

    /// RFC 4514 section 2.4: what must be escaped, wherever it stands or at the ends only.
    static func escape(_ value: some Collection<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(value.count + 8)
        let last = value.count - 1
        for (index, byte) in value.enumerated() {
            switch byte {
            case 0: bytes += [backslash, zero, zero]
            case backslash, UInt8(ascii: "\""), UInt8(ascii: "+"), comma, UInt8(ascii: ";"), UInt8(ascii: "<"), UInt8(ascii: ">"):
                bytes += [backslash, byte]
            case space where index == 0 || index == last: bytes += [backslash, space]
            case UInt8(ascii: "#") where index == 0: bytes += [backslash, byte]
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func escape(_ value: String) -> String { escape(Array(value.utf8)) }

    /// The name as we write it. Servers escape in their own ways (slapd answers `\2C` for a comma); a name must not look changed for that.
    static func canonical(_ name: String) -> String {
        guard name.utf8.contains(backslash), let rdns = try? parse(name) else { return name }
        guard rdns.joined().allSatisfy({ String(validating: $0.value, as: UTF8.self) != nil }) else { return name }
        return rdns.map { parts in parts.map { $0.type + "=" + escape($0.value) }.joined(separator: "+") }.joined(separator: ",")
    }

    /// The first RDN and the rest, both as they are written; the rest is nil for a name of one RDN. Nothing is checked.
    static func split(_ name: String) -> (rdn: String, parent: String?) {
        let bytes = name.utf8
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == backslash {
                bytes.formIndex(after: &index)
                guard index < bytes.endIndex else { break }
            } else if bytes[index] == comma {
                return (String(name[..<index]), String(name[bytes.index(after: index)...]))
            }
            bytes.formIndex(after: &index)
        }
        return (name, nil)
    }

    /// The RDNs from the entry upwards, each with its one or more parts. The empty name has none.
    static func parse(_ name: String) throws(ConnectorFailure) -> [[Part]] {
        var reader = NameReader(name: name)
        return try reader.rdns()
    }

    /// Two names of one entry have one key: types and values folded, insignificant spaces gone, parts of an RDN in order, everything special written
    /// as hex, so that in a key each comma separates. A name that is no DN is its own key, folded.
    ///
    /// Values are compared as caseIgnoreMatch compares them (RFC 4518), as far as that matters for telling two names apart: for an attribute that a
    /// server compares exactly, two entries could share a key; they would be written one after the other, and nothing worse.
    static func key(_ name: String) -> String {
        if let plain = plainKey(name) { return plain }
        guard let rdns = try? parse(name) else { return folded(name) }
        return rdns.map { parts in
            parts.map { $0.type.lowercased() + "=" + hexEscaped(foldedBytes($0.value)) }.sorted().joined(separator: "+")
        }.joined(separator: ",")
    }

    /// The key of the entry above, from a key; nil at the top.
    static func parent(ofKey key: String) -> String? {
        guard let comma = key.utf8.firstIndex(of: comma) else { return nil }
        return String(key[key.utf8.index(after: comma)...])
    }

    /// Nearly all names: ASCII, nothing escaped, no space that could be insignificant. Their key is the name in lower case.
    private static func plainKey(_ name: String) -> String? {
        var name = name
        let isPlain = name.withUTF8 { bytes in
            var previous = comma
            for byte in bytes {
                switch byte {
                case 0..<32, 127..., backslash, UInt8(ascii: "\""), UInt8(ascii: "+"), UInt8(ascii: ";"), UInt8(ascii: "<"),
                    UInt8(ascii: ">"), UInt8(ascii: "#"):
                    return false
                case space where previous == space || previous == comma || previous == equals: return false
                case comma where previous == space || previous == comma, equals where previous == space || previous == comma: return false
                default: previous = byte
                }
            }
            return previous != space && previous != comma
        }
        return isPlain ? name.lowercased() : nil
    }

    /// A value as caseIgnoreMatch sees it: case, compatibility forms and runs of spaces make no difference (RFC 4518 sections 2.2, 2.3 and 2.6.1).
    static func folded(_ value: String) -> String {
        if let plain = plainValue(value) { return plain }
        var text = value
        if !value.utf8.allSatisfy({ $0 < 128 }) { text = value.precomposedStringWithCompatibilityMapping }
        text = text.lowercased()
        return text.utf8.contains(space) ? text.split(separator: " ").joined(separator: " ") : text
    }

    /// Nearly all values: ASCII, no space that could be insignificant.
    private static func plainValue(_ value: String) -> String? {
        var copy = value
        let isFolded: Bool? = copy.withUTF8 { bytes in
            var (previous, isFolded) = (space, true)
            for byte in bytes {
                if byte >= 128 || byte == space && previous == space { return nil }
                if byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "Z") { isFolded = false }
                previous = byte
            }
            return previous == space && !bytes.isEmpty ? nil : isFolded
        }
        return isFolded.map { $0 ? value : value.lowercased() }
    }

    private static func foldedBytes(_ value: [UInt8]) -> [UInt8] {
        guard let text = String(validating: value, as: UTF8.self) else { return value }
        return Array(folded(text).utf8)
    }

    private static func hexEscaped(_ value: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var bytes: [UInt8] = []
        for byte in value {
            switch byte {
            case 0..<32, 127, comma, backslash, UInt8(ascii: "\""), UInt8(ascii: "+"), UInt8(ascii: ";"), UInt8(ascii: "<"),
                UInt8(ascii: ">"), UInt8(ascii: "#"):
                bytes += [backslash, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

private let backslash = UInt8(ascii: "\\")
private let comma = UInt8(ascii: ",")
private let equals = UInt8(ascii: "=")
private let space = UInt8(ascii: " ")
private let zero = UInt8(ascii: "0")

/// RFC 4514 section 3, and the spaces around separators that LDAPv2 allowed (section 2.4 of RFC 2253), because people write them.
private struct NameReader {
    let name: String
    let bytes: [UInt8]
    var offset = 0

    init(name: String) {
        self.name = name
        bytes = Array(name.utf8)
    }

    mutating func rdns() throws(ConnectorFailure) -> [[DistinguishedName.Part]] {
        skipSpaces()
        guard offset < bytes.count else { return [] }
        var rdns: [[DistinguishedName.Part]] = [[]]
        while true {
            rdns[rdns.count - 1].append(try part())
            guard offset < bytes.count else { return rdns }
            if bytes[offset] == comma { rdns.append([]) }
            offset += 1
        }
    }

    private func refusal(_ why: String) -> ConnectorFailure {
        ConnectorFailure(.permanent, "'\(name)' is not a distinguished name (RFC 4514): \(why) at byte \(offset + 1)")
    }

    private mutating func skipSpaces() {
        while offset < bytes.count, bytes[offset] == space { offset += 1 }
    }

    private mutating func part() throws(ConnectorFailure) -> DistinguishedName.Part {
        skipSpaces()
        let start = offset
        while offset < bytes.count, isKeyCharacter(bytes[offset]) { offset += 1 }
        let type = String(decoding: bytes[start..<offset], as: UTF8.self)
        guard !type.isEmpty else { throw refusal("an attribute type is missing") }
        skipSpaces()
        guard offset < bytes.count, bytes[offset] == equals else { throw refusal("'=' is missing") }
        offset += 1
        skipSpaces()
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "#") { return DistinguishedName.Part(type: type, value: try encodedValue()) }
        return DistinguishedName.Part(type: type, value: try value())
    }

    private func isKeyCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }

    private mutating func value() throws(ConnectorFailure) -> [UInt8] {
        var value: [UInt8] = []
        // Spaces at the end count only where they are escaped.
        var significant = 0
        while offset < bytes.count, bytes[offset] != comma, bytes[offset] != UInt8(ascii: "+") {
            let byte = bytes[offset]
            switch byte {
            case backslash:
                value.append(try escaped())
                significant = value.count
                continue
            case UInt8(ascii: "\""), UInt8(ascii: ";"), UInt8(ascii: "<"), UInt8(ascii: ">"), 0:
                throw refusal("a character that must be escaped")
            default:
                value.append(byte)
                if byte != space { significant = value.count }
            }
            offset += 1
        }
        return Array(value[..<significant])
    }

    private mutating func escaped() throws(ConnectorFailure) -> UInt8 {
        guard offset + 1 < bytes.count else { throw refusal("an escape is cut off") }
        let byte = bytes[offset + 1]
        if let high = nibble(byte), offset + 2 < bytes.count, let low = nibble(bytes[offset + 2]) {
            offset += 3
            return high << 4 | low
        }
        guard " \"#+,;<=>\\".utf8.contains(byte) else { throw refusal("an unknown escape") }
        offset += 2
        return byte
    }

    /// `#` and the BER encoding in hex (section 2.4); of its types the string ones are understood.
    private mutating func encodedValue() throws(ConnectorFailure) -> [UInt8] {
        offset += 1
        var encoded: [UInt8] = []
        while offset + 1 < bytes.count, let high = nibble(bytes[offset]), let low = nibble(bytes[offset + 1]) {
            encoded.append(high << 4 | low)
            offset += 2
        }
        skipSpaces()
        guard offset == bytes.count || bytes[offset] == comma || bytes[offset] == UInt8(ascii: "+") else {
            throw refusal("not a hex string")
        }
        guard let element = BERElement(encoded[...]), [0x04, 0x0C, 0x13, 0x16].contains(element.tag), element.rest.isEmpty else {
            throw refusal("a hex string that encodes no text")
        }
        return Array(element.content)
    }

    private func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
