internal import CEL
internal import CSV
internal import Planning

/// `tables:` of a policy map: CSV files whose first column is looked up and whose second is found.
enum TablesReader {
    /// The record `tables`; one field per table, also for a table that could not be read.
    static func read(_ node: YAMLNode?, _ file: ConfigurationFile) -> ObjectValue {
        var tables: [(name: String, value: Value)] = []
        for entry in node.flatMap({ file.mapping($0, named: "'tables'") }) ?? [] {
            if !entry.key.isIdentifier {
                file.error(
                    "'\(entry.key)' cannot be a table's name: letters, digits and _ only", at: entry.keyPoint, length: entry.keyLength)
            }
            tables.append((entry.key, .table(rows(entry, file))))
        }
        let fields = tables.map { ObjectType.Field(name: $0.name, type: .map(.string, .string)) }
        return ObjectValue(type: ObjectType(name: "tables", fields: fields, whenAbsent: .error), slots: tables.map { .value($0.value) })
    }

    private static func rows(_ entry: YAMLEntry, _ file: ConfigurationFile) -> [(String, String)] {
        guard let path = file.nonEmptyText(entry.value, entry.key) else { return [] }
        guard let bytes = file.values.files[path.text] else {
            file.error("the lookup table '\(path.text)' is missing", at: path.point, length: path.length)
            return []
        }
        // A table may be in another encoding; then its lines are not shown.
        let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        let lookup = ConfigurationFile(
            path: path.text, text: String(validating: content, as: UTF8.self) ?? "", lines: .csv, diagnostics: file.diagnostics,
            values: file.values)
        do throws(CSVError) {
            return pairs(try CSVTable(bytes), lookup)
        } catch {
            lookup.error(error.message, at: error.position.map(SourcePoint.init) ?? .start, length: 1)
            return []
        }
    }

    private static func pairs(_ table: CSVTable, _ lookup: ConfigurationFile) -> [(String, String)] {
        for problem in table.rows.problems {
            lookup.error(problem.reason.message, at: SourcePoint(problem.position), length: 1)
        }
        guard table.header.names.count >= 2 else {
            lookup.error("a lookup table needs two columns: what is looked up, and what is found", at: .start, length: 1)
            return []
        }
        var pairs: [(String, String)] = []
        var lines: [String: Int] = [:]
        for row in 0..<table.rows.rowCount {
            let key = table.rows.value(row: row, column: 0)
            let position = table.rows.position(row: row, column: 0)
            if let first = lines[key] {
                lookup.error(
                    "'\(key)' is in the table twice, first on line \(first)", at: SourcePoint(position), length: key.unicodeScalars.count)
            } else {
                lines[key] = position.line
                pairs.append((key, table.rows.value(row: row, column: 1)))
            }
        }
        return pairs
    }
}

extension SourcePoint {
    init(_ position: CSVPosition) { self.init(line: position.line, column: position.column) }
}
