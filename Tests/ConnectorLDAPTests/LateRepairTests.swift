import Contracts
import IdentityModel
import Testing

@testable import ConnectorLDAP

/// A server that repairs references so late that everything else has happened by then, whether it was said to repair them or not.
@Suite(.directory, .serialized)
struct LateRepairTests {
    private static let vpn = "cn=VPN,ou=Groups,dc=example,dc=com"
    private static let folder = "ou=People,dc=example,dc=com"

    /// What keeps refint busy for a while: for the rename of an entry with another one below it, it goes through the whole directory.
    private func delay(_ connector: LDAPConnector, _ prefix: String) async throws {
        let folders = (1...250).map { "ou=\(prefix) \($0),\(Self.folder)" }
        let made = await connector.execute(folders.enumerated().map { create($0, $1, as: "organizationalUnit") })
        _ = await connector.execute(folders.enumerated().map { create($0, "ou=child,\($1)", as: "organizationalUnit") })
        let renames = zip(folders, made).enumerated().map { index, folder in
            operation(.modify, index, folder.0, id: folder.1.accountID, to: "ou=b\(prefix) \(index),\(Self.folder)")
        }
        #expect(await connector.execute(renames).compactMap(\.failure) == [])
    }

    private func create(_ sequence: Int, _ name: String, as objectClass: String) -> AccountOperation {
        operation(.create, sequence, name, [attribute("objectClass", objectClass)])
    }

    private func people(_ connector: LDAPConnector, _ names: [String], in groups: [[String]]) async throws -> [AccountID] {
        let operations = zip(names, groups).enumerated().map { index, person in
            ConnectorLDAPTests.create(index, person.0, person.1.map { membership(.add, $0) })
        }
        return try await connector.execute(operations).map { try #require($0.accountID) }
    }

    private func settings(_ isSaid: Bool) throws -> LDAPSettings {
        var settings = try #require(DirectoryServer.current).settings
        settings.maintainsReferences = isSaid
        return settings
    }

    /// Which of the names stand in the group when all repairs are done.
    private func members(of group: String, among names: [String]) async throws -> [String] {
        let server = try #require(DirectoryServer.current)
        try await server.repairsAreDone()
        let members = Set(try await server.members(of: group).map { $0.lowercased() })
        return names.filter { members.contains($0.lowercased()) }
    }

    @Test(arguments: [true, false]) func `three who exchange their names keep each their own groups`(_ isSaid: Bool) async throws {
        let connector = LDAPConnector(try settings(isSaid))
        let names = ["a", "b", "c"].map { "cn=exchange \(isSaid) \($0),\(ConnectorLDAPTests.people)" }
        let ids = try await people(connector, names, in: [[allStaff], [Self.vpn], []])
        try await delay(connector, "exchange\(isSaid)")
        let results = await connector.execute([
            operation(.modify, 1, names[0], id: ids[0], to: names[1], carrying: [allStaff]),
            operation(.modify, 2, names[1], id: ids[1], to: names[2], carrying: [Self.vpn]),
            operation(.modify, 3, names[2], id: ids[2], to: names[0]),
        ])
        #expect(results.compactMap(\.failure) == [])
        #expect(try await members(of: allStaff, among: names) == [names[1]])
        #expect(try await members(of: Self.vpn, among: names) == [names[2]])
        await connector.close()
    }

    /// `isLater`: the newcomer comes with the next batch.
    @Test(arguments: [(true, true), (true, false), (false, false)])
    func `whoever takes a name that was just freed gets the groups, and who had it does not`(_ isSaid: Bool, isLater: Bool) async throws {
        let connector = LDAPConnector(try settings(isSaid))
        let names = ["a", "b"].map { "cn=heir \(isSaid) \(isLater) \($0),\(ConnectorLDAPTests.people)" }
        let ids = try await people(connector, [names[0]], in: [[allStaff]])
        try await delay(connector, "heir\(isSaid)\(isLater)")
        let leaves = operation(.modify, 1, names[0], id: ids[0], to: names[1], carrying: [allStaff])
        let comes = ConnectorLDAPTests.create(2, names[0], [membership(.add, Self.vpn)])
        var results = await connector.execute(isLater ? [leaves] : [leaves, comes])
        if isLater { results += await connector.execute([comes]) }
        #expect(results.filter { $0.failure != nil || !$0.failedRequests.isEmpty } == [])
        #expect(try await members(of: Self.vpn, among: names) == [names[0]])
        #expect(try await members(of: allStaff, among: names) == [names[1]])
        await connector.close()
    }

    @Test func `who is told as a manager under a name that was just freed stays the manager`() async throws {
        let connector = LDAPConnector(try settings(true))
        let names = ["a", "b", "c"].map { "cn=manager \($0),\(ConnectorLDAPTests.people)" }
        let ids = try await people(connector, [names[0], names[2]], in: [[allStaff], []])
        try await delay(connector, "manager")
        _ = await connector.execute([
            operation(.modify, 1, names[0], id: ids[0], to: names[1], carrying: [allStaff]), ConnectorLDAPTests.create(2, names[0]),
        ])
        _ = await connector.execute([operation(.modify, 3, names[2], id: ids[1], [attribute("manager", names[0])])])
        _ = try await members(of: allStaff, among: [])
        #expect(found(try await connector.find([.id(ids[1])]).first)?.attributes["manager"] == [names[0]])
        await connector.close()
    }
}
