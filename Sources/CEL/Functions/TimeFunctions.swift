internal import Foundation

/// Timestamps and durations of the standard library.
enum TimeFunctions {
    static let all: [Overload] = conversions + durations + fields

    private static let conversions: [Overload] = [
        .function("timestamp") { (a: Timestamp) throws(CELError) in a },
        .function("timestamp") { (a: String) throws(CELError) in try TimeText.timestamp(a) },
        .function("timestamp") { (a: Int64) throws(CELError) in try Timestamp.checked(a, 0) },
        .function("duration") { (a: CELDuration) throws(CELError) in a },
        .function("duration") { (a: String) throws(CELError) in try TimeText.duration(a) },
    ]

    private static let durations: [Overload] = [
        .method("getHours") { (a: CELDuration) throws(CELError) in a.seconds / 3_600 },
        .method("getMinutes") { (a: CELDuration) throws(CELError) in a.seconds / 60 },
        .method("getSeconds") { (a: CELDuration) throws(CELError) in a.seconds },
        .method("getMilliseconds") { (a: CELDuration) throws(CELError) in Int64(a.nanoseconds) / 1_000_000 },
    ]

    private static let readings: [(String, @Sendable (CivilTime) -> Int64)] = [
        ("getFullYear", { $0.year }), ("getMonth", { $0.month - 1 }), ("getDayOfMonth", { $0.day - 1 }), ("getDate", { $0.day }),
        ("getDayOfYear", { $0.dayOfYear }), ("getDayOfWeek", { $0.weekday }), ("getHours", { $0.hour }), ("getMinutes", { $0.minute }),
        ("getSeconds", { $0.second }), ("getMilliseconds", { Int64($0.nanoseconds) / 1_000_000 }),
    ]

    private static let fields: [Overload] = readings.flatMap { name, read in
        [
            Overload.method(name) { (a: Timestamp) throws(CELError) in read(CivilTime(a)) },
            Overload.method(name) { (a: Timestamp, zone: String) throws(CELError) in
                read(CivilTime(a, offset: try offset(of: zone, at: a)))
            },
        ]
    }

    /// Seconds east of Greenwich at that instant. The zone is `UTC`, `+01:00` or a name such as `Europe/Oslo`.
    static func offset(of zone: String, at timestamp: Timestamp) throws(CELError) -> Int64 {
        if zone == "UTC" || zone == "Z" || zone.isEmpty { return 0 }
        if let fixed = fixedOffset(zone) { return fixed }
        guard let known = TimeZone(identifier: zone) else { throw CELError.invalid("\(Value.string(zone).shown) is no time zone") }
        return Int64(known.secondsFromGMT(for: Date(timeIntervalSince1970: Double(timestamp.seconds))))
    }

    private static func fixedOffset(_ zone: String) -> Int64? {
        let isNegative = zone.hasPrefix("-")
        let digits = isNegative || zone.hasPrefix("+") ? zone.dropFirst() : zone[...]
        let parts = digits.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ (1...2).contains($0.utf8.count) && $0.utf8.allSatisfy(\.isDigit) }),
            let hours = Int64(parts[0]), let minutes = Int64(parts[1]), hours < 24, minutes < 60
        else { return nil }
        return (hours * 3_600 + minutes * 60) * (isNegative ? -1 : 1)
    }
}
