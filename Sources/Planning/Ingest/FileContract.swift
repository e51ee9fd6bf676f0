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

        package var canBeAccepted: Bool { self != .columns }
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

    /// The header against the configuration and the last applied file. A missing column is a breach, a new one a warning.
    package static func check(header columns: [String], of configuration: SourceConfiguration, previous: SourceProfile?) -> Verdict {
        var verdict = Verdict()
        let optional = Set(configuration.contract.optionalColumns)
        let needed = configuration.contract.columns + configuration.columns.filter { !configuration.contract.columns.contains($0) }
        for column in needed where !columns.contains(column) && !optional.contains(column) {
            let hint =
                nearest(column, in: columns).map { "; did the column become '\($0)'?" }
                ?? "; the file has: \(columns.joined(separator: ", "))"
            verdict.breaches.append(ContractBreach(check: .columns, message: "column '\(column)' is missing from the header\(hint)"))
        }
        if let previous {
            for column in columns where !previous.columns.contains(column) {
                verdict.warnings.append("new column '\(column)': nothing reads it yet")
            }
        }
        return verdict
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
