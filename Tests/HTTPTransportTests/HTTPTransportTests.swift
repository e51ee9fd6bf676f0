import ChildProcesses
import Foundation
import OddServers
import Testing

@testable import HTTPTransport

@Suite("Requests over HTTP")
struct HTTPTransportTests {
    private func settings(_ change: (inout HTTPSettings) -> Void = { _ in }) -> HTTPSettings {
        var settings = HTTPSettings()
        change(&settings)
        return settings
    }

    private func failure(_ transport: HTTPTransport, _ request: HTTPRequest) async -> HTTPFailure? {
        do throws(HTTPFailure) {
            _ = try await transport.send(request)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [HTTPRequest.Method.get, .post, .put, .patch, .delete])
    func `say what they were given, and bring what was answered`(_ method: HTTPRequest.Method) async throws {
        let server = try OddServer { _ in answer("201 Created", ["ETag: W/\"7\"", "X-Empty:"], "{\"id\":\"ø\"}") }
        defer { server.stop() }
        let body: [UInt8]? = method == .get || method == .delete ? nil : Array("{\"name\":\"Müller\"}".utf8)
        let response = try await HTTPTransport(settings()).send(
            HTTPRequest(
                method, server.url + "/Users?a=1", headers: [("Content-Type", "application/scim+json"), ("X-A", "b: c")], body: body))
        #expect(response.status == 201 && response.header("etag") == "W/\"7\"" && response.header("x-empty") == "")
        #expect(String(decoding: response.body, as: UTF8.self) == "{\"id\":\"ø\"}")
        let request = try #require(server.requests.first)
        #expect(request.method == method.rawValue && request.path == "/Users?a=1" && request.headers["x-a"] == "b: c")
        #expect(request.body == (body == nil ? "" : "{\"name\":\"Müller\"}") && request.headers["expect"] == nil)
    }

    @Test func `use a connection again, and no more than they may at once`() async throws {
        let server = try OddServer { _ in .late(text(), 5) }
        defer { server.stop() }
        let transport = try HTTPTransport(settings { $0.connections = 3 })
        for _ in 0..<20 { #expect(try await transport.send(HTTPRequest(.post, server.url + "/")).status == 200) }
        #expect(server.connections == 1)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<60 { group.addTask { try await transport.send(HTTPRequest(.get, server.url + "/\(number)")).status } }
            for try await status in group { #expect(status == 200) }
        }
        #expect(Set(server.requests.map(\.path)).count == 61)
        #expect(server.mostAtOnce <= 3 && server.connections <= 4)
    }

    /// libcurl would send it again by itself, on a connection that was used before.
    @Test func `are never sent twice when nobody answers, unless they only read`() async throws {
        let server = try OddServer { $0.path == "/closed" && $0.number > 1 ? .close : answer() }
        defer { server.stop() }
        let transport = try HTTPTransport(settings { $0.connections = 1 })
        for method in [HTTPRequest.Method.post, .put, .patch, .delete] {
            _ = try await transport.send(HTTPRequest(.get, server.url + "/"))
            #expect(await failure(transport, HTTPRequest(method, server.url + "/closed"))?.kind == .lost)
        }
        #expect(server.requests.count { $0.path == "/closed" } == 4)
        _ = try await transport.send(HTTPRequest(.get, server.url + "/"))
        #expect(try await transport.send(HTTPRequest(.get, server.url + "/closed")).status == 200)
        #expect(server.requests.count { $0.path == "/closed" } == 6)
    }

    @Test func `are lost when an answer stops in the middle, or does not come in time`() async throws {
        let server = try OddServer { request in
            request.path == "/slow" ? .late(text(), 2_000) : .bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        }
        defer { server.stop() }
        let transport = try HTTPTransport(settings { $0.timeout = 300 })
        #expect(await failure(transport, HTTPRequest(.post, server.url + "/slow"))?.kind == .lost)
        #expect(await failure(transport, HTTPRequest(.post, server.url + "/half"))?.kind == .lost)
    }

    @Test func `that found nobody were sent by nobody`() async throws {
        let server = try OddServer { _ in answer() }
        server.stop()
        let transport = try HTTPTransport(settings { $0.connectTimeout = 2_000 })
        let refused = await failure(transport, HTTPRequest(.post, server.url + "/"))
        #expect(refused?.kind == .unreachable)
        #expect(await failure(transport, HTTPRequest(.post, "http://no-such-host.invalid/"))?.kind == .unreachable)
        #expect(await failure(transport, HTTPRequest(.get, "ftp://127.0.0.1/"))?.kind != nil)
        #expect(await failure(transport, HTTPRequest(.get, "not a url"))?.kind == .invalid)
        #expect(await failure(transport, HTTPRequest(.get, server.url, headers: [("X", "a\r\nY: b")]))?.kind == .invalid)
    }

    @Test func `take no more than they may`() async throws {
        let server = try OddServer { request in
            request.path == "/body"
                ? answer("200 OK", [], String(repeating: "x", count: 5_000))
                : answer("200 OK", (0..<100).map { "X-\($0): \(String(repeating: "y", count: 100))" })
        }
        defer { server.stop() }
        let transport = try HTTPTransport(settings { ($0.largestBody, $0.largestHeaders) = (4_999, 5_000) })
        #expect(await failure(transport, HTTPRequest(.get, server.url + "/body"))?.kind == .tooLarge)
        #expect(await failure(transport, HTTPRequest(.get, server.url + "/headers"))?.kind == .tooLarge)
        let enough = try HTTPTransport(settings { $0.largestBody = 5_000 })
        #expect(try await enough.send(HTTPRequest(.get, server.url + "/body")).body.count == 5_000)
    }

    @Test func `follow no redirect, and take no early answer for the one that counts`() async throws {
        let server = try OddServer { request in
            request.path == "/moved"
                ? answer("302 Found", ["Location: /elsewhere"])
                : .bytes("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + text("200 OK", ["Retry-After: 3"]))
        }
        defer { server.stop() }
        let transport = try HTTPTransport(settings())
        #expect(try await transport.send(HTTPRequest(.get, server.url + "/moved")).status == 302)
        let response = try await transport.send(HTTPRequest(.get, server.url + "/early"))
        #expect(response.status == 200 && response.header("retry-after") == "3" && response.header("link") == nil)
        #expect(server.requests.map(\.path) == ["/moved", "/early"])
    }

    @Test func `end when their task is cancelled, whenever that is`() async throws {
        let server = try OddServer { _ in .late(text(), 600_000) }
        defer { server.stop() }
        let transport = try HTTPTransport(settings { $0.connections = 2 })
        await withTaskGroup(of: HTTPFailure?.self) { group in
            for _ in 0..<10 { group.addTask { await failure(transport, HTTPRequest(.post, server.url + "/")) } }
            while server.requests.count < 2 { try? await Task.sleep(for: .milliseconds(10)) }
            group.cancelAll()
            var kinds: [HTTPFailure.Kind: Int] = [:]
            for await failure in group {
                guard let failure else { continue }
                kinds[failure.kind, default: 0] += 1
                // It is not the time allowed for an answer that ended it.
                #expect(!failure.message.localizedCaseInsensitiveContains("timeout"))
            }
            // Two were sent; others got their connections before they were cancelled themselves, and the rest was sent by nobody.
            let (lost, unsent) = (kinds[.lost, default: 0], kinds[.unreachable, default: 0])
            #expect(lost >= 2 && lost + unsent == 10 && server.requests.count <= lost)
        }
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await failure(transport, HTTPRequest(.post, server.url + "/"))
        }
        #expect(await task.value?.kind == .unreachable)
    }

    @Test func `that wait when the transport goes are answered`() async throws {
        let server = try OddServer { _ in .late(text(), 400) }
        defer { server.stop() }
        for _ in 0..<20 {
            let transport = try HTTPTransport(settings { $0.connections = 1 })
            _ = await withTaskGroup(of: HTTPFailure?.self) { group in
                group.addTask { [transport] in await failure(transport, HTTPRequest(.get, server.url + "/")) }
                group.cancelAll()
                return await group.next()
            }
        }
    }

    // MARK: TLS

    @Test func `trust nobody whose certificate is signed by nobody they know`() async throws {
        let server = try await SecureServer()
        defer { server.stop() }
        let stranger = await failure(try HTTPTransport(settings()), HTTPRequest(.post, server.url))
        #expect(stranger?.kind == .unreachable && stranger?.message.lowercased().contains("certificate") == true)
        let knowing = try HTTPTransport(settings { $0.caFile = server.certificate })
        #expect(try await knowing.send(HTTPRequest(.get, server.url)).status == 200)
        // The name counts as well.
        #expect(await failure(knowing, HTTPRequest(.get, server.url.replacing("127.0.0.1", with: "localhost")))?.kind == .unreachable)
    }

    @Test func `show a certificate where they have one`() async throws {
        let server = try await SecureServer(clientsShow: true)
        defer { server.stop() }
        let nameless = try HTTPTransport(settings { $0.caFile = server.certificate })
        #expect(await failure(nameless, HTTPRequest(.get, server.url)) != nil)
        let known = try HTTPTransport(
            settings { ($0.caFile, $0.certificateFile, $0.keyFile) = (server.certificate, server.certificate, server.key) })
        #expect(try await known.send(HTTPRequest(.get, server.url)).status == 200)
        let missing = try HTTPTransport(settings { ($0.caFile, $0.certificateFile) = (server.certificate, "/nowhere/c.pem") })
        #expect(await failure(missing, HTTPRequest(.get, server.url)) != nil)
    }
}
