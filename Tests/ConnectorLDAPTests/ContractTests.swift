import ConnectorLDAP
import ContractTesting
import Contracts
import IdentityModel
import Testing

@Suite(.directory)
struct ContractTests {
    static let vocabulary = ConnectorSuite.Vocabulary(
        containers: ["ou=Finance,ou=People,dc=example,dc=com", "ou=Disabled,ou=People,dc=example,dc=com"],
        name: { AccountName("cn=\($0) O\\, Neill,\($1)") },
        attributes: { label in
            [
                "objectClass": ["inetOrgPerson", "adAccount"], "cn": ["\(label) O, Neill"], "sn": ["O, Neill"], "givenName": [label],
                "sAMAccountName": [label],
            ]
        }, correlation: "employeeNumber", text: "title", list: "telephoneNumber", unique: "sAMAccountName",
        groups: ["cn=All Staff,ou=Groups,dc=example,dc=com", "cn=VPN,ou=Groups,dc=example,dc=com"])

    @Test(arguments: ConnectorSuite.checks)
    func `the LDAP connector keeps its contract on OpenLDAP`(_ check: ConnectorSuite.Check) async throws {
        let server = try #require(DirectoryServer.current)
        try await ConnectorSuite(Self.vocabulary) { LDAPConnector(server.settings) }.run(check)
    }
}
