import ChildProcesses
import Foundation
import HTTPTransport
import IdentityModel
import Testing

@testable import ConnectorREST

/// A private scim2-server (https://pypi.org/project/scim2-server), which keeps its users in memory.
final class SCIMServer: Sendable {
    let url: String
    static let token = "test-token"
    private let process: ChildProcess

    /// Where `.ci/setup` puts it, or BIRTHRIGHT_SCIM_SERVER.
    static var program: String {
        if let path = ProcessInfo.processInfo.environment["BIRTHRIGHT_SCIM_SERVER"], !path.isEmpty { return path }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent(".build/scim/bin/scim2-server").path
    }
    static var isThere: Bool { FileManager.default.isExecutableFile(atPath: program) }

    struct NotStarted: Error, CustomStringConvertible { let description: String }

    init() async throws {
        let port = try SCIMServer.freePort()
        process = try ChildProcess(SCIMServer.program, ["--port", "\(port)", "--bearer-token", SCIMServer.token], output: .nowhere)
        url = "http://127.0.0.1:\(port)/v2"
        let client = try client()
        let deadline = ContinuousClock.now + .seconds(120)
        while (try? await client.send(.get, "/ServiceProviderConfig"))?.body == nil {
            guard process.isRunning, .now < deadline else {
                stop()
                throw NotStarted(description: "\(SCIMServer.program) does not answer on port \(port)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    func client() throws -> RESTClient {
        try RESTClient(
            base: url, authorization: .bearer(Sensitive(SCIMServer.token)), contentType: "application/scim+json", .init())
    }

    func stop() {
        kill(process.pid, SIGTERM)
        _ = process.wait()
    }

    /// One that nobody listens on; the server itself refuses one that is taken meanwhile.
    private static func freePort() throws -> UInt16 {
        let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(probe) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(probe, raw, length) == 0 && getsockname(probe, raw, &length) == 0
            }
        }
        guard isBound else { throw NotStarted(description: "no port is free") }
        return UInt16(bigEndian: address.sin_port)
    }
}
