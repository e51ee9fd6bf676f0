import IdentityModel
import Planning
import PolicyFiles
import Testing

@Suite("Settings from outside, and secrets")
struct SecretTests {
    @Test("a literal password is refused and never shown")
    func literal() {
        #expect(
            Company().map("{ env: SECRET }", "hunter2").findings == [
                """
                PolicyMaps/directory.yaml:5:13: error: 'password' is a secret and must not stand in the file; write { env: NAME } or { file: PATH }
                  password: ••••••
                            ^
                """
            ])
    }

    @Test(
        "a password is never shown, however it is written",
        arguments: [
            "hunter2", "\"hunter2\"", "|-\n    hunter2", "{ env: NONE, default: hunter2 }", "hunter2: x", "[ hunter2 ]",
            "hunter2\n    hunter2", "!x hunter2",
            "\n    hunter2",
        ])
    func neverShown(_ written: String) {
        let findings = Company().map("{ env: SECRET }", written).findings
        #expect(!findings.isEmpty)
        #expect(!findings.joined().contains("hunter2"))
    }

    @Test("a password comes from the environment or from a file, without the file's last line ending")
    func sources() {
        #expect(Company().load().configuration?.policyMaps.first?.connector.secrets["password"]?.reveal() == "hunter2")
        var company = Company().map("{ env: SECRET }", "{ file: /run/secrets/ldap }")
        company.secretFiles = ["/run/secrets/ldap": "from file\n"]
        #expect(company.load().configuration?.policyMaps.first?.connector.secrets["password"]?.reveal() == "from file")
    }

    @Test("a variable that is not set is named where the connector needs it, and remembered for whoever opens the connector")
    func missingVariable() throws {
        let company = Company().map("{ env: SECRET }", "{ env: LDAP_SECRET }")
        #expect(
            company.findings == [
                """
                PolicyMaps/directory.yaml:5:20: warning: 'password' needs the environment variable LDAP_SECRET, which is not set; set it [unset-setting]
                  password: { env: LDAP_SECRET }
                                   ^~~~~~~~~~~
                """
            ])
        let connector = try #require(company.load().configuration?.policyMaps.first).connector
        #expect(connector.secrets.isEmpty)
        #expect(
            connector.missing == [
                MissingSetting(
                    key: "password", message: "'password' needs the environment variable LDAP_SECRET, which is not set; set it",
                    position: TextPosition(file: "PolicyMaps/directory.yaml", line: 5, column: 20), length: 11,
                    excerpt: "  password: { env: LDAP_SECRET }")
            ])
        #expect(
            Company().map("ldaps://127.0.0.1", "{ env: LDAP_URL }").load().diagnostics.map(\.headline) == [
                "PolicyMaps/directory.yaml:4:15: warning: 'url' needs the environment variable LDAP_URL, which is not set; set it, or give a 'default' [unset-setting]"
            ])
    }

    @Test("a file with a secret that cannot be read is a warning at its place; one that is not UTF-8 is an error")
    func missingFile() throws {
        let company = Company().map("{ env: SECRET }", "{ file: /run/secrets/ldap }")
        #expect(
            company.findings == [
                """
                PolicyMaps/directory.yaml:5:21: warning: 'password' is in the file '/run/secrets/ldap', which cannot be read [unset-setting]
                  password: { file: /run/secrets/ldap }
                                    ^~~~~~~~~~~~~~~~~
                """
            ])
        #expect(try #require(company.load().configuration?.policyMaps.first).connector.missing.map(\.key) == ["password"])
    }

    @Test("what kind of connector it is cannot come later, and neither can anything outside of connectors")
    func neededNow() {
        let company = Company().map("type: ldap", "type: { env: KIND }").service("store.sqlite", "{ env: STORE }")
        #expect(
            company.findings == [
                """
                PolicyMaps/directory.yaml:3:16: error: 'type' needs the environment variable KIND, which is not set; set it, or give a 'default'
                  type: { env: KIND }
                               ^~~~
                """,
                """
                birthright.yaml:1:25: error: 'sqlite' needs the environment variable STORE, which is not set; set it, or give a 'default'
                store: { sqlite: { env: STORE } }
                                        ^~~~~
                """,
            ])
    }

    @Test("a default counts where the variable is not set")
    func standard() {
        var company = Company().map("ldaps://127.0.0.1", "{ env: LDAP_URL, default: \"ldaps://test\" }")
        #expect(company.load().configuration?.policyMaps.first?.connector.values["url"] == "ldaps://test")
        company.environment["LDAP_URL"] = "ldaps://live"
        #expect(company.load().configuration?.policyMaps.first?.connector.values["url"] == "ldaps://live")
    }
}
