import CEL
import Contracts
import Foundation
import HTTPTransport
import IdentityModel
import OddServers
import Testing

@testable import ConnectorREST

/// What a description is taken for, value by value.
struct RESTDescriptionTests {
    private func request(_ kind: RESTRequest.Kind, _ values: [String: String]) throws -> RESTRequest {
        try #require(try RESTRequest(kind, values))
    }

    // MARK: Paths

    @Test func `values are escaped in a path, so that none is taken for a part of it`() throws {
        let request = try request(.search, ["requests.search.get": "/people?{attribute}={value}&page={page}"])
        let path = try request.path.filled(["attribute": .string("last name"), "value": .string("O'Neil/&=?#%Å"), "page": .int(3)])
        #expect(path == "/people?last%20name=O%27Neil%2F%26%3D%3F%23%25%C3%85&page=3")
    }

    @Test func `a path may hold any expression, and one that gives nothing makes no request`() throws {
        let chosen = try request(.search, ["requests.search.get": "/people?{attribute == 'a}' ? 'x' : 'y'}={value}"])
        #expect(try chosen.path.filled(["attribute": .string("a}"), "value": .string("1")]) == "/people?x=1")
        let record = try request(.delete, ["requests.delete.delete": "/people/{record.key}"])
        #expect(throws: (any Error).self) { try record.path.filled(["record": .map(.init([]))]) }
        #expect(throws: (any Error).self) { try record.path.filled(["record": .map(.init([(.string("key"), .null)]))]) }
    }

    // MARK: Answers

