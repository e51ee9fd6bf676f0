internal import CEL
internal import Planning

/// The text of an expression and where each part of it stands.
struct ExpressionSource {
    let scalar: YAMLScalar
    let file: ConfigurationFile

    var text: String { scalar.text }
    var position: TextPosition { file.position(scalar.textPoint) }

    /// Underlines the whole expression.
    func error(_ message: String, suggestion: String? = nil) {
        file.error(message, at: scalar.textPoint, length: scalar.firstLineLength, suggestion: suggestion)
    }

    /// Underlines the whole expression.
    func warning(_ lint: Lint, _ message: String) {
        file.warning(lint, message, at: scalar.textPoint, length: scalar.firstLineLength)
    }

    /// Underlines a part of it, given as a UTF-8 range of the text.
    func warning(_ lint: Lint, _ message: String, at range: Range<Int>, suggestion: String? = nil) {
        let place = place(of: range)
        file.warning(lint, message, at: place.point, length: place.length, suggestion: suggestion)
    }

    func report(_ diagnostics: [Diagnostic]) {
        for diagnostic in diagnostics {
            error(diagnostic.message, at: diagnostic.offset..<diagnostic.offset + diagnostic.length, suggestion: diagnostic.suggestion)
        }
    }

    /// Underlines a part of it, given as a UTF-8 range of the text.
    func error(_ message: String, at range: Range<Int>, suggestion: String? = nil) {
        let place = place(of: range)
        file.error(message, at: place.point, length: place.length, suggestion: suggestion)
    }

    /// Where a UTF-8 range of the text stands in the file, and its length there as far as its first line goes.
    func place(of range: Range<Int>) -> (point: SourcePoint, length: Int) {
        let point = scalar.place(ofOffset: range.lowerBound)
        let end = scalar.place(ofOffset: range.upperBound)
        return (point, end.line == point.line ? end.column - point.column : scalar.lengthOnLine(from: range.lowerBound))
    }

    /// Reports what is wrong, and returns nil then.
    func compile(_ environment: Environment, expecting: CELType? = nil) -> Program? {
        switch environment.compile(text, expecting: expecting) {
        case .program(let program): return program
        case .failure(let diagnostics):
            report(diagnostics)
            return nil
        }
    }

    func expression(_ environment: Environment, expecting: CELType? = nil) -> Expression? {
        compile(environment, expecting: expecting).map { Expression(program: $0, position: position, runs: runs) }
    }

    /// Where the text goes on elsewhere than directly behind the code point before.
    private var runs: [Expression.Run] {
        var runs: [Expression.Run] = []
        var expected = scalar.textPoint
        for (codePoint, place) in scalar.places.enumerated() {
            if place != expected { runs.append(Expression.Run(codePoint: codePoint, position: file.position(place))) }
            expected = SourcePoint(line: place.line, column: place.column + 1)
        }
        return runs
    }
}

extension ConfigurationFile {
    /// The expression a node holds, as far as YAML goes: present, whole, and quoted in flow style.
    func expression(_ node: YAMLNode, _ key: String) -> ExpressionSource? {
        if node.isRefused { return nil }
        guard let scalar = node.scalar else {
            error("'\(key)' must be an expression, not \(node.kind)", at: node)
            return nil
        }
        guard !scalar.text.trimmingSpaces.isEmpty else {
            error("the expression of '\(key)' is empty", at: scalar.point, length: 1)
            return nil
        }
        if node.isFlow, scalar.style == .plain {
            error("an expression in { } or [ ] must be quoted: '\(scalar.text)'", at: scalar.point, length: scalar.firstLineLength)
            return nil
        }
        if let comment = scalar.comment, !looksCut(at: comment), scalar.text.looksUnfinished { warnOfCut(at: comment) }
        return ExpressionSource(scalar: scalar, file: self)
    }
}

extension String {
    /// Whether the expression goes on: the sign of one that was cut.
    var looksUnfinished: Bool {
        hasOpenBracketOrQuote || trimmingSpaces.unicodeScalars.last.map { "+-*/%&|=<>!?:,.".unicodeScalars.contains($0) } ?? false
    }

    /// Whether a bracket or a quote is opened and not closed.
    var hasOpenBracketOrQuote: Bool {
        var depth = 0
        var quote: Unicode.Scalar?
        var isEscaped = false
        for scalar in unicodeScalars {
            if let open = quote {
                if isEscaped { isEscaped = false } else if scalar == "\\" { isEscaped = true } else if scalar == open { quote = nil }
            } else if scalar == "\"" || scalar == "'" {
                quote = scalar
            } else if "([{".unicodeScalars.contains(scalar) {
                depth += 1
            } else if ")]}".unicodeScalars.contains(scalar) {
                depth -= 1
            }
        }
        return depth > 0 || quote != nil
    }
}
