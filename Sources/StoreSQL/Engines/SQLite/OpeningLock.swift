internal import Contracts
internal import Foundation

/// Held while a store is opened, so that one process makes or changes the tables while the others wait.
///
/// SQLite alone does not do: switching a new file to WAL answers "busy" at once, whatever the busy timeout. The lock file says as well whether a store
/// was being made when its process died: such a file without tables is begun anew, any other one without tables was copied without its WAL.
struct OpeningLock {
    private let handle: FileHandle

    /// Waits for others, up to a minute.
    static func wait(besides store: String) async throws(StoreError) -> OpeningLock {
        let path = store + ".lock-opening"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unreachable("the lock file \(path) cannot be opened: \(String(cString: strerror(errno)))") }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        fchmod(descriptor, 0o600)
        let deadline = ContinuousClock.now + .seconds(60)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw .unreachable("\(path) cannot be locked: \(String(cString: strerror(errno)))")
            }
            guard ContinuousClock.now < deadline else {
                throw .unreachable("another process has been opening \(store) for a minute (it holds \(path))")
            }
            do {
                try await Task.sleep(for: .milliseconds(20))
            } catch {
                throw .unreachable("opening \(store) was cancelled")
            }
        }
        return OpeningLock(handle: handle)
    }

    /// A process died while it made this store.
    var wasMaking: Bool { lseek(handle.fileDescriptor, 0, SEEK_END) > 0 }

    func beginMaking() { _ = pwrite(handle.fileDescriptor, "making", 6, 0) }

    /// The tables are there.
    func endMaking() { ftruncate(handle.fileDescriptor, 0) }

    func release() { try? handle.close() }
}
