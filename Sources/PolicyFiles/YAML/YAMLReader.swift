internal import Yams

/// Bytes -> node tree, strictly: one document, no tags, anchors, aliases, merge keys or repeated keys (product.md section 2).
struct YAMLReader {
    private let file: ConfigurationFile
    /// Keys that Yams was shown under another name because it stops at repeated ones.
    private var renamed: [SourcePoint: String] = [:]
    private static let renameLimit = 100

    /// Nil when there is no tree; the reason was reported. Yams' objects stay inside.
    static func read(_ file: ConfigurationFile) -> YAMLNode? {
        var reader = YAMLReader(file: file)
        guard let root = reader.document() else { return nil }
        AllowanceReader.read(file)
        return root
    }

    private init(file: ConfigurationFile) { self.file = file }

    private mutating func document() -> YAMLNode? {
        var scalars = file.text.scalars
        while true {
            do {
                // The parser is kept while its nodes are walked: it owns their anchors. Every scalar is a text to us: what it would be by the rules of
                // YAML, which Yams finds out by regular expressions, is not asked.
                let parser = try Parser(yaml: renamed.isEmpty ? file.whole : YAMLReader.string(scalars), resolver: .basic, encoding: .utf8)
                guard let root = try parser.singleRoot() else {
                    file.error("the file is empty", at: .start, length: 1)
                    return nil
                }
                return withExtendedLifetime(parser) { convert(root, isInFlow: false) }
            } catch let error as YamlError {
                guard case .duplicatedKeysInMapping(let names, let context) = error, rename(names.first, context.mark, in: &scalars) else {
                    report(error)
                    return nil
                }
            } catch {
                file.error("the file cannot be read as YAML", at: .start, length: 1)
                return nil
            }
        }
    }

    private static func string(_ scalars: [Unicode.Scalar]) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// Gives the first of several equal keys a name of its own (same width), so that the rest of the file is read as well.
    private mutating func rename(_ name: String?, _ mark: Mark, in scalars: inout [Unicode.Scalar]) -> Bool {
        let point = SourcePoint(line: mark.line, column: mark.column)
        guard let name, !name.isEmpty, var index = file.text.index(of: point), index < scalars.count,
            renamed.count < YAMLReader.renameLimit,
            let substitute = Unicode.Scalar(0xE000 + UInt32(renamed.count))
        else { return false }
        if scalars[index] == "\"" || scalars[index] == "'" { index += 1 }
        guard index < scalars.count, scalars[index] == name.unicodeScalars.first, renamed[point] == nil else { return false }
        scalars[index] = substitute
        renamed[point] = name
        return true
    }

    // MARK: Nodes

    private func convert(_ node: Node, isInFlow: Bool) -> YAMLNode {
        let point = node.mark.map { SourcePoint(line: $0.line, column: $0.column) } ?? .start
        let first = file.text.scalar(at: point)
        let isFlow = isInFlow || first == "{" || first == "["
        func made(_ content: YAMLNode.Content) -> YAMLNode { YAMLNode(content: content, point: point, isFlow: isFlow) }
        if refuses(first, node, at: point) { return made(.refused) }
        switch node {
        case .scalar(let scalar): return made(.scalar(convert(scalar, at: point)))
        case .sequence(let sequence): return made(.list(sequence.map { convert($0, isInFlow: isFlow) }))
        case .mapping(let mapping): return made(.mapping(entries(mapping, isFlow: isFlow)))
        case .alias: return made(.refused)
        }
    }

    /// A node with a tag or an anchor begins with it; no other node begins with these characters.
    private func refuses(_ first: Unicode.Scalar?, _ node: Node, at point: SourcePoint) -> Bool {
        switch first {
        case "!":
            let word = file.word(at: point)
            file.error(
                "'\(word)' is a YAML tag, not a value; an expression that begins with '!' must be quoted: '\(word)'", at: point,
                length: word.unicodeScalars.count)
        case "&", "*":
            let word = file.word(at: point)
            file.error(
                "'\(word)': anchors and aliases are not allowed; write the value where it is used", at: point,
                length: word.unicodeScalars.count)
        default: return false
        }
        return true
    }

    private func convert(_ scalar: Node.Scalar, at point: SourcePoint) -> YAMLScalar {
        let style: YAMLScalar.Style =
            switch scalar.style {
            case .any, .plain: .plain
            case .singleQuoted: .singleQuoted
            case .doubleQuoted: .doubleQuoted
            case .literal: .literal
            case .folded: .folded
            }
        let aligned = ScalarAlignment.align(scalar.string, style: style, at: point, in: file.text)
        file.scalarSpans.append(span(style, at: point, end: aligned?.end))
        let comment = style == .plain && !scalar.string.isEmpty ? aligned.flatMap { commentStart(after: $0.end) } : nil
        if let comment, file.looksCut(at: comment) { file.warnOfCut(at: comment) }
        return YAMLScalar(text: scalar.string, style: style, point: point, places: aligned?.places ?? [], comment: comment)
    }

