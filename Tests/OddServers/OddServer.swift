import Foundation

/// A server on loopback that says whatever a test wants, byte by byte, one thread for each connection.
package final class OddServer: @unchecked Sendable {
    package struct Request: Sendable {
        package let method: String
        package let path: String
        /// By name in lower case.
        package let headers: [String: String]
        package let body: String
        /// The first on its connection is 1.
        package let number: Int
    }

    package enum Answer: Sendable {
        case bytes(String)
        /// Nothing more is said on this connection.
        case close
        /// Said so many milliseconds later.
        case late(String, Int)
    }

    package let port: UInt16
    private let listener: Int32
    private let answer: @Sendable (Request) -> Answer
    private let lock = NSLock()
    private var seen: [Request] = []
    private var accepted = 0
    private var open: Set<Int32> = []
    private var mostOpen = 0

    package var requests: [Request] { lock.withLock { seen } }
    package var connections: Int { lock.withLock { accepted } }
    package var mostAtOnce: Int { lock.withLock { mostOpen } }

    package struct Failure: Error {}

    package init(_ answer: @escaping @Sendable (Request) -> Answer) throws {
        self.answer = answer
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(listener, raw, length) == 0 && listen(listener, 128) == 0 && getsockname(listener, raw, &length) == 0
            }
        }
        guard isBound else { throw Failure() }
        port = UInt16(bigEndian: address.sin_port)
        self.listener = listener
        Thread { [self] in accept() }.start()
    }

    package var url: String { "http://127.0.0.1:\(port)" }

    package func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        for connection in lock.withLock({ open }) { shutdown(connection, Int32(SHUT_RDWR)) }
    }

    private func accept() {
        while true {
            let connection = Foundation.accept(listener, nil, nil)
            guard connection >= 0 else { return }
            lock.withLock {
                accepted += 1
                open.insert(connection)
                mostOpen = max(mostOpen, open.count)
            }
            Thread { [self] in
                serve(connection)
                lock.withLock { _ = open.remove(connection) }
                close(connection)
            }.start()
        }
    }

    private func serve(_ connection: Int32) {
        var buffer: [UInt8] = []
        var number = 0
        while let request = next(connection, &buffer, number + 1) {
            number += 1
            lock.withLock { seen.append(request) }
            switch answer(request) {
            case .bytes(let text): if !write(text, connection) { return }
            case .close: return
            case .late(let text, let delay):
                usleep(UInt32(delay) * 1_000)
                if !write(text, connection) { return }
            }
        }
    }

    private func write(_ text: String, _ connection: Int32) -> Bool {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private func next(_ connection: Int32, _ buffer: inout [UInt8], _ number: Int) -> Request? {
        while true {
            let text = String(decoding: buffer, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
                let words = lines[0].split(separator: " ")
                var headers: [String: String] = [:]
                for line in lines.dropFirst() {
                    let parts = line.split(separator: ":", maxSplits: 1)
                    headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
                }
                let head = text[..<end.upperBound].utf8.count
                let length = headers["content-length"].flatMap { Int($0) } ?? 0
                if buffer.count >= head + length {
                    let body = String(decoding: buffer[head..<head + length], as: UTF8.self)
                    buffer.removeFirst(head + length)
                    return Request(method: String(words[0]), path: String(words[1]), headers: headers, body: body, number: number)
                }
            }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            buffer += chunk[..<count]
        }
    }
}

/// An answer with a body of known length.
package func answer(_ status: String = "200 OK", _ headers: [String] = [], _ body: String = "") -> OddServer.Answer {
    .bytes(text(status, headers, body))
}

package func text(_ status: String = "200 OK", _ headers: [String] = [], _ body: String = "") -> String {
    (["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers).joined(separator: "\r\n") + "\r\n\r\n" + body
}
