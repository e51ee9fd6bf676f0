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

    static func json(_ lint: Lint) -> JSON {
        .object([
            JSON.Member("name", .string(lint.name)), JSON.Member("finds", .string(lint.finds)),
            JSON.Member("matters", .string(lint.matters)), JSON.Member("mend", .string(lint.remedy)),
            JSON.Member("silence", .string(lint.silencing)),
        ])
    }
}

extension ConfigurationDiagnostic {
    /// For editors and code review: PolicyMaps/README.md, section "Diagnostics as JSON".
    var json: JSON {
        .object([
            JSON.Member("file", .string(position.file)), JSON.Member("line", .int(Int64(position.line))),
            JSON.Member("column", .int(Int64(position.column))), JSON.Member("endColumn", .int(Int64(endColumn))),
            JSON.Member("severity", .string(severity.rawValue)), JSON.Member("name", lint.map { .string($0.name) } ?? .null),
            JSON.Member("message", .string(message)), JSON.Member("suggestion", suggestion.map(JSON.string) ?? .null),
        ])
    }
}
