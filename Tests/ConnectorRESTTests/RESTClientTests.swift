import Foundation
import HTTPTransport
import IdentityModel
import OddServers
import Testing

@testable import ConnectorREST

@Suite("What a service answers, and what that means")
struct RESTClientTests {
    private func client(_ server: OddServer, patience: Double = 5) throws -> RESTClient {
        try RESTClient(
            base: server.url + "/scim/", authorization: .bearer(Sensitive("hunter2")), contentType: "application/scim+json", HTTPSettings(),
            patience: patience)
    }

    private func failure(_ client: RESTClient, _ method: HTTPRequest.Method, _ path: String) async -> ConnectorFailure? {
        do throws(ConnectorFailure) {
            _ = try await client.send(method, path, method == .get ? nil : .object([:]))
            return nil
        } catch {
            return error
        }
    }

    @Test func `requests say who we are and what they hold, and answers are read`() async throws {
        let server = try OddServer { _ in answer("201 Created", ["ETag: W/\"1\""], "{\"id\":\"7\"}") }
        defer { server.stop() }
        let made = try await client(server).send(.post, "/Users", .object(["userName": .string("a/b")]))
        #expect(made.status == 201 && made.etag == "W/\"1\"" && made.body?.member("id") == .string("7"))
        let request = try #require(server.requests.first)
        #expect(request.path == "/scim/Users" && request.body == "{\"userName\":\"a/b\"}")
        #expect(request.headers["authorization"] == "Bearer hunter2" && request.headers["content-type"] == "application/scim+json")
    }

    @Test(
        arguments: [
            ("400 Bad Request", ErrorClass.permanent, ErrorClass.permanent), ("401 Unauthorized", .unavailable, .unavailable),
            ("403 Forbidden", .permanent, .permanent), ("409 Conflict", .conflict, .conflict),
            ("412 Precondition Failed", .transient, .transient),
            ("302 Found", .permanent, .permanent), ("500 Internal Server Error", .unknown, .transient),
            ("502 Bad Gateway", .unknown, .transient),
            ("503 Service Unavailable", .unknown, .transient), ("418 I'm a teapot", .permanent, .permanent),
        ])
    func `a status says what to do next, of a write and of a read`(_ status: String, _ write: ErrorClass, _ read: ErrorClass) async throws {
        let server = try OddServer { _ in
            answer(status, [], "{\"schemas\":[],\"detail\":\"userName is taken\",\"scimType\":\"uniqueness\"}")
        }
        defer { server.stop() }
        let client = try client(server)
        let failed = await failure(client, .patch, "/Users/7")
        #expect(failed?.errorClass == write)
        #expect(failed?.serverText == "HTTP \(status.prefix(3)): userName is taken (uniqueness)")
        #expect(await failure(client, .get, "/Users/7")?.errorClass == read)
        #expect(failed?.description.contains("hunter2") == false)
    }

    @Test func `what is not there is an answer, and what is no JSON is none`() async throws {
        let server = try OddServer { $0.path.hasSuffix("/html") ? answer("200 OK", [], "<html>") : answer("404 Not Found", [], "gone") }
        defer { server.stop() }
        let client = try client(server)
        #expect(try await client.send(.delete, "/Users/7").status == 404)
        #expect(await failure(client, .post, "/html")?.errorClass == .unknown)
        #expect(await failure(client, .get, "/html")?.errorClass == .transient)
    }

    @Test func `an answer that is lost may have been carried out, and a request that found nobody was not`() async throws {
        let server = try OddServer { _ in .close }
        let client = try client(server)
        #expect(await failure(client, .post, "/Users")?.errorClass == .unknown)
        #expect(await failure(client, .get, "/Users")?.errorClass == .transient)
        server.stop()
        #expect(await failure(client, .post, "/Users")?.errorClass == .unavailable)
    }

    // MARK: Not now

    /// Says "not now" until so many requests came.
    private func busy(_ headers: [String], until count: Int) throws -> OddServer {
        let seen = Counter()
        return try OddServer { _ in seen.next() > count ? answer("200 OK", [], "{}") : answer("429 Too Many Requests", headers) }
    }

    private final class Counter: @unchecked Sendable {
        private let lock = NSLock()
        private var count = 0
        func next() -> Int {
            lock.withLock {
                count += 1
                return count
            }
        }
    }

    @Test func `a service that says when is asked again then, and not before by anybody`() async throws {
        let server = try busy(["Retry-After: 1"], until: 1)
        defer { server.stop() }
        let client = try client(server)
        let began = ContinuousClock.now
        #expect(try await client.send(.post, "/Users", .object([:])).status == 200)
        #expect(ContinuousClock.now - began >= .seconds(1))
        #expect(server.requests.count == 2)
        let other = try busy(["Retry-After: 1"], until: 1)
        defer { other.stop() }
        let shared = try self.client(other)
        _ = await failure(shared, .get, "/first")
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<20 { group.addTask { try await shared.send(.get, "/\(number)").status } }
            for try await status in group { #expect(status == 200) }
        }
        #expect(other.requests.count == 22)
    }

    @Test func `one that stays busy is given up, and one that does not say when is asked ever less often`() async throws {
        let server = try busy([], until: 1_000)
        defer { server.stop() }
        let client = try client(server, patience: 3)
        let failed = await failure(client, .post, "/Users")
        #expect(failed?.errorClass == .transient && failed?.serverText == "HTTP 429")
        #expect((2...5).contains(server.requests.count))
        let late = try busy(["Retry-After: 3600"], until: 1_000)
        defer { late.stop() }
        #expect(await failure(try self.client(late), .post, "/Users")?.errorClass == .transient)
        #expect(late.requests.count == 1)
    }

    @Test func `when it is to be asked again is said in seconds or as a date`() {
        let now = Date(timeIntervalSince1970: 1_445_412_470)
        #expect(RESTClient.seconds("120", now: now) == 120 && RESTClient.seconds(" 0 ", now: now) == 0)
        #expect(RESTClient.seconds("Wed, 21 Oct 2015 07:28:00 GMT", now: now) == 10)
        #expect(RESTClient.seconds("Wed, 21 Oct 2015 07:27:00 GMT", now: now) == 0)
        #expect(RESTClient.seconds("-1", now: now) == nil && RESTClient.seconds("soon", now: now) == nil)
    }
}
