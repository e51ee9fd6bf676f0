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

    /// Moments and pauses.
    package let shell: ShellClock

    /// nil = now.
    package init(asOf: AsOf?, shell: ShellClock = .system) {
        self.asOf = asOf
        self.shell = shell
    }

    /// The day to plan for, whatever the zone; nil = now.
    package init(asOf: CivilDate? = nil, shell: ShellClock = .system) { self.init(asOf: asOf.map(AsOf.day), shell: shell) }

    /// The moment of everything that is written down. Where the clock follows `--as-of` (demonstrations, tests), the day is that day.
    package func now() -> Instant { shell.now() }

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

    /// One day for everybody: the earliest of those that the sources read dates in.
    package func earliestDay(of sources: [SourceConfiguration]) -> CivilDate {
        sources.map { today(in: $0.timeZone) }.min() ?? today(in: "UTC")
    }

    private static func day(of instant: Instant, in timeZone: String) -> CivilDate {
        let date = Date(timeIntervalSince1970: Double(instant.milliseconds) / 1_000)
        let zone = TimeZone(identifier: timeZone) ?? TimeZone(secondsFromGMT: 0)
        let seconds = date.timeIntervalSince1970 + Double(zone?.secondsFromGMT(for: date) ?? 0)
        return CivilDate(days: Int((seconds / 86_400).rounded(.down)))
    }
}

extension ShellClock {
    /// Its day is that of `--as-of`, its time of day and its pauses are the machine's: several days can be played within a minute, and guards that look back
    /// over days see days. A moment is where it begins.
    package static func following(_ asOf: AsOf) -> ShellClock {
        let start = ShellClock.system.now().milliseconds
        return ShellClock(
            now: {
                let now = ShellClock.system.now().milliseconds
                return switch asOf {
                case .day(let day): Instant(milliseconds: Int64(day.days) * 86_400_000 + now % 86_400_000)
                case .instant(let instant): instant.adding(milliseconds: now - start)
                }
            }, sleep: ShellClock.system.sleep)
    }
}
