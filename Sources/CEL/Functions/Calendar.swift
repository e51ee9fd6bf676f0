/// The proleptic Gregorian calendar over days since 1970-01-01, without Foundation.
struct CivilTime: Sendable {
    let year: Int64
    /// 1 to 12.
    let month: Int64
    /// 1 to 31.
    let day: Int64
    /// Since midnight.
    let secondOfDay: Int64
    let nanoseconds: Int32
    let daysSinceEpoch: Int64

    /// The wall clock `offset` seconds east of Greenwich.
    init(_ timestamp: Timestamp, offset: Int64 = 0) {
        let seconds = timestamp.seconds + offset
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        daysSinceEpoch = days
        secondOfDay = seconds - days * 86_400
        nanoseconds = timestamp.nanoseconds
        (year, month, day) = Self.date(ofDay: days)
    }

    var hour: Int64 { secondOfDay / 3_600 }
    var minute: Int64 { secondOfDay / 60 % 60 }
    var second: Int64 { secondOfDay % 60 }
    /// 0 is Sunday.
    var weekday: Int64 { (((daysSinceEpoch + 4) % 7) + 7) % 7 }
    /// From 0.
    var dayOfYear: Int64 { daysSinceEpoch - Self.day(year: year, month: 1, day: 1) }

    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March, eras have 400 years.
    static func day(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(ofDay number: Int64) -> (Int64, Int64, Int64) {
        let shifted = number + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let part = (5 * dayOfYear + 2) / 153
        let month = part < 10 ? part + 3 : part - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * part + 2) / 5 + 1)
    }

    static func length(ofMonth month: Int64, in year: Int64) -> Int64 {
        let next = month == 12 ? Self.day(year: year + 1, month: 1, day: 1) : Self.day(year: year, month: month + 1, day: 1)
        return next - Self.day(year: year, month: month, day: 1)
    }
}

extension Int64 {
    /// With zeros in front, up to the width.
    func padded(_ width: Int) -> String {
        let text = String(magnitude)
        return (self < 0 ? "-" : "") + String(repeating: "0", count: Swift.max(0, width - text.utf8.count)) + text
    }
}

extension Timestamp {
    /// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
    static let bounds: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    static func checked(_ seconds: Int64, _ nanoseconds: Int64) throws(CELError) -> Timestamp {
        let carry = nanoseconds >= 0 ? nanoseconds / 1_000_000_000 : (nanoseconds - 999_999_999) / 1_000_000_000
        let (total, overflow) = seconds.addingReportingOverflow(carry)
        guard !overflow, bounds.contains(total) else { throw CELError(.overflow, "the time is outside the years 1 to 9999") }
        return Timestamp(seconds: total, nanoseconds: Int32(nanoseconds - carry * 1_000_000_000))
    }

    func plus(_ duration: CELDuration) throws(CELError) -> Timestamp {
        try Timestamp.checked(seconds + duration.seconds, Int64(nanoseconds) + Int64(duration.nanoseconds))
    }

    /// A span that does not fit into 64 bits of nanoseconds is an error, as in the other implementations.
    func minus(_ other: Timestamp) throws(CELError) -> CELDuration {
        let (whole, first) = (seconds - other.seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (total, second) = whole.addingReportingOverflow(Int64(nanoseconds) - Int64(other.nanoseconds))
        guard !first, !second else { throw CELError(.overflow, "the duration does not fit: overflow") }
        return CELDuration(seconds: total / 1_000_000_000, nanoseconds: Int32(total % 1_000_000_000))
    }

    /// RFC 3339 in UTC, with as many decimals as needed.
    var text: String {
        let time = CivilTime(self)
        let date = "\(time.year.padded(4))-\(time.month.padded(2))-\(time.day.padded(2))"
        return "\(date)T\(time.hour.padded(2)):\(time.minute.padded(2)):\(time.second.padded(2))\(Int64(nanoseconds).fraction)Z"
    }
}

extension Int64 {
    /// Nanoseconds as decimals: ".5", or nothing.
    fileprivate var fraction: String {
        guard self != 0 else { return "" }
        var digits = Int64(magnitude).padded(9)
        while digits.hasSuffix("0") { digits.removeLast() }
        return "." + digits
    }
}

extension CELDuration {
    /// The range of google.protobuf.Duration.
    private static let bound: Int64 = 315_576_000_000

    static func checked(_ nanoseconds: Int128) throws(CELError) -> CELDuration {
        let seconds = nanoseconds / 1_000_000_000
        guard seconds.magnitude <= UInt128(bound) else { throw CELError(.overflow, "the duration does not fit: overflow") }
        return CELDuration(seconds: Int64(seconds), nanoseconds: Int32(nanoseconds % 1_000_000_000))
    }

    private var total: Int128 { Int128(seconds) * 1_000_000_000 + Int128(nanoseconds) }

    func plus(_ other: CELDuration) throws(CELError) -> CELDuration { try Self.checked(total + other.total) }

    func negated() throws(CELError) -> CELDuration { try Self.checked(-total) }

    /// Seconds with as many decimals as needed: `6347s`, `-1.5s`.
    var text: String {
        let sign = seconds < 0 || nanoseconds < 0 ? "-" : ""
        return "\(sign)\(seconds.magnitude)\(Int64(nanoseconds).fraction)s"
    }
}
