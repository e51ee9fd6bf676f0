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
        _ = try await sink.deliver([event(1), event(2)], after: nil)
        _ = try await FileSink(path: path).deliver([event(3)], after: nil)
        _ = try await sink.deliver([event(4)], after: nil)
        #expect(try content() == (1...4).map { "{\"trackingNumber\":\"t\($0)\"}\n" }.joined())
    }

    @Test(arguments: ["{\"trackingNumber\":\"t2\"", "{", String(repeating: "x", count: 200_000)])
    func `half a line that a crash left is taken away before the next event is written`(half: String) async throws {
        defer { cleanUp() }
        try Data(("{\"trackingNumber\":\"t1\"}\n" + half).utf8).write(to: URL(fileURLWithPath: path))
        _ = try await FileSink(path: path).deliver([event(2)], after: nil)
        #expect(try content() == "{\"trackingNumber\":\"t1\"}\n{\"trackingNumber\":\"t2\"}\n")
    }

    @Test func `a file that is nothing but half a line begins anew`() async throws {
        defer { cleanUp() }
        try Data("{\"tracking".utf8).write(to: URL(fileURLWithPath: path))
        _ = try await FileSink(path: path).deliver([event(1)], after: nil)
        #expect(try content() == "{\"trackingNumber\":\"t1\"}\n")
    }

    @Test func `a whole last line without its end is kept and ended`() async throws {
        defer { cleanUp() }
        try Data("{\"trackingNumber\":\"t1\"}".utf8).write(to: URL(fileURLWithPath: path))
        _ = try await FileSink(path: path).deliver([event(2)], after: nil)
        #expect(try content() == "{\"trackingNumber\":\"t1\"}\n{\"trackingNumber\":\"t2\"}\n")
    }

    @Test func `a file that cannot be opened is tried again later, and says why`() async throws {
        defer { cleanUp() }
        let missing = folder.appendingPathComponent("nowhere/events.jsonl").path
        await #expect(throws: DeliveryFailure.retry(afterSeconds: 5, reason: "\(missing) cannot be opened: No such file or directory")) {
            _ = try await FileSink(path: missing).deliver([event(1)], after: nil)
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
                    for event in events[(part * 50)..<(part * 50 + 50)] { _ = try? await sink.deliver([event], after: nil) }
                }
            }
        }
        let lines = try content().split(separator: "\n").map(String.init)
        #expect(Set(lines) == Set(events.map(\.body)))
        #expect(lines.count == 200)
    }

    // MARK: A process that died between writing and marking

    @Test func `what was written and not marked is cut and written again, so that no line is there twice`() async throws {
        defer { cleanUp() }
        let first = try await FileSink(path: path).deliver([event(1)], after: nil)
        _ = try await FileSink(path: path).deliver([event(2), event(3)], after: first.position)
        // The mark of the second delivery was lost.
        let again = try await FileSink(path: path).deliver([event(2), event(3), event(4)], after: first.position)
        #expect(try content() == (1...4).map { "{\"trackingNumber\":\"t\($0)\"}\n" }.joined())
        #expect(again.remark == nil)
    }

    @Test func `a first delivery that was cut short leaves no line twice either`() async throws {
        defer { cleanUp() }
        try Data("{\"kept\":1}\n{\"half".utf8).write(to: URL(fileURLWithPath: path))
        let start = try await FileSink(path: path).position()
        _ = try await FileSink(path: path).deliver([event(1), event(2)], after: start)
        _ = try await FileSink(path: path).deliver([event(1), event(2)], after: start)
        #expect(try content() == "{\"kept\":1}\n" + (1...2).map { "{\"trackingNumber\":\"t\($0)\"}\n" }.joined())
    }

    @Test func `half a line after the mark goes with the rest`() async throws {
        defer { cleanUp() }
        let first = try await FileSink(path: path).deliver([event(1)], after: nil)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"trackingNumber\":\"t2\"}\n{\"track".utf8))
        try handle.close()
        _ = try await FileSink(path: path).deliver([event(2)], after: first.position)
        #expect(try content() == (1...2).map { "{\"trackingNumber\":\"t\($0)\"}\n" }.joined())
    }

    @Test func `nothing is cut from another file of that name, and it is said`() async throws {
        defer { cleanUp() }
        let first = try await FileSink(path: path).deliver([event(1)], after: nil)
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        try Data("{\"somebody\":\"else's line, longer than the one that was there before\"}\n".utf8).write(to: URL(fileURLWithPath: path))
        let receipt = try await FileSink(path: path).deliver([event(2)], after: first.position)
        #expect(try content().hasPrefix("{\"somebody\"") && content().hasSuffix("{\"trackingNumber\":\"t2\"}\n"))
        #expect(receipt.remark == "\(path) is another file than before: the events are appended to it")
        #expect(try await FileSink(path: path).deliver([event(3)], after: receipt.position).remark == nil)
    }

    @Test func `nothing is cut from a file that became shorter, and it is said`() async throws {
        defer { cleanUp() }
        let first = try await FileSink(path: path).deliver([event(1), event(2)], after: nil)
        truncate(path, 0)
        let receipt = try await FileSink(path: path).deliver([event(3)], after: first.position)
        #expect(try content() == "{\"trackingNumber\":\"t3\"}\n")
        #expect(receipt.remark == "\(path) is shorter than it was (0 bytes instead of 48): the events are appended to it")
    }

    @Test func `no line is cut that the store knows nothing of, and it is said`() async throws {
        defer { cleanUp() }
        let first = try await FileSink(path: path).deliver([event(1)], after: nil)
        _ = try await FileSink(path: path).deliver([event(2), event(3)], after: first.position)
        // A copy of the store from before that is put back: it has other news, of whatever length.
        let receipt = try await FileSink(path: path).deliver([event(4)], after: first.position)
        #expect(receipt.remark?.contains("lines that this store knows nothing of") == true)
        let next = try await FileSink(path: path).deliver([event(2), event(3), event(5), event(6), event(7)], after: first.position)
        #expect(next.remark != nil)
        #expect(try content() == [1, 2, 3, 4, 2, 3, 5, 6, 7].map { "{\"trackingNumber\":\"t\($0)\"}\n" }.joined())
        #expect(try await FileSink(path: path).deliver([event(8)], after: next.position).remark == nil)
    }

    // MARK: Who may read it, and what is no file

    @Test(arguments: [nil, 0o644, 0o666]) func `the file is for its owner only, also one that was there before`(mode: Int?) async throws {
        defer { cleanUp() }
        if let mode { _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: mode]) }
        _ = try await FileSink(path: path).deliver([event(1)], after: nil)
        let found = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(found == 0o600)
    }

    @Test(.timeLimit(.minutes(1))) func `a named pipe is refused and keeps nobody waiting`() async throws {
        defer { cleanUp() }
        mkfifo(path, 0o600)
        await #expect(throws: DeliveryFailure.retry(afterSeconds: 5, reason: "\(path) is no regular file")) {
            try await FileSink(path: path).deliver([event(1)], after: nil)
        }
    }

    // MARK: CloudEvents

    @Test func `as a CloudEvent it has an id that holds the sequence, and the event as its data`() async throws {
        defer { cleanUp() }
        let followUp = OutboxEvent(trackingNumber: "t1", sequence: 2, user: UserID("u"), userKey: UserKey("E1"), body: "{\"a\":1}")
        _ = try await FileSink(path: path, format: .cloudEvents).deliver([followUp], after: nil)
        let line = try JSON(parsing: try content())
        #expect(line["id"]?.stringValue == "t1-2")
        #expect(line["specversion"]?.stringValue == "1.0")
        #expect(line["subject"]?.stringValue == "E1")
        #expect(line["data"] == (try JSON(parsing: followUp.body)))
        for required in ["source", "type"] { #expect(line[required]?.stringValue?.isEmpty == false) }
    }
}
