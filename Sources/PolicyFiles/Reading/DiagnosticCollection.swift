internal import Planning

/// Where findings of all files are gathered; each is kept once.
final class DiagnosticCollection {
    private var found: Set<ConfigurationDiagnostic> = []
    private var secrets: Set<String> = []
    private(set) var hasErrors = false

    func add(_ diagnostic: ConfigurationDiagnostic) {
        found.insert(diagnostic)
        if diagnostic.severity == .error { hasErrors = true }
    }

    /// A secret that stands literally in a file: no excerpt shows it.
    func conceal(_ secret: String) {
        if !secret.isEmpty { secrets.insert(secret) }
    }

    /// By file and place, secrets masked.
    var sorted: [ConfigurationDiagnostic] {
        let masks = secrets.sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }
        return found.map { diagnostic in
            ConfigurationDiagnostic(
                severity: diagnostic.severity, position: diagnostic.position, length: diagnostic.length,
                message: masks.reduce(diagnostic.message) { $0.replacing($1, with: SecretMask.dots) }, suggestion: diagnostic.suggestion,
                excerpt: diagnostic.excerpt.map { SecretMask.mask(masks.reduce($0) { $0.replacing($1, with: SecretMask.dots) }) })
        }.sorted()
    }
}

/// Keeps literal secrets out of excerpts, also where the file could not be decoded as far as that.
enum SecretMask {
    static let dots = "••••••"

    /// The line with whatever follows `password:` masked, unless it is a `{env: ...}` or `{file: ...}`.
    static func mask(_ line: String) -> String {
        guard let range = line.lowercased().firstRange(of: "password") else { return line }
        let offset = line.lowercased().distance(from: line.lowercased().startIndex, to: range.upperBound)
        guard let after = line.index(line.startIndex, offsetBy: offset, limitedBy: line.endIndex) else { return line }
        let rest = line[after...].drop { $0 == "\"" || $0 == "'" || $0 == " " }
        guard rest.first == ":" else { return line }
        let value = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
        guard let first = value.first, first != "{", first != "#" else { return line }
        return String(line[..<value.startIndex]) + dots
    }
}
