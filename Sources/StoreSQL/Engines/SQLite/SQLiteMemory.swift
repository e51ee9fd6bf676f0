internal import Contracts
internal import Foundation
internal import GRDB
internal import IdentityModel

/// SQLite in memory, for simulations: one connection, and every transaction is carried through at once, on the thread that asks for it. When what runs
/// next is decided by a seed, nothing may go on anywhere else.
final class SQLiteMemory: SQLEngine {
    private let queue: DatabaseQueue
    private let locks = MemoryLocks()

    let dialect = SQLiteEngine.dialect

    init() throws(StoreError) {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        configuration.label = "memory"
        do {
            queue = try DatabaseQueue(configuration: configuration)
        } catch {
            throw SQLiteFile.explain(error, path: "memory")
        }
    }

    func write<Result: Sendable>(
        _ work: @escaping @Sendable (any SQLSession) throws -> TransactionEnd<Result>
    ) async throws(StoreError) -> Result {
        try perform { database in try SQLiteEngine.transaction(database, work) }
    }

    func read<Result: Sendable>(_ work: @Sendable (any SQLSession) throws -> Result) async throws(StoreError) -> Result {
        try perform { database in try work(SQLiteSession(database: database)) }
    }

    private func perform<Result>(_ work: (Database) throws -> Result) throws(StoreError) -> Result {
        do {
            return try queue.inDatabase(work)
        } catch {
            throw SQLiteFile.explain(error, path: "memory")
        }
    }

    func prepareForQuestions() async throws(StoreError) {}
    func erase() async throws(StoreError) {}
    func lock(_ origin: Origin) throws(StoreError) -> any OriginLock { try locks.take(origin) }
    func close() async {}

    /// As it was when it was made: no row in any table, and nobody holds a lock. What was compiled of statements stays, and is most of what a new one costs.
    func empty() throws(StoreError) {
        locks.free()
        try perform { database in
            try database.inTransaction(.immediate) {
                let session = SQLiteSession(database: database)
                let tables = try session.queryAll(
                    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_stat%' AND name <> 'birthright_migrations'"
                ) { $0.text(0) }
                for table in tables { try session.execute("DELETE FROM \(table)") }
                return .commit
            }
        }
    }
}

/// Locks of one process's own.
private final class MemoryLocks: @unchecked Sendable {
    private let lock = NSLock()
    private var held: [Origin: Int] = [:]
    private var next = 0

    func take(_ origin: Origin) throws(StoreError) -> any OriginLock {
        let number: Int? = lock.withLock {
            guard held[origin] == nil else { return nil }
            next += 1
            held[origin] = next
            return next
        }
        guard let number else { throw .busy(origin) }
        return Held(locks: self, origin: origin, number: number)
    }

    func free() { lock.withLock { held = [:] } }

    private struct Held: OriginLock {
        let locks: MemoryLocks
        let origin: Origin
        let number: Int
        /// Done twice, it takes nothing from whoever came next.
        func release() { locks.lock.withLock { if locks.held[origin] == number { locks.held[origin] = nil } } }
    }
}
