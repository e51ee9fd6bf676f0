internal import Contracts
internal import IdentityModel
internal import Planning

extension PlanningStore {
    /// Effects executed within each window of the guards, by its length in days.
    func recentEffects(_ settings: GuardSettings, before now: Instant) async throws(StoreError) -> [Int: [SystemName: [Effect: Int]]] {
        var recent: [Int: [SystemName: [Effect: Int]]] = [:]
        for window in settings.windows {
            recent[window.days] = try await executedEffects(since: now.adding(milliseconds: Int64(-window.days) * 86_400_000))
        }
        return recent
    }
}
