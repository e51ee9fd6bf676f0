import Foundation
import Histories

/// Stands between the program and a directory server, counts what the program sends, and cuts the way at a chosen place: the only means to lose an
/// answer of a real server at a real request. It does not understand what passes (TLS), only where one record of the client ends (RFC 8446 section 5.1).
final class CutProxy: @unchecked Sendable {
    enum Cut {
        /// The record is not passed on.
        case before
        /// The record is passed on, and its answer is not.
        case after
        /// As before, and from then on nobody is let in.
        case outage
        /// The process that sent it is killed.
        case kill
    }

    let port: UInt16
    private let upstream: UInt16
    private let listener: Int32
    private let lock = NSLock()
    private var plan: (record: Int, cut: Cut)?
    private var records = 0
    private var isShut = false
    private var struck = false
    private var victim: pid_t = 0

    struct NoSocket: Error {}

    init(upstream: UInt16) throws {
        self.upstream = upstream
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = CutProxy.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard listener >= 0, isBound, listen(listener, 64) == 0 else { throw NoSocket() }
        port = UInt16(bigEndian: address.sin_port)
        Thread { [self] in accepting() }.start()
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    // MARK: The script

    /// For the next run. `record`: the n-th record of application data that the client sends, over all its connections.
    func arm(_ record: Int?, _ cut: Cut) {
        lock.withLock {
            plan = record.map { ($0, cut) }
            records = 0
            struck = false
        }
    }

    func watch(_ process: pid_t) { lock.withLock { victim = process } }
    func shut() { lock.withLock { isShut = true } }
    func reopen() { lock.withLock { isShut = false } }
    var wasStruck: Bool { lock.withLock { struck } }

    // MARK: Passing on

    private func accepting() {
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { return }
            if lock.withLock({ isShut }) {
                close(client)
                continue
            }
            let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = CutProxy.loopback(upstream)
            let isConnected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            guard isConnected else {
                close(client)
                close(server)
                continue
            }
            let pair = Pair(client: client, server: server)
            Thread { [self] in forward(pair) }.start()
            Thread { CutProxy.pass(from: pair.server, to: pair.client) { shutdown(pair.client, Int32(SHUT_RDWR)) } }.start()
        }
    }

    private struct Pair: Sendable {
        let client: Int32
        let server: Int32
    }

    private static func pass(from: Int32, to: Int32, then end: () -> Void) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(from, &buffer, buffer.count, 0)
            guard count > 0, sendAll(to, buffer[0..<count]) else { break }
        }
        end()
    }

    private static func sendAll(_ to: Int32, _ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// From the client, record by record.
    private func forward(_ pair: Pair) {
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        reading: while true {
            let count = recv(pair.client, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            pending += buffer[0..<count]
            while pending.count >= 5 {
                let length = 5 + Int(pending[3]) << 8 + Int(pending[4])
                guard pending.count >= length else { break }
                let record = pending[0..<length]
                switch pending[0] == 23 ? due() : nil {
                case nil: guard CutProxy.sendAll(pair.server, record) else { break reading }
                case .after?:
                    shutdown(pair.client, Int32(SHUT_RDWR))
                    _ = CutProxy.sendAll(pair.server, record)
                    usleep(20_000)
                    break reading
                case .before?, .outage?, .kill?: break reading
                }
                pending.removeFirst(length)
            }
        }
        shutdown(pair.client, Int32(SHUT_RDWR))
        shutdown(pair.server, Int32(SHUT_RDWR))
        close(pair.client)
        close(pair.server)
    }

    private func due() -> Cut? {
        lock.withLock {
            records += 1
            guard let plan, records == plan.record else { return nil }
            struck = true
            if plan.cut == .outage { isShut = true }
            if plan.cut == .kill, victim > 0 { kill(victim, SIGKILL) }
            return plan.cut
        }
    }
}
