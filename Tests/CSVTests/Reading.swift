import CSV
import Testing

/// Everything that comes out of one file, in a form that can be compared.
struct Reading: Equatable {
    struct Row: Equatable {
        var line: Int
        var values: [String]
        var hash: UInt64
        var positions: [CSVPosition]
    }

    var header: CSVHeader?
    var detected: DetectedFormat?
    var rows: [Row] = []
    var problems: [CSVRowProblem] = []
    var error: CSVError?

    var values: [[String]] { rows.map(\.values) }

    init(_ file: String, _ format: CSVFormat = CSVFormat()) {
        self.init(Array(file.utf8), format)
    }

    /// - Parameter chunks: the sizes of the first chunks; the rest of the file is the last one.
    init(_ file: [UInt8], _ format: CSVFormat = CSVFormat(), chunks: [Int] = []) {
        var parser = CSVParser(format: format)
        var batch = CSVBatch()
        do throws(CSVError) {
            var rest = file[...]
            for size in chunks + [Int.max] {
                let chunk = Array(rest.prefix(size))
                rest = rest.dropFirst(chunk.count)
                try chunk.withUnsafeBufferPointer { bytes throws(CSVError) in
                    try parser.feed(UnsafeRawBufferPointer(bytes), into: &batch)
                }
                take(&batch)
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
        for row in 0..<batch.rowCount {
            rows.append(
                Row(
                    line: Int(batch.rowLine[row]), values: batch.values(row: row), hash: batch.rowHash[row],
                    positions: (0..<batch.columnCount).map { batch.position(row: row, column: $0) }))
        }
        problems += batch.problems
        batch.removeAll()
    }
}

/// SplitMix64, so that a failing case can be run again by its seed.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

extension String {
    /// The text as UTF-16 bytes, without a mark.
    func utf16Bytes(bigEndian: Bool) -> [UInt8] {
        utf16.flatMap { unit in
            let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
            return bigEndian ? [high, low] : [low, high]
        }
    }
}
