package import IdentityModel

/// Claims -> the user. A pure function of the claims, the sources in their order, and the day; of the user before it needs only who has started, and what
/// somebody was whom nobody claims any more. Whatever makes a person be planned (a row, a row that is gone, a date, an edit), goes through here, so the order
/// in which sources spoke makes no difference (law.md, sources).
package struct UserMerge: Sendable {
    /// What merging needs to know of a source.
    private struct Voice: Sendable {
        let rank: Int
        /// Without the status block.
        let attributes: Set<String>
        let settable: Set<String>
        let yields: Set<String>
        let setsStatus: Bool
        let dates: Set<String>
        let isComplete: Bool
        let keepsAlive: Bool

        init(_ source: SourceConfiguration, rank: Int) {
            let settable = source.settable
            self.rank = rank
            self.settable = settable
            attributes = settable.subtracting(UserMerge.statusBlock)
            yields = source.yields
            setsStatus = settable.contains("status")
            dates = settable.intersection(UserMerge.dateNames)
            isComplete = source.kind == .complete
            keepsAlive = source.keepsAlive
        }
    }

    package struct Merged: Sendable, Hashable {
        package let user: User
        /// The day in the zone of the source that decides the status.
        package let today: CivilDate
        /// The start date lies ahead of somebody who has started already: they keep what they have.
        package let hasStartedBefore: Bool
    }

    private static let dateNames: Set<String> = ["startDate", "endDate"]
    private static let statusBlock: Set<String> = ["status", "startDate", "endDate"]

    private let voices: [SourceName: Voice]
    private let days: SourceDays

    /// `sources` in order of precedence.
    package init(sources: [SourceConfiguration], days: SourceDays) {
        voices = Dictionary(
            sources.enumerated().map { ($1.name, Voice($1, rank: $0)) }, uniquingKeysWith: { first, _ in first })
        self.days = days
    }

    /// `claims`: all there are of this person, with their values. `before`: as the store has them; nil for somebody new.
    package func merge(_ claims: [SourceClaim], id: UserID, before: User?) -> Merged {
        // Nearly everybody.
        if claims.count == 1, let merged = merge(claims[0], id: id, before: before) { return merged }
        let (speakers, isLost) = speakers(claims)
        let decider = speakers.first { $0.voice.setsStatus } ?? speakers.first { $0.voice.isComplete } ?? speakers.first
        let today = days[decider?.claim.source]
        guard let first = speakers.first, let decider else {
            return Merged(user: unclaimed(before, id: id, claims), today: today, hasStartedBefore: false)
        }
        var attributes = attributes(speakers)
        #if PLANTED_BUGS
        if PlantedBug.planted == .comingBackWinsNothing, speakers.count > 1, let before {
            for (name, value) in before.attributes where attributes[name] != nil { attributes[name] = value }
        }
        #endif
        for name in decider.voice.dates { attributes[name] = decider.claim.values?.attributes[name] }
        let wanted = decider.voice.setsStatus ? decider.claim.values?.status ?? .active : .active
        let name = (speakers.first { $0.claim.isPresent } ?? first).claim
        return merged(
            attributes, wanted: isLost ? .terminated : wanted, on: today, key: isLost ? before?.key ?? name.key : name.key,
            source: isLost ? before?.source ?? name.source : name.source, id: id, before: before)
    }

    /// The only claim there is, where it counts and says nothing that its source may not set (any more): it decides everything.
    private func merge(_ claim: SourceClaim, id: UserID, before: User?) -> Merged? {
        guard claim.isPresent, let values = claim.values, let voice = voices[claim.source],
            values.attributes.keys.allSatisfy(voice.settable.contains)
        else { return nil }
        // Where nothing changed it is the same dictionary, and whoever compares the two later sees so at once.
        let attributes = before.map { $0.attributes == values.attributes ? $0.attributes : values.attributes } ?? values.attributes
        return merged(
            attributes, wanted: voice.setsStatus ? values.status ?? .active : .active, on: days[claim.source], key: claim.key,
            source: claim.source, id: id, before: before)
    }

    private func merged(
        _ attributes: [String: UserValue], wanted: UserStatus, on today: CivilDate, key: UserKey, source: SourceName, id: UserID,
        before: User?
    ) -> Merged {
        let block = StatusBlock(wanted: wanted, attributes: attributes)
        let hasStarted = before?.status.isEmployed ?? false
        let status = block.status(on: today, hasStarted: hasStarted)
        return Merged(
            user: User(id: id, key: key, source: source, status: status, attributes: attributes, version: before?.version ?? 0),
            today: today, hasStartedBefore: hasStarted && block.isAhead(of: today) && status.isEmployed)
    }

    /// Which claim gave each attribute the user has.
    package func origins(of claims: [SourceClaim]) -> [String: SourceClaim] {
        let (speakers, _) = speakers(claims)
        var origins: [String: SourceClaim] = [:]
        var decided: Set<String> = []
        for speaker in speakers {
            for name in speaker.voice.attributes where !decided.contains(name) {
                let isThere = speaker.claim.values?.attributes[name] != nil
                if isThere { origins[name] = speaker.claim }
                if isThere || !speaker.voice.yields.contains(name) { decided.insert(name) }
            }
        }
        if let decider = speakers.first(where: { $0.voice.setsStatus }) ?? speakers.first(where: { $0.voice.isComplete }) ?? speakers.first
        {
            for name in decider.voice.dates.union(["status"]) { origins[name] = decider.claim }
        }
        return origins
    }

    // MARK: Who has a say

    private typealias Speaker = (claim: SourceClaim, voice: Voice)

    /// The claims that count, in order of precedence; and whether everybody is gone who kept the person alive.
    private func speakers(_ claims: [SourceClaim]) -> (speakers: [Speaker], isLost: Bool) {
        var known: [Speaker] = []
        var wasKeptAlive = false
        // A source that has left the configuration is a source that lost the person, and the last one, unless another lost them after that.
        var strangersRank = 0
        for claim in claims where claim.presence != .forgotten {
            if let voice = voices[claim.source] {
                known.append((claim, voice))
                wasKeptAlive = wasKeptAlive || voice.keepsAlive
            } else if claim.keepsAlive {
                wasKeptAlive = true
                strangersRank = max(strangersRank, claim.isPresent ? .max : claim.goneRank)
            }
        }
        if known.count > 1 { known.sort { $0.voice.rank < $1.voice.rank } }
        let isLost = wasKeptAlive && !known.contains { $0.voice.keepsAlive && $0.claim.isPresent }
        // Whom nobody has any more is as the row that went last said, so that the account can be withdrawn as it was.
        let last = last(of: known.filter { isLost ? $0.voice.keepsAlive : true })
        // What a stranger said cannot be read any more: the person stays as they were.
        if isLost, strangersRank > last?.claim.goneRank ?? 0 { return ([], isLost) }
        let isAlone = !known.contains { $0.claim.isPresent }
        return (known.filter { $0.claim.isPresent || ((isLost || isAlone) && $0.claim.source == last?.claim.source) }, isLost)
    }

    private func last(of speakers: [Speaker]) -> Speaker? {
        speakers.filter { !$0.claim.isPresent }.max { $0.claim.goneRank < $1.claim.goneRank }
    }

    /// The first source that may set an attribute decides, with an absent value too, unless it yields there.
    private func attributes(_ speakers: [Speaker]) -> [String: UserValue] {
        var attributes: [String: UserValue] = [:]
        var decided: Set<String> = []
        for (claim, voice) in speakers {
            for name in voice.attributes where !decided.contains(name) {
                let value = claim.values?.attributes[name]
                attributes[name] = value
                if value != nil || !voice.yields.contains(name) { decided.insert(name) }
            }
        }
        return attributes
    }

    /// No source of the configuration has ever said anything of this person, or none that is left.
    private func unclaimed(_ before: User?, id: UserID, _ claims: [SourceClaim]) -> User {
        var user =
            before
            ?? User(
                id: id, key: claims.first?.key ?? UserKey(id.text), source: claims.first?.source ?? SourceName(""), status: .terminated,
                attributes: [:], version: 0)
        user.status = .terminated
        return user
    }
}

/// Status, start and end as one source says them: they are decided together.
package struct StatusBlock: Sendable, Hashable {
    package let wanted: UserStatus
    package let start: CivilDate?
    package let end: CivilDate?

    package init(wanted: UserStatus, attributes: [String: UserValue]) {
        self.wanted = wanted
        start = attributes["startDate"]?.date
        end = attributes["endDate"]?.date
    }

    package func isAhead(of today: CivilDate) -> Bool { start.map { $0 > today } ?? false }

    /// A start date ahead keeps a joiner waiting; the end date is the last day of access. Whoever has started has started until the status was terminated.
    package func status(on today: CivilDate, hasStarted: Bool) -> UserStatus {
        if wanted == .terminated { return .terminated }
        if let end, end < today { return .terminated }
        if isAhead(of: today), !hasStarted { return .pendingStart }
        guard wanted == .pendingStart else { return wanted }
        return start == nil && !hasStarted ? .pendingStart : .active
    }
}

extension UserValue {
    var date: CivilDate? { if case .date(let date) = self { date } else { nil } }
}
