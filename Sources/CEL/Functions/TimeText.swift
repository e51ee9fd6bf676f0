/// Reading times and durations.
enum TimeText {
    /// RFC 3339: `2009-02-13T23:31:30.5+01:00`.
    static func timestamp(_ text: String) throws(CELError) -> Timestamp {
        let bytes = Array(text.utf8)
        let error = CELError.invalid("\(Value.string(text).shown) is no timestamp: the form is 2026-01-31T12:00:00Z")
        guard bytes.count >= 20, bytes.count <= 64, let day = date(bytes[0..<10]), bytes[10] | 0x20 == UInt8(ascii: "t"),
            let hour = number(bytes[11..<13]), bytes[13] == UInt8(ascii: ":"), let minute = number(bytes[14..<16]),
            bytes[16] == UInt8(ascii: ":"), let second = number(bytes[17..<19]), hour < 24, minute < 60, second < 60
        else { throw error }
        var position = 19
        var nanoseconds: Int64 = 0
        if bytes[position] == UInt8(ascii: ".") {
            let digits = bytes[(position + 1)...].prefix { $0.isDigit }
            guard !digits.isEmpty, digits.count <= 9, let fraction = Int64(String(bytes: digits)) else { throw error }
            nanoseconds = fraction
            for _ in digits.count..<9 { nanoseconds *= 10 }
            position += 1 + digits.count
        }
        guard let offset = offset(bytes[position...]) else { throw error }
        return try .checked(day * 86_400 + hour * 3_600 + minute * 60 + second - offset, nanoseconds)
    }

    /// `Z` or `+01:00`, in seconds.
    private static func offset(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let own = Array(bytes)
        if own.count == 1, own[0] | 0x20 == UInt8(ascii: "z") { return 0 }
        guard own.count == 6, own[3] == UInt8(ascii: ":"), let hours = number(own[1..<3]), let minutes = number(own[4..<6]),
            hours < 24, minutes < 60
        else { return nil }
        switch own[0] {
        case UInt8(ascii: "+"): return hours * 3_600 + minutes * 60
        case UInt8(ascii: "-"): return -(hours * 3_600 + minutes * 60)
        default: return nil
        }
    }

    /// `yyyy-MM-dd` as days since 1970-01-01; nil unless there is such a day.
    static func date(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let own = Array(bytes)
        guard own.count == 10, own[4] == UInt8(ascii: "-"), own[7] == UInt8(ascii: "-"), let year = number(own[0..<4]),
            let month = number(own[5..<7]), let day = number(own[8..<10]), (1...12).contains(month), day >= 1,
            day <= CivilTime.length(ofMonth: month, in: year)
        else { return nil }
        return CivilTime.day(year: year, month: month, day: day)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int64? {
        bytes.allSatisfy(\.isDigit) ? Int64(String(bytes: bytes)) : nil
    }

    private static let units: [(String, Int128)] = [
        ("ns", 1), ("us", 1_000), ("µs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]

    /// Go's form: `1h45m47s`, `-1.5s`, `100ms`.
    static func duration(_ text: String) throws(CELError) -> CELDuration {
        let error = CELError.invalid("\(Value.string(text).shown) is no duration: the form is 1h30m or 90s")
        var rest = Array(text.utf8)[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        if rest.elementsEqual("0".utf8) { return CELDuration(seconds: 0) }
        guard !rest.isEmpty, rest.count <= 64 else { throw error }
        var total: Int128 = 0
        while !rest.isEmpty {
            let whole = rest.prefix { $0.isDigit }
            rest = rest.dropFirst(whole.count)
            var fraction: ArraySlice<UInt8> = []
            if rest.first == UInt8(ascii: ".") {
                fraction = rest.dropFirst().prefix { $0.isDigit }
                rest = rest.dropFirst(1 + fraction.count)
            }
            let name = String(bytes: rest.prefix { !$0.isDigit && $0 != UInt8(ascii: ".") })
            rest = rest.dropFirst(name.utf8.count)
            guard whole.count + fraction.count > 0, whole.count <= 18, let unit = units.first(where: { $0.0 == name })?.1 else {
                throw error
            }
            total += (Int128(String(bytes: whole)) ?? 0) * unit
            let decimals = fraction.prefix(18)
            var scale: Int128 = 1
            for _ in decimals { scale *= 10 }
            total += (Int128(String(bytes: decimals)) ?? 0) * unit / scale
        }
        return try .checked(isNegative ? -total : total)
    }
}
