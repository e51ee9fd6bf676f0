package import Planning

/// A finding in a configuration file, with its place.
package struct ConfigurationDiagnostic: Sendable, Hashable, Comparable, CustomStringConvertible {
    package enum Severity: String, Sendable, CaseIterable { case error, warning }

    package let severity: Severity
    /// The name of a warning; nil for errors.
    package let lint: Lint?
    package let position: TextPosition
    /// Characters (code points) from the position on that the finding is about; at least 1.
    package let length: Int
    package let message: String
    /// A near name, bare.
    package let suggestion: String?
    /// The line of the file; nil where there is none (a missing file). Secrets are masked.
    package let excerpt: String?

    package init(
        severity: Severity, lint: Lint? = nil, position: TextPosition, length: Int, message: String, suggestion: String?, excerpt: String?
    ) {
        self.severity = severity
        self.lint = lint
        self.position = position
        self.length = max(1, length)
        self.message = message
        self.suggestion = suggestion
        self.excerpt = excerpt
    }

    /// `PolicyMaps/Corp AD.yaml:3:1: error: unknown key 'ondelete'; did you mean 'onDelete'?`; a lint's name stands in brackets behind it.
    package var headline: String {
        let hint = suggestion.map { "; did you mean '\($0)'?" } ?? ""
        let name = lint.map { " [\($0.name)]" } ?? ""
        return "\(position): \(severity.rawValue): \(message)\(hint)\(name)"
    }

    /// The column behind the last character the finding is about.
    package var endColumn: Int { position.column + length }

    /// The headline, the line, and a caret below the place. Of a very long line, what surrounds the place.
    package var description: String {
        guard let excerpt, !excerpt.isEmpty else { return headline }
        let scalars = Array(excerpt.unicodeScalars)
        let window = ConfigurationDiagnostic.window(scalars.count, around: position.column - 1)
        var line = String.UnicodeScalarView()
        var margin = String.UnicodeScalarView()
        if window.lowerBound > 0 {
            line.append("…")
            margin.append(" ")
        }
        line.append(contentsOf: scalars[window])
        if window.upperBound < scalars.count { line.append("…") }
        for scalar in scalars[window].prefix(position.column - 1 - window.lowerBound) { margin.append(scalar == "\t" ? "\t" : " ") }
        let marked = max(1, min(length, window.upperBound - position.column + 1))
        return "\(headline)\n\(String(line))\n\(String(margin))^\(String(repeating: "~", count: marked - 1))"
    }

    /// The code points of a line that are shown.
    private static func window(_ count: Int, around index: Int) -> Range<Int> {
        let (longest, before) = (240, 100)
        guard count > longest else { return 0..<count }
        let start = max(0, min(index - before, count - longest))
        return start..<start + longest
    }

    package static func < (left: Self, right: Self) -> Bool {
        if left.position.file != right.position.file { return left.position.file.utf8.lexicographicallyPrecedes(right.position.file.utf8) }
        return (left.position.line, left.position.column, left.severity.rawValue, left.message)
            < (right.position.line, right.position.column, right.severity.rawValue, right.message)
    }
}
