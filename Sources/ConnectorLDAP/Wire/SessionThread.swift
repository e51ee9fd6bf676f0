internal import Foundation

/// A thread of its own that carries out the jobs of one actor. Calls into libldap block it and nobody else (Swift's own pool has as many threads as
/// the machine has cores).
final class SessionThread: SerialExecutor {
    private let queue = JobQueue()

    init(name: String) {
        let queue = queue
        let thread = Thread {
            PipeSignal.block()
            queue.serve()
        }
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

/// libldap writes to sockets in a way that raises SIGPIPE when the server has closed its end, which would end the whole process. The signal is sent to
/// the thread that writes, so it is blocked there, and nowhere else.
enum PipeSignal {
    private static var set: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        return signals
    }

    /// For the rest of the calling thread's life.
    static func block() {
        var signals = set
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// For the time of `body` only, on a thread that is not ours.
    static func blocked(_ body: () -> Void) {
        var signals = set
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &signals, &before)
        body()
        guard sigismember(&before, SIGPIPE) == 0 else { return }
        // One that came meanwhile must not strike when the mask is lifted.
        var none = timespec()
        _ = sigtimedwait(&signals, nil, &none)
        pthread_sigmask(SIG_SETMASK, &before, nil)
    }
}
