import ContractTesting
import Contracts
import IdentityModel
import Testing

@testable import ConnectorLDAP

private func vocabulary(
    _ server: DirectoryServer, unique: String? = "sAMAccountName", showsGroups: Bool = false
) -> ConnectorSuite.Vocabulary {
    ConnectorSuite.Vocabulary(
        containers: ["ou=Finance,ou=People,dc=example,dc=com", "ou=Disabled,ou=People,dc=example,dc=com"],
        name: { AccountName("cn=\($0) O\\, Neill,\($1)") },
        attributes: { label in
            [
                "objectClass": ["inetOrgPerson", "adAccount"], "cn": ["\(label) O, Neill"], "sn": ["O, Neill"], "givenName": [label],
                "sAMAccountName": [label],
            ]
        }, correlation: "employeeNumber", text: "title", list: "telephoneNumber", unique: unique,
        groups: ["cn=All Staff,ou=Groups,dc=example,dc=com", "cn=VPN,ou=Groups,dc=example,dc=com"],
        members: showsGroups ? nil : server.members, settled: server.repairs ? server.repairsAreDone : nil)
}

/// A server that keeps memberOf, references and uniqueness.
@Suite(.directory)
struct ContractTests {
    @Test(arguments: ConnectorSuite.checks)
    func `the LDAP connector keeps its contract on OpenLDAP`(_ check: ConnectorSuite.Check) async throws {
        let server = try #require(DirectoryServer.current)
        try await ConnectorSuite(vocabulary(server, showsGroups: true)) { LDAPConnector(server.settings) }.run(check)
    }
}

@Suite(.directory)
struct GroupContractTests {
    /// What the accounts show is not what the groups hold: the groups are asked.
    @Test(arguments: ConnectorSuite.checks.filter { $0.name.contains("group") || $0.name.contains("answer") })
    func `what the contract says of groups is true of the groups themselves`(_ check: ConnectorSuite.Check) async throws {
        let server = try #require(DirectoryServer.current)
        try await ConnectorSuite(vocabulary(server)) { LDAPConnector(server.settings) }.run(check)
    }
}

/// A server without any overlay.
@Suite(.directory("--no-overlays"))
struct BareServerContractTests {
    @Test(arguments: ConnectorSuite.checks)
    func `the LDAP connector keeps its contract where nothing keeps references right`(_ check: ConnectorSuite.Check) async throws {
        let server = try #require(DirectoryServer.current)
        #expect(!server.settings.maintainsReferences)
        try await ConnectorSuite(vocabulary(server, unique: nil)) { LDAPConnector(server.settings) }.run(check)
    }
}

/// memberOf is kept, references are not repaired.
@Suite(.directory("--no-refint"))
struct MemberOfContractTests {
    @Test(arguments: ConnectorSuite.checks)
    func `the LDAP connector keeps its contract where only memberOf is kept`(_ check: ConnectorSuite.Check) async throws {
        let server = try #require(DirectoryServer.current)
        try await ConnectorSuite(vocabulary(server)) { LDAPConnector(server.settings) }.run(check)
    }
}

/// References are repaired by the server, and nobody told us: we do it as well.
@Suite(.directory)
struct UntoldServerContractTests {
    @Test(arguments: ConnectorSuite.checks)
    func `the LDAP connector keeps its contract where the server repairs references and nobody said so`(
        _ check: ConnectorSuite.Check
    ) async throws {
        let server = try #require(DirectoryServer.current)
        var settings = server.settings
        settings.maintainsReferences = false
        try await ConnectorSuite(vocabulary(server)) { [settings] in LDAPConnector(settings) }.run(check)
    }
}
