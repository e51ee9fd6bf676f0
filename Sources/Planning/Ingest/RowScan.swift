package import CEL
package import IdentityModel

/// The first look at every row: its key, whether it changed, and the counts the file contract needs. Nothing is evaluated
/// for a row that is as it was.
package struct RowScan {
    package enum Finding: Sendable, Hashable {
        /// The row has to be mapped. `again`: why, where it is the same as it was; empty for a new or changed one. `standing`: why its user has to be planned
        /// all the same if it cannot be mapped.
        case work(row: Int, key: UserKey, again: ReplanReasons, standing: ReplanReasons)
        case duplicate(row: Int, key: UserKey, firstLine: Int)
        /// The key expression failed or gave nothing.
        case keyless(row: Int, reason: String)
    }

    private let configuration: SourceConfiguration
    private let reader: RowReader
    /// The file's column that is the key as it stands, when `key` is nothing but `row.X`: then no expression is evaluated.
    private let plainKeyColumn: Int?
    private let activation: Activation
    package var index: RowIndex
    package private(set) var rowCount = 0
    package private(set) var unchangedCount = 0
    package private(set) var emptyCounts: [Int]
    /// At least one row's key could not be read: then nobody can be called missing.
    package private(set) var hasUnreadableKey = false

    package init(configuration: SourceConfiguration, columns: [String], index: RowIndex) {
        self.configuration = configuration
        self.index = index
        reader = RowReader(type: configuration.rowType, columns: columns)
        activation = Activation(Vocabulary.sourceEnvironment(row: configuration.rowType))
        emptyCounts = Array(repeating: 0, count: columns.count)
        let references = configuration.key.program.references
        if references.count == 1, let field = references[0].field, configuration.key.program.source == "row." + field {
            plainKeyColumn = columns.firstIndex(of: field)
        } else {
            plainKeyColumn = nil
        }
        activation.bind(0, record: reader.record)
    }

    /// Looks at every row of the batch; `findings` gets what is not simply unchanged, in file order.
    package mutating func scan(_ batch: SourceRowBatch, into findings: inout [Finding]) {
        rowCount += batch.rowCount + batch.problems.count
        countEmpty(batch)
        batch.bytes.withUnsafeBytes { bytes in
            for row in 0..<batch.rowCount {
                guard let (keyHash, key) = key(of: row, in: batch, bytes: bytes, findings: &findings) else { continue }
                switch index.see(keyHash: keyHash, rowHash: batch.hashes[row], line: batch.lines[row]) {
                case .unchanged: unchangedCount += 1
                case .unseen: findings.append(.work(row: row, key: key ?? plainKey(row, batch), again: [], standing: []))
                case .changed(let standing):
                    findings.append(.work(row: row, key: key ?? plainKey(row, batch), again: [], standing: standing))
                case .again(let again): findings.append(.work(row: row, key: key ?? plainKey(row, batch), again: again, standing: again))
                case .duplicate(let line): findings.append(.duplicate(row: row, key: key ?? plainKey(row, batch), firstLine: line))
                }
            }
        }
    }

    /// A row that could not be read whole, but whose key is known, counts as present. Returns the key, or nil when it is unreadable too, and why its
    /// user has to be planned all the same.
    package mutating func see(_ problem: SourceRowBatch.Problem) -> (key: UserKey, again: ReplanReasons)? {
        var values = problem.values
        values.append(contentsOf: repeatElement("", count: max(0, emptyCounts.count - values.count)))
        reader.load(values)
        guard let text = (try? configuration.key.program.evaluate(activation))?.unwrapped?.asString, !text.isEmpty else {
            hasUnreadableKey = true
            return nil
        }
        let hash = StableHash.hash(text)
        // With a delimiter too many or too few the values may be shifted: a key that nobody knows is not to be believed.
        if !index.isKnown(hash) { hasUnreadableKey = true }
        return (UserKey(text), index.stand(keyHash: hash, line: UInt32(clamping: problem.line)))
    }

    private func plainKey(_ row: Int, _ batch: SourceRowBatch) -> UserKey {
        UserKey(plainKeyColumn.map { batch.text(row: row, column: $0) } ?? "")
    }

    /// The hash of the row's key, and the key itself where it had to be computed.
    private mutating func key(
        of row: Int, in batch: SourceRowBatch, bytes: UnsafeRawBufferPointer, findings: inout [Finding]
    ) -> (UInt64, UserKey?)? {
        if let plainKeyColumn {
            let field = row * batch.columnCount + plainKeyColumn
            let start = Int(batch.fieldStarts[field])
            let end = Int(batch.fieldEnds[field])
            if start < end { return (StableHash.hash(UnsafeRawBufferPointer(rebasing: bytes[start..<end])), nil) }
            hasUnreadableKey = true
            findings.append(.keyless(row: row, reason: "the key (\(configuration.key.program.source)) is empty"))
            return nil
        }
        reader.load(batch, row: row)
        do {
            if let text = try configuration.key.program.evaluate(activation).unwrapped?.text, !text.isEmpty {
                return (StableHash.hash(text), UserKey(text))
            }
            findings.append(.keyless(row: row, reason: "the key (\(configuration.key.program.source)) is empty"))
        } catch {
            findings.append(.keyless(row: row, reason: "the key cannot be computed: \(error.message)"))
        }
        hasUnreadableKey = true
        return nil
    }

    private mutating func countEmpty(_ batch: SourceRowBatch) {
        let columns = batch.columnCount
        guard columns > 0, columns == emptyCounts.count else { return }
        emptyCounts.withUnsafeMutableBufferPointer { counts in
            batch.fieldStarts.withUnsafeBufferPointer { starts in
                batch.fieldEnds.withUnsafeBufferPointer { ends in
                    var field = 0
                    for _ in 0..<batch.rowCount {
                        for column in 0..<columns {
                            if starts[field] == ends[field] { counts[column] += 1 }
                            field += 1
                        }
                    }
                }
            }
        }
    }
}

/// Fills the record `row` with the columns that expressions read, and nothing else.
package struct RowReader {
    package let record: RecordBuffer
    /// For each field of `row`: the file's column, nil where the file has none.
    package let columnOfField: [Int?]

    package init(type: ObjectType, columns: [String]) {
        record = RecordBuffer(type)
        columnOfField = type.fields.map { columns.firstIndex(of: $0.name) }
    }

    package func load(_ batch: SourceRowBatch, row: Int) {
        for (field, column) in columnOfField.enumerated() {
            guard let column, !batch.isEmpty(row: row, column: column) else {
                record.set(field, .absent)
                continue
            }
            record.set(field, .value(.string(batch.text(row: row, column: column))))
        }
    }

    package func load(_ values: [String]) {
        for (field, column) in columnOfField.enumerated() {
            guard let column, column < values.count, !values[column].isEmpty else {
                record.set(field, .absent)
                continue
            }
            record.set(field, .value(.string(values[column])))
        }
    }
}
