internal import Contracts
internal import Foundation
internal import IdentityModel

/// An advisory lock on a file of its own beside the store, one per origin: `flock` frees it when the process dies, however it dies.
///
/// The file stays: removing it would let two processes hold locks on two files of one name.
struct FileLock: OriginLock {
    private let handle: FileHandle

    init(besides store: String, origin: Origin) throws(StoreError) {
        let path = FileLock.path(besides: store, origin: origin)
        // O_CLOEXEC: a child process that lives longer than we must not keep the lock.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unreachable("the lock file \(path) cannot be opened: \(String(cString: strerror(errno)))") }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        // One that an earlier version made may be read by everybody, and so be locked by everybody.
        fchmod(descriptor, 0o600)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            try? handle.close()
            throw reason == EWOULDBLOCK ? .busy(origin) : .unreachable("\(path) cannot be locked: \(String(cString: strerror(reason)))")
        }
    }

    func release() { try? handle.close() }

    /// `store.db.lock-source-hr-1f2e...`: readable, and different for origins that differ only in characters that file names do not like.
    static func path(besides store: String, origin: Origin) -> String {
        let text = origin.description
        let readable = String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }.prefix(40))
        return "\(store).lock-\(readable)-\(String(StableHash.hash(text), radix: 16))"
    }
}
