/// Dates of people's lives: days, not instants.
enum DateFunctions {
    static let all: [Overload] = [
        .function("date") { (a: String) throws(CELError) in
            guard let day = TimeText.date(Array(a.utf8)[...]) else {
                throw CELError.invalid("\(Value.string(a).shown) is not a date: the form is yyyy-MM-dd")
            }
            return try Timestamp.checked(day * 86_400, 0)
        },
        .method("addDays") { (a: Timestamp, days: Int64) throws(CELError) in
            let (seconds, overflow) = days.multipliedReportingOverflow(by: 86_400)
            let (total, second) = a.seconds.addingReportingOverflow(seconds)
            guard !overflow, !second else { throw CELError(.overflow, "the time is outside the years 1 to 9999") }
            return try Timestamp.checked(total, Int64(a.nanoseconds))
        },
        .method("formatDate") { (a: Timestamp, form: String) throws(CELError) in try formatted(CivilTime(a), form) },
        .method("formatDate") { (a: Timestamp, form: String, zone: String) throws(CELError) in
            try formatted(CivilTime(a, offset: try TimeFunctions.offset(of: zone, at: a)), form)
        },
    ]

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    ]
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// Unicode's date fields as far as they need no language: y M d E H h m s S a; text in single quotes stands as it is.
    private static func formatted(_ time: CivilTime, _ form: String) throws(CELError) -> String {
        let scalars = Array(form.unicodeScalars)
        var result = ""
        var position = 0
        while position < scalars.count {
            let letter = scalars[position]
            if letter == "'" {
                try quoted(scalars, &position, into: &result)
                continue
            }
            let run = scalars[position...].prefix { $0 == letter }.count
            position += run
            if letter.isASCII, UInt8(ascii: letter).isLetter {
                result += try field(letter, run, time)
            } else {
                for _ in 0..<run { result.unicodeScalars.append(letter) }
            }
        }
        return result
    }

    /// Text in single quotes; two quotes are one.
    private static func quoted(_ scalars: [Unicode.Scalar], _ position: inout Int, into result: inout String) throws(CELError) {
        position += 1
        if position < scalars.count, scalars[position] == "'" {
            result += "'"
            position += 1
            return
        }
        while position < scalars.count, scalars[position] != "'" {
            result.unicodeScalars.append(scalars[position])
            position += 1
        }
        guard position < scalars.count else { throw CELError.invalid("the date format has an open quote") }
        position += 1
    }

    private static func field(_ letter: Unicode.Scalar, _ run: Int, _ time: CivilTime) throws(CELError) -> String {
        switch (letter, run) {
        case ("y", 2): return (time.year % 100).padded(2)
        case ("y", 1...4): return time.year.padded(run)
        case ("M", 1...2): return time.month.padded(run)
        case ("M", 3): return String(months[Int(time.month) - 1].prefix(3))
        case ("M", 4): return months[Int(time.month) - 1]
        case ("d", 1...2): return time.day.padded(run)
        case ("E", 1...3): return String(weekdays[Int(time.weekday)].prefix(3))
        case ("E", 4): return weekdays[Int(time.weekday)]
        case ("H", 1...2): return time.hour.padded(run)
        case ("h", 1...2): return ((time.hour + 11) % 12 + 1).padded(run)
        case ("m", 1...2): return time.minute.padded(run)
        case ("s", 1...2): return time.second.padded(run)
        case ("S", 1...9): return String(Int64(time.nanoseconds).padded(9).prefix(run))
        case ("a", 1): return time.hour < 12 ? "AM" : "PM"
        default:
            let name = String(repeating: String(letter), count: min(run, 8))
            throw CELError.invalid("the date format has an unknown field '\(name)' (letters that stand for themselves go in single quotes)")
        }
    }
}
