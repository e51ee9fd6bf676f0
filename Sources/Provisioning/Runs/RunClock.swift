internal import Foundation
package import IdentityModel

/// The clock of a run: the wall clock, or the day that `--as-of` sets. The core is only ever given a day.
package struct RunClock: Sendable {
    /// The day to plan for; nil = today.
    package let asOf: CivilDate?

    package init(asOf: CivilDate? = nil) { self.asOf = asOf }

    /// The wall clock: when things really happen.
    package func now() -> Instant { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000)) }

    /// The calendar day of the run in a time zone ("Europe/Oslo"); UTC for a name that is none (the loader refuses those).
    package func today(in timeZone: String) -> CivilDate {
        if let asOf { return asOf }
        let zone = TimeZone(identifier: timeZone) ?? TimeZone(secondsFromGMT: 0)
        let seconds = Date().timeIntervalSince1970 + Double(zone?.secondsFromGMT(for: Date()) ?? 0)
        return CivilDate(days: Int((seconds / 86_400).rounded(.down)))
    }
}
