/// Users whom a plan that starts leaves out, and why, in words.
struct WhoChanged {
    var users: Set<String> = []
    private var lines: [String] = []

    mutating func add(user: String, _ what: String, now: Int64, planned: Int64) {
        add(user: user, "\(what) changed since the plan was made (version \(now), planned on \(planned))")
    }

    mutating func add(user: String, _ line: String) {
        users.insert(user)
        if lines.last != line { lines.append(line) }
    }

    var shortened: [String] { lines.count > 20 ? lines.prefix(20) + ["and \(lines.count - 20) more"] : lines }
}
