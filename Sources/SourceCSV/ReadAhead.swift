internal import Foundation

/// How far a reading thread may be ahead of whoever works on what it read.
///
/// A condition and a count, not a `DispatchSemaphore`: freed while its count is below the first one, that one ends the process.
final class ReadAhead: @unchecked Sendable {
    private let condition = NSCondition()
    private var free: Int
    private var isOver = false

    init(places: Int) { free = places }

    /// Waits for a place; false when nobody wants more.
    func take() -> Bool {
        condition.withLock {
            while free == 0 && !isOver { condition.wait() }
            guard !isOver else { return false }
            free -= 1
            return true
        }
    }

    func give() {
        condition.withLock {
            free += 1
            condition.signal()
        }
    }

    /// Nobody wants more: whoever waits is woken, nobody waits again.
    func end() {
        condition.withLock {
            isOver = true
            condition.broadcast()
        }
    }

    var isEnded: Bool { condition.withLock { isOver } }
}
