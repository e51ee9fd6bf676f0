/// A YAML node that kept its place. Tags, anchors, aliases and merge keys are gone: each was reported where it stood.
struct YAMLNode: Sendable {
    enum Content: Sendable {
        case scalar(YAMLScalar)
        case list([YAMLNode])
        case mapping([YAMLEntry])
        /// Already reported; nothing more is said about it.
        case refused
    }

    let content: Content
    let point: SourcePoint
    /// Written as `{...}` or `[...]`, or inside one.
    let isFlow: Bool

    var isRefused: Bool {
        if case .refused = content { true } else { false }
    }

    var scalar: YAMLScalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }

    var list: [YAMLNode]? {
        if case .list(let nodes) = content { nodes } else { nil }
    }

    var mapping: [YAMLEntry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    subscript(_ key: String) -> YAMLNode? { mapping?.first { $0.key == key }?.value }

    /// What the node is, for messages.
    var kind: String {
        switch content {
        case .scalar(let scalar): scalar.isEmpty ? "nothing" : "a text"
        case .list: "a list"
        case .mapping: "a mapping"
        case .refused: "refused"
        }
    }

    /// Code points to underline: a scalar's, as far as it stands on its first line, else one.
    var length: Int { scalar.map { max(1, $0.firstLineLength) } ?? 1 }
}

struct YAMLEntry: Sendable {
    let key: String
    let keyPoint: SourcePoint
    let keyLength: Int
    let value: YAMLNode
}

struct YAMLScalar: Sendable {
    enum Style: Sendable { case plain, singleQuoted, doubleQuoted, literal, folded }

    let text: String
    let style: Style
    let point: SourcePoint
    /// Where each code point of `text` stands in the file; empty when that could not be told.
    let places: [SourcePoint]
    /// The `#` of a comment directly after a plain scalar.
    let comment: SourcePoint?

    /// Nothing was written (`unless:`).
    var isEmpty: Bool { style == .plain && text.isEmpty }

    /// Where the first code point of the text stands: behind the quote, or on the first line of a block.
    var textPoint: SourcePoint { places.first ?? point }

    var firstLineLength: Int {
        guard let first = places.first else { return text.unicodeScalars.count }
        return (places.prefix { $0.line == first.line }.last?.column ?? first.column) - first.column + 1
    }

    /// Code points from a UTF-8 offset to the end of its line in the file, white space at the end apart; at least 1.
    func lengthOnLine(from offset: Int) -> Int {
        let start = text.utf8.prefix(offset).count { $0 & 0xC0 != 0x80 }
        guard start < places.count else { return 1 }
        let scalars = Array(text.unicodeScalars)
        let onLine = (start..<places.count).prefix { places[$0].line == places[start].line && !scalars[$0].isLineBreak }
        let last = onLine.last { !scalars[$0].isSpace } ?? start
        return places[last].column - places[start].column + 1
    }

    /// The place of a UTF-8 offset in `text`.
    func place(ofOffset offset: Int) -> SourcePoint {
        guard let last = places.last else { return point }
        let count = text.utf8.prefix(offset).count { $0 & 0xC0 != 0x80 }
        return count < places.count ? places[count] : SourcePoint(line: last.line, column: last.column + 1)
    }
}
