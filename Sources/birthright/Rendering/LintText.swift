import IdentityModel
import Planning
import PolicyFiles

/// Lints and diagnostics as `check` prints them.
enum LintText {
    private static let width = 110

    static func text(_ lint: Lint) -> String {
        let parts = [("finds", lint.finds), ("matters", lint.matters), ("mend", lint.remedy), ("silence", lint.silencing)]
        return ([lint.name] + parts.flatMap { part($0, $1) }).joined(separator: "\n")
    }

    /// The title, and its text in lines of readable length beside it.
    private static func part(_ title: String, _ text: String) -> [String] {
        var lines = [""]
        for word in text.split(separator: " ") {
            if lines[lines.count - 1].count + word.count >= width { lines.append("") }
            lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : " ") + word
        }
        return lines.enumerated().map { DisplayText.padded($0 == 0 ? "  " + title : "", to: 11) + $1 }
    }
}