    /// Where it ends is not known for a scalar that does not fit its text: then its line is taken for it.
    private func span(_ style: YAMLScalar.Style, at point: SourcePoint, end: Int?) -> ScalarSpan {
        let scalars = file.text.scalars
        let start = file.text.index(of: point) ?? scalars.count
        let lineEnd = scalars[start...].firstIndex(where: \.isLineBreak) ?? scalars.count
        let isQuoted = style == .singleQuoted || style == .doubleQuoted
        let end = max(start, min(scalars.count, end.map { isQuoted ? $0 + 1 : $0 } ?? lineEnd))
        let lastLine = end > start ? file.text.point(of: end - 1).line : point.line
        return ScalarSpan(
            range: start..<end, textStart: style == .literal || style == .folded ? min(lineEnd, end) : start,
            lines: point.line...max(point.line, lastLine))
    }

    private func commentStart(after end: Int) -> SourcePoint? {
        var index = end
        while index < file.text.scalars.count, file.text.scalars[index].isBlank { index += 1 }
        guard index > end, index < file.text.scalars.count, file.text.scalars[index] == "#" else { return nil }
        return file.text.point(of: index)
    }

    private func entries(_ mapping: Node.Mapping, isFlow: Bool) -> [YAMLEntry] {
        var entries: [YAMLEntry] = []
        var seen: [String: SourcePoint] = [:]
        for (key, value) in mapping {
            let keyNode = convert(key, isInFlow: isFlow)
            let valueNode = convert(value, isInFlow: isFlow)
            guard let scalar = keyNode.scalar else {
                if !keyNode.isRefused { file.error("a key must be a text, not \(keyNode.kind)", at: keyNode.point, length: 1) }
                continue
            }
            let name = renamed[keyNode.point] ?? scalar.text
            let length = max(1, scalar.text.unicodeScalars.count)
            if name == "<<", scalar.style == .plain {
                file.error("merge keys ('<<') are not allowed; write the keys where they are used", at: keyNode.point, length: length)
            } else if let first = seen[name] {
                file.error("the key '\(name)' is given twice, first on line \(first.line)", at: keyNode.point, length: length)
            } else {
                seen[name] = keyNode.point
                entries.append(YAMLEntry(key: name, keyPoint: keyNode.point, keyLength: length, value: valueNode))
            }
        }
        return entries
    }

    // MARK: Syntax errors

    private func report(_ error: YamlError) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let mark = SourcePoint(line: mark.line, column: mark.column)
            // An end that never comes is missed behind the last line.
            let point = file.text.index(of: mark) == nil ? file.text.point(of: file.text.scalars.count) : mark
            let words = [context?.text, problem].compactMap { $0?.trimmingSpaces }.filter { !$0.isEmpty }.joined(separator: ", ")
            let beginning = context.flatMap {
                $0.text.hasPrefix("while") && $0.mark.line < point.line ? " (it begins on line \($0.mark.line))" : nil
            }
            file.error("not valid YAML: \(words)\(beginning ?? "")\(hint(problem))", at: point, length: 1)
        case .reader(let problem, let offset, _, let yaml):
            let index = yaml.index(yaml.startIndex, offsetBy: offset ?? 0, limitedBy: yaml.endIndex) ?? yaml.startIndex
            let scalars = yaml.unicodeScalars.distance(from: yaml.startIndex, to: index)
            file.error("not valid YAML: \(problem)", at: file.text.point(of: scalars), length: 1)
        case .duplicatedKeysInMapping(let names, let context):
            let point = SourcePoint(line: context.mark.line, column: context.mark.column)
            file.error("the key '\(names.first ?? "")' is given twice", at: point, length: names.first?.unicodeScalars.count ?? 1)
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            file.error("the file cannot be read as YAML", at: .start, length: 1)
        }
    }

    private func hint(_ problem: String) -> String {
        problem.hasPrefix("mapping values are not allowed")
            ? " (an expression with ': ' must be quoted, or written as a block after '|-')" : ""
    }
}

extension String {
    var trimmingSpaces: String {
        let scalars = unicodeScalars.drop(while: \.isSpace).reversed().drop(while: \.isSpace).reversed()
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
