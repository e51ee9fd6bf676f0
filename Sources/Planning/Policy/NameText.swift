package import IdentityModel

extension AccountName {
    /// What follows the first separator that is not escaped: a DN's parent (RFC 4514 section 2.4); "" for names without one.
    package var container: String {
        var text = text
        return text.withUTF8 { bytes in
            var offset = 0
            while offset < bytes.count, bytes[offset] != UInt8(ascii: ",") { offset += bytes[offset] == UInt8(ascii: "\\") ? 2 : 1 }
            return offset < bytes.count ? String(decoding: bytes[(offset + 1)...], as: UTF8.self) : ""
        }
    }
}

extension String {
    /// The name of a group as it is compared: in a DN, capitals and spaces around commas and equals signs make no difference (RFC 4514 section 3, RFC 4518); other
    /// names are what they are.
    var groupKey: String {
        guard utf8.contains(UInt8(ascii: "=")) else { return self }
        var key: [UInt8] = []
        var isEscaped = false
        for byte in utf8 {
            let follows = key.last == UInt8(ascii: ",") || key.last == UInt8(ascii: "=")
            if byte == UInt8(ascii: " "), !isEscaped, follows || key.isEmpty { continue }
            if !isEscaped, byte == UInt8(ascii: ",") || byte == UInt8(ascii: "=") {
                while key.last == UInt8(ascii: " "), key.dropLast().last != UInt8(ascii: "\\") { key.removeLast() }
            }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
            key.append(byte)
        }
        return String(decoding: key, as: UTF8.self).caseFolded
    }

    /// In lower case, as names are compared where case makes no difference. What is ASCII, as nearly all names are, takes the short way.
    var caseFolded: String {
        utf8.withContiguousStorageIfAvailable { bytes -> String? in
            var all: UInt8 = 0
            var capitals = 0
            for byte in bytes {
                all |= byte
                capitals += byte &- 0x41 < 26 ? 1 : 0
            }
            if all >= 0x80 { return nil }
            if capitals == 0 { return self }
            return String(unsafeUninitializedCapacity: bytes.count) { target in
                for index in 0..<bytes.count { target[index] = bytes[index] &- 0x41 < 26 ? bytes[index] | 0x20 : bytes[index] }
                return bytes.count
            }
        }.flatMap { $0 } ?? lowercased()
    }
}
