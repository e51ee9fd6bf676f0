/// A line and a column in a file, both from 1; columns count code points.
struct SourcePoint: Hashable, Comparable, Sendable {
    let line: Int
    let column: Int

    static let start = SourcePoint(line: 1, column: 1)
    static func < (left: Self, right: Self) -> Bool { (left.line, left.column) < (right.line, right.column) }
}

/// The text of a file by code points and lines.
struct SourceText: Sendable {
    /// Where lines end: a place that a reader names must be the same place here.
    enum Lines: Sendable {
        /// YAML 1.1, section 4.2; so do libyaml's marks.
        case yaml
        case csv
    }

    let scalars: [Unicode.Scalar]
    /// Index of the first code point of each line.
    private let lineStarts: [Int]
    private let lines: Lines

    init(_ text: String, _ lines: Lines = .yaml) {
        let scalars = Array(text.unicodeScalars)
        var starts = [0]
        for index in scalars.indices where scalars[index].endsLine(lines) {
            if scalars[index] == "\r", index + 1 < scalars.count, scalars[index + 1] == "\n" { continue }
            starts.append(index + 1)
        }
        self.scalars = scalars
        self.lines = lines
        lineStarts = starts
    }

    func index(of point: SourcePoint) -> Int? {
        guard lineStarts.indices.contains(point.line - 1) else { return nil }
        let index = lineStarts[point.line - 1] + point.column - 1
        return index <= scalars.count ? index : nil
    }

    func scalar(at point: SourcePoint) -> Unicode.Scalar? {
        index(of: point).flatMap { $0 < scalars.count ? scalars[$0] : nil }
    }

    func point(of index: Int) -> SourcePoint {
        var low = 0
        var high = lineStarts.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if lineStarts[middle] <= index { low = middle } else { high = middle - 1 }
        }
        return SourcePoint(line: low + 1, column: index - lineStarts[low] + 1)
    }

    /// Without its line ending; nil past the end of the file.
    func line(_ number: Int) -> String? {
        guard lineStarts.indices.contains(number - 1) else { return nil }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[lineStarts[number - 1]...].prefix { !$0.endsLine(lines) })
        return String(view)
    }
}

extension Unicode.Scalar {
    var isLineBreak: Bool { self == "\n" || self == "\r" || value == 0x85 || value == 0x2028 || value == 0x2029 }
    fileprivate func endsLine(_ lines: SourceText.Lines) -> Bool {
        switch lines {
        case .yaml: isLineBreak
        case .csv: self == "\n" || self == "\r"
        }
    }

    var isBlank: Bool { self == " " || self == "\t" }
    var isSpace: Bool { isBlank || isLineBreak }
}
