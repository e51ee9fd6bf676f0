/// A calendar day without a time zone: days since 1970-01-01 in the proleptic Gregorian calendar.
public struct CivilDate: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let days: Int
    public init(days: Int) { self.days = days }

    public static func < (left: CivilDate, right: CivilDate) -> Bool { left.days < right.days }
    public func adding(days count: Int) -> CivilDate { CivilDate(days: days + count) }

    /// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days_from_civil.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...12).contains(month), (0...9999).contains(year), day >= 1, day <= CivilDate.daysIn(month: month, year: year) else {
            return nil
        }
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        self.days = era * 146_097 + dayOfEra - 719_468
    }

    /// Reads `yyyy-MM-dd` and nothing else; nil when the text is anything else or the day does not exist.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            var value = 0
            for byte in bytes[range] {
                guard byte >= 48, byte <= 57 else { return nil }
                value = value * 10 + Int(byte - 48)
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10) else { return nil }
        self.init(year: year, month: month, day: day)
    }

    static func daysIn(month: Int, year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        default: 31
        }
    }

    /// Year, month (1-12) and day (1-31): civil_from_days of the same source.
    public var components: (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    }

    /// `yyyy-MM-dd`.
    public var description: String {
        let (year, month, day) = components
        return "\(padded(year, to: 4))-\(padded(month, to: 2))-\(padded(day, to: 2))"
    }
}

/// A moment: milliseconds since 1970-01-01T00:00:00Z. The core is given moments; it never reads a clock.
public struct Instant: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let milliseconds: Int64
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    public static func < (left: Instant, right: Instant) -> Bool { left.milliseconds < right.milliseconds }
    public func adding(milliseconds count: Int64) -> Instant { Instant(milliseconds: milliseconds + count) }

    /// RFC 3339 in UTC with milliseconds: `2026-03-02T08:15:00.000Z`.
    public var description: String {
        let perDay: Int64 = 86_400_000
        let day = milliseconds >= 0 ? milliseconds / perDay : (milliseconds - perDay + 1) / perDay
        let rest = Int(milliseconds - day * perDay)
        let clock = [padded(rest / 3_600_000, to: 2), padded(rest / 60_000 % 60, to: 2), padded(rest / 1_000 % 60, to: 2)]
        return "\(CivilDate(days: Int(day)))T\(clock.joined(separator: ":")).\(padded(rest % 1_000, to: 3))Z"
    }
}

private func padded(_ number: Int, to width: Int) -> String {
    let digits = String(number)
    return digits.utf8.count >= width ? digits : String(repeating: "0", count: width - digits.utf8.count) + digits
}
