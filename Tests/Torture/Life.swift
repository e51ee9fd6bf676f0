import Contracts
import Histories
import IdentityModel
import StoreSQL

/// The life of one process: it ends at a chosen call, and from then on nothing it does has any effect.
final class Life: @unchecked Sendable {
    private let end: Int?
    private let executor: SeededExecutor
    private var calls = 0
    private var locks: [any OriginLock] = []
    private(set) var isOver = false
    private(set) var isEndless = false
    /// More than any run of fifteen people needs.
    private static let most = 4_000

    init(_ mishap: Mishap?, on executor: SeededExecutor) {
        if case .death(let call)? = mishap { end = call } else { end = nil }
        self.executor = executor
    }

    /// Whoever dies lets go of what they hold.
    func finish() {
        isOver = true
        for lock in locks { lock.release() }
        locks = []
    }

    func hold(_ lock: any OriginLock) { locks.append(lock) }

    /// A call of store or system, before which others may go on; false: the process is dead.
    func goesOn() async -> Bool {
        await executor.pause()
        return counts()
    }

    /// The same at once.
    func counts() -> Bool {
        calls += 1
        // A run that never ends is ended, and told.
        if calls > Life.most { isEndless = true }
        if !isOver, calls >= end ?? .max || isEndless { finish() }
        return !isOver
    }
}

/// The store of a process that may die before or after any transaction: before, nothing is kept; after, nobody hears of it.
struct MortalEngine: SQLEngine {
    let engine: any SQLEngine
    let life: Life

    var dialect: SQLDialect { engine.dialect }

    private func step() async throws(StoreError) {
        if await !life.goesOn() { throw .unreachable("the process is dead") }
    }

    func write<Result: Sendable>(
        _ work: @escaping @Sendable (any SQLSession) throws -> TransactionEnd<Result>
    ) async throws(StoreError) -> Result {
        try await step()
        let result = try await engine.write(work)
        try await step()
        return result
    }

    func read<Result: Sendable>(_ work: @Sendable (any SQLSession) throws -> Result) async throws(StoreError) -> Result {
        try await step()
        return try await engine.read(work)
    }

    func prepareForQuestions() async throws(StoreError) {}

    func erase() async throws(StoreError) {
        try await step()
        try await engine.erase()
    }

    func lock(_ origin: Origin) throws(StoreError) -> any OriginLock {
        if !life.counts() { throw .unreachable("the process is dead") }
        let lock = try engine.lock(origin)
        life.hold(lock)
        return lock
    }

    /// The history goes on with the same store.
    func close() async {}
}
