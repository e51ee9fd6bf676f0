package import IdentityModel

/// What is remembered of every row while a file is read: an open-addressing table of key hashes, 22 bytes a slot. It grows by half when it is
/// seven eighths full; while it grows, the old and the new slots are 55 bytes for each old one, 63 bytes per row. So at most 64 bytes per row,
/// however long the rows are.
///
/// Two different keys with one 64-bit hash would be called duplicates and quarantined with their lines: loud, and with
/// a million rows as likely as one in thirty million.
package struct RowIndex: Sendable {
    package enum Sighting: Hashable, Sendable {
        case unseen
        /// As it was applied last, and nothing else asks for it to be planned.
        case unchanged
        /// `standing`: why the user has to be planned if the row turns out to be of no use.
        case changed(standing: ReplanReasons)
        /// As it was applied last, and the user has to be planned all the same.
        case again(ReplanReasons)
        /// The key stood on that line already.
        case duplicate(firstLine: Int)
    }

    private static let known: UInt16 = 1
    private static let seen: UInt16 = 2
    private static let gone: UInt16 = 4
    /// The bits above are the reasons to plan again.
    private static let reasonsShift: UInt16 = 3

    private var keys: [UInt64]
    private var rows: [UInt64]
    private var lines: [UInt32]
    private var flags: [UInt16]
    private var count = 0
    /// With another configuration every row is planned.
    package var planEverything = false

    package init(expecting expected: Int) {
        // Three quarters full, and room for a few who are new.
        self.init(capacity: max(1_024, expected + expected / 3 + 1))
    }

    private init(capacity: Int) {
        keys = Array(repeating: 0, count: capacity)
        rows = Array(repeating: 0, count: capacity)
        lines = Array(repeating: 0, count: capacity)
        flags = Array(repeating: 0, count: capacity)
    }

    package mutating func insert(_ marks: [SourceMark]) {
        for mark in marks {
            let slot = slot(for: mark.keyHash)
            rows[slot] = mark.rowHash
            flags[slot] |= RowIndex.known | UInt16(mark.again.rawValue) << RowIndex.reasonsShift
            // A row that was there and did not count keeps its hash: its user is told when it is missing.
            if mark.isGone, mark.rowHash == 0 { flags[slot] |= RowIndex.gone }
        }
    }

    /// Notes that a row with this key was read and says what it means.
    package mutating func see(keyHash: UInt64, rowHash: UInt64, line: UInt32) -> Sighting {
        let slot = slot(for: keyHash)
        let state = flags[slot]
        if state & RowIndex.seen != 0 {
            return .duplicate(firstLine: Int(lines[slot]))
        }
        flags[slot] = state | RowIndex.seen
        lines[slot] = line
        if state & RowIndex.known == 0 { return .unseen }
        let again = reasons(state)
        guard rows[slot] == rowHash else { return .changed(standing: again) }
        return again.isEmpty ? .unchanged : .again(again)
    }

    /// Notes that a row with this key was there, but of no use; says why its user has to be planned all the same.
    package mutating func stand(keyHash: UInt64, line: UInt32) -> ReplanReasons {
        let slot = slot(for: keyHash)
        let state = flags[slot]
        guard state & RowIndex.seen == 0 else { return [] }
        flags[slot] = state | RowIndex.seen
        lines[slot] = line
        return state & RowIndex.known == 0 ? [] : reasons(state)
    }

    private func reasons(_ state: UInt16) -> ReplanReasons {
        let marked = ReplanReasons(rawValue: UInt8(truncatingIfNeeded: state >> RowIndex.reasonsShift))
        return planEverything ? marked.union(.configuration) : marked
    }

    /// A row that was applied once and was not in this file.
    package struct Unseen: Hashable, Sendable {
        package let keyHash: UInt64
        /// It was missing before, and its user was told so.
        package let wasGone: Bool
        package let again: ReplanReasons

        /// The same, as if these reasons were none.
        package func besides(_ reasons: ReplanReasons) -> Unseen {
            Unseen(keyHash: keyHash, wasGone: wasGone, again: again.subtracting(reasons))
        }
    }

    /// Whether a row with this key was read.
    package func wasSeen(_ keyHash: UInt64) -> Bool { state(of: keyHash) & RowIndex.seen != 0 }

    /// Why the user of a row that was applied once has to be planned whatever the file says of them.
    package func reasons(ofKey keyHash: UInt64) -> ReplanReasons {
        let state = state(of: keyHash)
        return state & RowIndex.known == 0 ? [] : reasons(state)
    }

    /// Whether a row with this key was applied once.
    package func isKnown(_ keyHash: UInt64) -> Bool { state(of: keyHash) & RowIndex.known != 0 }

    private func state(of keyHash: UInt64) -> UInt16 {
        let key = keyHash == 0 ? 1 : keyHash
        var slot = home(of: key)
        while keys[slot] != 0 {
            if keys[slot] == key { return flags[slot] }
            slot = next(slot)
        }
        return 0
    }

    /// Where a key belongs: the table's size need not be a power of two.
    private func home(of key: UInt64) -> Int { Int(truncatingIfNeeded: key.multipliedFullWidth(by: UInt64(keys.count)).high) }

    private func next(_ slot: Int) -> Int { slot + 1 == keys.count ? 0 : slot + 1 }

    /// By key hash, ascending.
    package func unseen() -> [Unseen] {
        var unseen: [Unseen] = []
        for slot in flags.indices where flags[slot] & (RowIndex.known | RowIndex.seen) == RowIndex.known {
            unseen.append(Unseen(keyHash: keys[slot], wasGone: flags[slot] & RowIndex.gone != 0, again: reasons(flags[slot])))
        }
        return unseen.sorted { $0.keyHash < $1.keyHash }
    }

    /// The slot of a key, taken if it is new. 0 marks a free slot, so the key hash 0 is kept as 1.
    private mutating func slot(for keyHash: UInt64) -> Int {
        let key = keyHash == 0 ? 1 : keyHash
        var slot = home(of: key)
        while true {
            if keys[slot] == key { return slot }
            if keys[slot] == 0 { break }
            slot = next(slot)
        }
        if (count + 1) * 8 > keys.count * 7 {
            grow()
            return self.slot(for: keyHash)
        }
        keys[slot] = key
        count += 1
        return slot
    }

    private mutating func grow() {
        var larger = RowIndex(capacity: keys.count + keys.count / 2)
        larger.planEverything = planEverything
        for slot in keys.indices where keys[slot] != 0 {
            let target = larger.slot(for: keys[slot])
            larger.rows[target] = rows[slot]
            larger.lines[target] = lines[slot]
            larger.flags[target] = flags[slot]
        }
        self = larger
    }
}
