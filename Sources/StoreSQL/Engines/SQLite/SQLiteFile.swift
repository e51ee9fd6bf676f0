internal import Contracts
internal import Foundation
internal import GRDB
internal import IdentityModel

/// What can be wrong with the file of a store, in words.
enum SQLiteFile {
    /// Makes the folder; refuses what SQLite would only call "unable to open database file".
    static func prepareFolder(_ path: String) throws(StoreError) {
        let files = FileManager.default
        var isDirectory: ObjCBool = false
        if files.fileExists(atPath: path, isDirectory: &isDirectory) {
            guard !isDirectory.boolValue else { throw .unreachable("\(path) is a directory; 'store' must name a file") }
            guard files.isReadableFile(atPath: path), files.isWritableFile(atPath: path) else {
                throw .unreachable("no permission to read and write \(path)")
            }
            return
        }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do {
            try files.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .unreachable("the folder \(folder) cannot be made: \(error.localizedDescription)")
        }
        guard files.isWritableFile(atPath: folder) else { throw .unreachable("no permission to write in the folder \(folder)") }
    }

    /// Makes the file of a new store, for its owner only; SQLite gives what lies beside it (-wal, -shm) the rights that the file has. True: the store is new.
    ///
    /// A file that is there is not opened: closing it would end the locks of another connection of this process.
    static func prepare(_ path: String, wasMaking: Bool) throws(StoreError) -> Bool {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            close(descriptor)
            guard hasWAL(path) else { return true }
            unlink(path)
            throw lacksTables(path, besideWAL: true)
        }
        guard errno == EEXIST else { throw .unreachable("\(path) cannot be made: \(String(cString: strerror(errno)))") }
        guard size(path) == 0 else { return wasMaking }
        if hasWAL(path) && !wasMaking { throw lacksTables(path, besideWAL: true) }
        return true
    }

    /// A store of version 0.1.0 could be read by everybody, and holds what HR knows of people.
    static func makePrivate(_ path: String) {
        for file in [path, path + "-wal", path + "-shm"] { chmod(file, 0o600) }
    }

    static func lacksTables(_ path: String, besideWAL: Bool) -> StoreError {
        let beside = besideWAL ? ", and the \(path)-wal beside it does not fit" : ""
        return .unreachable(
            "\(path) holds no tables\(beside): it was probably copied without its -wal file, or only in part. Restore it from a copy "
                + "that was made when no command was running, or take the file away to begin with an empty store")
    }

    static func hasWAL(_ path: String) -> Bool { size(path + "-wal") > 0 }

    private static func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// For a store that is only read.
    static func find(_ path: String) throws(StoreError) {
        let files = FileManager.default
        var isDirectory: ObjCBool = false
        guard files.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw .unreachable("there is no store at \(path) yet; the first `plan` makes it")
        }
        guard !isDirectory.boolValue else { throw .unreachable("\(path) is a directory; 'store' must name a file") }
        guard files.isReadableFile(atPath: path) else { throw .unreachable("no permission to read \(path)") }
    }

    /// Any error of a transaction as the store's own.
    static func explain(_ error: any Error, path: String) -> StoreError {
        switch error {
        case let error as StoreError: return error
        case let error as DocumentError: return .damaged(error.message)
        case let error as DatabaseError: return explain(error, path: path)
        case is CancellationError: return .unreachable("reading \(path) was cancelled")
        default: return .unreachable("\(path): \(error)")
        }
    }

    private static func explain(_ error: DatabaseError, path: String) -> StoreError {
        let message = error.message ?? "no message"
        switch error.resultCode {
        case .SQLITE_NOTADB: return .unreachable("\(path) is not a Birthright store (SQLite: \(message))")
        case .SQLITE_CANTOPEN: return .unreachable("\(path) cannot be opened (SQLite: \(message))")
        case .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_AUTH: return .unreachable("no permission to write \(path) (SQLite: \(message))")
        case .SQLITE_FULL: return .unreachable("the disk of \(path) is full; nothing of the last step was saved")
        case .SQLITE_IOERR: return .unreachable("\(path) cannot be read or written (SQLite: \(message))")
        case .SQLITE_BUSY, .SQLITE_LOCKED: return .unreachable("\(path) stayed locked by another process for a minute")
        case .SQLITE_CORRUPT: return .damaged("\(path) is damaged (SQLite: \(message)); restore it from a backup")
        default: return .damaged("SQLite \(error.extendedResultCode.rawValue): \(message)")
        }
    }
}
