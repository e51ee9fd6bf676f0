internal import IdentityModel
internal import Planning

/// What sources are to each other: who decides where two may set the same, and who may set dates (law.md, sources).
struct SourcePrecedence {
    /// A source with the places that findings are about.
    struct Placed {
        let source: SourceConfiguration
        let entry: YAMLEntry
        /// Where dates are mapped.
        let dates: [YAMLEntry]
    }

    private static let statusBlock: Set<String> = ["status", "startDate", "endDate"]

    /// In order of precedence.
    let sources: [Placed]
    let file: ConfigurationFile

    func check() {
        for (rank, placed) in sources.enumerated() {
            checkDates(placed)
            checkStatus(placed, lower: sources[(rank + 1)...].map(\.source))
            checkAttributes(placed, higher: sources[..<rank].map(\.source))
        }
    }

    /// Status, start and end are decided together; where nobody maps a status, by the first complete source.
    private func checkDates(_ placed: Placed) {
        let source = placed.source
        guard !source.settable.contains("status") else { return }
        let others = sources.map(\.source).filter { $0.name != source.name }
        let decider =
            others.first { $0.settable.contains("status") }
            ?? (source.kind == .complete ? nil : others.first { $0.kind == .complete })
        guard let decider else { return }
        for date in placed.dates where source.settable.contains(date.key) {
            file.error(
                "'\(date.key)' is mapped here, but '\(source.name)' may not set status: status and its dates are decided together, as by '\(decider.name)'",
                at: date.keyPoint, length: date.keyLength)
        }
    }

    private func checkStatus(_ placed: Placed, lower: [SourceConfiguration]) {
        let rivals = lower.filter { $0.settable.contains("status") }.map { "'\($0.name)'" }
        guard placed.source.settable.contains("status"), placed.source.claims == nil, !rivals.isEmpty else { return }
        file.warning(
            .statusTwice,
            "\(listed(rivals)) may set status as well, but '\(placed.source.name)' comes first: it decides for everybody it has a row of, and whom it calls terminated is terminated",
            at: placed.entry.keyPoint, length: placed.entry.keyLength)
    }

    private func checkAttributes(_ placed: Placed, higher: [SourceConfiguration]) {
        var winners: [SourceName: [String]] = [:]
        for attribute in placed.source.settable.subtracting(SourcePrecedence.statusBlock).sorted() {
            guard let first = higher.first(where: { $0.settable.contains(attribute) }) else { continue }
            let yields = first.yields.contains(attribute) ? " (where it has a value)" : ""
            winners[first.name, default: []].append("'\(attribute)'\(yields)")
        }
        for (winner, attributes) in winners.sorted(by: { $0.key < $1.key }) {
            file.warning(
                .sharedAttribute,
                "'\(winner)' may set \(listed(attributes)) as well, and comes first: it decides for everybody it has a row of",
                at: placed.entry.keyPoint, length: placed.entry.keyLength)
        }
    }

    /// `a`, `a and b`, `a, b and c`.
    private func listed(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " and " + last
    }
}
