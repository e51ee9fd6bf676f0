internal import Planning

/// One file while it is read: its text, its place in messages, and where scalars such as `{env: NAME}` come from.
final class ConfigurationFile {
    let path: String
    let text: SourceText
    /// The same, in one piece.
    let whole: String
    let diagnostics: DiagnosticCollection
    let values: ConfigurationFiles
    /// Where scalars stand, in the order they were read: a '#' inside one begins no comment.
    var scalarSpans: [ScalarSpan] = []

    /// Settings whose environment variable or file is not there; nil while such a setting is an error.
    var missingSettings: [MissingSetting]?

    /// What `{env:}` and `{file:}` gave, by name, as far as it decides what becomes of people.
    private(set) var outsideValues: [String: String] = [:]
    private var countsOutsideValues = true

    init(
        path: String, text: String, lines: SourceText.Lines = .yaml, diagnostics: DiagnosticCollection, values: ConfigurationFiles
    ) {
        self.path = path
        self.text = SourceText(text, lines)
        whole = text
        self.diagnostics = diagnostics
        self.values = values
    }

    /// Opens a file of the configuration; nil when it is missing or not UTF-8, which is reported.
    static func open(_ path: String, _ values: ConfigurationFiles, _ diagnostics: DiagnosticCollection) -> ConfigurationFile? {
        guard let bytes = values.files[path] else {
            let file = ConfigurationFile(path: path, text: "", diagnostics: diagnostics, values: values)
            file.error("the file is missing", at: .start, length: 1)
            return nil
        }
        let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        guard let text = String(validating: content, as: UTF8.self) else {
            let file = ConfigurationFile(
                path: path, text: String(decoding: content, as: UTF8.self), diagnostics: diagnostics, values: values)
            let bad = file.text.scalars.firstIndex { $0.value == 0xFFFD } ?? 0
            file.error("the file is not UTF-8", at: file.text.point(of: bad), length: 1)
            return nil
        }
        return ConfigurationFile(path: path, text: text, diagnostics: diagnostics, values: values)
    }

    func position(_ point: SourcePoint) -> TextPosition { TextPosition(file: path, line: point.line, column: point.column) }

    func error(_ message: String, at point: SourcePoint, length: Int, suggestion: String? = nil) {
        diagnostics.add(diagnostic(nil, message, point, length, suggestion))
    }

    /// A lint: a warning with a name.
    func warning(_ lint: Lint, _ message: String, at point: SourcePoint, length: Int, suggestion: String? = nil) {
        diagnostics.add(diagnostic(lint, message, point, length, suggestion))
    }

    func error(_ message: String, at node: YAMLNode, suggestion: String? = nil) {
        guard !node.isRefused else { return }
        error(message, at: node.scalar?.textPoint ?? node.point, length: node.length, suggestion: suggestion)
    }

    /// Without a lint it is an error.
    func diagnostic(
        _ lint: Lint?, _ message: String, _ point: SourcePoint, _ length: Int, _ suggestion: String? = nil
    ) -> ConfigurationDiagnostic {
        ConfigurationDiagnostic(
            severity: lint == nil ? .error : .warning, lint: lint, position: position(point), length: length, message: message,
            suggestion: suggestion, excerpt: text.line(point.line))
    }

    /// The characters up to the next white space or flow indicator.
    func word(at point: SourcePoint) -> String {
        guard let start = text.index(of: point) else { return "" }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: text.scalars[start...].prefix { !$0.isSpace && !",]}".unicodeScalars.contains($0) })
        return String(view)
    }

    /// Reads what is needed only when a connector is opened: a value that the environment lacks is no error.
    func collectingMissingSettings<Result>(_ read: () -> Result) -> (result: Result, missing: [MissingSetting]) {
        missingSettings = []
        defer { missingSettings = nil }
        let result = read()
        return (result, missingSettings ?? [])
    }

    // MARK: Values from outside

    /// Reads what says only where things are, or how a run goes: whoever moves the store does not plan everybody again.
    func unhashed<Result>(_ read: () -> Result) -> Result {
        let before = countsOutsideValues
        countsOutsideValues = false
        defer { countsOutsideValues = before }
        return read()
    }

    /// A connector's settings are none of them: what is needed only when it is opened is read while missing settings are collected.
    func noteOutside(_ name: String, _ text: String) {
        if countsOutsideValues && missingSettings == nil { outsideValues[name] = text }
    }

    // MARK: Comments that cut a value

    /// A comment is written `# text`; a `#` directly before something else was probably meant as part of the value.
    func looksCut(at comment: SourcePoint) -> Bool {
        guard let next = text.scalar(at: SourcePoint(line: comment.line, column: comment.column + 1)) else { return false }
        return !next.isSpace && next != "#" && next != "-" && next != "="
    }

    func warnOfCut(at comment: SourcePoint) {
        warning(
            .cutByComment, "the value ends here, because ' #' begins a comment; quote the value if '#' belongs to it", at: comment,
            length: 1)
    }
}
