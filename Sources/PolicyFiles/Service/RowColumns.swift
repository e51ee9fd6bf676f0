/// The columns that an expression reads: `row.X`, `row.?X`, `row["X"]`, `row[?"X"]`.
///
/// Found in the text, before anything is checked: the columns are what the checker needs to know first.
struct RowColumns {
    private let scalars: [Unicode.Scalar]
    private var cursor = 0
    private var columns: [String] = []

    /// In the order of the text, each once.
    static func read(by expression: String) -> [String] {
        var reader = RowColumns(scalars: Array(expression.unicodeScalars))
        while reader.cursor < reader.scalars.count { reader.step() }
        return reader.columns
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    private func scalar(_ offset: Int = 0) -> Unicode.Scalar? { cursor + offset < scalars.count ? scalars[cursor + offset] : nil }

    private mutating func step() {
        guard let first = scalar() else { return }
        if first == "\"" || first == "'" {
            _ = text()
        } else if first == "/", scalar(1) == "/" {
            while let next = scalar(), !next.isLineBreak { cursor += 1 }
        } else if first == "_" || first.isASCIILetter {
            let isField = cursor > 0 && (scalars[cursor - 1] == "." || scalars[cursor - 1] == "?")
            if word() == "row", !isField { field() }
        } else {
            cursor += 1
        }
    }

    private mutating func word() -> String {
        var view = String.UnicodeScalarView()
        while let next = scalar(), next == "_" || next.isASCIILetter || ("0"..."9").contains(next) {
            view.append(next)
            cursor += 1
        }
        return String(view)
    }

    private mutating func skipSpace() {
        while scalar()?.isSpace == true { cursor += 1 }
    }

    /// What stands behind `row`.
    private mutating func field() {
        skipSpace()
        guard let opening = scalar(), opening == "." || opening == "[" else { return }
        cursor += 1
        if scalar() == "?" { cursor += 1 }
        skipSpace()
        let name = opening == "." ? word() : (scalar() == "\"" || scalar() == "'") ? text() : ""
        skipSpace()
        // row.startsWith(...) would be a call.
        if opening == ".", scalar() == "(" { return }
        if !name.isEmpty, !columns.contains(name) { columns.append(name) }
    }

    /// A string literal, without its quotes; escapes stay as they are.
    private mutating func text() -> String {
        guard let quote = scalar() else { return "" }
        let width = scalar(1) == quote && scalar(2) == quote ? 3 : 1
        cursor += width
        var view = String.UnicodeScalarView()
        while let next = scalar() {
            if next == quote, width == 1 || (scalar(1) == quote && scalar(2) == quote) {
                cursor += width
                break
            }
            if next == "\\" {
                view.append(next)
                cursor += 1
            }
            if let kept = scalar() { view.append(kept) }
            cursor += 1
        }
        return String(view)
    }
}
