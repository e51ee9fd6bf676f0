import Contracts
import IdentityModel
import Testing

@testable import ConnectorLDAP

/// What `systems test` says of memberOf, references and indexes: what is at work, and not what the schema knows.
struct SystemTestTests {
    /// Two people, one of them in a group.
    private func fill(_ server: DirectoryServer) async -> LDAPConnector {
        let connector = LDAPConnector(server.settings)
        let results = await connector.execute([create(1, "cn=a,\(people)", [membership(.add, allStaff)]), create(2, "cn=b,\(people)")])
        #expect(results.filter { $0.failure != nil || !$0.failedRequests.isEmpty } == [])
        return connector
    }

    @Test(.directory) func `a server that keeps memberOf and repairs references is said to`() async throws {
        let server = try #require(DirectoryServer.current)
        let report = try await fill(server).test()
        #expect(report.facts.contains("memberOf is at work (1 of 1 memberships looked at agree)"))
        #expect(
            report.facts.contains {
                $0.hasPrefix("the server repairs references when an entry is renamed (") && $0.hasSuffix(" 0 of them gone)")
            })
        #expect(report.facts.contains { $0.hasPrefix("realm dc=example,dc=com ") })
        #expect(!report.advice.contains { $0.contains("memberOf") || $0.contains("references") }, "\(report.advice)")
    }

    @Test(.directory("--no-refint")) func `a server that only knows the schema of refint is told apart, and the settings are contradicted`()
        async throws
    {
        let server = try #require(DirectoryServer.current)
        let connector = await fill(server)
        let report = try await connector.test()
        #expect(report.facts.contains { $0.hasPrefix("the server does not repair references when an entry is renamed; birthright does") })
        var settings = server.settings
        settings.maintainsReferences = true
        let contradicted = try await LDAPConnector(settings).test()
        #expect(
            contradicted.advice.contains {
                $0.hasPrefix("the server does not repair references") && $0.contains("'maintainsReferences: true'")
            })
    }

    @Test(.directory("--no-overlays")) func `without overlays neither memberOf nor references are kept, and what dangles is named`()
        async throws
    {
        let server = try #require(DirectoryServer.current)
        let connector = await fill(server)
        _ = await connector.execute([operation(.delete, 3, "cn=a,\(people)")])
        let report = try await connector.test()
        #expect(report.advice.contains { $0.hasPrefix("accounts do not show their groups (memberOf is not kept by the server)") })
        #expect(
            report.advice.contains { $0.hasPrefix("groups hold members that do not exist") && $0.contains("cn=a,\(people)") }, "\(report)")
    }

    @Test(.directory) func `what is not readable is not claimed, and what entries show is`() async throws {
        let server = try #require(DirectoryServer.current)
        let connector = await fill(server)
        _ = await connector.execute([create(3, "cn=reader,\(people)", [attribute("userPassword", "reader's own")])])
        var settings = server.settings
        settings.bindDN = "cn=reader,\(people)"
        settings.password = Sensitive("reader's own")
        let report = try await LDAPConnector(settings).test()
        #expect(report.facts.contains("memberOf is at work (1 of 1 memberships looked at agree)"))
        #expect(
            report.advice.contains {
                $0.hasPrefix("whether the server repairs references when an entry is renamed cannot be seen from here")
            })
    }

    private func report(_ evidence: ReferenceEvidence, isSaid: Bool) -> ReferenceReport {
        var settings = LDAPSettings(url: "", bindDN: "", password: Sensitive(""), base: "")
        settings.maintainsReferences = isSaid
        return ReferenceReport(evidence, settings)
    }

    @Test func `a memberOf that is out of date is said, with numbers`() {
        let evidence = ReferenceEvidence(configured: (true, true), memberships: 10, hidden: 2, stale: 1, members: 4)
        let report = report(evidence, isSaid: true)
        #expect(report.advice.count == 1)
        #expect(
            report.advice.first?.hasPrefix(
                "memberOf does not say what the groups say (7 of 10 memberships looked at agree, 2 missing, 1 out of date)") == true)
        #expect(report.facts == ["the server repairs references when an entry is renamed (4 members looked at, 0 of them gone)"])
    }

    @Test func `a server that repairs references and is not said to gets advice`() {
        let report = report(ReferenceEvidence(configured: (true, true), members: 4), isSaid: false)
        #expect(report.advice == ["'maintainsReferences: true' in the connector's settings saves the requests that do so once more"])
    }

    @Test func `a search that takes long is taken for a missing index`() {
        let slow = SearchTimes([("mail", .milliseconds(340)), ("member", .milliseconds(1))])
        #expect(
            slow.advice == [
                "a search for a value of mail that nobody has took 340 ms: it wants an eq index, or every such search reads the whole directory"
            ])
        let quick = SearchTimes([("mail", .milliseconds(1)), ("member", .milliseconds(1))])
        #expect(quick.advice.isEmpty)
        #expect(quick.facts == ["searches by mail, member are quick (a missing index shows in a directory of thousands only)"])
    }
}
