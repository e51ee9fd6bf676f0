/// The first record of the file: the names of the columns, exactly as written.
package struct CSVHeader: Sendable, Equatable {
    /// At least one is not empty, and no two that are not empty are equal.
    package let names: [String]
    /// Where each name begins in the file.
    package let positions: [CSVPosition]
    /// Hash of the names in their order; the seed of every row hash.
    package let hash: UInt64

    /// The index of a column; an empty name is no column's name.
    package func index(of name: String) -> Int? {
        name.isEmpty ? nil : names.firstIndex(of: name)
    }

    /// Columns without a name, as a delimiter at the end of each line leaves them: read and hashed, but nothing can refer to them.
    package var unnamedColumns: [Int] {
        names.indices.filter { names[$0].isEmpty }
    }

    init(names: [String], positions: [CSVPosition], hash: UInt64, start: CSVPosition) throws(CSVError) {
        var first: [String: CSVPosition] = [:]
        for (name, position) in zip(names, positions) where !name.isEmpty {
            if let earlier = first.updateValue(position, forKey: name) {
                throw .duplicateColumn(name: name, first: earlier, again: position)
            }
        }
        guard !first.isEmpty else { throw .namelessHeader(start) }
        self.names = names
        self.positions = positions
        self.hash = hash
    }
}
