internal import Contracts
internal import Foundation
internal import GRDB
internal import IdentityModel

/// How a SQLite store is opened.
package struct SQLiteStoreOptions: Sendable {
    package var path: String
    /// Every commit is on the disk before it counts (`synchronous = FULL`).
    ///
    /// WAL with NORMAL would be safe for the file and for a process that dies, but a power cut may then take back the last commits. Most of that would heal: an
    /// executed order whose commit is lost is found again by looking at the system. Not all of it: an ordinal given at sealing could be given again, and with
    /// it the tracking numbers of events that sinks have already seen. Commits are batches of about a thousand orders, so that their syncs cost little;
    /// NORMAL is for tests and benchmarks of everything else.
    package var durable: Bool
    /// Nothing is made and nothing is written: the file must be there.
    package var isReadOnly = false

    package init(path: String, durable: Bool = true) {
        self.path = path
        self.durable = durable
    }
}

/// SQLite through GRDB: one writer, and readers on snapshots beside it (WAL).
final class SQLiteEngine: SQLEngine {
    private let pool: DatabasePool
    private let path: String
    private let isReadOnly: Bool

    static let dialect = SQLDialect(
        countedKey: "INTEGER PRIMARY KEY AUTOINCREMENT", givenKey: "INTEGER PRIMARY KEY", clustered: "WITHOUT ROWID")
    var dialect: SQLDialect { SQLiteEngine.dialect }

    /// `isNew`: a file without tables is a store to be made. Any other one without tables is refused.
    init(_ options: SQLiteStoreOptions, isNew: Bool = true) throws(StoreError) {
        path = options.path
        isReadOnly = options.isReadOnly
        var configuration = Configuration()
        // Another process may be writing (another origin's run): its transactions are short, except for the start of a huge plan.
        configuration.busyMode = .timeout(60)
        configuration.foreignKeysEnabled = false
        configuration.maximumReaderCount = 4
        configuration.label = "store"
        configuration.readonly = options.isReadOnly
        // Of a file that is made now; every other one keeps its own. Half the reads and writes of SQLite's own 4 KiB.
        if !options.isReadOnly { configuration.prepareDatabase { try $0.execute(sql: "PRAGMA page_size = 8192") } }
        if !options.isReadOnly { try SQLiteFile.prepareFolder(options.path) }
        let hadWAL = SQLiteFile.hasWAL(options.path)
        do {
            pool = try DatabasePool(path: options.path, configuration: configuration)
            // Asked of the writer: were a reader open, closing after the refusal would leave a WAL behind.
            if !isNew, try !pool.writeWithoutTransaction({ try $0.tableExists("birthright_migrations") }) {
                throw SQLiteFile.lacksTables(options.path, besideWAL: hadWAL)
            }
            if options.isReadOnly { return }
            try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = \(options.durable ? "FULL" : "NORMAL")")
                // Negative numbers are KiB. Large enough for the inner pages of the indexes of a million users.
                try database.execute(sql: "PRAGMA cache_size = -24000")
                // In pages: a checkpoint per 32 MB (16 MB in a store of 4 KiB pages), not one after every chunk of a plan.
                try database.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
                try database.execute(sql: "PRAGMA journal_size_limit = 67108864")
            }
        } catch {
            throw SQLiteFile.explain(error, path: options.path)
        }
    }

    func write<Result: Sendable>(
        _ work: @escaping @Sendable (any SQLSession) throws -> TransactionEnd<Result>
    ) async throws(StoreError) -> Result {
        let path = path
        let result: Swift.Result<Result, StoreError> = await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { database in
                do {
                    continuation.resume(returning: .success(try SQLiteEngine.transaction(database, work)))
                } catch {
                    continuation.resume(returning: .failure(SQLiteFile.explain(error, path: path)))
                }
            }
        }
        return try result.get()
    }

    static func transaction<Result>(
        _ database: Database, _ work: (any SQLSession) throws -> TransactionEnd<Result>
    ) throws -> Result {
        var result: Result?
        try database.inTransaction(.immediate) {
            switch try work(SQLiteSession(database: database)) {
            case .commit(let value):
                result = value
                return .commit
            case .rollback(let value):
                result = value
                return .rollback
            }
        }
        guard let result else { throw StoreError.damaged("a transaction without a result") }
        return result
    }

    func read<Result: Sendable>(_ work: @Sendable (any SQLSession) throws -> Result) async throws(StoreError) -> Result {
        do {
            return try await pool.read { database in try work(SQLiteSession(database: database)) }
        } catch {
            throw SQLiteFile.explain(error, path: path)
        }
    }

    func prepareForQuestions() async throws(StoreError) {
        try await write { session in
            try SQLiteStatistics.write(session)
            return .commit(())
        }
    }

    /// Free pages and the slack of others hold what was there before: the file is written anew, and the WAL emptied.
    func erase() async throws(StoreError) {
        do {
            try await pool.writeWithoutTransaction { database in
                try database.execute(sql: "VACUUM")
                _ = try database.checkpoint(.truncate)
            }
        } catch {
            throw SQLiteFile.explain(error, path: path)
        }
    }

    func lock(_ origin: Origin) throws(StoreError) -> any OriginLock { try FileLock(besides: path, origin: origin) }

    /// Readers that are at work finish first. What is in the WAL goes into the file, so that a copy of it alone is whole.
    ///
    /// SQLite does that when the last connection closes, but here the last one is a reader, which may not. While another process works on the store nothing is
    /// waited for: that one does it when it ends.
    func close() async {
        if !isReadOnly {
            try? await pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA busy_timeout = 200")
                _ = try database.checkpoint(.truncate)
            }
        }
        try? pool.close()
    }
}
