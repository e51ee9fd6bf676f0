package import Contracts
internal import Foundation
package import IdentityModel

/// Appends events to a file, one JSON text per line. Returns when the lines are on the disk.
///
/// A process that dies while it writes may leave half a line. The next delivery takes that half away (the outbox delivers its event again), so
/// that a reader of the finished file never meets one. Several processes may share the file: they take turns by `flock`.
package actor FileSink: EventSink {
    private let path: String

    /// `path` is created when the first event is delivered; its folder must exist.
    package init(path: String) { self.path = path }

    package func deliver(_ events: [OutboxEvent]) async throws(DeliveryFailure) {
        guard !events.isEmpty else { return }
        var bytes: [UInt8] = []
        for event in events {
            bytes.append(contentsOf: event.body.utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
        try append(bytes)
    }

    private func append(_ bytes: [UInt8]) throws(DeliveryFailure) {
        let isNew = access(path, F_OK) != 0
        let file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw refusal("cannot be opened") }
        defer { close(file) }
        guard flock(file, LOCK_EX) == 0 else { throw refusal("cannot be locked") }
        try repair(file)
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw refusal("cannot be written") }
            offset += count
        }
        guard fsync(file) == 0 else { throw refusal("cannot be brought to the disk") }
        if isNew { syncFolder() }
    }

    /// The last line has no end: a whole JSON text (somebody edited the file) gets one, anything else is half of an event and is cut off.
    private func repair(_ file: Int32) throws(DeliveryFailure) {
        let size = lseek(file, 0, SEEK_END)
        guard size > 0 else { return }
        let tail = try lastLine(file, size)
        guard !tail.isEmpty else { return }
        if (try? JSON(parsing: String(decoding: tail, as: UTF8.self))) != nil {
            guard write(file, "\n", 1) == 1 else { throw refusal("cannot be written") }
        } else {
            guard ftruncate(file, size - off_t(tail.count)) == 0 else { throw refusal("ends in half a line that cannot be cut off") }
        }
    }

    /// What stands after the last line end; empty for a file that ends properly. Reads backwards, as far as needed.
    private func lastLine(_ file: Int32, _ size: off_t) throws(DeliveryFailure) -> [UInt8] {
        var tail: [UInt8] = []
        var end = size
        while end > 0 {
            let length = min(end, end == size ? 1 : 65_536)
            var block = [UInt8](repeating: 0, count: Int(length))
            let count = block.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, end - length) }
            guard count == Int(length) else { throw refusal("cannot be read") }
            if let lineEnd = block.lastIndex(of: UInt8(ascii: "\n")) { return Array(block[(lineEnd + 1)...]) + tail }
            tail = block + tail
            end -= length
        }
        return tail
    }

    /// A new name is on the disk only when its folder is.
    private func syncFolder() {
        let folder = open(
            (path as NSString).deletingLastPathComponent.isEmpty ? "." : (path as NSString).deletingLastPathComponent, O_RDONLY)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    /// Everything that can be wrong with a file can be put right by somebody: never `refused`.
    private func refusal(_ what: String) -> DeliveryFailure {
        .retry(afterSeconds: 5, reason: "\(path) \(what): \(String(cString: strerror(errno)))")
    }
}
