import Contracts
import Foundation
import IdentityModel
import Testing

@testable import ConnectorLDAP

/// What is answered where something cannot be read, and which directory this is.
@Suite(.directory)
struct LookupTests {
    let server: DirectoryServer
    init() throws { server = try #require(DirectoryServer.current) }

    private func refusal<Value>(_ body: () async throws(ConnectorFailure) -> Value) async -> ConnectorFailure? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error
        }
    }

    @Test func `a base that cannot be read is no absence`() async throws {
        var settings = server.settings
        settings.base = "ou=Removed,dc=example,dc=com"
        let connector = LDAPConnector(settings)
        for query in [AccountQuery.id(AccountID(UUID().uuidString)), .correlation(["cn": "a"])] {
            #expect(
                await refusal { () async throws(ConnectorFailure) in try await connector.find([query]) }?.serverText
                    == "LDAP 32 noSuchObject")
        }
    }

    @Test func `a directory says which one it is by its top entry, for every base in it`() async throws {
        var settings = server.settings
        let whole = try await LDAPConnector(settings).realm()
        settings.base = people
        settings.url = server.startTLSURL
        settings.startTLS = true
        #expect(try await LDAPConnector(settings).realm() == whole)
        let other = try DirectoryServer()
        #expect(try await LDAPConnector(other.settings).realm() != whole)
        try other.remove()
    }

    @Test func `a base that the server does not serve has no realm`() async throws {
        var settings = server.settings
        settings.base = "dc=example,dc=org"
        let connector = LDAPConnector(settings)
        let failure = await refusal { () async throws(ConnectorFailure) in try await connector.realm() }
        #expect(failure?.description == "the base dc=example,dc=org does not exist on \(server.url); it serves dc=example,dc=com")
    }

    @Test func `a group keeps its id when it is renamed, also outside of the base that accounts are in`() async throws {
        var settings = server.settings
        settings.base = people
        let connector = LDAPConnector(settings)
        let (name, newName) = (
            "cn=Old \(UUID().uuidString),ou=Groups,dc=example,dc=com", "cn=New \(UUID().uuidString),ou=Groups,dc=example,dc=com"
        )
        let made = await connector.execute([
            operation(.create, 1, name, [attribute("objectClass", "groupOfNames"), attribute("member", allStaff)])
        ])
        let id = GroupID(try #require(made[0].accountID).text)
        #expect(try await connector.groupIDs(of: [newName, name.uppercased(), "nonsense"]) == [nil, id, nil])
        #expect(await connector.execute([operation(.modify, 2, name, id: AccountID(id.text), to: newName)])[0].failure == nil)
        let none = GroupID(UUID().uuidString)
        #expect(try await connector.groupNames(of: [none, id]) == [id: newName])
        #expect(try await connector.groupIDs(of: [name, newName]) == [nil, id])
        #expect(try await connector.groupNames(of: [none]) == [:])
    }

    @Test func `the nearest of several naming contexts holds the base`() {
        let contexts = ["dc=example,dc=com", "CN=Configuration,dc=example,dc=com", "ou=Branch, dc=Example,dc=com", "dc=com,dc=test"]
        #expect(LDAPSettings.context(of: "cn=a,ou=branch,dc=example,dc=com", among: contexts) == "ou=Branch, dc=Example,dc=com")
        #expect(LDAPSettings.context(of: "DC=Example, DC=com", among: contexts) == "dc=example,dc=com")
        #expect(LDAPSettings.context(of: "dc=notexample,dc=com", among: contexts) == nil)
    }
}

/// A server that shows a reader everything but the ids of some entries, or of all.
struct UnreadableTests {
    private func reader(_ server: DirectoryServer) async -> LDAPConnector {
        _ = await LDAPConnector(server.settings).execute([
            create(1, "cn=reader,\(people)", [attribute("userPassword", "reader's own")]),
            create(2, "cn=plain,\(people)", [attribute("title", "seen")]),
            create(3, "cn=hidden,\(people)", [attribute("title", "hidden")]),
        ])
        var settings = server.settings
        settings.bindDN = "cn=reader,\(people)"
        settings.password = Sensitive("reader's own")
        return LDAPConnector(settings)
    }

    @Test(.directory("--hidden-ids")) func `an entry whose id cannot be read is neither absent nor anybody's account`() async throws {
        let server = try #require(DirectoryServer.current)
        let connector = await reader(server)
        let lookups = try await connector.find([.correlation(["cn": "hidden"]), .correlation(["cn": "plain"])])
        #expect(lookups.first == .unreadable([AccountName("cn=hidden,\(people)")]))
        #expect(found(lookups.last)?.attributes["title"] == ["seen"])
        let name = AccountName("cn=hidden,\(people)")
        // No id finds it; nor is its name anybody's whose id is another.
        let id = AccountID(UUID().uuidString)
        #expect(try await connector.find([.id(id, name: name), .id(id)]) == [.unreadable([name]), .absent])
        let others = ["cn=plain,\(people)", "cn=nobody,\(people)", "nonsense"].map { AccountName($0) }
        #expect(try await connector.find(others.map { .id(id, name: $0) }) == [.absent, .absent, .absent])
        let holders = try await connector.holders(of: [
            NameProbe(attribute: "cn", value: "hidden", container: nil), NameProbe(attribute: "cn", value: "hidden", container: people),
            NameProbe(attribute: "cn", value: "hidden", container: people, accountName: name),
            NameProbe(attribute: "dn", value: name.text, container: nil),
        ])
        #expect(holders == Array(repeating: [.unreadable(name)], count: 4))
    }

    @Test(.directory("--no-ids")) func `where no id can be read nobody looks deleted, and the realm says why it cannot be told`()
        async throws
    {
        let server = try #require(DirectoryServer.current)
        let connector = await reader(server)
        let failure = await #expect(throws: ConnectorFailure.self) { try await connector.find([.id(AccountID(UUID().uuidString))]) }
        #expect(failure?.message.hasPrefix("no entry below dc=example,dc=com shows its entryUUID to cn=reader,\(people)") == true)
        let realm = await #expect(throws: ConnectorFailure.self) { try await connector.realm() }
        #expect(realm?.message.hasPrefix("cannot tell which directory this is: the entryUUID of dc=example,dc=com cannot be read") == true)
    }
}
