import Contracts
import Foundation
import IdentityModel
import OddServers
import Testing

@testable import ConnectorREST

/// What a rehearsal tells is what would be sent: each operation is rehearsed and then carried out, and the two are compared.
@Suite("A rehearsal")
struct RESTRehearsalTests {
    private static let attributes = ["login", "number", "person.last", "title", "tags", "level", "boss"]
    private static let types: [String: ValueType] = ["level": .number]

    private func set(_ name: String, _ values: String..., type: ValueType = .text) -> AccountOperation.Request {
        .init(kind: .attribute, name: name, operation: .set, values: values, type: type)
    }

    private func membership(_ operation: RequestOperation, _ group: String) -> AccountOperation.Request {
        .init(kind: .membership, name: "groups", operation: operation, values: [group])
    }

    private func operation(
        _ kind: IdentityModel.Operation, _ id: AccountID?, to newName: String? = nil, switching: Bool = false,
        _ direction: AccountOperation.Direction = .steady, _ requests: [AccountOperation.Request] = []
    ) -> AccountOperation {
        AccountOperation(
            id: OrderID(plan: PlanID(row: 1), sequence: 1), operation: kind, accountID: id, name: AccountName("ann"),
            newName: newName.map { AccountName($0) }, requests: requests, appliesDialectDisabling: switching, direction: direction)
    }

    private func setup(_ values: [String: String]) -> ConnectorSetup {
        ConnectorSetup(
            AdapterSetup(values: values, folder: ""), lookedForBy: ["number"], attributes: Self.attributes, lists: ["tags"],
            accountName: "login")
    }

    private func sent(_ server: OddREST) -> [RehearsedRequest] {
        server.sent.filter { $0.method != "GET" && !$0.path.hasSuffix("/search") }.map { request in
            let path = String(request.path.dropFirst("/api".count))
            let body = try? JSONValue(parsing: Array(request.body.utf8))
            return RehearsedRequest(method: request.method, path: path.removingPercentEncoding ?? path, body: body?.ordered)
        }
    }

    private func sorted(_ requests: [RehearsedRequest]) -> [String] {
        requests.map { "\($0.method) \($0.path) \($0.body?.text ?? "")" }.sorted()
    }

    @Test(arguments: [0, 1])
    func `tells what is sent`(_ index: Int) async throws {
        let service = RESTContractTests.services[index]
        let server = try OddREST(service.ways, groups: ["Staff", "VIP"])
        defer { server.stop() }
        server.add(["login": .string("account(B1)"), "number": .string("B1")])
        // The id is a number in one of them, which a rehearsal cannot know.
        let setup = setup(service.values.merging(["account.readOnly": "changedAt\nuid"]) { $1 })
        let connector = try RESTConnector(WebSettings(url: server.url, realm: "odd"), RESTDescription(setup))
        let made = operation(
            .create, nil, .steady,
            [
                set("number", "7"), set("person.last", "Å & B"), set("level", "3", type: .number), set("tags", "x"),
                membership(.add, "Staff"),
            ])
        var told = try await RESTConnector.requests(setup, Rehearsal(operation: made, account: nil, types: Self.types))
        let id = try #require(await connector.execute([made])[0].accountID)
        // Whom a rehearsal makes is called 'id'; where groups have ids, the first one's is 0.
        let group = service.ways.hasEnvelopes ? "/groups/0/" : "/groups/Staff/"
        func real(_ requests: [RehearsedRequest]) -> [RehearsedRequest] {
            requests.map { request in
                let path = request.path.replacing("/members/id", with: "/members/\(id.text)").replacing("/groups/Staff/", with: group)
                return RehearsedRequest(method: request.method, path: path, body: request.body)
            }
        }
        #expect(sorted(real(told)) == sorted(sent(server)))
        #expect(told.count == 2 && told[0].body?["level"] == .int(3) && told[0].body?["tags"] == .array([.string("x")]))

        let operations: [AccountOperation] = [
            operation(.modify, id, .steady, [set("title", "Clerk"), set("tags", "y"), set("level", "4", type: .number)]),
            operation(.disable, id, switching: true, .withdrawing, [membership(.remove, "Staff")]),
            operation(.enable, id, switching: true, .enabling, [set("title", "Chief"), membership(.add, "Staff")]),
            operation(.modify, id, to: "anna", .steady, [set("person.last", "C")]),
            AccountOperation(
                id: OrderID(plan: PlanID(row: 1), sequence: 1), operation: .delete, accountID: id, name: AccountName("anna"), newName: nil,
                requests: [], appliesDialectDisabling: false),
        ]
        for operation in operations {
            guard case .found(let account)? = try await connector.find([.id(id)]).first else {
                Issue.record("nobody is there before \(operation.operation)")
                return
            }
            // What the service shows besides is not what is rehearsed.
            guard operation.direction != .enabling || !service.ways.hasEnvelopes else {
                _ = await connector.execute([operation])
                continue
            }
            let before = sent(server).count
            told = try await RESTConnector.requests(setup, Rehearsal(operation: operation, account: account, types: Self.types))
            let result = await connector.execute([operation])[0]
            #expect(result.failure == nil && result.failedRequests.isEmpty)
            #expect(sorted(real(told)) == sorted(Array(sent(server).dropFirst(before))), "\(operation.operation)")
            #expect(!told.isEmpty)
        }
    }

    @Test func `says why nothing would be sent`() async throws {
        var values = RESTContractTests.plain
        values["requests.create.body"] = "{'who': changes.title}"
        let made = operation(.create, nil, .steady, [set("number", "7")])
        await #expect(throws: ConnectorFailure.self) {
            try await RESTConnector.requests(setup(values), Rehearsal(operation: made, account: nil, types: [:]))
        }
    }
}
