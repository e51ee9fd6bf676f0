internal import Contracts
internal import Foundation

/// What tells whether a file is still the one that was looked at: overwriting in place keeps the inode, exchanging it keeps the size at times.
struct FileState: Hashable {
    let size: Int64
    let modifiedSeconds: Int
    let modifiedNanoseconds: Int
    let inode: UInt64
    let device: UInt64
    private let mode: mode_t

    /// The file behind a name, wherever links lead; nil with `errno` when it cannot be looked at. Never opens it: opening a pipe waits for a writer.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        size = Int64(status.st_size)
        modifiedSeconds = status.st_mtim.tv_sec
        modifiedNanoseconds = status.st_mtim.tv_nsec
        inode = UInt64(status.st_ino)
        device = UInt64(status.st_dev)
        mode = status.st_mode
    }

    /// How long ago the file was last written; negative when its clock runs ahead of ours.
    var age: TimeInterval {
        -Date(timeIntervalSince1970: Double(modifiedSeconds) + Double(modifiedNanoseconds) / 1e9).timeIntervalSinceNow
    }

    /// Only a regular file has an end that means something.
    func requireRegular(_ name: String) throws(SourceError) {
        let kind: String
        switch mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR: kind = "a folder"
        case S_IFIFO: kind = "a named pipe"
        case S_IFSOCK: kind = "a socket"
        default: kind = "a device"
        }
        throw SourceError(file: name, message: "is \(kind), no regular file; write the rows into a file and name that")
    }

    var signature: String { "\(device)-\(inode)-\(size)-\(modifiedSeconds).\(modifiedNanoseconds)" }

    /// What differs, in words; nil for the same file.
    func difference(to later: FileState?) -> String? {
        guard let later else { return "it is gone" }
        if later.inode != inode || later.device != device { return "another file has its name now" }
        if later.size != size { return "it had \(size) bytes and has \(later.size) now" }
        if later.modifiedSeconds != modifiedSeconds || later.modifiedNanoseconds != modifiedNanoseconds { return "it was written to" }
        return nil
    }
}
