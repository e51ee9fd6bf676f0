internal import CSV
internal import Contracts
internal import Foundation
internal import IdentityModel

/// A file being read and parsed on a thread of its own, a few batches ahead of whoever works on them.
final class CSVReading: Sendable {
    struct Step: Sendable {
        let header: SourceHeader
        let batch: SourceRowBatch
    }

    let steps: AsyncThrowingStream<Step, any Error>
    private let continuation: AsyncThrowingStream<Step, any Error>.Continuation
    private let path: String
    private let name: String
    private let format: CSVFormat
    /// Free places ahead; the reading thread waits here.
    private let places: DispatchSemaphore
    private let isStopped = StopFlag()

    private static let chunkSize = 1 << 20

    init(path: String, name: String, format: CSVFormat, readAhead: Int) {
        self.path = path
        self.name = name
        self.format = format
        places = DispatchSemaphore(value: readAhead)
        (steps, continuation) = AsyncThrowingStream.makeStream()
    }

    func start() {
        let thread = Thread { self.readAll() }
        thread.name = "csv reading"
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// A batch was worked on: there is place for another.
    func consumed() { places.signal() }

    /// Nobody wants more.
    func stop() {
        isStopped.set()
        places.signal()
    }

    private func readAll() {
        do {
            try readRows()
            continuation.finish()
        } catch {
            continuation.finish(throwing: error)
        }
    }

    private func readRows() throws(SourceError) {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw failure("cannot be opened") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("cannot be looked at") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SourceError(file: name, message: "is not a file") }
        var parser = CSVParser(format: format)
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkSize, alignment: 16)
        defer { chunk.deallocate() }
        var hasEnded = false
        while !hasEnded {
            if isStopped.isSet { return }
            var batch = CSVBatch()
            let count = Foundation.read(descriptor, chunk.baseAddress, chunk.count)
            guard count >= 0 else { throw failure("cannot be read") }
            hasEnded = count == 0
            do throws(CSVError) {
                if hasEnded {
                    try parser.finish(into: &batch)
                } else {
                    try parser.feed(UnsafeRawBufferPointer(rebasing: chunk[..<count]), into: &batch)
                }
            } catch {
                throw SourceError(file: name, line: error.position?.line, column: error.position?.column, message: error.message)
            }
            guard let header = parser.header, let detected = parser.detected else { continue }
            try refuseSuspiciousHeader(header, detected)
            if batch.rowCount == 0 && batch.problems.isEmpty && !hasEnded { continue }
            places.wait()
            continuation.yield(
                Step(header: SourceHeader(file: name, columns: header.names, format: detected.summary), batch: rows(batch, header)))
        }
    }

    /// A header of one column that holds another delimiter was read with the wrong one.
    private func refuseSuspiciousHeader(_ header: CSVHeader, _ detected: DetectedFormat) throws(SourceError) {
        guard header.names.count == 1, let suspected = detected.suspectedDelimiter else { return }
        let character = suspected == 0x09 ? "tab" : String(UnicodeScalar(suspected))
        throw SourceError(
            file: name, line: 1, column: 1,
            message:
                "the header is one single column: wrong delimiter? It contains '\(character)'; set format: { delimiter: \"\(character)\" } or auto"
        )
    }

    private func rows(_ batch: CSVBatch, _ header: CSVHeader) -> SourceRowBatch {
        SourceRowBatch(
            file: name, columnCount: header.names.count, bytes: batch.bytes, fieldStarts: batch.fieldStart, fieldEnds: batch.fieldEnd,
            lines: batch.rowLine, hashes: batch.rowHash,
            problems: batch.problems.map { problem in
                SourceRowBatch.Problem(
                    line: problem.position.line, column: problem.position.column, columnName: problem.columnName, reason: problem.message,
                    values: problem.fields.map { $0 ?? "" })
            })
    }

    private func failure(_ what: String) -> SourceError {
        SourceError(file: name, message: "\(what): \(String(cString: strerror(errno)))")
    }
}

/// Set once, read by another thread.
private final class StopFlag: @unchecked Sendable {
    private let lock = NSLock()
    private var flag = false
    func set() { lock.withLock { flag = true } }
    var isSet: Bool { lock.withLock { flag } }
}
