internal import IdentityModel

/// Users who wait for each other: a manager cycle, or somebody who is their own manager.
enum Knots {
    /// Of those who wait (`edges`: who waits for whom), the ones on a cycle or on a way between two cycles. Everybody else comes free in time.
    static func among(_ edges: [UserID: Set<UserID>]) -> Set<UserID> {
        var left = edges.mapValues { $0.filter { edges[$0] != nil } }
        while true {
            let awaited = left.values.reduce(into: Set<UserID>()) { $0.formUnion($1) }
            let free = left.filter { $0.value.isEmpty || !awaited.contains($0.key) }.map(\.key)
            guard !free.isEmpty else { return Set(left.keys) }
            for key in free { left[key] = nil }
            let gone = Set(free)
            for (key, targets) in left where !targets.isDisjoint(with: gone) { left[key] = targets.subtracting(gone) }
        }
    }
}
