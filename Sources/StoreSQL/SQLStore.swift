package import Contracts
package import IdentityModel

/// The store, written once over `SQLSession`: every method is one transaction, and none costs a round trip per user.
///
/// Its methods stand by theme: plans (`Plans`, `PlanChunks`, `Names`), what planning knows (`Known`, `Marks`), applying (`Starting`, `Claiming`,
/// `Committing`), and what is read (`Reading`, `Outbox`).
package final class SQLStore: Store {
    let engine: any SQLEngine

    init(engine: any SQLEngine) { self.engine = engine }

    /// Opens or makes a store in a SQLite file, with the folders above it, and brings it up to date. A store that a newer version wrote is refused.
    package static func openSQLite(path: String) async throws(StoreError) -> SQLStore {
        try await openSQLite(SQLiteStoreOptions(path: path))
    }

    package static func openSQLite(_ options: SQLiteStoreOptions) async throws(StoreError) -> SQLStore {
        try SQLiteFile.prepareFolder(options.path)
        let opening = try await OpeningLock.wait(besides: options.path)
        defer { opening.release() }
        let isNew = try SQLiteFile.prepare(options.path, wasMaking: opening.wasMaking)
        if isNew { opening.beginMaking() }
        let engine = try SQLiteEngine(options, isNew: isNew)
        let store = SQLStore(engine: engine)
        do {
            try await Migrations.run(on: engine, name: options.path)
            try await engine.prepareForQuestions()
        } catch {
            await engine.close()
            throw error
        }
        SQLiteFile.makePrivate(options.path)
        opening.endMaking()
        return store
    }

    /// Opens a store that is there, to read it and nothing else: every attempt to write is an error, and the file stays as it is, byte for byte.
    /// A store of another version, older or newer, is refused: it cannot be brought up to date without writing.
    package static func readSQLite(path: String) async throws(StoreError) -> SQLStore {
        var options = SQLiteStoreOptions(path: path)
        options.isReadOnly = true
        try SQLiteFile.find(path)
        let engine = try SQLiteEngine(options, isNew: false)
        do {
            try await Migrations.check(engine, name: path)
        } catch {
            await engine.close()
            throw error
        }
        return SQLStore(engine: engine)
    }

    /// A store that is gone with its process, and whose every transaction is carried through at once, by whoever asks: for simulations.
    package static func inMemory() async throws(StoreError) -> SQLStore {
        let store = SQLStore(engine: try SQLiteMemory())
        try await Migrations.run(on: store.engine, name: "memory")
        return store
    }

    /// Of one in memory: as it was when it was made.
    package func empty() throws(StoreError) { try (engine as? SQLiteMemory)?.empty() }

    package func close() async { await engine.close() }

    /// The same store behind another engine: for tests that let a process die at a chosen transaction.
    package func around(_ wrap: (any SQLEngine) -> any SQLEngine) -> SQLStore { SQLStore(engine: wrap(engine)) }

    package func lock(_ origin: Origin) async throws(StoreError) -> any OriginLock { try engine.lock(origin) }
}

/// Rows of changes and orders carry their plan and their place in it in one 64-bit key: a plan's rows lie together and are a range.
enum PlanRows {
    static let bits: Int64 = 32
    static func row(_ plan: PlanID, _ sequence: Int) -> Int64 { plan.row << bits | Int64(sequence) }
    static func first(_ plan: PlanID) -> Int64 { plan.row << bits }
    static func last(_ plan: PlanID) -> Int64 { (plan.row + 1) << bits - 1 }
    static func range(_ plan: PlanID) -> [SQLValue] { [.int(first(plan)), .int(last(plan))] }
    static func plan(_ row: Int64) -> PlanID { PlanID(row: row >> bits) }
    static func sequence(_ row: Int64) -> Int { Int(row & 0xFFFF_FFFF) }
    static func order(_ row: Int64) -> OrderID { OrderID(plan: plan(row), sequence: sequence(row)) }

    /// Changes `x` by plans that were started for a later day than `$1`: the clock, or `--as-of`, went back. What they made of people because of dates does not
    /// hold yet. Nearly always there are no such plans, and nothing is read but them.
    static let changedLater = """
        plans p CROSS JOIN plan_changes x WHERE x.id BETWEEN (p.id << \(bits)) AND (((p.id + 1) << \(bits)) - 1)
        AND p.as_of > $1 AND p.state IN ('applying', 'applied', 'abandoned')
        """

    /// Whom these plans change.
    static func users(of plans: [PlanID], _ session: any SQLSession) throws -> Set<UserID> {
        var users: Set<UserID> = []
        for plan in plans {
            try session.query("SELECT user_id FROM plan_changes WHERE id BETWEEN $1 AND $2", range(plan)) {
                users.insert(UserID($0.text(0)))
            }
        }
        return users
    }
}

extension OrderID {
    var row: Int64 { PlanRows.row(plan, sequence) }
}

extension Instant {
    var value: SQLValue { .int(milliseconds) }
}
