internal import Contracts
internal import Foundation
internal import IdentityModel

/// The file of change records, shared with whatever other processes write to it: read as far as it has grown, appended to under a lock.
final class LDIFFile {
    /// What the file says beyond what was read of it before.
    struct News {
        var records: [LDIFRecord] = []
        /// The file is another one than before, or shorter: what was read of it counts for nothing.
        var isAnew = false
    }

    private let path: String
    private var handle: FileHandle?
    /// How many bytes, and lines, of whole records were read.
    private var end: UInt64 = 0
    private var lines = 0
    private(set) var realm: String?

    private static let head = "version: 1\n"
    /// Records are read so many bytes at a time.
    private static let piece = 1 << 22

    init(path: String) { self.path = path }

    deinit { close() }

    func close() {
        try? handle?.close()
        handle = nil
    }

    // MARK: Under the lock

    /// Nobody writes meanwhile.
    func reading<Result>(_ body: (News) throws -> Result) throws(ConnectorFailure) -> Result { try locked(LOCK_SH, body) }

    /// Nobody reads or writes meanwhile; what a process that died left half written is cut away first.
    func writing<Result>(_ body: (News) throws -> Result) throws(ConnectorFailure) -> Result {
        try locked(LOCK_EX) { news in
            if let handle, try handle.seekToEnd() > end { try handle.truncate(atOffset: end) }
            return try body(news)
        }
    }

    /// On the disk when it returns.
    func append(_ text: String) throws {
        guard let handle, !text.isEmpty else { return }
        try handle.seek(toOffset: end)
        try handle.write(contentsOf: Data(text.utf8))
        try handle.synchronize()
        end += UInt64(text.utf8.count)
        lines += text.utf8.count { $0 == UInt8(ascii: "\n") }
    }

    private func locked<Result>(_ kind: Int32, _ body: (News) throws -> Result) throws(ConnectorFailure) -> Result {
        do {
            let isAnew = try open()
            guard let handle else { throw ConnectorFailure(.unavailable, "\(path) is not open") }
            try lock(handle, kind)
            defer { _ = flock(handle.fileDescriptor, LOCK_UN) }
            var news = try read(handle)
            news.isAnew = news.isAnew || isAnew
            return try body(news)
        } catch let damage as LDIFReader.Damage {
            throw ConnectorFailure(
                .unavailable,
                "\(path) is not what was written there: the record that ends on line \(lines + damage.line) is no change record")
        } catch let failure as ConnectorFailure {
            throw failure
        } catch {
            close()
            throw ConnectorFailure(.unavailable, "\(path) cannot be used: \((error as NSError).localizedDescription)")
        }
    }

    private func lock(_ handle: FileHandle, _ kind: Int32) throws {
        while flock(handle.fileDescriptor, kind) != 0 {
            guard errno == EINTR else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        }
    }

    // MARK: The file

    /// Opens the file that the path names now. True: that is another one than before.
    private func open() throws -> Bool {
        var named = stat()
        let isThere = stat(path, &named) == 0
        if let handle {
            var held = stat()
            let isSame = isThere && fstat(handle.fileDescriptor, &held) == 0 && held.st_ino == named.st_ino && held.st_dev == named.st_dev
            if isSame { return false }
            close()
        }
        if !isThere { try make() }
        handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        (end, lines, realm) = (0, 0, nil)
        return true
    }

    /// Whole at once, so that nobody meets it without its mark; of two who make it the second one uses the first one's.
    private func make() throws {
        let draft = "\(path).\(UUID().uuidString)"
        let text = "\(LDIFFile.head)\(LDIFReader.realmMark)\(UUID().uuidString)\n\n"
        guard FileManager.default.createFile(atPath: draft, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]) else {
            throw ConnectorFailure(.unavailable, "\(path) cannot be written")
        }
        defer { unlink(draft) }
        guard link(draft, path) == 0 || errno == EEXIST else {
            throw ConnectorFailure(.unavailable, "\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    private func read(_ handle: FileHandle) throws -> News {
        var news = News()
        if try handle.seekToEnd() < end {
            (end, lines, realm) = (0, 0, nil)
            news.isAnew = true
        }
        try handle.seek(toOffset: end)
        var rest = Data()
        while let more = try handle.read(upToCount: LDIFFile.piece), !more.isEmpty {
            rest += more
            if end == 0, rest.starts(with: LDIFFile.head.utf8) {
                rest.removeFirst(LDIFFile.head.utf8.count)
                (end, lines) = (UInt64(LDIFFile.head.utf8.count), 1)
            }
            let reader = try LDIFReader(String(decoding: rest, as: UTF8.self))
            news.records += reader.records
            realm = realm ?? reader.realm
            end += UInt64(reader.end)
            lines += reader.lines
            rest = Data(rest.dropFirst(reader.end))
        }
        return news
    }
}
