internal import Planning

/// Where findings of all files are gathered; each is kept once.
final class DiagnosticCollection {
    private var found: Set<ConfigurationDiagnostic> = []
    /// First column that must not be shown, by line.
    private var secrets: [Line: Int] = [:]

    private struct Line: Hashable {
        let file: String
        let number: Int
    }

    /// Comments that allow a lint, of all files.
    private var allowances: [Allowance] = []

    private(set) var hasErrors = false

    func add(_ diagnostic: ConfigurationDiagnostic) {
        found.insert(diagnostic)
        if diagnostic.severity == .error { hasErrors = true }
    }

    func add(_ allowance: Allowance) { allowances.append(allowance) }

    /// Takes out the lints that are allowed where they stand. What an allowance has silenced nothing of is a finding of its own,
    /// when nothing kept a lint from being found.
    func settleAllowances() {
        for allowance in allowances {
            let silenced = found.filter(allowance.covers)
            found.subtract(silenced)
            guard silenced.isEmpty, !hasErrors, !allowance.lint.isAboutEnvironment else { continue }
            add(allowance.unused)
        }
    }

    /// A secret stands literally in a file, from the point to the end of its line: no excerpt shows it.
    func conceal(_ file: String, _ point: SourcePoint) {
        let line = Line(file: file, number: point.line)
        secrets[line] = min(secrets[line] ?? point.column, point.column)
    }

    /// By file and place, secrets masked.
    var sorted: [ConfigurationDiagnostic] {
        found.map { diagnostic in
            let column = secrets[Line(file: diagnostic.position.file, number: diagnostic.position.line)]
            return ConfigurationDiagnostic(
                severity: diagnostic.severity, lint: diagnostic.lint, position: diagnostic.position,
                length: column == nil ? diagnostic.length : 1, message: diagnostic.message, suggestion: diagnostic.suggestion,
                excerpt: diagnostic.excerpt.map { SecretMask.mask($0, from: column) })
        }.sorted()
    }
}

/// Keeps literal secrets out of excerpts, also where the file could not be decoded as far as that.
enum SecretMask {
    private static let dots = "••••••"

    static func mask(_ line: String, from column: Int?) -> String {
        guard let column else { return mask(line) }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: line.unicodeScalars.prefix(column - 1))
        return String(view) + dots
    }

    /// The line with whatever follows `password:` masked, unless it is a `{env: ...}` or `{file: ...}`.
    private static func mask(_ line: String) -> String {
        guard let range = line.firstRange(of: /password/.ignoresCase()) else { return line }
        let after = range.upperBound
        let rest = line[after...].drop { $0 == "\"" || $0 == "'" || $0 == " " }
        guard rest.first == ":" else { return line }
        let value = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
        guard let first = value.first, first != "{", first != "#" else { return line }
        return String(line[..<value.startIndex]) + dots
    }
}
