internal import COpenLDAP
internal import Foundation

/// TCP connections, and why there is none.
enum Sockets {
    enum Outcome {
        /// A blocking socket, which is the caller's to close.
        case connected(Int32)
        case refused, unknownHost
        case failed(String)
    }

    /// Host and port of an LDAP URL, with the port's default.
    static func place(of url: String) -> (host: String, port: Int)? {
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty else { return nil }
        return (host, parts.port ?? (parts.scheme?.lowercased() == "ldaps" ? 636 : 389))
    }

    static func connect(host: String, port: Int, seconds: Int) -> Outcome {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        guard getaddrinfo(bare, String(port), &hints, &found) == 0, let first = found else { return .unknownHost }
        defer { freeaddrinfo(found) }
        var outcome = Outcome.unknownHost
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let address = next {
            outcome = connect(address.pointee, seconds: seconds)
            if case .connected = outcome { return outcome }
            next = address.pointee.ai_next
        }
        return outcome
    }

    private static func connect(_ address: addrinfo, seconds: Int) -> Outcome {
        let kind = address.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.ai_family, kind, address.ai_protocol)
        guard descriptor >= 0 else { return .failed(String(cString: strerror(errno))) }
        var code: Int32 = 0
        if Foundation.connect(descriptor, address.ai_addr, address.ai_addrlen) != 0 {
            code = errno == EINPROGRESS ? outcome(of: descriptor, seconds: seconds) : errno
        }
        guard code == 0 else {
            close(descriptor)
            return switch code {
            case ECONNREFUSED: .refused
            case ETIMEDOUT: .failed("no answer within \(seconds) seconds")
            default: .failed(String(cString: strerror(code)))
            }
        }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
        return .connected(descriptor)
    }

    private static func outcome(of descriptor: Int32, seconds: Int) -> Int32 {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&waiting, 1, Int32(clamping: seconds * 1_000)) > 0 else { return ETIMEDOUT }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        return code
    }

    /// Requests are small and answers awaited: nothing is held back to be sent with the next, and a dead peer is noticed. A server that stops reading, or
    /// stops within an answer, must not hold the thread for ever.
    static func limit(_ descriptor: Int32, seconds: Int) {
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, socklen_t(MemoryLayout<Int32>.size))
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
}

/// Ends a socket's traffic when the time is over, so that a call that is blocked in it returns with an error.
final class SocketLimit: Sendable {
    private let state = State()

    /// Unchecked because the condition guards everything in it.
    private final class State: @unchecked Sendable {
        let condition = NSCondition()
        var isEnded = false
        var isLate = false
    }

    init(_ descriptor: Int32, seconds: Int) {
        let state = state
        let deadline = Date(timeIntervalSinceNow: TimeInterval(seconds))
        Thread.detachNewThread {
            state.condition.lock()
            defer { state.condition.unlock() }
            while !state.isEnded {
                if state.condition.wait(until: deadline) { continue }
                // Under the lock, so that the descriptor is still this connection's.
                if !state.isEnded {
                    state.isLate = true
                    shutdown(descriptor, Int32(SHUT_RDWR))
                }
                return
            }
        }
    }

    /// Lifts the limit; whether it had struck.
    func end() -> Bool {
        state.condition.lock()
        defer { state.condition.unlock() }
        state.isEnded = true
        state.condition.signal()
        return state.isLate
    }
}
