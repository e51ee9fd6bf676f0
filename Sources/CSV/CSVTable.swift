/// A whole small CSV file in memory, such as a lookup table. HR files are streamed through `CSVParser` instead.
package struct CSVTable: Sendable {
    package let header: CSVHeader
    package let detected: DetectedFormat
    /// The rows and the problems of the file.
    package let rows: CSVBatch

    package init(_ file: [UInt8], format: CSVFormat = CSVFormat()) throws(CSVError) {
        var parser = CSVParser(format: format)
        var batch = CSVBatch()
        try file.withUnsafeBufferPointer { bytes throws(CSVError) in
            try parser.feed(UnsafeRawBufferPointer(bytes), into: &batch)
        }
        try parser.finish(into: &batch)
        guard let header = parser.header, let detected = parser.detected else { throw .empty }
        self.header = header
        self.detected = detected
        rows = batch
    }
}
