import IdentityModel
import Provisioning

/// How far a run is, in one line.
enum ProgressText {
    static func planning(_ progress: PlanProgress) -> String {
        let found = "\(DisplayText.count(progress.users, "person", "people")) and \(DisplayText.count(progress.orders, "order")) planned"
        return progress.rows == 0 ? "planning: " + found : "planning: \(DisplayText.count(progress.rows, "row")) read, " + found
    }

    /// `comparing: 36,000 people`.
    static func comparing(_ users: Int) -> String { "comparing: " + DisplayText.count(users, "person", "people") }

    /// `applying: Corp Directory [######......] 512 of 1,024, 2 failed`, by system; `bar` columns between the brackets, none in a pipe.
    static func applying(_ systems: [ApplyProgress], bar: Int) -> String {
        let parts = systems.sorted { $0.system < $1.system }.map { progress in
            var text = progress.system.text
            if bar > 0 { text += " " + self.bar(progress, bar) }
            text += " \(DisplayText.count(progress.settled)) of \(DisplayText.count(progress.total))"
            return progress.errored > 0 ? text + ", \(DisplayText.count(progress.errored)) failed" : text
        }
        return "applying: " + parts.joined(separator: "; ")
    }

    private static func bar(_ progress: ApplyProgress, _ width: Int) -> String {
        let filled = progress.total > 0 ? min(width, progress.settled * width / progress.total) : width
        return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "]"
    }
}

/// When to show progress: on a terminal after the first second and ten times a second at most; in a pipe a line every ten seconds.
struct ProgressPacing {
    let isTerminal: Bool
    private var shown: Int64?

    init(isTerminal: Bool) { self.isTerminal = isTerminal }

    /// Whether to show something `elapsed` milliseconds after the beginning. A yes counts as shown.
    mutating func isDue(at elapsed: Int64) -> Bool {
        let isDue = shown.map { elapsed - $0 >= (isTerminal ? 100 : 10_000) } ?? (elapsed >= (isTerminal ? 1_000 : 10_000))
        if isDue { shown = elapsed }
        return isDue
    }
}
