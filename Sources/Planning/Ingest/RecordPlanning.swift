package import IdentityModel

/// What a planned user is planned from.
package enum PlanningCause: Sendable, Hashable {
    case record(SourceRecord)
    /// The row is gone from the source; the claim is what it was.
    case missing(SourceClaim)
    /// Sources that claimed the user have left the configuration.
    case removed
    /// Planned from what the store holds; `at`: the row that is the same, where one was read.
    case again(ReplanReasons, at: SourcePosition? = nil)

    /// Why the user is looked at although the row is the same; nil where the row is new, changed or gone.
    package var again: ReplanReasons? {
        switch self {
        case .record(let record): record.again.isEmpty ? nil : record.again
        case .missing, .removed: nil
        case .again(let reasons, _): reasons
        }
    }
}

/// What the store knows of a person who is planned.
package struct KnownPerson: Sendable {
    package let user: User
    package let assignments: [RoleAssignment]
    /// All of them, with their values.
    package let claims: [SourceClaim]
    package init(user: User, assignments: [RoleAssignment], claims: [SourceClaim]) {
        self.user = user
        self.assignments = assignments
        self.claims = claims
    }
}

/// Users of a chunk: a cause + what the store knows -> user changes, or quarantine.
package struct RecordPlanning {
    private let source: SourceConfiguration?
    private let sources: Set<SourceName>
    private let businessRules: [BusinessRule]
    private let merge: UserMerge
    private let rules: RuleEvaluation

    /// `source` is nil for a run of due dates.
    package init(configuration: Configuration, source: SourceConfiguration?, rules: RuleEvaluation, days: SourceDays) {
        self.source = source
        self.rules = rules
        sources = Set(configuration.sources.map(\.name))
        businessRules = configuration.rules
        merge = UserMerge(sources: configuration.sources, days: days)
    }

    package enum Outcome: Sendable {
        case change(UserChange)
        case quarantine(Quarantine)
    }

    /// `generation`: for somebody new, how many people the key was given to before.
    package func plan(_ cause: PlanningCause, person: KnownPerson?, bornBefore generation: Int = 0) -> Outcome? {
        let known = person?.claims ?? []
        let claim = claim(cause, person: person, bornBefore: generation)
        guard let id = person?.user.id ?? claim?.user else { return nil }
        let ended = endedClaims(cause, known, by: claim)
        let merged = merge.merge(claims(known, with: claim, ended), id: id, before: person?.user)
        let held = person?.assignments ?? []
        do {
            let assignments = try rules.assignments(of: merged.user, held: held, today: merged.today)
            let change = ChangeDetection.change(from: person?.user, to: merged.user)
            return .change(
                UserChange(
                    change: change, user: merged.user, before: person?.user, assignments: assignments,
                    assignmentsBefore: held.sorted(), claim: claim, ended: ended,
                    due: ChangeDetection.nextDue(merged.user, rules: businessRules, today: merged.today),
                    reasons: ChangeReasons(change: change, merged: merged, before: person?.user).texts(cause)))
        } catch {
            let position = claim?.position ?? known.first(where: \.isPresent)?.position ?? SourcePosition(file: "-", line: 0)
            return .quarantine(
                Quarantine(
                    source: source?.name ?? merged.user.source, key: claim?.key ?? merged.user.key, position: position, column: 1,
                    columnName: nil, reason: error.message))
        }
    }

    // MARK: What becomes of the claims

    private func claim(_ cause: PlanningCause, person: KnownPerson?, bornBefore generation: Int) -> SourceClaim? {
        switch cause {
        case .record(let record): source.map { claim(record, of: $0, person: person, bornBefore: generation) }
        // What did not count before it was missing went then.
        case .missing(let claim): claim.ended(.gone(rank: claim.isPresent ? nextRank(person?.claims ?? []) : claim.goneRank))
        case .removed, .again: nil
        }
    }

    private func claim(
        _ record: SourceRecord, of source: SourceConfiguration, person: KnownPerson?, bornBefore: Int
    ) -> SourceClaim {
        let old = person?.claims.first { $0.source == source.name && $0.key == record.key }
        var presence = SourceClaim.Presence.present
        if !record.isClaimed {
            // As if the row were absent: what it was stays with the claim, for who returns, and for who leaves.
            presence = .gone(rank: old.flatMap { $0.goneRank > 0 ? $0.goneRank : nil } ?? nextRank(person?.claims ?? []))
        }
        let generation = person == nil ? bornBefore + 1 : old?.generation ?? bornBefore
        let user = person?.user.id ?? ChangeDetection.userID(source: source.name, key: record.key, generation: generation)
        return SourceClaim(
            source: source.name, key: record.key, user: user, keyHash: StableHash.hash(record.key.text), rowHash: record.rowHash,
            position: record.position, presence: presence, generation: generation, keepsAlive: source.keepsAlive,
            values: record.isClaimed ? SourceValues(status: record.status, attributes: record.attributes) : old?.values,
            row: source.keepsRows ? record.row : nil)
    }

    private func nextRank(_ claims: [SourceClaim]) -> Int { (claims.map(\.goneRank).max() ?? 0) + 1 }

    /// The old key of somebody who was renumbered is forgotten; sources that left the configuration claim nobody.
    private func endedClaims(_ cause: PlanningCause, _ known: [SourceClaim], by claim: SourceClaim?) -> [SourceClaim] {
        switch cause {
        case .record:
            guard let claim, known.count > 1 || known.first.map({ $0.key != claim.key }) ?? false else { return [] }
            return known.filter { $0.source == claim.source && $0.key != claim.key && $0.presence != .forgotten }
                .map { $0.ended(.forgotten) }
        case .removed:
            let rank = nextRank(known)
            return known.filter { !sources.contains($0.source) && $0.isPresent }.map { $0.ended(.gone(rank: rank)) }
        case .missing, .again: return []
        }
    }

    private func claims(_ known: [SourceClaim], with claim: SourceClaim?, _ ended: [SourceClaim]) -> [SourceClaim] {
        guard !known.isEmpty else { return claim.map { [$0] } ?? [] }
        let changed = ended + (claim.map { [$0] } ?? [])
        guard !changed.isEmpty else { return known }
        return known.filter { old in !changed.contains { $0.source == old.source && $0.key == old.key } } + changed
    }
}

