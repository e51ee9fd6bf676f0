import Contracts
import Foundation
import IdentityModel
import SinkFile
import Testing

/// Events as lines of a file.
struct FileSinkTests {
    private let folder: URL
    private var path: String { folder.appendingPathComponent("events.jsonl").path }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("birthright-sink-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func event(_ number: Int) -> OutboxEvent {
        OutboxEvent(
            trackingNumber: "t\(number)", sequence: 1, user: UserID("u"), userKey: UserKey("E"), body: "{\"trackingNumber\":\"t\(number)\"}"
        )
    }

    private func content() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private func cleanUp() { try? FileManager.default.removeItem(at: folder) }

    @Test func `every event is a line, and later ones are appended`() async throws {
        defer { cleanUp() }
        let sink = FileSink(path: path)
        try await sink.deliver([event(1), event(2)])
        try await FileSink(path: path).deliver([event(3)])
        try await sink.deliver([event(4)])
        #expect(try content() == (1...4).map { "{\"trackingNumber\":\"t\($0)\"}\n" }.joined())
    }

    @Test(arguments: ["{\"trackingNumber\":\"t2\"", "{", String(repeating: "x", count: 200_000)])
    func `half a line that a crash left is taken away before the next event is written`(half: String) async throws {
        defer { cleanUp() }
        try Data(("{\"trackingNumber\":\"t1\"}\n" + half).utf8).write(to: URL(fileURLWithPath: path))
        try await FileSink(path: path).deliver([event(2)])
        #expect(try content() == "{\"trackingNumber\":\"t1\"}\n{\"trackingNumber\":\"t2\"}\n")
    }

    @Test func `a file that is nothing but half a line begins anew`() async throws {
        defer { cleanUp() }
        try Data("{\"tracking".utf8).write(to: URL(fileURLWithPath: path))
        try await FileSink(path: path).deliver([event(1)])
        #expect(try content() == "{\"trackingNumber\":\"t1\"}\n")
    }

    @Test func `a whole last line without its end is kept and ended`() async throws {
        defer { cleanUp() }
        try Data("{\"trackingNumber\":\"t1\"}".utf8).write(to: URL(fileURLWithPath: path))
        try await FileSink(path: path).deliver([event(2)])
        #expect(try content() == "{\"trackingNumber\":\"t1\"}\n{\"trackingNumber\":\"t2\"}\n")
    }

    @Test func `a file that cannot be opened is tried again later, and says why`() async throws {
        defer { cleanUp() }
        let missing = folder.appendingPathComponent("nowhere/events.jsonl").path
        await #expect(throws: DeliveryFailure.retry(afterSeconds: 5, reason: "\(missing) cannot be opened: No such file or directory")) {
            try await FileSink(path: missing).deliver([event(1)])
        }
    }

    @Test func `several sinks on one file never mix their lines`() async throws {
        defer { cleanUp() }
        let path = path
        let events = (0..<200).map(event)
        await withTaskGroup(of: Void.self) { group in
            for part in 0..<4 {
                group.addTask {
                    let sink = FileSink(path: path)
                    for event in events[(part * 50)..<(part * 50 + 50)] { try? await sink.deliver([event]) }
                }
            }
        }
        let lines = try content().split(separator: "\n").map(String.init)
        #expect(Set(lines) == Set(events.map(\.body)))
        #expect(lines.count == 200)
    }
}
