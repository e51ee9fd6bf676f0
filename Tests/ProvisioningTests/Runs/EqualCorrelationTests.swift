import Contracts
import IdentityModel
import Planning
import StoreSQL
import Testing

@testable import Provisioning

/// Two people by whose values one entry would be found: an account of either could be the other's.
struct EqualCorrelationTests {
    /// Correlates by the title, which is no key: two rows may say the same.
    private func byTitle(_ world: RunsWorld) throws -> Configuration {
        var files = RunsWorld.files
        files["PolicyMaps/directory.yaml"] = RunsWorld.map.replacing("number: user.employeeId", with: "number: user.title")
        return try world.configuration(files)
    }

    private func failures(_ world: RunsWorld) async throws -> [String] {
        try await world.orders([.evaluationFailed]).map { "\($0.userKey): \($0.failure?.message ?? "")" }
    }

    @Test func `two joiners of one chunk both fail`() async throws {
        let world = try await RunsWorld()
        #expect(try await world.sync(["E1,Berg,T1,active", "E2,Dahl,T1,active", "E3,Holm,T3,active"], byTitle(world)) == .failed)
        #expect(try await failures(world).map { $0.prefix(2) } == ["E1", "E2"])
        #expect(await world.systems[RunsWorld.directory]?.entries.count == 1)
    }

    @Test func `two joiners of different chunks both fail, and are corrected like any others`() async throws {
        let world = try await RunsWorld()
        let crowd = (1...SourceRun.chunkSize).map { "C\($0),Crowd\($0),T-C\($0),active" }
        let rows = ["E1,Berg,T1,active"] + crowd + ["E2,Dahl,t1,active"]
        #expect(try await world.sync(rows, byTitle(world)) == .failed)
        #expect(
            try await failures(world).first
                == "E1: number=t1 is what user E2 has too, and an entry of Directory could be either's; correct one of them")
        #expect(try await failures(world).count == 2)
        #expect(await world.systems[RunsWorld.directory]?.entries.count == SourceRun.chunkSize)
        // The same file again is no news.
        #expect(try await world.sync(rows, byTitle(world)) == .failed)
        #expect(try await world.store.plans(limit: 9).count { $0.ordinal != nil } <= 2)
        #expect(try await world.sync(rows.dropLast() + ["E2,Dahl,T2,active"], byTitle(world)) == .done)
        #expect(await world.systems[RunsWorld.directory]?.entry(named: "cn=Berg,ou=People")?.attributes["number"] == ["T1"])
    }

    @Test func `whoever comes with the values of somebody's account gets none, and the account is as it was`() async throws {
        let world = try await RunsWorld()
        #expect(try await world.sync(["E1,Berg,T1,active"], byTitle(world)) == .done)
        #expect(try await world.sync(["E1,Berg,T1,active", "E2,Dahl,T1,active"], byTitle(world)) == .failed)
        #expect(try await failures(world).map { $0.prefix(2) } == ["E2"])
        #expect(await world.systems[RunsWorld.directory]?.entries.values.map(\.name) == [AccountName("cn=Berg,ou=People")])
        #expect(try await world.sync(["E2,Dahl,T1,active"], byTitle(world)) == .failed)
        let berg = await world.systems[RunsWorld.directory]?.entry(named: "cn=Berg,ou=Disabled")
        #expect(berg?.attributes["userAccountControl"] == ["514"])
    }
}
