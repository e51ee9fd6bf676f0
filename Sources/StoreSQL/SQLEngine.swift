package import Contracts
package import IdentityModel

/// How a transaction ends, with its answer.
package enum TransactionEnd<Result: Sendable>: Sendable {
    case commit(Result)
    /// Nothing of it is kept.
    case rollback(Result)
}

/// A database that runs our SQL.
package protocol SQLEngine: Sendable {
    var dialect: SQLDialect { get }
    /// One writing transaction: everything or nothing. It is carried through even when the calling task is cancelled, because what it records has happened.
    func write<Result: Sendable>(
        _ work: @escaping @Sendable (any SQLSession) throws -> TransactionEnd<Result>
    ) async throws(StoreError) -> Result
    /// One reading transaction: a snapshot that writers neither wait for nor change.
    func read<Result: Sendable>(_ work: @Sendable (any SQLSession) throws -> Result) async throws(StoreError) -> Result
    /// Called when the tables are there, before anything is asked of them.
    func prepareForQuestions() async throws(StoreError)
    /// What was deleted or replaced is in the files no more.
    func erase() async throws(StoreError)
    func lock(_ origin: Origin) throws(StoreError) -> any OriginLock
    func close() async
}
