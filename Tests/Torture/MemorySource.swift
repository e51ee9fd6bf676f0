import CSV
import Contracts
import Histories
import IdentityModel

/// A source's files in memory, read by the product's own parser.
struct MemorySource: SyncSource {
    let published: [PublishedFile]
    let takesLatestOnly: Bool

    func files() async throws(SourceError) -> [String] {
        let names = published.map(\.name).sorted()
        return takesLatestOnly ? Array(names.suffix(1)) : names
    }

    func read(
        _ file: String, header: @Sendable (SourceHeader) async throws -> Void, batch: @Sendable (SourceRowBatch) async throws -> Void
    ) async throws -> SourceEnd {
        guard let found = published.first(where: { $0.name == file }) else { throw SourceError(file: file, message: "is not there") }
        var parser = CSVParser()
        var rows = CSVBatch()
        try Array(found.text.utf8).withUnsafeBytes { try parser.feed($0, into: &rows) }
        try parser.finish(into: &rows)
        guard let names = parser.header?.names else { throw SourceError(file: file, message: "has no header") }
        try await header(SourceHeader(file: file, columns: names, format: "memory"))
        try await batch(
            SourceRowBatch(
                file: file, columnCount: names.count, bytes: rows.bytes, fieldStarts: rows.fieldStart, fieldEnds: rows.fieldEnd,
                lines: rows.rowLine, hashes: rows.rowHash, problems: []))
        return SourceEnd(contentDigest: String(StableHash.hash(rows.rowHash.map { String($0) }.joined(separator: ",")), radix: 16))
    }
}
