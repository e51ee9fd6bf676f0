internal import IdentityModel
internal import Planning

/// What is worth a sentence when a run is planned, counted over all chunks.
struct PlanningNotes: Sendable {
    /// Values that users lose by an edit of the configuration, by attribute.
    private var removed: [String: Int] = [:]
    private var startsAhead = 0
    /// Quarantined rows of known people that say that they have left.
    var quarantinedLeavers = 0
    /// References that several people could be meant by.
    var ambiguousReferences: Set<UserReference> = []

    mutating func note(_ change: UserChange, again: ReplanReasons?) {
        guard let before = change.before else { return }
        if again?.contains(.configuration) ?? false {
            for name in before.attributes.keys where change.user.attributes[name] == nil { removed[name, default: 0] += 1 }
        }
        // Said when the date moves, not in every run until it comes.
        if before.status.isEmployed, change.user.status.isEmployed, case .date(let start)? = change.user.attributes["startDate"],
            before.attributes["startDate"] != change.user.attributes["startDate"], change.isAhead(start)
        {
            startsAhead += 1
        }
    }

    var sentences: [String] {
        var sentences: [String] = []
        if !removed.isEmpty {
            let parts = removed.sorted { $0.key < $1.key }.map { "\($0.key) of \(people($0.value))" }
            sentences.append("the edit of the configuration removes values: \(parts.joined(separator: ", "))")
        }
        if startsAhead > 0 {
            sentences.append("the start date of \(people(startsAhead)) who started already lies ahead now: they keep what they have")
        }
        if quarantinedLeavers > 0 {
            sentences.append("rows of \(people(quarantinedLeavers)) say that they have left, but are in quarantine: nothing is withdrawn")
        }
        if !ambiguousReferences.isEmpty {
            let keys = Set(ambiguousReferences.map(\.key.text)).sorted()
            let listed = keys.prefix(10).joined(separator: ", ") + (keys.count > 10 ? " and \(keys.count - 10) more" : "")
            sentences.append("references that could mean several people give no value: \(listed)")
        }
        return sentences
    }
}

/// "1 person", "12 people".
func people(_ count: Int) -> String { count == 1 ? "1 person" : "\(count) people" }

extension UserChange {
    /// The date is the reason why the user is looked at again.
    fileprivate func isAhead(_ start: CivilDate) -> Bool { due.map { $0 <= start } ?? false }
}
