import Foundation
import IdentityModel
import Provisioning

/// Progress of runs on standard error: one line that is drawn over and over on a terminal, plain lines in a pipe. May be told from any thread.
enum Progress {
    static func planning() -> @Sendable (PlanProgress) -> Void {
        let meter = Meter()
        return { progress in meter.show { _ in ProgressText.planning(progress) } }
    }

    /// Told how many people are compared so far.
    static func comparing() -> @Sendable (Int) -> Void {
        let meter = Meter()
        return { users in meter.show { _ in ProgressText.comparing(users) } }
    }

    static func applying() -> @Sendable (ApplyProgress) -> Void {
        let meter = Meter()
        return { progress in
            meter.note(progress)
            meter.show { ProgressText.applying(Array($0.values), bar: Surface.standardError.isTerminal ? 20 : 0) }
        }
    }

    /// Takes the line off the terminal: whatever is printed next begins on an empty one.
    static func clear() { Surface.standardError.clear() }

    private final class Meter: @unchecked Sendable {
        private let lock = NSLock()
        private let began = ContinuousClock.now
        private var pacing = ProgressPacing(isTerminal: Surface.standardError.isTerminal)
        private var systems: [SystemName: ApplyProgress] = [:]

        func note(_ progress: ApplyProgress) { lock.withLock { systems[progress.system] = progress } }

        /// The text is only made when it is shown.
        func show(_ text: ([SystemName: ApplyProgress]) -> String) {
            lock.withLock {
                let elapsed = began.duration(to: .now) / .milliseconds(1)
                if pacing.isDue(at: Int64(elapsed)) { Surface.standardError.draw(text(systems)) }
            }
        }
    }

    private final class Surface: @unchecked Sendable {
        static let standardError = Surface()

        let isTerminal = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
        private let lock = NSLock()
        private var isDrawn = false

        func draw(_ text: String) {
            lock.withLock {
                guard isTerminal else { return write(text + "\n") }
                isDrawn = true
                write("\r\u{1B}[K" + DisplayText.cut(text, to: columns - 1))
            }
        }

        func clear() {
            lock.withLock {
                guard isDrawn else { return }
                isDrawn = false
                write("\r\u{1B}[K")
            }
        }

        private var columns: Int {
            var size = winsize()
            guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return 80 }
            return Int(size.ws_col)
        }

        private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
    }
}
