import CSV

/// What is read does not depend on where the chunks end.
enum RowsLaw {
    private struct Reading: Equatable {
        var header: CSVHeader?
        var detected: DetectedFormat?
        var rows: [[String]] = []
        var lines: [UInt32] = []
        var hashes: [UInt64] = []
        var problems: [CSVRowProblem] = []
        var error: CSVError?

        init(_ file: [UInt8], chunk: Int) {
            var parser = CSVParser(format: CSVFormat(limits: CSVLimits(fieldBytes: 200, rowBytes: 400)))
            var batch = CSVBatch()
            do throws(CSVError) {
                var start = 0
                while start < file.count {
                    let end = min(file.count, start + chunk)
                    try file[start..<end].withUnsafeBufferPointer { bytes throws(CSVError) in
                        try parser.feed(UnsafeRawBufferPointer(bytes), into: &batch)
                    }
                    take(&batch)
                    start = end
                }
                try parser.finish(into: &batch)
            } catch {
                self.error = error
            }
            take(&batch)
            header = parser.header
            detected = parser.detected
        }

        private mutating func take(_ batch: inout CSVBatch) {
            for row in 0..<batch.rowCount { rows.append(batch.values(row: row)) }
            lines += batch.rowLine
            hashes += batch.rowHash
            problems += batch.problems
            batch.removeAll()
        }
    }

    static func breach(_ input: [UInt8]) -> String? {
        let whole = Reading(input, chunk: .max / 2)
        if whole.rows.contains(where: { $0.count != whole.header?.names.count }) {
            return "a row has another number of values than the header"
        }
        if zip(whole.lines, whole.lines.dropFirst()).contains(where: { $0 >= $1 }) { return "the rows' lines do not grow" }
        for chunk in [1, 2, 7] where Reading(input, chunk: chunk) != whole { return "read in chunks of \(chunk), it is another file" }
        return nil
    }
}
