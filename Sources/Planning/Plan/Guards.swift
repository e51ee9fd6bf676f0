package import IdentityModel

/// Refusal of a whole plan by its effects, before any write (product.md section 3).
package enum Guards {
    /// Percentages say nothing about a handful of accounts.
    static let fewestAccountsForPercent = 50

    /// The guards that trip, by system and effect.
    ///
    /// - Parameters:
    ///   - effects: of the plan, per system.
    ///   - enabled: enabled accounts per system before the plan.
    ///   - recent: effects applied within the rolling window, the plan not included.
    package static func verdicts(
        effects: [SystemName: [Effect: Int]], enabled: [SystemName: Int], recent: [SystemName: [Effect: Int]], settings: GuardSettings
    ) -> [GuardVerdict] {
        var verdicts: [GuardVerdict] = []
        for system in effects.keys.sorted() {
            let accounts = enabled[system] ?? 0
            for effect in Effect.allCases.sorted() {
                let count = effects[system]?[effect] ?? 0
                guard count > 0 else { continue }
                if let limit = settings.limits[effect], let words = exceeds(count, limit, accounts) {
                    verdicts.append(GuardVerdict(system: system, effect: effect, count: count, enabledAccounts: accounts, limit: words))
                    continue
                }
                let earlier = recent[system]?[effect] ?? 0
                guard earlier > 0, let limit = settings.windowLimits[effect] ?? settings.limits[effect] else { continue }
                if let words = exceeds(count + earlier, limit, accounts + earlier) {
                    let window =
                        "together with \(earlier) of the last \(settings.windowDays) day\(settings.windowDays == 1 ? "" : "s"): \(words)"
                    verdicts.append(GuardVerdict(system: system, effect: effect, count: count, enabledAccounts: accounts, limit: window))
                }
            }
        }
        return verdicts
    }

    /// In words, which part of the limit is exceeded; nil when none is.
    private static func exceeds(_ count: Int, _ limit: GuardSettings.Limit, _ accounts: Int) -> String? {
        if let most = limit.count, count > most { return "more than \(most) allowed" }
        if let percent = limit.percent, accounts >= fewestAccountsForPercent, count * 100 > percent * accounts {
            let share = count * 1_000 / accounts
            return "\(share / 10).\(share % 10) % of \(accounts) enabled accounts, more than \(percent) % allowed"
        }
        return nil
    }
}
