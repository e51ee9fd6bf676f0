import ConnectorLDIF
import ContractTesting
import Contracts
import Foundation
import IdentityModel
import Testing

@Suite("Connector LDIF")
struct LDIFConnectorTests {
    private static let base = "dc=example,dc=com"

    private static let vocabulary = ConnectorSuite.Vocabulary(
        containers: ["ou=People,\(base)", "ou=Disabled,\(base)"], name: { AccountName("cn=\($0),\($1)") },
        attributes: { ["objectClass": ["inetOrgPerson"], "cn": [$0], "sn": [$0]] }, correlation: "employeeNumber", text: "title",
        list: "description", unique: nil, groups: ["cn=Staff,ou=Groups,\(base)", "cn=VIP,ou=Groups,\(base)"])

    private func withFile<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let path = FileManager.default.temporaryDirectory.appending(path: "target-\(UUID().uuidString).ldif").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }

    /// What they need is something that the system refuses: an attribute that its schema does not have, a container or group that is not there.
    private static let needRefusals: Set<String> = [
        "a leaver whose membership cannot be removed is switched off and moved all the same",
        "a membership that cannot be added does not keep an account from being switched on",
        "a value that is refused does not keep an account from being switched off, nor from leaving its groups and place",
        "an account of which an attribute is refused is not switched on",
        "an exchange that is refused half way leaves both accounts reachable",
        "each operation is answered once, in order, and one that fails stops no other",
        "nobody is a member of a group that is gone, and nobody can join it",
        "of many memberships in one group only the impossible ones fail, each at its request",
        "what an operation did before it failed is told",
        "who is withdrawn is switched off, out of the groups and changed, although the move is refused",
    ]

    @Test func `only checks that need a refusal are left out`() {
        #expect(Self.needRefusals.isSubset(of: ConnectorSuite.checks.map(\.name)))
    }

    @Test(arguments: ConnectorSuite.checks.filter { !needRefusals.contains($0.name) })
    func `keeps the contract of every connector`(_ check: ConnectorSuite.Check) async throws {
        try await withFile { path in
            try await ConnectorSuite(Self.vocabulary) { LDIFConnector(path: path) }.run(check)
        }
    }

    private func operation(
        _ operation: IdentityModel.Operation, _ number: Int, id: AccountID? = nil, _ name: String, newName: String? = nil,
        _ requests: [AccountOperation.Request] = [], disables: Bool = false
    ) -> AccountOperation {
        AccountOperation(
            id: OrderID(plan: PlanID(row: 1), sequence: number), operation: operation, accountID: id, name: AccountName(name),
            newName: newName.map { AccountName($0) }, requests: requests, appliesDialectDisabling: disables)
    }

    private let ann = "cn=Ann Berg,ou=People,dc=example,dc=com"

    private func create(_ connector: LDIFConnector) async throws -> AccountID {
        let created = await connector.execute([
            operation(
                .create, 1, ann,
                [
                    .init(kind: .attribute, name: "sn", operation: .add, values: ["Berg"]),
                    .init(kind: .membership, name: "memberOf", operation: .add, values: ["cn=Staff,dc=example,dc=com"]),
                ])
        ])
        #expect(created.first?.failure == nil)
        return try #require(created.first?.accountID)
    }

    @Test func `a life of an account stands in the file, one record after the other, for its owner alone`() async throws {
        try await withFile { path in
            let connector = LDIFConnector(path: path)
            let id = try await create(connector)
            _ = await connector.execute([
                operation(.modify, 2, id: id, ann, [.init(kind: .attribute, name: "title", operation: .set, values: ["Chief"])]),
                operation(.delete, 3, id: id, ann),
            ])
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let kinds = text.split(separator: "\n").filter { $0.hasPrefix("changetype: ") }.map { $0.dropFirst(12) }
            #expect(kinds == ["add", "modify", "modify", "delete"])
            #expect(text.hasPrefix("version: 1\n"))
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
            await connector.close()
        }
    }

    @Test func `what a crash left half written is cut away, and the rest is known again`() async throws {
        try await withFile { path in
            let first = LDIFConnector(path: path)
            let id = try await create(first)
            let realm = try await first.realm()
            await first.close()
            let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data("# birthright account: \(id)\ndn: \(ann)\nchangetype: del".utf8))
            try handle.close()
            let second = LDIFConnector(path: path)
            #expect(try await second.find([.id(id)]).first?.account?.name == AccountName(ann))
            #expect(try await second.realm() == realm)
            #expect(await second.execute([operation(.delete, 2, id: id, ann)]).first?.failure == nil)
            #expect(try await second.find([.id(id)]).first == .absent)
            await second.close()
            #expect(try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: "changetype: delete").count == 2)
        }
    }

    @Test func `it does not pretend to disable what the map does not disable`() async throws {
        try await withFile { path in
            let connector = LDIFConnector(path: path)
            let id = try await create(connector)
            let refused = await connector.execute([operation(.disable, 2, id: id, ann, disables: true)])
            #expect(refused.first?.failure?.errorClass == .permanent)
            await connector.close()
        }
    }

    @Test func `a file that cannot be used is said, with the reason`() async throws {
        let connector = LDIFConnector(path: "/nowhere/at/all.ldif")
        await #expect(throws: ConnectorFailure.self) { try await connector.realm() }
        try await withFile { path in
            try Data("this is no LDIF\n\n".utf8).write(to: URL(fileURLWithPath: path))
            let other = LDIFConnector(path: path)
            let failure = await #expect(throws: ConnectorFailure.self) { try await other.find([.id(AccountID("1"))]) }
            #expect(failure?.errorClass == .unavailable && failure?.message.contains("line") == true)
        }
    }
}
