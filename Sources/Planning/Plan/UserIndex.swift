internal import IdentityModel

/// Users by a hash, for every joiner of a plan: 24 bytes for each, and 4 to 12 for the way to them. A dictionary takes five times as much.
struct UserIndex {
    /// An id of ours, which is 32 hexadecimal digits, as a number.
    private struct Entry {
        let hash: UInt64
        let high: UInt64
        let low: UInt64
    }

    /// Grows by blocks: an array that doubles would have to be there twice.
    private static let blockSize = 1 << 14
    private var blocks: [[Entry]] = []
    private var count = 0
    /// Open addressing: the number of an entry, from 1; 0 is free. At most two of three are taken.
    private var slots = [UInt32](repeating: 0, count: 1 << 10)
    /// Ids of any other form.
    private var others: [UInt64: UserID] = [:]

    /// Whoever is there already stays and is returned; nil when nobody was.
    mutating func insert(_ user: UserID, at hash: UInt64) -> UserID? {
        if let first = self[hash] { return first }
        guard let (high, low) = Self.number(user) else {
            others[hash] = user
            return nil
        }
        if (count + 1) * 3 > slots.count * 2 { grow() }
        if count % Self.blockSize == 0 {
            var block: [Entry] = []
            block.reserveCapacity(Self.blockSize)
            blocks.append(block)
        }
        blocks[blocks.count - 1].append(Entry(hash: hash, high: high, low: low))
        count += 1
        slots[free(for: hash)] = UInt32(count)
        return nil
    }

    subscript(hash: UInt64) -> UserID? {
        var slot = first(hash)
        while slots[slot] != 0 {
            let found = entry(slots[slot])
            if found.hash == hash { return UserID(Self.digits(found.high) + Self.digits(found.low)) }
            slot = (slot + 1) & (slots.count - 1)
        }
        return others.isEmpty ? nil : others[hash]
    }

    private func first(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: (hash &* 0x9E37_79B9_7F4A_7C15) >> 32) & (slots.count - 1) }

    private func free(for hash: UInt64) -> Int {
        var slot = first(hash)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    private func entry(_ number: UInt32) -> Entry {
        let index = Int(number) - 1
        return blocks[index / Self.blockSize][index % Self.blockSize]
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for number in 1...max(count, 1) where count > 0 { slots[free(for: entry(UInt32(number)).hash)] = UInt32(number) }
    }

    /// Only what `digits` gives back as it was.
    private static func number(_ user: UserID) -> (high: UInt64, low: UInt64)? {
        let text = user.text
        guard text.utf8.count == 32, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || $0 >= 0x61 && $0 <= 0x66 }) else { return nil }
        guard let high = UInt64(text.prefix(16), radix: 16), let low = UInt64(text.suffix(16), radix: 16) else { return nil }
        return (high, low)
    }

    private static func digits(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
