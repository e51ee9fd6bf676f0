package import IdentityModel

/// Refusal of a whole plan by its effects, before any write (product.md section 3, law.md).
package enum Guards {
    /// What guards look at.
    package struct Facts: Sendable {
        /// Of the plan, per system; orders that it keeps were counted before.
        package var effects: [SystemName: [Effect: Int]] = [:]
        /// Enabled accounts per system before the plan.
        package var enabled: [SystemName: Int] = [:]
        /// Effects executed within the last days, by the length of the window; the plan not included.
        package var recent: [Int: [SystemName: [Effect: Int]]] = [:]
        package var rows = 0
        /// Rows that are set aside and were not before.
        package var newlyQuarantined = 0
        /// Accounts that were computed.
        package var evaluations = 0
        /// Of these, accounts that could not be, and were not reported before.
        package var newlyFailed = 0
        package init() {}
    }

    /// A default percentage says nothing about a handful of accounts: below this many it means a number (`GuardSettings.Limit.ofFew`).
    private static let fewestAccountsForPercent = 50
    /// Fewer rows than this are no share.
    private static let fewestRows = 5

    /// The guards that trip: by system and effect, then those over the file and the evaluation.
    package static func verdicts(_ facts: Facts, _ settings: GuardSettings) -> [GuardVerdict] {
        var verdicts: [GuardVerdict] = []
        for system in facts.effects.keys.sorted() {
            for effect in Effect.allCases.sorted() {
                if let verdict = verdict(effect, system, facts, settings) { verdicts.append(verdict) }
            }
        }
        if let words = exceedsShare(facts.newlyQuarantined, settings.quarantinedRows, facts.rows, "rows") {
            verdicts.append(GuardVerdict(.quarantinedRows, count: facts.newlyQuarantined, base: facts.rows, limit: words))
        }
        if let words = exceedsShare(facts.newlyFailed, settings.failedEvaluations, facts.evaluations, "accounts computed") {
            verdicts.append(GuardVerdict(.failedEvaluations, count: facts.newlyFailed, base: facts.evaluations, limit: words))
        }
        return verdicts
    }

    private static func verdict(
        _ effect: Effect, _ system: SystemName, _ facts: Facts, _ settings: GuardSettings
    ) -> GuardVerdict? {
        let count = facts.effects[system]?[effect] ?? 0
        guard count > 0 else { return nil }
        // What the plan adopts is ours from then on: a first load of a full directory is measured by what it finds.
        let accounts = (facts.enabled[system] ?? 0) + (facts.effects[system]?[.adopt] ?? 0)
        if let limit = settings.limits[effect], let words = exceeds(count, limit, accounts) {
            return GuardVerdict(.effect(effect, system), count: count, base: accounts, limit: words)
        }
        for window in settings.windows.sorted(by: { $0.days < $1.days }) {
            let earlier = facts.recent[window.days]?[system]?[effect] ?? 0
            guard earlier > 0, let limit = window.limits[effect] ?? settings.limits[effect]?.doubled else { continue }
            // Accounts that were withdrawn within the window were enabled when it began.
            let before = accounts + (effect == .disable || effect == .delete ? earlier : 0)
            guard let words = exceeds(count + earlier, limit, before) else { continue }
            let days = window.days == 1 ? "24 hours" : "\(window.days) days"
            return GuardVerdict(
                .effect(effect, system), count: count, base: accounts, limit: "together with \(earlier) of the last \(days): \(words)")
        }
        return nil
    }

    /// In words, which part of the limit is exceeded; nil when none is.
    private static func exceeds(_ count: Int, _ limit: GuardSettings.Limit, _ accounts: Int) -> String? {
        if let most = limit.count, count > most { return "more than \(most) allowed" }
        guard let percent = limit.percent else { return nil }
        if let allowed = limit.ofFew, accounts < fewestAccountsForPercent {
            return count > allowed ? "more than \(allowed) allowed of \(accounts) enabled accounts" : nil
        }
        guard count * 100 > percent * accounts else { return nil }
        return "\(share(count, of: accounts)) of \(accounts) enabled accounts, more than \(percent) % allowed"
    }

    /// No share of rows trips below five affected ones.
    private static func exceedsShare(_ count: Int, _ limit: GuardSettings.Limit, _ base: Int, _ what: String) -> String? {
        guard count >= fewestRows else { return nil }
        if let most = limit.count, count > most { return "more than \(most) allowed" }
        guard let percent = limit.percent, count * 100 > percent * base else { return nil }
        return "\(share(count, of: base)) of \(base) \(what), more than \(percent) % allowed"
    }

    private static func share(_ count: Int, of base: Int) -> String {
        guard base > 0 else { return "all" }
        let share = count * 1_000 / base
        return "\(share / 10).\(share % 10) %"
    }
}
