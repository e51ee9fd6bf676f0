package import Contracts
internal import Foundation
package import IdentityModel

/// Appends events to a file, one JSON text per line. Returns when the lines are on the disk.
///
/// The file belongs to one store. A process that dies between writing and marking leaves lines that will be delivered again: what stands behind the remembered
/// offset, and says what is about to be written, is cut first, so that no line is there twice. Where the file is another one than then, or shorter (somebody
/// rotates it), or holds lines behind the offset that are none of those (the store is an older one than the file knows), nothing is cut and the events are
/// appended, which is said. Half a line that a process left is taken away in any case.
package actor FileSink: EventSink {
    private let path: String
    private let format: EventFormat

    /// `path` is created when the first event is delivered; its folder must exist.
    package init(path: String, format: EventFormat = .sailPoint) {
        self.path = path
        self.format = format
    }

    package func deliver(_ events: [OutboxEvent], after position: SinkPosition?) async throws(DeliveryFailure) -> DeliveryReceipt {
        guard !events.isEmpty else { return DeliveryReceipt(position: position) }
        var bytes: [UInt8] = []
        for event in events {
            bytes.append(contentsOf: format.line(event).utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
        return try append(bytes, after: position.flatMap(FilePlace.init))
    }

    package func position() async throws(DeliveryFailure) -> SinkPosition? {
        try withFile { file throws(DeliveryFailure) in
            try repair(file)
            return try place(file).position
        }
    }

    private func append(_ bytes: [UInt8], after place: FilePlace?) throws(DeliveryFailure) -> DeliveryReceipt {
        try withFile { file throws(DeliveryFailure) in
            var remark: String?
            if let place { remark = try goBack(file, to: place, try self.place(file), bytes) }
            try repair(file)
            var offset = 0
            while offset < bytes.count {
                let count = bytes[offset...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw refusal("cannot be written") }
                offset += count
            }
            guard fsync(file) == 0 else { throw refusal("cannot be brought to the disk") }
            return DeliveryReceipt(position: try self.place(file).position, remark: remark)
        }
    }

    /// The file, locked; made when it is not there.
    private func withFile<Result>(_ body: (Int32) throws(DeliveryFailure) -> Result) throws(DeliveryFailure) -> Result {
        let isNew = access(path, F_OK) != 0
        // For its owner only: what HR knows of people stands in it. O_NONBLOCK: opening a named pipe would wait for its other end.
        let file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard file >= 0 else { throw refusal("cannot be opened") }
        defer { close(file) }
        guard flock(file, LOCK_EX) == 0 else { throw refusal("cannot be locked") }
        let place = try place(file)
        guard place.isRegular else { throw .retry(afterSeconds: 5, reason: "\(path) is no regular file") }
        // One that an earlier version made may be read by others.
        fchmod(file, 0o600)
        if isNew { syncFolder() }
        return try body(file)
    }

    private func place(_ file: Int32) throws(DeliveryFailure) -> FilePlace {
        var status = stat()
        guard fstat(file, &status) == 0 else { throw refusal("cannot be looked at") }
        return FilePlace(status)
    }

    /// Cuts what was written after the mark: it is written again now, with the first of `bytes`. The answer: why it was not done.
    private func goBack(_ file: Int32, to place: FilePlace, _ found: FilePlace, _ bytes: [UInt8]) throws(DeliveryFailure) -> String? {
        guard found.inode == place.inode, found.device == place.device else {
            return "\(path) is another file than before: the events are appended to it"
        }
        guard found.size >= place.size else {
            return "\(path) is shorter than it was (\(found.size) bytes instead of \(place.size)): the events are appended to it"
        }
        guard found.size > place.size else { return nil }
        guard try bytes.starts(with: lines(file, from: place, to: found, atMost: bytes.count)) else {
            return "\(path) holds lines that this store knows nothing of, behind those that it wrote last: the events are appended to it; "
                + "if the store was put back from a copy, what was done since is known to those lines alone"
        }
        guard ftruncate(file, off_t(place.size)) == 0 else { throw refusal("has lines of a run that died, which cannot be cut off") }
        return nil
    }

    /// The whole lines between two places; of more than `limit` bytes only so much that it is seen to be more.
    private func lines(_ file: Int32, from: FilePlace, to end: FilePlace, atMost limit: Int) throws(DeliveryFailure) -> [UInt8] {
        let half = try lastLine(file, off_t(end.size)).count
        let size = min(max(0, Int(end.size - from.size) - half), limit + 1)
        var block = [UInt8](repeating: 0, count: size)
        let count = block.withUnsafeMutableBytes { pread(file, $0.baseAddress, size, off_t(from.size)) }
        guard count == size else { throw refusal("cannot be read") }
        return block
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

/// Which file it was, and how long, when events were last marked as delivered.
private struct FilePlace {
    let device: UInt64
    let inode: UInt64
    let size: Int64
    let isRegular: Bool

    init(_ status: stat) {
        isRegular = status.st_mode & S_IFMT == S_IFREG
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
    }

    init?(_ position: SinkPosition) {
        let parts = position.text.split(separator: " ")
        guard parts.count == 3, let device = UInt64(parts[0]), let inode = UInt64(parts[1]), let size = Int64(parts[2]) else { return nil }
        isRegular = true
        self.device = device
        self.inode = inode
        self.size = size
    }

    var position: SinkPosition { SinkPosition("\(device) \(inode) \(size)") }
}