/// Why a user changes, in words.
struct ChangeReasons {
    let change: LifecycleChange
    let merged: UserMerge.Merged
    let before: User?

    func texts(_ cause: PlanningCause) -> [String] {
        guard merged.hasStartedBefore, let start = merged.user.attributes["startDate"] else { return [first(cause)] }
        return [first(cause), "the start date is \(start.text) now; whoever has started keeps the account"]
    }

    private func first(_ cause: PlanningCause) -> String {
        let kind = change == .unchanged ? "planned again" : change.rawValue
        switch cause {
        case .record(let record) where change == .unchanged:
            let why = record.again.isEmpty ? "the row changed in nothing that is kept" : record.again.text
            return "\(kind): \(why) (\(record.position))"
        case .record(let record): return "\(kind): \(record.position)" + differences
        case .missing(let claim): return "\(kind): missing from \(claim.source), last seen at \(claim.position)"
        case .removed: return "\(kind): claimed by a source that is no longer in the configuration"
        case .again(let why, let position):
            guard let before, before.status != merged.user.status else {
                return "\(kind): \(why.text)" + (position.map { " (\($0))" } ?? "") + differences
            }
            return "\(kind): on \(merged.today) the status goes from \(before.status) to \(merged.user.status)"
        }
    }

    /// ` (department, title)`: the attributes that differ.
    private var differences: String {
        guard let before, change != .unchanged else { return "" }
        let after = merged.user
        var names: [String] = []
        for (name, value) in after.attributes where before.attributes[name] != value { names.append(name) }
        for name in before.attributes.keys where after.attributes[name] == nil { names.append(name) }
        if before.status != after.status { names.append("status") }
        return names.isEmpty ? "" : " (\(names.sorted().joined(separator: ", ")))"
    }
}
