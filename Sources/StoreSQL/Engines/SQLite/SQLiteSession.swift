internal import GRDB
internal import GRDBSQLite

/// A GRDB connection, stepped by hand: GRDB prepares and caches the statements, opens the transactions and keeps the connections; values go in and out
/// through SQLite's C functions, which is about three times as fast as through `StatementArguments` and `Row`.
struct SQLiteSession: SQLSession {
    let database: Database

    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        let statement = try database.cachedStatement(sql: sql).sqliteStatement
        defer { sqlite3_reset(statement) }
        bind(arguments, to: statement)
        try finish(statement)
        return Int(sqlite3_changes(database.sqliteConnection))
    }

    func query(_ sql: String, _ arguments: [SQLValue], row: (any SQLRow) throws -> Void) throws {
        let statement = try database.cachedStatement(sql: sql).sqliteStatement
        defer { sqlite3_reset(statement) }
        bind(arguments, to: statement)
        let current = SQLiteRow(statement: statement)
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: try row(current)
            case SQLITE_DONE: return
            default: throw error()
            }
        }
    }

    @discardableResult
    func bulkLoad(_ sql: String, count: Int, bind: (Int, any SQLBinder) -> Void) throws -> [Int] {
        guard count > 0 else { return [] }
        let statement = try database.cachedStatement(sql: sql).sqliteStatement
        defer { sqlite3_reset(statement) }
        let binder = SQLiteBinder(statement)
        var untouched: [Int] = []
        for position in 0..<count {
            binder.position = 0
            bind(position, binder)
            try finish(statement)
            if sqlite3_changes(database.sqliteConnection) == 0 { untouched.append(position) }
            sqlite3_reset(statement)
        }
        return untouched
    }

    private func finish(_ statement: OpaquePointer) throws {
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: continue
            case SQLITE_DONE: return
            default: throw error()
            }
        }
    }

    private func bind(_ arguments: [SQLValue], to statement: OpaquePointer) {
        let binder = SQLiteBinder(statement)
        for argument in arguments { binder.value(argument) }
    }

    private func error() -> DatabaseError {
        let connection = database.sqliteConnection
        return DatabaseError(
            resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)),
            message: sqlite3_errmsg(connection).map { String(cString: $0) })
    }
}

final class SQLiteBinder: SQLBinder {
    private let statement: OpaquePointer
    /// Of the last value; SQLite counts from 1.
    var position: Int32 = 0

    init(_ statement: OpaquePointer) { self.statement = statement }

    func null() {
        position += 1
        sqlite3_bind_null(statement, position)
    }

    func int(_ number: Int64) {
        position += 1
        sqlite3_bind_int64(statement, position, number)
    }

    func text(_ text: String) {
        var copy = text
        copy.withUTF8 { bind(UnsafeRawBufferPointer($0)) }
    }

    func document(_ bytes: [UInt8]) { bytes.withUnsafeBytes { bind($0) } }

    private func bind(_ bytes: UnsafeRawBufferPointer) {
        position += 1
        // An empty buffer may have no address, and SQLite takes a missing address for NULL.
        guard let start = bytes.baseAddress, !bytes.isEmpty else {
            sqlite3_bind_text(statement, position, "", 0, transient)
            return
        }
        sqlite3_bind_text(statement, position, start.assumingMemoryBound(to: CChar.self), Int32(bytes.count), transient)
    }
}

/// SQLITE_TRANSIENT, a macro that Swift does not import: SQLite copies the text before the call returns.
private let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

struct SQLiteRow: SQLRow {
    let statement: OpaquePointer

    func isNull(_ column: Int) -> Bool { sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL }
    func int(_ column: Int) -> Int64 { sqlite3_column_int64(statement, Int32(column)) }

    func text(_ column: Int) -> String { withBytes(column) { String(decoding: $0, as: UTF8.self) } }

    func withBytes<Result>(_ column: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let start = sqlite3_column_text(statement, Int32(column))
        return try body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, Int32(column)))))
    }
}
