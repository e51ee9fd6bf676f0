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
        "of a hundred operations one is refused, and ninety-nine are done",
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

    // MARK: A file that several processes use

    private func joiner(_ number: Int, _ name: String) -> AccountOperation {
        operation(
            .create, number, "cn=\(name),ou=People,dc=example,dc=com",
            [
                .init(kind: .attribute, name: "sn", operation: .add, values: [name]),
                .init(kind: .membership, name: "memberOf", operation: .add, values: ["cn=Staff,dc=example,dc=com"]),
            ])
    }

    @Test func `what one process writes another one sees, and goes on with`() async throws {
        try await withFile { path in
            let (one, other) = (LDIFConnector(path: path), LDIFConnector(path: path))
            #expect(try await one.realm() == other.realm())
            let id = try await create(one)
            #expect(try await other.find([.id(id)]).first?.account?.name == AccountName(ann))
            let taken = await other.execute([operation(.create, 2, ann)])
            #expect(taken.first?.failure?.errorClass == .conflict)
            _ = await other.execute([operation(.modify, 3, id: id, ann, newName: "cn=Ann Dahl,ou=People,dc=example,dc=com")])
            #expect(try await one.find([.id(id)]).first?.account?.name == AccountName("cn=Ann Dahl,ou=People,dc=example,dc=com"))
            await one.close()
            await other.close()
        }
    }

    @Test func `many who write at once, to a file that nobody has made yet, lose nothing`() async throws {
        try await withFile { path in
            try await withThrowingTaskGroup(of: Realm.self) { group in
                for writer in 0..<6 {
                    group.addTask {
                        let connector = LDIFConnector(path: path)
                        for number in 0..<20 {
                            let result = await connector.execute([joiner(number, "W\(writer) N\(number)")])
                            #expect(result.first?.failure == nil)
                        }
                        let realm = try await connector.realm()
                        await connector.close()
                        return realm
                    }
                }
                var realms: Set<Realm> = []
                for try await realm in group { realms.insert(realm) }
                #expect(realms.count == 1)
            }
            let reader = LDIFConnector(path: path)
            let names = Collected()
            try await reader.enumerate(attributes: ["sn"]) { accounts in await names.add(accounts) }
            #expect(await Set(names.accounts.map(\.name)).count == 120)
            #expect(await names.accounts.allSatisfy { Set($0.attributes.keys) == ["sn"] && $0.memberships.count == 1 })
            await reader.close()
        }
    }

    private actor Collected {
        private(set) var accounts: [ActualAccount] = []
        func add(_ more: [ActualAccount]) { accounts += more }
    }

    @Test func `a file that somebody put in its place is another system, and read from its beginning`() async throws {
        try await withFile { path in
            let connector = LDIFConnector(path: path)
            let id = try await create(connector)
            let realm = try await connector.realm()
            try FileManager.default.removeItem(atPath: path)
            #expect(try await connector.realm() != realm)
            #expect(try await connector.find([.id(id)]).first == .absent)
            #expect(await connector.execute([joiner(2, "Ann Berg")]).first?.failure == nil)
            await connector.close()
        }
    }

    @Test func `a name is found whoever has it by now, in a container or anywhere`() async throws {
        try await withFile { path in
            let connector = LDIFConnector(path: path)
            let id = try await create(connector)
            func holders(_ attribute: String, _ value: String, in container: String? = nil) async throws -> [NameHolder] {
                try await connector.holders(of: [NameProbe(attribute: attribute, value: value, container: container)])[0]
            }
            #expect(try await holders("sn", "BERG") == [.account(id)])
            #expect(try await holders("sn", "Berg", in: "ou=People, dc=example,dc=com") == [.account(id)])
            #expect(try await holders("sn", "Berg", in: "dc=example,dc=com") == [])
            _ = await connector.execute([
                operation(.modify, 2, id: id, ann, [.init(kind: .attribute, name: "sn", operation: .set, values: ["Dahl"])])
            ])
            #expect(try await holders("sn", "Berg") == [])
            #expect(try await holders("sn", "Dahl") == [.account(id)])
            _ = await connector.execute([operation(.delete, 3, id: id, ann)])
            #expect(try await holders("sn", "Dahl") == [])
            await connector.close()
        }
    }
}
