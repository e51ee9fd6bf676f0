import ConnectorLDAP
import Contracts
import Foundation
import IdentityModel
import Testing

@Suite(.directory)
struct ConnectingTests {
    let server: DirectoryServer
    init() throws { server = try #require(DirectoryServer.current) }

    /// What `systems test` throws with these settings. It never holds the password.
    private func refusal(_ change: (inout LDAPSettings) -> Void) async -> ConnectorFailure? {
        var settings = server.settings
        change(&settings)
        let connector = LDAPConnector(settings)
        do {
            _ = try await connector.test()
            return nil
        } catch {
            #expect(!"\(error)".contains(server.password))
            #expect(error.errorClass == .unavailable)
            // The same words reach every order.
            let result = await connector.execute([create(1, "cn=a,\(people)")])
            #expect(result.first?.failure?.message == error.message)
            return error
        }
    }

    @Test func `a server that does not run is named with its address`() async {
        let failure = await refusal { $0.url = "ldaps://127.0.0.1:1" }
        #expect(failure?.description == "cannot connect to ldaps://127.0.0.1:1: connection refused: is the server running at 127.0.0.1:1?")
    }

    @Test func `an unknown host is named`() async {
        let failure = await refusal { $0.url = "ldaps://directory.invalid" }
        #expect(failure?.description == "cannot connect to ldaps://directory.invalid: the host name 'directory.invalid' is not known")
    }

    @Test func `a wrong password is told apart from everything else`() async {
        let failure = await refusal { $0.password = Sensitive("wrong") }
        #expect(
            failure?.description
                == "\(server.url) refused the bind: wrong password or bindDN (\(DirectoryServer.serviceAccount)) (LDAP 49 invalidCredentials)"
        )
    }

    @Test func `an empty password is not sent, because servers take it for an anonymous bind`() async {
        let failure = await refusal { $0.password = Sensitive("") }
        #expect(failure?.description == "the password for \(DirectoryServer.serviceAccount) is empty")
    }

    @Test func `a certificate of another authority is refused`() async throws {
        let other = try DirectoryServer()
        try other.stop()
        let failure = await refusal { $0.caFile = other.caFile }
        #expect(
            failure?.message
                == "cannot verify the server's certificate of \(server.url) with CA file \(other.caFile): wrong CA, another host name in the certificate, expired, or no TLS there"
        )
        let started = await refusal {
            $0.caFile = other.caFile
            $0.url = server.startTLSURL
            $0.startTLS = true
        }
        #expect(
            started?.message
                == "cannot verify the server's certificate of \(server.startTLSURL) with CA file \(other.caFile): wrong CA, another host name in the certificate, expired, or no TLS there"
        )
        try other.remove()
    }

    @Test func `without a CA file only the system's authorities count`() async {
        let failure = await refusal { $0.caFile = nil }
        #expect(
            failure?.message
                == "cannot verify the server's certificate of \(server.url) with the system's CA certificates: wrong CA, another host name in the certificate, expired, or no TLS there"
        )
    }

    @Test func `a CA file that cannot be read is not mistaken for a wrong one`() async {
        let failure = await refusal { $0.caFile = "/nowhere/ca.pem" }
        #expect(failure?.description == "cannot read the CA file /nowhere/ca.pem")
    }

    @Test func `the password never travels in the clear`() async {
        let failure = await refusal { $0.url = server.startTLSURL }
        #expect(
            failure?.description
                == "\(server.startTLSURL) would carry the password in the clear: use an ldaps:// URL, or ldap:// with startTLS: true")
    }

    @Test func `what is no LDAP URL is refused`() async {
        let failure = await refusal { $0.url = "ldaps//directory" }
        #expect(
            failure?.description
                == "ldaps//directory would carry the password in the clear: use an ldaps:// URL, or ldap:// with startTLS: true")
    }

    @Test func `a server that accepts and says nothing does not hold us for ever`() async throws {
        let quiet = try DirectoryServer()
        try await quiet.freeze()
        let failure = await refusal {
            $0.url = quiet.url
            $0.connectSeconds = 1
        }
        quiet.signal(SIGCONT)
        #expect(failure?.description == "\(quiet.url) accepts connections but does not answer within 1 seconds")
        try quiet.remove()
    }

    @Test func `StartTLS works like ldaps`() async throws {
        var settings = server.settings
        settings.url = server.startTLSURL
        settings.startTLS = true
        let report = try await LDAPConnector(settings).test()
        #expect(report.facts.first?.hasPrefix("OpenLDAP at \(server.startTLSURL), StartTLS (TLS1.") == true)
    }

    @Test func `a system test tells what the server is and can do`() async throws {
        let report = try await LDAPConnector(server.settings).test()
        #expect(report.facts.first?.hasPrefix("OpenLDAP at \(server.url), ldaps (TLS1.") == true)
        #expect(
            report.facts.dropFirst().prefix(3) == [
                "bound as dn:\(DirectoryServer.serviceAccount)", "base dc=example,dc=com exists",
                "controls: paged results, post-read, permissive modify, no password policy, transactions",
            ])
        #expect(
            !report.advice.contains { $0.contains("does not exist") || $0.contains("memberOf") || $0.contains("references") },
            "\(report.advice)")
        #expect(report.advice.first?.hasPrefix("the ppolicy overlay is not loaded") == true)
    }

    @Test func `a base that does not exist is named beside what the server has`() async throws {
        var settings = server.settings
        settings.base = "dc=example,dc=org"
        let connector = LDAPConnector(settings)
        let failure = await #expect(throws: ConnectorFailure.self) { try await connector.test() }
        #expect(failure?.description == "the base dc=example,dc=org does not exist on \(server.url); it serves dc=example,dc=com")
        #expect(failure?.errorClass == .permanent)
    }
}
