internal import CEL
internal import Planning

/// Where a scalar stands in its file, quotes and the header of a block included.
struct ScalarSpan {
    /// Indices into the file's code points.
    let range: Range<Int>
    /// Where its text can begin: behind the header line of a block, on which a comment may stand.
    let textStart: Int
    let lines: ClosedRange<Int>
}

/// `# allow constant-condition: kept for the merger`: a lint that is meant that way, where the comment stands.
struct Allowance {
    let lint: Lint
    private let file: String
    /// The lines it speaks for.
    private let lines: [ClosedRange<Int>]
    /// The finding that it silences nothing.
    let unused: ConfigurationDiagnostic

    init(_ lint: Lint, file: String, lines: [ClosedRange<Int>], unused: ConfigurationDiagnostic) {
        self.lint = lint
        self.file = file
        self.lines = lines
        self.unused = unused
    }

    func covers(_ diagnostic: ConfigurationDiagnostic) -> Bool {
        diagnostic.lint == lint && diagnostic.position.file == file && lines.contains { $0.contains(diagnostic.position.line) }
    }
}

/// Finds the comments of a YAML file that begin with `allow`. Yams drops comments, so they are looked for in the text, between the scalars.
struct AllowanceReader {
    private let file: ConfigurationFile
    private let spans: [ScalarSpan]

    /// Adds the allowances to the file's diagnostics, and reports the ones that are not written as they must be.
    static func read(_ file: ConfigurationFile) {
        let reader = AllowanceReader(file: file)
        for comment in reader.comments() { reader.take(comment) }
    }

    private init(file: ConfigurationFile) {
        self.file = file
        spans = file.scalarSpans.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    private struct Comment {
        let point: SourcePoint
        /// Behind the `#`.
        let text: String
        /// Nothing else stands on its line.
        let isAlone: Bool
    }

    // MARK: Comments

    private func comments() -> [Comment] {
        var comments: [Comment] = []
        let scalars = file.text.scalars
        var open = spans[...]
        var index = 0
        var lineStart = 0
        while index < scalars.count {
            while let span = open.first, span.range.upperBound <= index { open.removeFirst() }
            if let span = open.first, index >= span.textStart {
                index = span.range.upperBound
                lineStart = scalars[..<index].lastIndex(where: \.isLineBreak).map { $0 + 1 } ?? 0
                open.removeFirst()
            } else if scalars[index].isLineBreak {
                index += 1
                lineStart = index
            } else if scalars[index] == "#", index == lineStart || scalars[index - 1].isBlank {
                let end = scalars[index...].firstIndex(where: \.isLineBreak) ?? scalars.count
                comments.append(comment(index..<end, lineStart))
                index = end
            } else {
                index += 1
            }
        }
        return comments
    }

    private func comment(_ range: Range<Int>, _ lineStart: Int) -> Comment {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: file.text.scalars[(range.lowerBound + 1)..<range.upperBound])
        return Comment(
            point: file.text.point(of: range.lowerBound), text: String(view),
            isAlone: file.text.scalars[lineStart..<range.lowerBound].allSatisfy(\.isBlank))
    }

    // MARK: What they allow

    private func take(_ comment: Comment) {
        let text = comment.text.trimmingSpaces
        guard text == "allow" || text.hasPrefix("allow ") || text.hasPrefix("allow:") else { return }
        let rest = text.dropFirst("allow".count)
        let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let names = parts[0].split(separator: ",", omittingEmptySubsequences: false).map { String($0).trimmingSpaces }
        let reason = parts.count == 2 ? String(parts[1]).trimmingSpaces : ""
        // "# allow people to come back" is prose.
        if names.contains(where: { $0.contains(" ") && !startsWithName($0) }) { return }
        let known = names.compactMap { lint($0, comment) }
        guard known.count == names.count else { return }
        guard !reason.isEmpty, !names.contains(where: { $0.contains(" ") }) else {
            let name = known.map(\.name).joined(separator: ", ")
            return file.error(
                "an allowed lint needs its reason: # allow \(name): why it is meant that way", at: comment.point,
                length: length(of: comment))
        }
        for lint in known { file.diagnostics.add(allowance(lint, comment)) }
    }

    /// A lint's name followed by something else: the colon was forgotten.
    private func startsWithName(_ text: String) -> Bool {
        text.split(separator: " ").first.map { Lint(named: String($0)) != nil } ?? false
    }

    private func lint(_ text: String, _ comment: Comment) -> Lint? {
        let name = startsWithName(text) ? String(text.prefix { $0 != " " }) : text
        let point = place(of: name, in: comment)
        let length = max(1, name.unicodeScalars.count)
        let known = Lint.all.filter { $0 != .unusedAllow }.map(\.name)
        if let lint = Lint(named: name) {
            if lint != .unusedAllow { return lint }
            file.error("'\(name)' cannot be allowed; remove the comment that silences nothing", at: point, length: length)
        } else if name.isEmpty {
            file.error("'allow' needs the name of a lint and a reason: # allow constant-condition: why", at: point, length: length)
        } else {
            let near = nearest(name, in: known)
            let hint = near == nil ? "; birthright check --lints lists them" : ""
            file.error("there is no lint '\(name)'\(hint)", at: point, length: length, suggestion: near)
        }
        return nil
    }

    private func place(of name: String, in comment: Comment) -> SourcePoint {
        guard !name.isEmpty, let range = comment.text.firstRange(of: name) else { return comment.point }
        let before = comment.text.unicodeScalars.distance(from: comment.text.startIndex, to: range.lowerBound)
        return SourcePoint(line: comment.point.line, column: comment.point.column + 1 + before)
    }

    private func length(of comment: Comment) -> Int { 1 + comment.text.trimmingEnd.unicodeScalars.count }

    private func allowance(_ lint: Lint, _ comment: Comment) -> Allowance {
        let line = comment.isAlone ? lineBelow(comment.point.line) : comment.point.line
        // A value of several lines is one place: a comment can stand on its first or its last line only.
        let whole = spans.map(\.lines).filter { $0.contains(line) }
        let side = comment.isAlone ? "the line below" : "this line"
        let unused = file.diagnostic(
            .unusedAllow, "nothing on \(side) is a case of '\(lint.name)'; remove the comment", place(of: lint.name, in: comment),
            lint.name.unicodeScalars.count)
        return Allowance(lint, file: file.path, lines: [line...line] + whole, unused: unused)
    }

    /// The next line that holds more than a comment.
    private func lineBelow(_ line: Int) -> Int {
        var next = line + 1
        while let text = file.text.line(next)?.trimmingSpaces, text.isEmpty || text.hasPrefix("#") { next += 1 }
        return next
    }
}

extension String {
    var trimmingEnd: String {
        var view = unicodeScalars
        while view.last?.isSpace == true { view.removeLast() }
        return String(view)
    }
}
