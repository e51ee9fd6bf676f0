import ChildProcesses
import Foundation
import HTTPTransport
import OddServers

/// `openssl s_server` with a certificate made for it; with `clientsShow` it wants the same from its clients.
final class SecureServer: Sendable {
    struct Failure: Error {}

    let url: String
    let certificate: String
    let key: String
    private let folder: URL
    private let process: ChildProcess

    init(clientsShow: Bool = false) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("birthright-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        certificate = folder.appendingPathComponent("c.pem").path
        key = folder.appendingPathComponent("k.pem").path
        let make = try ChildProcess(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
            ], output: .nowhere, errors: .nowhere)
        guard make.wait() == 0 else { throw Failure() }
        let probe = try OddServer { _ in answer() }
        probe.stop()
        url = "https://127.0.0.1:\(probe.port)/"
        let verify = clientsShow ? ["-Verify", "1", "-CAfile", certificate, "-verify_return_error"] : []
        process = try ChildProcess(
            "/usr/bin/openssl",
            ["s_server", "-accept", "127.0.0.1:\(probe.port)", "-cert", certificate, "-key", key, "-www", "-quiet"] + verify,
            output: .nowhere, errors: .nowhere)
        try await waitUntilItListens()
    }

    private func waitUntilItListens() async throws {
        var settings = HTTPSettings()
        settings.caFile = certificate
        let transport = try HTTPTransport(settings)
        for _ in 0..<200 {
            do throws(HTTPFailure) {
                _ = try await transport.send(HTTPRequest(.get, url))
                return
            } catch {
                guard error.message.contains("onnect to server") else { return }
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Failure()
    }

    func stop() {
        kill(process.pid, SIGTERM)
        _ = process.wait()
        try? FileManager.default.removeItem(at: folder)
    }
}
