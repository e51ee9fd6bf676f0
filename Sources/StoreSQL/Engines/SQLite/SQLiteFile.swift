internal import Contracts
internal import Foundation
internal import GRDB
internal import IdentityModel

/// What can be wrong with the file of a store, in words.
enum SQLiteFile {
    /// Makes the folder; refuses what SQLite would only call "unable to open database file".
    static func prepare(_ path: String) throws(StoreError) {
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
            try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw .unreachable("the folder \(folder) cannot be made: \(error.localizedDescription)")
        }
        guard files.isWritableFile(atPath: folder) else { throw .unreachable("no permission to write in the folder \(folder)") }
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
