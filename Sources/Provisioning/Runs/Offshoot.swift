/// Work that goes on beside whoever began it, and is no child of theirs. All such work begins here: where a seed decides what runs next, it does so for this
/// as well.
package enum Offshoot {
    /// Where it runs; nil, as shipped: wherever the runtime likes.
    @TaskLocal package static var executor: (any TaskExecutor)?

    static func begin<Success: Sendable>(_ work: sending @escaping @Sendable () async throws -> Success) -> Task<Success, any Error> {
        Task(executorPreference: executor, operation: work)
    }
}
