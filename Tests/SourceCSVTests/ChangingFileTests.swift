import Contracts
import Foundation
import IdentityModel
import SourceCSV
import Testing

@Suite("A file that changes while it is read is not planned")
struct ChangingFileTests {
    private let folder: SourceFolder

    init() throws { folder = try SourceFolder() }

    /// Reads a file of many batches; `change` happens when the first one has come, long before the last.
    private func read(_ file: String, change: @escaping @Sendable () throws -> Void) async throws -> SourceEnd {
        let seen = Seen()
        return try await folder.source().read(
            file, header: { _ in },
            batch: { rows in
                if await seen.batch(rows) == 1 { try change() }
                try await Task.sleep(for: .milliseconds(5))
            })
    }

    private func refusal(_ change: @escaping @Sendable (String) throws -> Void) async throws -> SourceError? {
        let file = try folder.write("day.csv", SourceFolder.text(rows: 100_000))
        let path = folder.path("day.csv")
        return await #expect(throws: SourceError.self) { try await read(file) { try change(path) } }
    }

    @Test("cut at the end of a row")
    func truncated() async throws {
        let line = "E0,Name 0,".count + 181
        let error = try await refusal { path in
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try handle.truncate(atOffset: UInt64("ID,NAME,FILLING\n".count + 10 * line))
            try handle.close()
        }
        #expect(error?.message.contains("changed while it was read (it had ") == true, "\(String(describing: error))")
    }

    @Test("overwritten in place with as many bytes")
    func overwritten() async throws {
        let error = try await refusal { path in
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            let size = try handle.seekToEnd()
            try handle.seek(toOffset: size - 20)
            try handle.write(contentsOf: Data("yyyyyyyyyyyyyyyyyyy\n".utf8))
            try handle.close()
        }
        #expect(error?.message.contains("it was written to") == true, "\(String(describing: error))")
    }

    @Test("exchanged for another one")
    func exchanged() async throws {
        let error = try await refusal { path in
            try SourceFolder.text(rows: 3).write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(error?.message.contains("another file has its name now") == true, "\(String(describing: error))")
    }

    @Test("taken away")
    func removed() async throws {
        let error = try await refusal { path in try FileManager.default.removeItem(atPath: path) }
        #expect(error?.message.contains("it is gone") == true, "\(String(describing: error))")
    }

    @Test("one that stays as it is is read to its end")
    func unchanged() async throws {
        let file = try folder.write("day.csv", SourceFolder.text(rows: 100_000))
        #expect(try await read(file) {}.contentDigest.count == 32)
    }
}
