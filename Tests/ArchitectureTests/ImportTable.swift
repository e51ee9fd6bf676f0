/// The table "Who may import whom" of ARCHITECTURE.md.
struct ImportTable {
    /// Leave to import a module, everywhere or only in one folder or file of the importing module.
    struct Permission: Hashable {
        let module: String
        /// `Functions/` or `Adapters.swift`; nil = everywhere.
        let place: String?

        func covers(_ pathInModule: String) -> Bool {
            guard let place else { return true }
            return place.hasSuffix("/") ? pathInModule.hasPrefix(place) : pathInModule == place
        }
    }

    struct Row {
        let module: String
        let ours: [Permission]
        let others: [Permission]
    }

    let rows: [Row]

    /// Reads the first table whose header is `| module | ours | others |`.
    init(markdown: String) {
        let lines = markdown.split(separator: "\n", omittingEmptySubsequences: false)
        let cells = lines.map { line in line.hasPrefix("|") ? line.split(separator: "|").map(Self.trimmed) : [] }
        guard let header = cells.firstIndex(of: ["module", "ours", "others"]) else {
            rows = []
            return
        }
        rows = cells.dropFirst(header + 2).prefix { $0.count == 3 }.map {
            Row(module: $0[0], ours: Self.permissions($0[1]), others: Self.permissions($0[2]))
        }
    }

    func row(_ module: String) -> Row? { rows.first { $0.module == module } }

    /// `CEL, Foundation (Functions/)`; `-` = nothing.
    private static func permissions(_ cell: String) -> [Permission] {
        cell.split(separator: ",").map(trimmed).filter { $0 != "-" }.map { text in
            guard let match = text.wholeMatch(of: /(\w+) \((.+)\)/) else { return Permission(module: text, place: nil) }
            return Permission(module: String(match.1), place: String(match.2))
        }
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var rest = text.drop { $0 == " " }
        while rest.last == " " { rest = rest.dropLast() }
        return String(rest)
    }
}
