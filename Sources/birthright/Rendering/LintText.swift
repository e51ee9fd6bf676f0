import IdentityModel
import Planning
import PolicyFiles

/// Lints and diagnostics as `check` prints them.
enum LintText {
    static func text(_ lint: Lint) -> String {
        """
        \(lint.name)
          finds    \(lint.finds)
          matters  \(lint.matters)
          mend     \(lint.remedy)
          silence  \(lint.silencing)
        """
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
