package import IdentityModel

/// What a planned user is planned from.
package enum PlanningCause: Sendable, Hashable {
    case record(SourceRecord)
    /// The row is gone from the source; `claim` is what it was.
    case missing(SourceClaim)
    /// Planned from what the store holds.
    case again(ReplanReasons)

    /// Why the user is looked at although the row is the same; nil where the row is new, changed or gone.
    package var again: ReplanReasons? {
        switch self {
        case .record(let record): record.again.isEmpty ? nil : record.again
        case .missing: nil
        case .again(let reasons): reasons
        }
    }
}

/// Users of a chunk: record or cause + what the store knows -> user changes, or quarantine.
package struct RecordPlanning {
    private let configuration: Configuration
    private let source: SourceConfiguration?
    private let detection: ChangeDetection?
    private let rules: RuleEvaluation
    private let today: CivilDate

    /// `source` is nil for a run of due dates.
    package init(configuration: Configuration, source: SourceConfiguration?, rules: RuleEvaluation, today: CivilDate) {
        self.configuration = configuration
        self.source = source
        self.rules = rules
        self.today = today
        detection = source.map { ChangeDetection(configuration: $0, today: today) }
    }

    package enum Outcome: Sendable {
        case change(UserChange)
        case quarantine(Quarantine)
    }

    package func plan(
        _ cause: PlanningCause, before: User?, held: [RoleAssignment], otherClaims: [SourceClaim]
    ) -> Outcome? {
        guard let detected = detect(cause, before: before, otherClaims: otherClaims) else { return nil }
        let claim = claim(cause, user: detected.user.id)
        do {
            let assignments = try rules.assignments(of: detected.user, held: held, today: today)
            return .change(
                UserChange(
                    change: detected.change, user: detected.user, before: before, assignments: assignments,
                    assignmentsBefore: held.sorted(),
                    claim: claim, due: ChangeDetection.nextDue(detected.user, rules: configuration.rules, today: today),
                    reasons: reasons(cause, detected, before: before)))
        } catch {
            let position = claim?.position ?? SourcePosition(file: "-", line: 0)
            return .quarantine(
                Quarantine(
                    source: source?.name ?? detected.user.source, key: detected.user.key, position: position, column: 1, columnName: nil,
                    reason: error.message))
        }
    }

    private func detect(_ cause: PlanningCause, before: User?, otherClaims: [SourceClaim]) -> ChangeDetection.Detected? {
        switch cause {
        case .record(let record): return detection?.detect(record, before: before)
        case .missing:
            guard let before else { return nil }
            // A user is missing only when every source that claims them lacks them.
            let isClaimedElsewhere = otherClaims.contains { $0.rowHash != 0 }
            return isClaimedElsewhere ? ChangeDetection.dated(before, today: today) : ChangeDetection.missing(before)
        case .again: return before.map { ChangeDetection.dated($0, today: today) }
        }
    }

    private func claim(_ cause: PlanningCause, user: UserID) -> SourceClaim? {
        switch cause {
        case .record(let record):
            guard let source else { return nil }
            return SourceClaim(
                source: source.name, key: record.key, user: user, keyHash: StableHash.hash(record.key.text), rowHash: record.rowHash,
                position: record.position)
        case .missing(let claim):
            // Row hash 0: gone. The same row coming back is then a change.
            return SourceClaim(
                source: claim.source, key: claim.key, user: claim.user, keyHash: claim.keyHash, rowHash: 0, position: claim.position)
        case .again: return nil
        }
    }

    private func reasons(_ cause: PlanningCause, _ detected: ChangeDetection.Detected, before: User?) -> [String] {
        let kind = detected.change == .unchanged ? "planned again" : detected.change.rawValue
        switch cause {
        case .record(let record) where detected.change == .unchanged:
            let why = record.again.isEmpty ? "the row changed in nothing that is kept" : record.again.text
            return ["\(kind): \(why) (\(record.position))"]
        case .record(let record): return ["\(kind): \(record.position)" + differences(before, detected.user)]
        case .missing(let claim): return ["\(kind): missing from \(claim.source), last seen at \(claim.position)"]
        case .again(let why):
            guard let before, before.status != detected.user.status else { return ["\(kind): \(why.text)"] }
            return ["\(kind): on \(today) the status goes from \(before.status) to \(detected.user.status)"]
        }
    }

    /// ` (department, title)`: the attributes that differ.
    private func differences(_ before: User?, _ after: User) -> String {
        guard let before else { return "" }
        var names: [String] = []
        for (name, value) in after.attributes where before.attributes[name] != value { names.append(name) }
        for name in before.attributes.keys where after.attributes[name] == nil { names.append(name) }
        if before.status != after.status { names.append("status") }
        return names.isEmpty ? "" : " (\(names.sorted().joined(separator: ", ")))"
    }
}