    @Test(arguments: [
        (200, #"{"ok": true}"#, RESTClient.Meaning.success), (200, #"{"ok": false}"#, .permanent), (200, "{}", .permanent),
        (200, #"{"ok": false, "error": {"code": "TAKEN"}}"#, .conflict), (422, #"{"error": {"code": "TAKEN"}}"#, .conflict),
        (423, "{}", .transient), (410, "{}", .gone),
    ])
    func `answers mean what the policy map says`(_ status: Int, _ body: String, _ meaning: RESTClient.Meaning) throws {
        let request = try request(
            .create,
            [
                "requests.create.post": "/people", "answers.success": "status == 200 && body.ok", "answers.gone": "status in [404, 410]",
                "answers.conflict": "body.error.code == 'TAKEN'", "answers.transient": "status == 423",
            ])
        #expect(request.meaning(status, try JSONValue(parsing: Array(body.utf8))) == meaning)
    }

    @Test func `what the policy map does not say means what HTTP says`() throws {
        let request = try request(.create, ["requests.create.post": "/people", "answers.gone": "status == 410"])
        #expect(request.meaning(201, nil) == .success)
        for status in [301, 404, 409, 429, 500, 503] { #expect(request.meaning(status, .object([:])) == nil) }
    }

    @Test func `what is said of one request comes before what is said of all`() throws {
        let request = try request(
            .delete,
            ["requests.delete.delete": "/x", "requests.delete.answers.success": "status == 409", "answers.conflict": "status == 409"])
        #expect(request.meaning(409, nil) == .success)
    }

    // MARK: Values

    private func change(_ operation: RequestOperation, _ values: [String], isList: Bool = false) -> RESTValueChange {
        RESTValueChange(place: JSONPlace("a.b"), operation: operation, values: values.map(JSONValue.string), isList: isList)
    }

    private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    @Test func `a list stays a list, with one value and with none`() throws {
        let empty = try json("{}")
        #expect(change(.set, ["x"], isList: true).value(in: empty) == .array([.string("x")]))
        #expect(change(.set, [], isList: true).value(in: empty) == .array([]))
        #expect(change(.set, ["x"]).value(in: empty) == .string("x"))
        #expect(change(.set, []).value(in: empty) == .null)
    }

    @Test func `adding to a list and removing from it keep what else is there`() throws {
        let present = try json(#"{"a": {"b": ["x", "y"]}}"#)
        #expect(change(.add, ["z", "x"], isList: true).value(in: present) == .array([.string("x"), .string("y"), .string("z")]))
        #expect(change(.remove, ["x"], isList: true).value(in: present) == .array([.string("y")]))
        #expect(change(.remove, [], isList: true).value(in: present) == .array([]))
        #expect(change(.add, ["y"], isList: true).isDone(in: present) && !change(.remove, ["y"], isList: true).isDone(in: present))
    }

    @Test func `numbers and flags count as what they are, also for what is there already`() throws {
        let present = try json(#"{"a": {"b": 7}}"#)
        let same = RESTValueChange(place: JSONPlace("a.b"), operation: .set, values: [.integer(7)], isList: false)
        #expect(same.isDone(in: present) && same.value(in: present) == .integer(7))
        #expect(
            JSONValue("true", .flag) == .bool(true) && JSONValue("42", .number) == .integer(42) && JSONValue("042", .text) == .string("042")
        )
        #expect(JSONValue("perhaps", .flag) == .string("perhaps"))
    }

    @Test func `places are made, changed and emptied without what stands beside them`() throws {
        var value = try json(#"{"a": {"c": 1}}"#)
        value.set(.string("x"), at: JSONPlace("a.b.d"))
        #expect(value == (try json(#"{"a": {"b": {"d": "x"}, "c": 1}}"#)))
        value.set(nil, at: JSONPlace("a.b.d"))
        value.set(nil, at: JSONPlace("q.r"))
        #expect(value == (try json(#"{"a": {"b": {}, "c": 1}}"#)))
        #expect(value[JSONPlace("")] == value && value[JSONPlace("a.x.y")] == nil)
    }

    // MARK: What is not believed

    /// A connector to a server that says this to everything.
    private func looking(_ body: String, _ queries: [AccountQuery] = [byID, byNumber]) async throws -> [Lookup] {
        // The first question is whether searches are to be trusted.
        let server = try OddServer { request in
            OddServers.answer("200 OK", [], request.path.contains("nobody") ? #"{"people": []}"# : body)
        }
        defer { server.stop() }
        var values = RESTContractTests.plain
        values["requests.find.item"] = "person"
        let setup = ConnectorSetup(
            AdapterSetup(values: values, folder: ""), lookedForBy: ["number"], attributes: ["login", "number"], accountName: "login")
        let connector = try RESTConnector(WebSettings(url: server.url, realm: "odd"), RESTDescription(setup))
        return try await connector.find(queries)
    }

    private static let byID = AccountQuery.id(AccountID("7"))
    private static let byNumber = AccountQuery.correlation(["number": "1"])

    @Test(arguments: [
        #"{"error": "in a moment"}"#, #"{"people": 5, "person": 5}"#, #"{"people": [{"login": "a"}], "person": {"login": "a"}}"#, "[]",
        "welcome",
        #"{"person": {"uid": "8"}, "people": {}}"#,
    ])
    func `an answer that is not as described is no answer`(_ body: String) async throws {
        for query in [Self.byID, Self.byNumber] {
            await #expect(throws: ConnectorFailure.self) { try await looking(body, [query]) }
        }
    }

    @Test func `nobody is nobody`() async throws {
        #expect(try await looking(#"{"people": []}"#, [Self.byNumber]) == [.absent])
        #expect(try await looking(#"{"people": null, "person": null}"#) == [.absent, .absent])
    }

    @Test func `a next page that is elsewhere is not asked for`() async throws {
        let client = try RESTClient(base: "https://a.example/api/v1", authorization: .none, contentType: "application/json", .init())
        #expect(try client.path(of: "https://a.example/api/v1/people?page=2") == "/people?page=2")
        #expect(try client.path(of: "/api/v1/people?page=2") == "/people?page=2")
        #expect(try client.path(of: "c2VjcmV0") == nil)
        for link in ["https://evil.example/api/v1/people", "/other/people"] {
            #expect(throws: ConnectorFailure.self) { try client.path(of: link) }
        }
    }

    @Test func `what is sent again for one order has one key, and the next candidate another`() async throws {
        let server = try OddREST()
        defer { server.stop() }
        let connector = try RESTContractTests.connector(server, RESTContractTests.plain)
        func create(_ name: String, _ sequence: Int) async -> OperationResult? {
            await connector.execute([
                AccountOperation(
                    id: OrderID(plan: PlanID(row: 1), sequence: sequence), operation: .create, accountID: nil, name: AccountName(name),
                    newName: nil, requests: [], appliesDialectDisabling: false)
            ]).first
        }
        server.change { $0.loses = 1 }
        #expect(await create("a", 1)?.failure?.errorClass == .unknown)
        server.change { $0.loses = 0 }
        #expect(await create("a", 1)?.failure?.errorClass == .conflict)
        #expect(await create("b", 1)?.failure == nil)
        #expect(await create("c", 2)?.failure == nil)
        let keys = server.sent.filter { $0.method == "POST" }.map { $0.headers["idempotency-key"] ?? "none" }
        #expect(keys.count == 4 && keys[0] == keys[1] && Set(keys).count == 3 && !keys.contains("none"))
    }

    // MARK: What a description needs

    @Test(arguments: [
        ("requests.find", "the request 'find' is missing"), ("requests.create", "the request 'create' is missing"),
        ("requests.modify", "the request 'modify' is missing"), ("requests.enable", "the request 'enable' is missing"),
        ("requests.memberships", "the request 'memberships' is missing"),
        ("requests.removeMembership", "the request 'removeMembership' is missing"),
    ])
    func `what is needed and not described is said`(_ request: String, _ message: String) {
        let values = RESTContractTests.plain.filter { $0.key != request && !$0.key.hasPrefix(request + ".") }
        let problems = RESTKeys.problems(values)
        #expect(problems.count == 1 && problems[0].message.hasPrefix(message) && problems[0].key == "requests")
    }

    @Test func `what cannot be described so is said where it stands`() {
        func problems(_ change: [String: String]) -> [String] {
            RESTKeys.problems(RESTContractTests.plain.merging(change) { $1 }).map { "\($0.key): \($0.message)" }
        }
        #expect(problems(["requests.find.get": "people/{id}"])[0].hasPrefix("requests.find.get: the path stands behind the url"))
        #expect(problems(["requests.find.body": "id"]) == ["requests.find.body: a GET has no body"])
        #expect(problems(["requests.find.put": "/people"])[0].hasPrefix("requests.find: 'find' needs one path"))
        let reads = RESTContractTests.plain.filter { $0.key != "requests.find.get" }.merging(["requests.find.delete": "/people/{id}"]) {
            $1
        }
        #expect(RESTKeys.problems(reads).map(\.message) == ["'find' only reads; it is a get, or a post where a search is one"])
    }

    @Test func `a system can do what is described`() {
        #expect(RESTKeys.traits(RESTContractTests.plain).abilities.keys.count == 3)
        let bare = RESTKeys.traits(["requests": ""])
        #expect(bare.abilities.isEmpty && !bare.switchesOffByItself)
    }
}
