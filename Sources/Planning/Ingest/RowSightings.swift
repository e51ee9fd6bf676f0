package import IdentityModel

/// What the rows of one file have told so far of who is who. Says of each row what is planned for it now; what cannot be decided before the file's end (two
/// rows of one person, a new key) is decided then.
package struct RowSightings: Sendable {
    private struct Sighting: Sendable {
        let key: UserKey
        let position: SourcePosition
    }

    /// A row whose user has another key in this source.
    package struct Renumbered: Sendable {
        package let record: SourceRecord
        package let user: UserID
        /// How many people its key was given to before.
        package let bornBefore: Int
    }

    private let source: SourceName
    /// Rows whose users this source did not have: planned, unless a second row turns out to be theirs as well.
    private var joined: [UserID: [Sighting]] = [:]
    private var renumbered: [UserID: [Renumbered]] = [:]
    /// Users whom some row means, whatever became of it: they are not missing.
    package private(set) var present: Set<UserID> = []
    /// Users whom a new key took over: they are planned from what it says.
    private var takenOver: Set<UserID> = []
    /// Keys of rows that were set aside while their users were planned all the same: a second such row asks for nothing more.
    private var standing: Set<UserKey> = []

    package init(of source: SourceName) { self.source = source }

    /// Whoever these are, they are not missing.
    package mutating func note(present users: some Sequence<UserID>) { present.formUnion(users) }

    // MARK: Row by row

    /// What is done with a row when it is met.
    package enum Placing: Sendable, Hashable {
        /// Planned from the row; without a user somebody is born.
        case planned(UserID?, bornBefore: Int)
        case quarantined(Quarantine)
        /// Kept until somebody brings the person.
        case waits
        /// As if there were no such row.
        case absent
        /// Nothing now: it is decided when the whole file is read.
        case later
    }

    /// `generation`: how many people the row's key was given to before.
    package mutating func place(_ record: SourceRecord, _ match: RowMatching.Match, generation: Int) -> Placing {
        switch match {
        case .known(let user): return .planned(user, bornBefore: generation)
        case .newcomer(let bornBefore): return .planned(nil, bornBefore: bornBefore)
        case .joins(let user):
            joined[user, default: []].append(Sighting(key: record.key, position: record.position))
            present.insert(user)
            return joined[user]?.count == 1 ? .planned(user, bornBefore: generation) : .later
        case .renumbered(let user):
            renumbered[user, default: []].append(Renumbered(record: record, user: user, bornBefore: generation))
            return .later
        case .ambiguous(let attribute, let users):
            present.formUnion(users)
            let names = users.map(\.text).sorted().joined(separator: ", ")
            return .quarantined(quarantine(record, "\(attribute) correlates to \(users.count) users (\(names)); none is taken"))
        case .waits: return .waits
        case .absent: return .absent
        }
    }

    /// What a row that is of no use leaves in force.
    package struct Standing: Sendable, Hashable {
        /// The row says that somebody has left whom the source still has.
        package var saysLeft = false
        /// The user is planned again from what was said before; nil: not at all.
        package var again: ReplanReasons?
    }

    /// A row that is of no use leaves what was last said in force; dates and other sources still act.
    ///
    /// - Parameters:
    ///   - claim: what the store holds of the row's key.
    ///   - users: whom its values mean, where no key tells.
    package mutating func stand(_ row: RowSetAside, claim: SourceClaim?, means users: @autoclosure () -> [UserID]) -> Standing {
        var left = Standing()
        guard let key = row.quarantine.key, let claim, claim.presence != .forgotten else {
            present.formUnion(users())
            return left
        }
        left.saysLeft = row.readsTerminated && claim.isPresent
        #if PLANTED_BUGS
        if PlantedBug.planted == .quarantineStopsDates { return left }
        #endif
        let again = row.again.subtracting(.quarantine)
        if !again.isEmpty, standing.insert(key).inserted { left.again = again }
        return left
    }

    // MARK: When the whole file is read

    /// What becomes of the user of a row that was applied once and is not in the file.
    package enum Absence: Sendable, Hashable {
        case missing
        case again(ReplanReasons)
        case unchanged
    }

    /// `listsEverybody`: who is not in the file is gone.
    package func absence(of user: UserID, _ row: RowIndex.Unseen, listsEverybody: Bool) -> Absence {
        if listsEverybody, !row.wasGone, !present.contains(user) { return .missing }
        // Whoever was taken over by a new key was planned with it, from what it says.
        return row.again.isEmpty || takenOver.contains(user) ? .unchanged : .again(row.again)
    }

    /// Two rows that correlate to one person: neither is the first, and both are to be taken back.
    package func collisions() -> [(key: UserKey, quarantine: Quarantine)] {
        joined.values.filter { $0.count > 1 }.flatMap { rows in
            rows.map { row in
                let reason = reason(besides: rows.filter { $0.key != row.key })
                return (
                    row.key,
                    Quarantine(source: source, key: row.key, position: row.position, column: 1, columnName: nil, reason: reason)
                )
            }
        }.sorted { $0.key < $1.key }
    }

    /// Rows whose users had another key, those of `duplicates` apart: they are set aside already. All these users are there, whatever becomes of the rows. (Rows
    /// that waited and are met after this are of no file, and keep nobody there.)
    package mutating func takeRenumbered(besides duplicates: Set<UserKey>) -> [Renumbered] {
        present.formUnion(renumbered.keys)
        return renumbered.values.joined().filter { !duplicates.contains($0.record.key) }.sorted { a, b in
            (a.record.position.file, a.record.position.line, a.record.key) < (b.record.position.file, b.record.position.line, b.record.key)
        }
    }

    /// A new key takes its user over only if no row has the old one, and no other new key means the same user. `old`: the row of the file that has it.
    ///
    /// - Returns: why the row is set aside; nil: it takes the user over.
    package mutating func takeOver(_ row: Renumbered, old: SourceClaim?) -> Quarantine? {
        let rivals = renumbered[row.user]?.filter { $0.record.key != row.record.key } ?? []
        if !rivals.isEmpty {
            return quarantine(row.record, reason(besides: rivals.map { Sighting(key: $0.record.key, position: $0.record.position) }))
        }
        if let old {
            return quarantine(row.record, "correlates to the user of row \(old.key), which is in the same file (\(old.position))")
        }
        takenOver.insert(row.user)
        return nil
    }

    private func reason(besides others: [Sighting]) -> String {
        let places = others.map { "\($0.key) (\($0.position))" }.sorted().joined(separator: ", ")
        return "correlates to the same person as row \(places); none of them is taken"
    }

    private func quarantine(_ record: SourceRecord, _ reason: String) -> Quarantine {
        Quarantine(source: source, key: record.key, position: record.position, column: 1, columnName: nil, reason: reason)
    }
}
