import Contracts
import Foundation
import IdentityModel
import SourceCSV
import Testing

@Suite("Reading stops early, and says so")
struct EarlyEndTests {
    static let sizes = [10, 100_000]

    private let folder: SourceFolder

    init() throws { folder = try SourceFolder() }

    private func read(
        _ file: String, _ seen: Seen = Seen(), header: @escaping @Sendable () throws -> Void = {},
        batch: @escaping @Sendable (Int) async throws -> Void = { _ in }
    ) async throws -> SourceEnd {
        try await folder.source().read(
            file,
            header: { _ in
                await seen.header()
                try header()
            },
            batch: { rows in try await batch(await seen.batch(rows)) })
    }

    @Test("whoever refuses the header ends the reading with that refusal", arguments: sizes)
    func headerRefused(_ rows: Int) async throws {
        let file = try folder.write("day.csv", SourceFolder.text(rows: rows))
        await #expect(throws: Enough.self) { try await read(file, header: { throw Enough() }) }
    }

    @Test("whoever stops at the first rows ends the reading", arguments: sizes)
    func firstBatchRefused(_ rows: Int) async throws {
        let file = try folder.write("day.csv", SourceFolder.text(rows: rows))
        await #expect(throws: Enough.self) { try await read(file, batch: { _ in throw Enough() }) }
    }

    @Test("whoever stops in the middle ends the reading, also while the next rows wait for a place")
    func middleRefused() async throws {
        let file = try folder.write("day.csv", SourceFolder.text(rows: 100_000))
        await #expect(throws: Enough.self) {
            try await read(
                file,
                batch: { number in
                    // The reading thread is as far ahead by now as it may be.
                    try await Task.sleep(for: .milliseconds(20))
                    if number == 5 { throw Enough() }
                })
        }
    }

    @Test("whoever stops at the last rows ends the reading", arguments: sizes)
    func endRefused(_ rows: Int) async throws {
        let file = try folder.write("day.csv", SourceFolder.text(rows: rows))
        let whole = Seen()
        _ = try await read(file, whole)
        let last = await whole.batches
        await #expect(throws: Enough.self) { try await read(file, batch: { if $0 == last { throw Enough() } }) }
        #expect(await whole.rows == rows)
    }

    @Test("a cancelled reading throws: it is never taken for a short file", arguments: sizes)
    func cancelled(_ rows: Int) async throws {
        let file = try folder.write("day.csv", SourceFolder.text(rows: rows))
        for delay in [0, 1, 5, 20] {
            let seen = Seen()
            let reading = Task {
                try await read(
                    file, seen,
                    batch: { _ in
                        // Work that does not care about being cancelled.
                        try? await Task.sleep(for: .milliseconds(5))
                    })
            }
            try await Task.sleep(for: .milliseconds(delay))
            reading.cancel()
            if case .success = await reading.result { #expect(await seen.rows == rows) }
        }
    }

    @Test("a consumer that is gone before the first row leaves no thread behind that waits for it", arguments: sizes)
    func consumerGone(_ rows: Int) async throws {
        let file = try folder.write("day.csv", SourceFolder.text(rows: rows))
        for _ in 0..<20 { await #expect(throws: Enough.self) { try await read(file, header: { throw Enough() }) } }
        var threads = 0
        for _ in 0..<100 {
            threads = try threadsReading()
            if threads == 0 { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(threads <= 1, "another test of this suite may be reading")
    }

    private func threadsReading() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").filter { task in
            (try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8))?.hasPrefix("csv reading") ?? false
        }.count
    }

    @Test("a file that is cut in the middle of a value is an error with its place, after any number of rows", arguments: sizes)
    func cutFile(_ rows: Int) async throws {
        let file = try folder.write("day.csv", SourceFolder.text(rows: rows) + "E9,\"Ann")
        let error = await #expect(throws: SourceError.self) { try await read(file) }
        #expect(error?.line == rows + 2)
        #expect(error?.file == "hr/day.csv")
    }
}
