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
