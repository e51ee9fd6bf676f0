import ConnectorLDAP
import Contracts
import Foundation
import IdentityModel
import Testing

struct ServerLossTests {
    @Test(.directory)
    func `when the server dies, what was in flight is unknown, what was not sent is tried again, and nothing is called done that is not`()
        async throws
    {
        let server = try #require(DirectoryServer.current)
        let connector = LDAPConnector(server.settings)
        _ = try await connector.test()
        // Connected before it is needed: on a busy machine a handshake takes as long as the batch.
        let witness = LDAPConnector(server.settings)
        _ = try await witness.realm()
        // On a busy machine a batch can be over before we see its beginning: then a longer one.
        for round in 0..<5 {
            let names = (1...8_000 << round).map { "r\(round)n\($0)" }
            let outcomes = try await killing(server, while: connector, creates: names, seenBy: witness)
            let classes = Dictionary(grouping: outcomes, by: { $0.failure?.errorClass }).mapValues(\.count)
            #expect(Set(classes.keys).isSubset(of: [nil, .unknown, .transient]))
            try server.startAgain()
            let found = try await connector.find(names.map { .correlation(["cn": $0]) })
            let done = zip(outcomes, found).filter { $0.0.failure == nil }
            let untouched = zip(outcomes, found).filter { $0.0.failure?.errorClass == .transient }
            #expect(done.allSatisfy { $0.1 != .absent })
            #expect(untouched.allSatisfy { $0.1 == .absent })
            guard done.count < names.count else { continue }
            #expect((1...512).contains(classes[.unknown] ?? 0))
            #expect((classes[.transient] ?? 0) > 0)
            await connector.close()
            await witness.close()
            return
        }
        Issue.record("the server was never killed in the middle of a batch")
    }

    /// Sends creates, and kills the server as soon as one of them is seen.
    private func killing(
        _ server: DirectoryServer, while connector: LDAPConnector, creates names: [String], seenBy witness: LDAPConnector
    ) async throws -> [OperationResult] {
        let operations = names.indices.map { create($0, "cn=\(names[$0]),\(people)", [membership(.add, allStaff)]) }
        async let results = connector.execute(operations)
        // In the middle: some are done, some in flight, most not sent.
        while try await witness.find([.correlation(["cn": names[299]])]) == [.absent] { try await Task.sleep(for: .milliseconds(5)) }
        // Frozen, it lets the window fill.
        try await server.freeze()
        server.signal(SIGKILL)
        let outcomes = await results
        #expect(outcomes.map(\.id) == operations.map(\.id))
        return outcomes
    }

    @Test(.directory) func `a server that hangs makes orders unknown, and is used again when it wakes`() async throws {
        let server = try #require(DirectoryServer.current)
        var settings = server.settings
        settings.timeoutSeconds = 1
        settings.connectSeconds = 2
        let connector = LDAPConnector(settings)
        _ = try await connector.test()
        try await server.freeze()
        let results = await connector.execute((1...300).map { create($0, "cn=a\($0),\(people)") })
        server.signal(SIGCONT)
        #expect(results.filter { $0.failure?.errorClass == .unknown }.count >= 256)
        #expect(results.filter { $0.failure == nil }.isEmpty)
        #expect(
            results.first?.failure?.description
                == "cannot create cn=a1,\(people): no answer within 1 seconds, so it is not known whether it was done")
        let later = await connector.execute([create(1, "cn=later,\(people)")])
        #expect(later.first?.failure == nil)
        await connector.close()
    }

    @Test(.directory) func `a connection that was closed while it was idle is made again, unnoticed`() async throws {
        let server = try #require(DirectoryServer.current)
        let connector = LDAPConnector(server.settings)
        _ = try await connector.test()
        try server.stop()
        try server.startAgain()
        let results = await connector.execute([create(1, "cn=a,\(people)")])
        #expect(results.first?.failure == nil)
        try server.stop()
        let refused = await connector.execute([create(2, "cn=b,\(people)")])
        #expect(refused.first?.failure?.errorClass == .unavailable)
        await connector.close()
    }
}
