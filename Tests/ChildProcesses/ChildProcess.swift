package import Foundation

/// A program that a test starts.
///
/// Not Foundation's `Process`: on Linux its `run()` copies whole entries of /proc/self/fd from the end of a buffer (`findMaximumOpenFromProcSelfFD`, found by the
/// address sanitizer), which ends a whole test run with a segmentation fault now and then.
package final class ChildProcess: @unchecked Sendable {
    /// Where what it prints goes.
    package enum Output {
        case inherited, nowhere
        /// A file that is there, from its beginning.
        case file(String)
        /// Read from `output` until the program, and whoever it started, is gone.
        case pipe
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package let pid: pid_t
    /// With `.pipe`.
    package let output: FileHandle?
    /// What was written here the program reads; nil: it has nothing to read.
    package let input: FileHandle?
    private let lock = NSLock()
    private var status: Int32?

    /// `environment`: nil: this process's own. Signals are neither blocked nor ignored in it, and of our files it has those three alone.
    package init(
        _ path: String, _ arguments: [String] = [], environment: [String: String]? = nil, output: Output = .inherited,
        errors: Output? = nil, hasInput: Bool = false
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var closing: [Int32] = []
        defer { for descriptor in closing { close(descriptor) } }

        func pipeEnds() throws -> (read: Int32, write: Int32) {
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0 else { throw Failure(description: "no pipe: \(String(cString: strerror(errno)))") }
            return (ends[0], ends[1])
        }
        func send(_ output: Output, to descriptor: Int32) throws -> FileHandle? {
            switch output {
            case .inherited: break
            case .nowhere: posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
            case .file(let path): posix_spawn_file_actions_addopen(&actions, descriptor, path, O_WRONLY | O_APPEND, 0)
            case .pipe:
                let (read, write) = try pipeEnds()
                posix_spawn_file_actions_adddup2(&actions, write, descriptor)
                closing.append(write)
                return FileHandle(fileDescriptor: read, closeOnDealloc: true)
            }
            return nil
        }

        if hasInput {
            let (read, write) = try pipeEnds()
            posix_spawn_file_actions_adddup2(&actions, read, 0)
            closing.append(read)
            input = FileHandle(fileDescriptor: write, closeOnDealloc: true)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            input = nil
        }
        self.output = try send(output, to: 1)
        if let errors { _ = try send(errors, to: 2) } else { posix_spawn_file_actions_adddup2(&actions, 1, 2) }
        try ChildProcess.closeEverythingElse(&actions)
        pid = try ChildProcess.spawn(path, arguments, environment ?? ProcessInfo.processInfo.environment, &actions)
    }

    private static func spawn(
        _ path: String, _ arguments: [String], _ environment: [String: String], _ actions: inout posix_spawn_file_actions_t
    ) throws -> pid_t {
        // Threads of Swift's pool block signals, a child inherits that, and a server that never sees SIGTERM has to be killed.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        var settings = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + settings { free(text) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, path, &actions, &attributes, &words, &settings)
        guard code == 0 else { throw Failure(description: "\(path) cannot be started: \(String(cString: strerror(code)))") }
        return pid
    }

    /// Glibc has had it since 2.34, and hides it from Swift. A lock or a socket that a server inherits would outlive the test.
    private static func closeEverythingElse(_ actions: inout posix_spawn_file_actions_t) throws {
        guard let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else {
            throw Failure(description: "this C library cannot close files of programs that are started; glibc 2.34 can")
        }
        typealias CloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
        _ = unsafeBitCast(symbol, to: CloseFrom.self)(&actions, 3)
    }

    /// Waits for its end: the exit code, or 128 and the number of the signal that ended it.
    @discardableResult
    package func wait() -> Int32 {
        lock.withLock {
            if let status { return status }
            var raw: Int32 = 0
            while waitpid(pid, &raw, 0) < 0 && errno == EINTR {}
            return note(raw)
        }
    }

    package var isRunning: Bool {
        lock.withLock {
            guard status == nil else { return false }
            var raw: Int32 = 0
            guard waitpid(pid, &raw, WNOHANG) == pid else { return true }
            _ = note(raw)
            return false
        }
    }

    private func note(_ raw: Int32) -> Int32 {
        let signal = raw & 0x7F
        let code = signal == 0 ? (raw >> 8) & 0xFF : 128 + signal
        status = code
        return code
    }

    /// Everything it prints, errors included, once it has ended.
    package static func run(
        _ path: String, _ arguments: [String] = [], environment: [String: String]? = nil, errors: Output? = nil,
        started: (pid_t) -> Void = { _ in }
    ) throws -> (code: Int32, output: String) {
        // A file, not a pipe: a server that the program starts must not keep the test waiting for the end of its output.
        let captured = FileManager.default.temporaryDirectory.appendingPathComponent("birthright-output-\(UUID().uuidString)")
        _ = FileManager.default.createFile(atPath: captured.path, contents: nil)
        defer { try? FileManager.default.removeItem(at: captured) }
        let child = try ChildProcess(path, arguments, environment: environment, output: .file(captured.path), errors: errors)
        started(child.pid)
        let code = child.wait()
        return (code, String(decoding: try Data(contentsOf: captured), as: UTF8.self))
    }
}
