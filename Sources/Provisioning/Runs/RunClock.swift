internal import Foundation
package import IdentityModel
package import Planning

/// What a run is planned for, instead of now.
package enum AsOf: Sendable, Hashable {
    case instant(Instant)
    /// That day, in every zone.
    case day(CivilDate)
}

/// The clock of a run: the wall clock, or the moment that `--as-of` sets. The core is only ever given days.
package struct RunClock: Sendable {
    private let asOf: AsOf?

    /// nil = now.
    package init(asOf: AsOf?) { self.asOf = asOf }

    /// The day to plan for, whatever the zone; nil = now.
    package init(asOf: CivilDate? = nil) { self.init(asOf: asOf.map(AsOf.day)) }

    /// The wall clock: when things really happen.
    package func now() -> Instant { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000)) }

    /// The calendar day of the run in a time zone ("Europe/Oslo"); UTC for a name that is none (the loader refuses those).
    package func today(in timeZone: String) -> CivilDate {
        switch asOf {
        case .day(let day)?: day
        case .instant(let instant)?: RunClock.day(of: instant, in: timeZone)
        case nil: RunClock.day(of: now(), in: timeZone)
        }
    }

    /// The day in the zone of each source: whichever origin plans, a person's dates are read in that of the source that decides their status.
    package func days(of sources: [SourceConfiguration]) -> SourceDays {
        let days = sources.map { ($0.name, today(in: $0.timeZone)) }
        return SourceDays(
            Dictionary(days, uniquingKeysWith: { first, _ in first }), otherwise: days.first?.1 ?? today(in: "UTC"))
    }

    private static func day(of instant: Instant, in timeZone: String) -> CivilDate {
        let date = Date(timeIntervalSince1970: Double(instant.milliseconds) / 1_000)
        let zone = TimeZone(identifier: timeZone) ?? TimeZone(secondsFromGMT: 0)
        let seconds = date.timeIntervalSince1970 + Double(zone?.secondsFromGMT(for: date) ?? 0)
        return CivilDate(days: Int((seconds / 86_400).rounded(.down)))
    }
}
