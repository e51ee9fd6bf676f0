import Contracts
import Foundation
import Histories
import IdentityModel
import StoreSQL

/// The life of one process: it ends at a chosen call, and from then on nothing it does has any effect.
final class Life: @unchecked Sendable {
    private let lock = NSLock()
    private let end: Int?
    private var calls = 0
    private var dead = false
    private(set) var isEndless = false
    /// More than any run of fifteen people needs.
    private static let most = 4_000

    init(_ mishap: Mishap?) {
        if case .death(let call)? = mishap { end = call } else { end = nil }
    }

    var isOver: Bool { lock.withLock { dead } }

    func finish() { lock.withLock { dead = true } }

    /// Counts a call of store or system; false: the process is dead.
    func goesOn() -> Bool {
        lock.withLock {
            calls += 1
            if let end, calls >= end { dead = true }
            // A run that never ends is ended, and told.
            if calls > Life.most { (dead, isEndless) = (true, true) }
            return !dead
        }
    }
}

/// The store of a process that may die before or after any transaction: before, nothing is kept; after, nobody hears of it.
struct MortalEngine: SQLEngine {
    let engine: any SQLEngine
    let life: Life

    var dialect: SQLDialect { engine.dialect }

    private func step() throws(StoreError) {
        if !life.goesOn() { throw .unreachable("the process is dead") }
    }

    func write<Result: Sendable>(
        _ work: @escaping @Sendable (any SQLSession) throws -> TransactionEnd<Result>
    ) async throws(StoreError) -> Result {
        try step()
        let result = try await engine.write(work)
        try step()
        return result
    }

    func read<Result: Sendable>(_ work: @Sendable (any SQLSession) throws -> Result) async throws(StoreError) -> Result {
        try step()
        return try await engine.read(work)
    }

    func prepareForQuestions() async throws(StoreError) {}

    func erase() async throws(StoreError) {
        try step()
        try await engine.erase()
    }

    func lock(_ origin: Origin) throws(StoreError) -> any OriginLock {
        try step()
        return try engine.lock(origin)
    }

    /// The history goes on with the same file.
    func close() async {}
}
