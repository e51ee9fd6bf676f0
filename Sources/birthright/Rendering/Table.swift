/// Columns of text, aligned by what a terminal shows. Nothing is cut: people search and copy what they see.
struct Table {
    struct Column {
        let title: String
        let isNumber: Bool
        init(_ title: String, isNumber: Bool = false) {
            self.title = title
            self.isNumber = isNumber
        }
    }

    let columns: [Column]
    let indent: Int
    private var widths: [Int]
    private var rows: [[String]] = []
    private var hasTitles = true

    init(_ columns: [Column], indent: Int = 2) {
        self.columns = columns
        self.indent = indent
        widths = columns.map { DisplayText.width($0.title) }
    }

    /// Missing cells at the end are empty.
    mutating func add(_ cells: [String]) {
        let row = cells.map(DisplayText.visible)
        for (index, cell) in row.prefix(columns.count).enumerated() { widths[index] = max(widths[index], DisplayText.width(cell)) }
        rows.append(row)
    }

    var isEmpty: Bool { rows.isEmpty }

    /// The lines of the rows added since the last call, with the titles above the first ones. A long list is printed page by page;
    /// a column never becomes narrower again.
    mutating func takeLines(_ ink: Ink = .plain) -> [String] {
        var lines: [String] = []
        if hasTitles { lines.append(ink.dim(line(columns.map(\.title)))) }
        lines += rows.map(line)
        hasTitles = false
        rows = []
        return lines
    }

    private func line(_ cells: [String]) -> String {
        var text = DisplayText.spaces(indent)
        for (index, column) in columns.enumerated() {
            let cell = index < cells.count ? cells[index] : ""
            if index > 0 { text += "  " }
            text += column.isNumber ? DisplayText.paddedLeft(cell, to: widths[index]) : DisplayText.padded(cell, to: widths[index])
        }
        return text.trimmingEnd
    }
}

/// Labels with values beside them, in one block.
struct Facts {
    private var rows: [(label: String, text: String)] = []

    mutating func add(_ label: String, _ text: String?) {
        guard let text else { return }
        rows.append((label, DisplayText.visible(text)))
    }

    /// The label stands before the first text only.
    mutating func add(_ label: String, each texts: [String]) {
        for (index, text) in texts.enumerated() { add(index == 0 ? label : "", text) }
    }

    func lines(indent: Int = 2, least width: Int = 0, _ ink: Ink = .plain) -> [String] {
        let width = max(width, rows.map { DisplayText.width($0.label) }.max() ?? 0)
        return rows.map { row in
            (DisplayText.spaces(indent) + ink.dim(DisplayText.padded(row.label, to: width)) + "  " + row.text).trimmingEnd
        }
    }
}

extension String {
    var trimmingEnd: String {
        var end = endIndex
        while end > startIndex, self[index(before: end)] == " " { end = index(before: end) }
        return String(self[..<end])
    }
}
