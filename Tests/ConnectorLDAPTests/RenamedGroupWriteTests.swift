import Contracts
import IdentityModel
import Testing

@testable import ConnectorLDAP

/// What a rename does in groups that somebody renamed by hand, on a server that leaves references to us.
@Suite(.directory("--no-overlays"), .serialized)
struct RenamedGroupWriteTests {
    private static let vpn = "cn=VPN,ou=Groups,dc=example,dc=com"
    private static let gone = "cn=Gone,ou=Groups,dc=example,dc=com"

    private func members(of group: String, among names: [String]) async throws -> [String] {
        let members = Set(try await #require(DirectoryServer.current).members(of: group).map { $0.lowercased() })
        return names.filter { members.contains($0.lowercased()) }
    }

    @Test(arguments: [true, false])
    func `whoever is renamed stays in it, and leaves no name in the group that another one has replaced`(isUncertain: Bool) async throws {
        let connector = LDAPConnector(try #require(DirectoryServer.current).settings)
        let names = ["a", "b"].map { "cn=renamed \(isUncertain) \($0),\(people)" }
        let made = create(1, names[0], [membership(.add, allStaff), membership(.add, Self.vpn)])
        let id = try #require(await connector.execute([made])[0].accountID)
        var renaming = operation(
            .modify, 2, names[0], id: id, to: names[1], uncertainSince: isUncertain ? [] : nil, carrying: [Self.gone])
        renaming.carriedByNewName = [allStaff]
        renaming.replacedGroups = [Self.vpn]
        let result = await connector.execute([renaming])[0]
        #expect(result.failedRequests == [:])
        #expect(try await members(of: allStaff, among: names) == [names[1]])
        #expect(try await members(of: Self.vpn, among: names) == [])
        await connector.close()
    }

    /// Seen: of an entry that was met elsewhere, a value that the map gave went with the old name.
    @Test func `a rename of an entry that somebody moved takes no value away that stays`() async throws {
        let connector = LDAPConnector(try #require(DirectoryServer.current).settings)
        let (given, moved) = ("cn=met one,\(people)", "cn=met one,\(disabled)")
        let id = try #require(await connector.execute([create(1, given, [attribute("cn", "met one", "met two", as: .add)])])[0].accountID)
        #expect(await connector.execute([operation(.modify, 2, given, id: id, to: moved)])[0].failure == nil)
        var renaming = operation(.modify, 3, given, id: id, to: "cn=met two,\(people)")
        renaming.staying = ["cn": ["met one", "met two"]]
        let result = await connector.execute([renaming])[0]
        #expect(result.failure == nil && result.wasElsewhere)
        let account = try #require(found(try await connector.find([.id(id)]).first))
        #expect(account.name == AccountName("cn=met two,\(people)"))
        #expect(Set(account.values("cn")) == ["met one", "met two"])
        await connector.close()
    }
}
