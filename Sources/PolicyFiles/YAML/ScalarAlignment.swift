/// Finds out where each code point of a scalar's value stands in the file, following quotes, escapes, indentation and folding.
///
/// White space that holds a line break is one unit on both sides: folding turns it into something else, but never moves what surrounds it.
struct ScalarAlignment {
    private let source: SourceText
    private let style: YAMLScalar.Style
    private let value: [Unicode.Scalar]
    private var cursor: Int
    private var places: [SourcePoint] = []

    struct Result {
        let places: [SourcePoint]
        /// Index in the source behind the scalar's last code point.
        let end: Int
    }

    /// Nil when value and source do not fit together; then only the scalar's beginning is known.
    static func align(_ value: String, style: YAMLScalar.Style, at point: SourcePoint, in source: SourceText) -> Result? {
        guard let start = source.index(of: point) else { return nil }
        var alignment = ScalarAlignment(source: source, style: style, value: Array(value.unicodeScalars), cursor: start)
        return alignment.run()
    }

    private init(source: SourceText, style: YAMLScalar.Style, value: [Unicode.Scalar], cursor: Int) {
        self.source = source
        self.style = style
        self.value = value
        self.cursor = cursor
    }

    private var current: Unicode.Scalar? { cursor < source.scalars.count ? source.scalars[cursor] : nil }

    private mutating func run() -> Result? {
        switch style {
        case .plain: break
        case .singleQuoted, .doubleQuoted: cursor += 1
        case .literal, .folded:
            while let scalar = current, !scalar.isLineBreak { cursor += 1 }
        }
        places.reserveCapacity(value.count)
        var index = 0
        while index < value.count {
            let wanted = value[index]
            if let end = foldEnd() {
                let point = source.point(of: cursor)
                cursor = end
                while index < value.count, value[index].isSpace {
                    places.append(point)
                    index += 1
                }
                continue
            }
            guard let width = width(of: wanted) else { return nil }
            if width.isMapped {
                places.append(source.point(of: cursor))
                index += 1
            }
            cursor += width.count
        }
        return Result(places: places, end: cursor)
    }

    /// The end of the white space at the cursor, if it holds a line break.
    private func foldEnd() -> Int? {
        var end = cursor
        var holdsBreak = false
        while end < source.scalars.count, source.scalars[end].isSpace {
            if source.scalars[end].isLineBreak { holdsBreak = true }
            end += 1
        }
        return holdsBreak ? end : nil
    }

    private func width(of wanted: Unicode.Scalar) -> (count: Int, isMapped: Bool)? {
        guard let scalar = current else { return nil }
        if style == .doubleQuoted, scalar == "\\" { return escapeWidth(wanted) }
        guard scalar == wanted else { return nil }
        return (style == .singleQuoted && scalar == "'" ? 2 : 1, true)
    }

    /// YAML 1.1 section 5.6: `\x41`, `\u0041`, `\U00000041`, one letter, or a line break that is left out.
    private func escapeWidth(_ wanted: Unicode.Scalar) -> (count: Int, isMapped: Bool)? {
        guard cursor + 1 < source.scalars.count else { return nil }
        let letter = source.scalars[cursor + 1]
        if letter.isLineBreak {
            var end = cursor + 1
            while end < source.scalars.count, source.scalars[end].isSpace { end += 1 }
            return (end - cursor, false)
        }
        switch letter {
        case "x": return (4, true)
        case "u": return (6, true)
        case "U": return (10, true)
        default: return (2, true)
        }
    }
}
