package import IdentityModel

/// By what the accounts of a plan were looked up so far: an entry that is found by one person's values must not be another's as well. Not for several threads
/// at once.
package final class PlannedCorrelations {
    /// By the values' hash, which is all that is kept of a company of a million.
    private var users = UserIndex()
    private var twice: [UInt64: [UserKey]] = [:]

    /// Accounts that were planned before somebody else came with the same values: they are to fail as well.
    package private(set) var overtaken: [Overtaken] = []

    package struct Overtaken: Sendable, Hashable {
        package let user: UserID
        package let system: SystemName
        package let failure: String
    }

    package init() {}

    func note(_ values: [String: String], system: SystemName, user: User) {
        let hash = hash(values, system)
        guard let first = users.insert(user.id, at: hash) else { return }
        if first != user.id || twice[hash] != nil { twice[hash, default: []].append(user.key) }
    }

    /// Nobody so far has what somebody else has.
    var areAllDifferent: Bool { twice.isEmpty }

    /// Somebody else with the same values; nil: nobody.
    func other(_ values: [String: String], system: SystemName, than user: User) -> String? {
        let hash = hash(values, system)
        guard let first = users[hash], let others = twice[hash] else { return nil }
        if first == user.id { return others.first.map { "user \($0)" } }
        return "user \(first)"
    }

    /// Whoever came first with these values is no part of the chunk in which it turned out.
    func overtake(_ values: [String: String], system: SystemName, by user: User, besides chunk: Set<UserID>, failure: String) {
        guard let first = users[hash(values, system)], first != user.id, !chunk.contains(first) else { return }
        overtaken.append(Overtaken(user: first, system: system, failure: failure))
    }

    private func hash(_ values: [String: String], _ system: SystemName) -> UInt64 {
        // Systems compare correlation attributes regardless of case nearly everywhere.
        var text = system.text
        for (name, value) in values.count > 1 ? values.sorted(by: { $0.key < $1.key }) : Array(values) {
            text += "\u{1F}"
            text += name
            text += "\u{1F}"
            text += value.caseFolded
        }
        return StableHash.hash(text)
    }
}

extension Account {
    /// The values that we wrote for the correlation attributes; nil unless we wrote all of them.
    func writtenCorrelation(_ map: PolicyMap) -> [String: String]? {
        var values: [String: String] = [:]
        for name in map.correlation {
            guard case .text(let text)? = written[name]?.first else { return nil }
            values[name] = text
        }
        return values.isEmpty ? nil : values
    }
}
