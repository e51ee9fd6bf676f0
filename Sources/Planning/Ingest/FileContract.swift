internal import CEL
package import IdentityModel

/// Refusal of a file by its shape, before anything it says is believed (product.md section 2.1).
package struct ContractBreach: Hashable, Sendable, CustomStringConvertible {
    /// What a run refuses to go past by itself. All but `columns` can be accepted by a person (`--accept NAME --reason ...`).
    package enum Check: String, Sendable, CaseIterable {
        case columns, rowCount, nullRate
        /// A file with `take: all` whose name stands at or before the last applied one.
        case resent
        /// A source or system that people are known from is no longer in the configuration.
        case removed
        /// A managed system is another one than it was (its realm differs).
        case system
        /// Entries of ours are gone from a system that can be read: all that were looked at.
        case gone
        /// Entries of ours were deleted by hand: their people are to get new ones.
        case recreate
        /// The key of the store's secrets is gone for good: a new one is made.
        case secretKey

        package var canBeAccepted: Bool { self != .columns }

        /// About one file, as it is: whoever let it through has let this very file through.
        package var isLetThroughWithItsFile: Bool { [.rowCount, .nullRate, .resent].contains(self) }
    }
    package let check: Check
    package let message: String
    package init(check: Check, message: String) {
        self.check = check
        self.message = message
    }
    package var description: String { "\(check.rawValue): \(message)" }
}

package enum FileContract {
    /// Percent, where the contract says nothing.
    static let maxRowCountChange = 20
    /// No share of rows trips below this many affected rows: in a small company one person is a large share.
    static let fewestRows = 5

    private enum DisplayedCount {
        static func rows(_ count: Int) -> String { count == 1 ? "1 row" : "\(count) rows" }
    }

    package struct Verdict: Sendable, Hashable {
        package var breaches: [ContractBreach] = []
        package var warnings: [String] = []
    }

    /// Where a header was found, and what the row behind it says.
    package struct Header: Sendable, Hashable {
        package let file: String
        package let line: Int
        package let columns: [String]
        package let firstRow: [String]

        package init(file: String, line: Int = 1, columns: [String], firstRow: [String] = []) {
            self.file = file
            self.line = line
            self.columns = columns
            self.firstRow = firstRow
        }
    }

    /// The header against the configuration and the last applied file. A missing column is a breach; what is new is one warning, however much it is.
    package static func check(_ header: Header, of configuration: SourceConfiguration, previous: SourceProfile?) -> Verdict {
        var verdict = Verdict()
        let optional = Set(configuration.contract.optionalColumns)
        let needed = configuration.contract.columns + configuration.columns.filter { !configuration.contract.columns.contains($0) }
        let columns = Set(header.columns)
        let missing = needed.filter { !columns.contains($0) && !optional.contains($0) }
        verdict.breaches = missingColumns(missing, of: needed, header)
        if let previous {
            let known = Set(previous.columns)
            let new = header.columns.filter { !known.contains($0) }
            if !new.isEmpty { verdict.warnings.append(newColumns(new)) }
        }
        return verdict
    }

    private static func missingColumns(_ missing: [String], of needed: [String], _ header: Header) -> [ContractBreach] {
        let place = "\(header.file):\(header.line): "
        func breach(_ message: String) -> ContractBreach { ContractBreach(check: .columns, message: place + message) }
        if missing.count > 1, !needed.contains(where: header.columns.contains) {
            let found = "no column that is read stands here (\(listed(missing))), but \(listed(header.columns, quoted: true))"
            let isTitle = header.firstRow.contains { missing.contains($0) }
            return [
                breach(
                    isTitle
                        ? "\(found); the names of the columns stand below it: take away what stands above them"
                        : "\(found); is there a title above the names of the columns, or is this another file?")
            ]
        }
        let unread = header.columns.filter { !needed.contains($0) }
        return missing.map { column in
            let hint =
                renamed(column, in: unread).map { "; did the column become '\($0)'?" } ?? "; the file has: \(listed(header.columns))"
            return breach("column '\(column)' is missing from the header\(hint)")
        }
    }

    /// Among the columns that nothing reads: one that is spelt nearly so, or the only one that holds the name or is held by it.
    private static func renamed(_ column: String, in unread: [String]) -> String? {
        if let near = nearest(column, in: unread) { return near }
        let folded = column.lowercased()
        let alike = unread.filter { name in
            let name = name.lowercased()
            return !name.isEmpty && (name.hasPrefix(folded) || folded.hasPrefix(name))
        }
        return alike.count == 1 ? alike[0] : nil
    }

    private static func newColumns(_ names: [String]) -> String {
        names.count == 1
            ? "new column '\(names[0])': nothing reads it yet" : "\(names.count) new columns, which nothing reads yet: \(listed(names))"
    }

    /// A header can hold ten thousand names, and a title a whole page.
    private static func listed(_ names: [String], quoted: Bool = false) -> String {
        let shown = names.prefix(12).map { name in
            let text = name.unicodeScalars.count > 60 ? String(String.UnicodeScalarView(name.unicodeScalars.prefix(60))) + "..." : name
            return quoted ? "'\(text)'" : text
        }
        return shown.joined(separator: ", ") + (names.count > shown.count ? " and \(names.count - shown.count) more" : "")
    }

    /// The whole file against the last applied one.
    package static func check(_ current: SourceProfile, of configuration: SourceConfiguration, previous: SourceProfile?) -> Verdict {
        var verdict = Verdict()
        if current.rowCount == 0, configuration.kind == .complete {
            guard !configuration.contract.mayBeEmpty, previous?.rowCount != 0 else { return verdict }
            let last =
                previous.map { "the last applied file (\($0.file)) had \(DisplayedCount.rows($0.rowCount))" }
                ?? "no file was applied before"
            verdict.breaches.append(
                ContractBreach(check: .rowCount, message: "the file has a header and no rows; \(last)"))
            return verdict
        }
        guard let previous else { return verdict }
        if configuration.kind == .complete, previous.rowCount > 0 {
            let limit = configuration.contract.maxRowCountChange ?? FileContract.maxRowCountChange
            let difference = abs(current.rowCount - previous.rowCount)
            if difference >= FileContract.fewestRows, difference * 100 > limit * previous.rowCount {
                let percent = difference * 100 / previous.rowCount
                verdict.breaches.append(
                    ContractBreach(
                        check: .rowCount,
                        message: "\(current.rowCount) rows where the last applied file (\(previous.file)) had \(previous.rowCount): "
                            + "a change of \(percent) %, allowed are \(limit) %"))
            }
        }
        guard let limit = configuration.contract.maxNullRateChange, current.rowCount > 0, previous.rowCount > 0 else { return verdict }
        for (index, column) in current.columns.enumerated() {
            guard let old = previous.columns.firstIndex(of: column), old < previous.emptyCounts.count else { continue }
            let affected = abs(current.emptyCounts[index] - previous.emptyCounts[old])
            guard affected >= FileContract.fewestRows else { continue }
            let now = current.emptyCounts[index] * 1_000 / current.rowCount
            let before = previous.emptyCounts[old] * 1_000 / previous.rowCount
            if abs(now - before) > limit * 10 {
                verdict.breaches.append(
                    ContractBreach(
                        check: .nullRate,
                        message: "column '\(column)' is empty in \(now / 10) % of the rows, in the last applied file in \(before / 10) %; "
                            + "allowed is a change of \(limit) percentage points"))
            }
        }
        return verdict
    }
}
