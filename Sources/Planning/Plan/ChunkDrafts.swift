package import IdentityModel

/// What the users of a chunk may become: not all of it is worth a line of the plan (`PlanLines`).
package struct ChunkDrafts: Sendable {
    package private(set) var changes: [UserChange] = []
    /// Of users who were looked at although their rows are the same: why.
    package private(set) var again: [UserID: ReplanReasons] = [:]
    /// Users whose claim says something else than the store holds, since the configuration is another one.
    package private(set) var restated: Set<UserID> = []

    package init() {}

    /// `person`: who the user was before.
    package mutating func add(_ change: UserChange, because cause: PlanningCause, person: KnownPerson?) {
        let id = change.user.id
        changes.append(change)
        again[id] = cause.again
        guard cause.again?.contains(.configuration) ?? false, let claim = change.claim else { return }
        if !(person?.claims.contains { $0.saysTheSame(as: claim) } ?? false) { restated.insert(id) }
    }
}
