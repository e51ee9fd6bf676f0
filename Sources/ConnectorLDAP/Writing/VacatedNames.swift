/// When a server changes references to an entry that was renamed or deleted.
enum ServerRepairs {
    /// With the rename itself: links of Active Directory.
    case atOnce
    /// After its answer, sooner or later.
    case later
    case never
    case unknown
}

/// Names that entries had a moment ago.
///
/// A server that repairs references after its answer goes by names: OpenLDAP's refint puts renames and deletes into a queue and searches for the old name when its turn comes (slapd,
/// overlays/refint.c: refint_qtask). Whatever it finds then it takes for a reference to the entry that had the name, whoever has it by now. So nothing is written about a name's next
/// holder before the repair had its time, also where nobody said that the server repairs.
struct VacatedNames {
    /// How long a repair may take that nobody can watch. On an idle slapd it takes a few milliseconds. While a machine stands still its repairs do, too, and clocks
    /// go on: for as long as `memory` a little of that time is waited for while the server is seen to answer.
    static let (pause, least, memory): (Duration, Duration, Duration) = (.milliseconds(500), .milliseconds(100), .seconds(10))

    private var moments: [String: ContinuousClock.Instant] = [:]

    var isEmpty: Bool { moments.isEmpty }
    func contains(_ key: String) -> Bool { moments[key] != nil }

    mutating func note(_ keys: some Sequence<String>) {
        let now = ContinuousClock.now
        for key in keys { moments[key] = now }
    }

    mutating func forgetOld() {
        let oldest = ContinuousClock.now - Self.memory
        moments = moments.filter { $0.value > oldest }
    }

    /// How long to wait before something is written about these names; nil: nobody had them lately.
    func wait(for keys: some Sequence<String>) -> Duration? {
        guard !isEmpty, let latest = keys.compactMap({ moments[$0] }).max() else { return nil }
        return max(Self.least, Self.pause - latest.duration(to: .now))
    }
}
