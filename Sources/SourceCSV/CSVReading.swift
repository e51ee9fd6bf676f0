internal import CSV
internal import Contracts
internal import Foundation
internal import IdentityModel

/// A file being read and parsed on a thread of its own, a few batches ahead of whoever works on them.
final class CSVReading: Sendable {
    enum Step: Sendable {
        case rows(SourceHeader, SourceRowBatch)
        /// The file was read to its end and did not change meanwhile. Without it a reading that stopped (because its task was cancelled, for
        /// instance) would look like a short file.
        case end
    }

    let steps: AsyncThrowingStream<Step, any Error>
    private let continuation: AsyncThrowingStream<Step, any Error>.Continuation
    private let path: String
    private let name: String
    private let format: CSVFormat
    private let ahead: ReadAhead

    private static let chunkSize = 1 << 20

    init(path: String, name: String, format: CSVFormat, readAhead: Int) {
        self.path = path
        self.name = name
        self.format = format
        ahead = ReadAhead(places: readAhead)
        (steps, continuation) = AsyncThrowingStream.makeStream()
    }

    func start() {
        let thread = Thread { self.readAll() }
        thread.name = "csv reading"
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// A batch was worked on: there is place for another.
    func consumed() { ahead.give() }

    /// Nobody wants more: the thread ends at its next chunk, wherever it is.
    func stop() { ahead.end() }

    private func readAll() {
        do {
            try readRows()
            continuation.finish()
        } catch {
            continuation.finish(throwing: error)
        }
    }

    private func readRows() throws(SourceError) {
        // O_NONBLOCK: opening a named pipe would wait for somebody who writes to it.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot be opened") }
        defer { close(descriptor) }
        guard let before = FileState(descriptor: descriptor) else { throw failure("cannot be looked at") }
        try before.requireRegular(name)
        do throws(SourceError) {
            guard try parse(descriptor) else { return }
        } catch {
            // Half an old file and half a new one make any kind of error: what explains it is said first.
            try requireUnchanged(before, descriptor)
            throw error
        }
        try requireUnchanged(before, descriptor)
        continuation.yield(.end)
    }

    /// False when nobody wanted more.
    private func parse(_ descriptor: Int32) throws(SourceError) -> Bool {
        var parser = CSVParser(format: format)
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkSize, alignment: 16)
        defer { chunk.deallocate() }
        var known: SourceHeader?
        var hasEnded = false
        while !hasEnded {
            if ahead.isEnded { return false }
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
            guard ahead.take() else { return false }
            let rows = rows(batch, header)
            let described = known ?? describe(header, detected, rows)
            known = described
            continuation.yield(.rows(described, rows))
        }
        return true
    }

    /// A file that was overwritten, cut or exchanged while it was read is half one and half another.
    private func requireUnchanged(_ before: FileState, _ descriptor: Int32) throws(SourceError) {
        guard let difference = before.difference(to: FileState(descriptor: descriptor)) ?? before.difference(to: FileState(path: path))
        else { return }
        throw SourceError(
            file: name,
            message: "the file changed while it was read (\(difference)); nothing of it is taken. "
                + "Let it be written under another name and renamed, or use complete: marker")
    }

    private func describe(_ header: CSVHeader, _ detected: DetectedFormat, _ rows: SourceRowBatch) -> SourceHeader {
        var first: [String] = []
        if let problem = rows.problems.first, rows.lines.first.map({ problem.line < Int($0) }) ?? true {
            first = problem.values
        } else if rows.rowCount > 0 {
            first = (0..<rows.columnCount).map { rows.text(row: 0, column: $0) }
        }
        return SourceHeader(
            file: name, line: header.positions.first?.line ?? 1, columns: header.names, firstRow: first, format: detected.summary)
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
