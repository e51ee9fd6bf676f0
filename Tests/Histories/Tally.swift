/// Figures over many histories: a tester that compares little, or whose disturbances fall where nothing is written, proves nothing.
package struct Tally: Sendable {
    package private(set) var histories = 0
    package private(set) var facts = 0
    package private(set) var writes = 0
    package private(set) var runs = 0
    private var drawn: [Disturbance: Int] = [:]
    private var amidWrites: [Disturbance: Int] = [:]
    private var marks: [Mark: Int] = [:]

    /// A mark that is missed in so many histories is missed for a reason.
    private static let enoughForMarks = 1_000
    /// Marks that the engine cannot see.
    private let unreachable: Set<Mark>

    package init(unreachable: Set<Mark> = []) { self.unreachable = unreachable }

    package mutating func add(_ outcome: Outcome) {
        histories += 1
        facts += outcome.facts
        writes += outcome.writes
        runs += outcome.runs
        for mark in outcome.marks { marks[mark, default: 0] += 1 }
        for kind in outcome.drawn { drawn[kind, default: 0] += 1 }
        for kind in outcome.amidWrites where outcome.drawn.contains(kind) { amidWrites[kind, default: 0] += 1 }
    }

    /// Why the tester itself has failed.
    package var shortcomings: [String] {
        guard histories > 0 else { return ["no history was run"] }
        var found: [String] = []
        if facts < 20 * histories { found.append("fewer than 20 facts per history are compared") }
        if writes < 15 * histories { found.append("fewer than 15 requests per history are written") }
        for (kind, count) in drawn.sorted(by: { $0.key.rawValue < $1.key.rawValue }) where count >= 40 {
            let share = (amidWrites[kind] ?? 0) * 100 / count
            if share < 5 { found.append("\(kind.rawValue) falls between writes in \(share) % of the histories that draw it") }
        }
        if histories >= Tally.enoughForMarks {
            found += Mark.allCases.filter { marks[$0] == nil && !unreachable.contains($0) }.map { "never reached: \($0.meaning)" }
        }
        return found
    }

    package var text: String {
        guard histories > 0 else { return "no histories" }
        let kinds = drawn.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\($0.key.rawValue) \($0.value) drawn, \((amidWrites[$0.key] ?? 0) * 100 / $0.value) % amid writes" }
        let reached = Mark.allCases.filter { !unreachable.contains($0) }.map { "\($0.meaning) \(marks[$0] ?? 0)" }
        return
            "\(histories) histories, \(facts / histories) facts, \(writes / histories) written requests and \(runs / histories) runs each\n"
            + kinds.map { "    " + $0 }.joined(separator: "\n") + "\n"
            + reached.map { "    reached: " + $0 }.joined(separator: "\n")
    }
}
