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
