import Histories
import IdentityModel
import Provisioning

/// One thread on which everything of a history runs, one piece after the other, in an order that a seed decides. Time passes only when nothing else is to be
/// done. The same seed gives the same order, and so the same history.
///
/// What resumes a task from another thread would be out of its hands: nothing here waits for one.
final class SeededExecutor: TaskExecutor, @unchecked Sendable {
    struct StandsStill: Error, CustomStringConvertible {
        let description = "the simulation stands still: everybody waits, and nobody for the clock"
    }

    private enum Piece {
        case job(UnownedJob)
        case resumption(UnsafeContinuation<Void, Never>)
    }

    private var dice: Dice
    private var ready: [Piece] = []
    private var sleepers: [(until: Instant, number: Int, continuation: UnsafeContinuation<Void, Never>)] = []
    private var slept = 0
    private(set) var now = Instant(milliseconds: 0)
    /// Pieces of work so far, and a digest of which was taken of how many.
    private(set) var taken = 0
    private(set) var order: UInt64 = 14_695_981_039_346_656_037

    init(seed: UInt64) { dice = Dice(seed: seed ^ 0x0E1E_C0DE) }

    func enqueue(_ job: consuming ExecutorJob) { ready.append(.job(UnownedJob(job))) }

    /// Runs `body` and everything that comes of it on the calling thread.
    func run<Success: Sendable>(_ body: @escaping @Sendable () async throws -> Success) throws -> Success {
        nonisolated(unsafe) var end: Result<Success, any Error>?
        Task(executorPreference: self) {
            await Offshoot.$executor.withValue(self) {
                do { end = .success(try await body()) } catch { end = .failure(error) }
            }
        }
        while true {
            if let end { return try end.get() }
            try takeNext()
        }
    }

    private func takeNext() throws(StandsStill) {
        if ready.isEmpty { try wakeNext() }
        let index = dice.roll(ready.count)
        let piece = ready.remove(at: index)
        order = (order ^ UInt64(index &+ ready.count << 8)) &* 1_099_511_628_211
        taken += 1
        switch piece {
        case .job(let job): job.runSynchronously(on: asUnownedTaskExecutor())
        case .resumption(let continuation): continuation.resume()
        }
    }

    private func wakeNext() throws(StandsStill) {
        guard
            let first = sleepers.indices.min(by: { (sleepers[$0].until, sleepers[$0].number) < (sleepers[$1].until, sleepers[$1].number) })
        else { throw StandsStill() }
        let sleeper = sleepers.remove(at: first)
        now = max(now, sleeper.until)
        ready.append(.resumption(sleeper.continuation))
    }

    // MARK: For those who run on it

    /// Lets whoever else is ready go first, perhaps.
    func pause() async { await withUnsafeContinuation { ready.append(.resumption($0)) } }

    /// A number that the seed decides.
    func draw(_ sides: Int) -> Int { dice.roll(sides) }

    /// It is that moment now, unless it is later already.
    func advance(to moment: Instant) { now = max(now, moment) }

    func sleep(_ milliseconds: Int64) async throws {
        try Task.checkCancellation()
        slept += 1
        let (until, number) = (now.adding(milliseconds: milliseconds), slept)
        await withUnsafeContinuation { sleepers.append((until, number, $0)) }
        try Task.checkCancellation()
    }

    var clock: ShellClock {
        ShellClock(now: { [self] in now }, sleep: { [self] milliseconds in try await sleep(milliseconds) })
    }
}
