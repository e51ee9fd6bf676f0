internal import Foundation

/// A thread of its own that carries out the jobs of one actor. Calls into libldap block it and nobody else (Swift's own pool has as many threads as
/// the machine has cores).
final class SessionThread: SerialExecutor {
    private let queue = JobQueue()

    init(name: String) {
        let queue = queue
        let thread = Thread { queue.serve() }
        thread.name = name
        thread.start()
    }

    deinit { queue.end() }

    func enqueue(_ job: consuming ExecutorJob) {
        queue.add(UnownedJob(job), executor: asUnownedSerialExecutor())
    }
}

/// Jobs waiting for the thread. The thread holds the queue, not the executor, so that it ends with the last user of the executor. A job keeps its
/// actor alive, and thereby the executor, for as long as it runs.
///
/// Unchecked because the condition guards everything in it. (`Synchronization.Mutex` made the thread sanitizer report races that are none.)
private final class JobQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private var jobs: [(job: UnownedJob, executor: UnownedSerialExecutor)] = []
    private var isEnding = false

    func add(_ job: UnownedJob, executor: UnownedSerialExecutor) {
        condition.lock()
        jobs.append((job, executor))
        condition.signal()
        condition.unlock()
    }

    func end() {
        condition.lock()
        isEnding = true
        condition.signal()
        condition.unlock()
    }

    func serve() {
        while let waiting = take() {
            for (job, executor) in waiting { job.runSynchronously(on: executor) }
        }
    }

    private func take() -> [(job: UnownedJob, executor: UnownedSerialExecutor)]? {
        condition.lock()
        defer { condition.unlock() }
        while jobs.isEmpty {
            if isEnding { return nil }
            condition.wait()
        }
        defer { jobs.removeAll(keepingCapacity: true) }
        return jobs
    }
}
