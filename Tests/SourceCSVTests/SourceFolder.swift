import Contracts
import Foundation
import IdentityModel
import SourceCSV

/// A folder with HR files of its own, gone at the end of the test.
final class SourceFolder: @unchecked Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("birthright-source-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url.appendingPathComponent("hr"), withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent("hr").appendingPathComponent(name).path }

    /// A file last written so many seconds ago.
    @discardableResult
    func write(_ name: String, _ text: String, age: TimeInterval = 3_600) throws -> String {
        try text.write(toFile: path(name), atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: path(name))
        return "hr/" + name
    }

    func source(latest: Bool = true, marker: Bool = false) -> CSVFileSource {
        CSVFileSource(
            CSVFileSettings(
                directory: url.path, pattern: "hr/*.csv", takesLatestOnly: latest, needsMarker: marker, delimiter: nil, encoding: nil))
    }

    /// Rows wide enough that a hundred thousand of them are many batches, more than are read ahead.
    static func text(rows: Int) -> String {
        let filling = String(repeating: "x", count: 180)
        return "ID,NAME,FILLING\n" + (0..<rows).map { "E\($0),Name \($0),\(filling)\n" }.joined()
    }
}

/// What a reading saw; batches come from one task, one after the other.
actor Seen {
    private(set) var headers = 0
    private(set) var batches = 0
    private(set) var rows = 0

    func header() { headers += 1 }

    /// The number of the batch, from 1.
    @discardableResult
    func batch(_ batch: SourceRowBatch) -> Int {
        batches += 1
        rows += batch.rowCount
        return batches
    }
}

struct Enough: Error {}
