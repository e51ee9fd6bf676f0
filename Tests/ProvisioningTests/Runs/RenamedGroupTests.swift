import Contracts
import IdentityModel
import Planning
import Testing

@testable import Provisioning

@Suite("A group that somebody renamed by hand")
struct RenamedGroupTests {
    private static let rows = ["E1,Berg,Clerk,active", "E2,Moe,Clerk,active"]

    private func world(maintainsReferences: Bool = true) async throws -> (RunsWorld, ScriptedSystem) {
        let system = ScriptedSystem(maintainsReferences: maintainsReferences)
        return (try await RunsWorld([RunsWorld.directory: system]), system)
    }

    private func configuration(_ world: RunsWorld, group: String) throws -> Configuration {
        var files = RunsWorld.files
        files["Roles.yaml"] = "roles:\n  Employee: { entitlements: [ { system: Directory, groups: [\"\(group)\"] } ] }\n"
        return try world.configuration(files)
    }

    private func members(_ system: ScriptedSystem, _ group: String) async -> Set<String> {
        Set(await system.members[group, default: []].map(\.text))
    }

    @Test func `is left by whoever leaves`() async throws {
        let (world, system) = try await world()
        #expect(try await world.sync(Self.rows) == .done)
        await system.rename(group: "cn=Staff", to: "cn=Crew")
        #expect(try await world.sync(["E2,Moe,Clerk,active"], day: 1) == .done)
        #expect(await members(system, "cn=Crew") == ["cn=Moe,ou=People"])
        #expect(try await world.sync(["E2,Moe,Clerk,terminated"], day: 2) == .done)
        #expect(await members(system, "cn=Crew") == [])
    }

    @Test func `is left by whoever leaves while it is renamed`() async throws {
        let (world, system) = try await world()
        #expect(try await world.sync(Self.rows) == .done)
        await system.renameWhenSeen(group: "cn=Staff", to: "cn=Crew")
        let end = try await world.sync(["E2,Moe,Clerk,active"], day: 1)
        let isOut = await members(system, "cn=Crew") == ["cn=Moe,ou=People"]
        #expect(end != .done || isOut, "a run that ends with 0 has taken him out")
        #expect(try await world.sync(day: 1) == .done)
        #expect(await members(system, "cn=Crew") == ["cn=Moe,ou=People"])
    }

    @Test func `is in doubt where it cannot be asked again whether it was renamed`() async throws {
        let (world, system) = try await world()
        #expect(try await world.sync(Self.rows) == .done)
        await system.renameWhenSeen(group: "cn=Staff", to: "cn=Crew")
        await system.hideGroups(ConnectorFailure(.transient, "busy"), afterBeingSeen: true)
        #expect(try await world.sync(["E2,Moe,Clerk,active"], day: 1) != .done)
        await system.hideGroups(nil)
        #expect(try await world.sync(day: 1) == .done)
        #expect(await members(system, "cn=Crew") == ["cn=Moe,ou=People"])
    }

    @Test func `keeps whoever a role gives its new name, and is left by whoever leaves meanwhile`() async throws {
        let (world, system) = try await world()
        #expect(try await world.sync(Self.rows) == .done)
        await system.rename(group: "cn=Staff", to: "cn=Crew")
        let edited = try configuration(world, group: "cn=Crew")
        #expect(try await world.sync(["E2,Moe,Clerk,active"], edited, day: 1) == .done)
        #expect(await members(system, "cn=Crew") == ["cn=Moe,ou=People"])
        #expect(try await world.account("E2")?.memberships == ["cn=Crew"])
        #expect(try await world.sync(["E2,Moe,Clerk,terminated"], edited, day: 2) == .done)
        #expect(await members(system, "cn=Crew") == [])
    }

    @Test func `is left although another one has its name by now`() async throws {
        let (world, system) = try await world()
        #expect(try await world.sync(Self.rows) == .done)
        await system.rename(group: "cn=Staff", to: "cn=Crew")
        await system.make(group: "cn=Staff")
        #expect(try await world.sync(Self.rows + ["E3,Lie,Clerk,active"], day: 1) == .done)
        #expect(await members(system, "cn=Staff") == ["cn=Lie,ou=People"])
        #expect(try await world.sync(["E2,Moe,Clerk,active"], day: 2) == .done)
        #expect(await members(system, "cn=Staff") == [])
        #expect(await members(system, "cn=Crew") == ["cn=Moe,ou=People"])
    }

    @Test func `is not left by whoever was in the one that has its name by now`() async throws {
        let (world, system) = try await world()
        #expect(try await world.sync(Self.rows) == .done)
        await system.rename(group: "cn=Staff", to: "cn=Crew")
        await system.make(group: "cn=Staff")
        let rows = Self.rows + ["E3,Lie,Clerk,active"]
        #expect(try await world.sync(rows, day: 1) == .done)
        // By hand.
        await system.join(group: "cn=Crew", "cn=Lie,ou=People")
        #expect(try await world.sync(Self.rows, day: 2) == .done)
        #expect(await members(system, "cn=Staff") == [])
        #expect(await members(system, "cn=Crew").contains { $0.hasPrefix("cn=Lie,") })
    }

    @Test func `costs no search while groups have the names that they had, and none where a group is gone`() async throws {
        let (world, system) = try await world()
        #expect(try await world.sync(Self.rows) == .done)
        #expect(try await world.sync(["E2,Moe,Clerk,active"], day: 1) == .done)
        #expect(await system.groupSearches == 0)
        await system.delete(group: "cn=Staff")
        #expect(try await world.sync(["E2,Moe,Clerk,terminated"], day: 2) == .done)
        #expect(try await world.orders([.errored]).isEmpty)
    }

    @Test func `is not taken for gone while nobody can be asked`() async throws {
        let (world, system) = try await world()
        #expect(try await world.sync(Self.rows) == .done)
        await system.rename(group: "cn=Staff", to: "cn=Crew")
        await system.hideGroups(ConnectorFailure(.transient, "busy"))
        #expect(try await world.sync(["E2,Moe,Clerk,active"], day: 1) != .done)
        #expect(await members(system, "cn=Crew").count == 2)
        await system.hideGroups(nil)
        #expect(try await world.sync(day: 1) == .done)
        #expect(await members(system, "cn=Crew") == ["cn=Moe,ou=People"])
    }

    @Test func `keeps nobody's access enabled while nobody can be asked`() async throws {
        let (world, system) = try await world()
        #expect(try await world.sync(Self.rows) == .done)
        await system.rename(group: "cn=Staff", to: "cn=Crew")
        await system.hideGroups(ConnectorFailure(.transient, "busy"))
        #expect(try await world.sync(["E1,Berg,Clerk,terminated", "E2,Moe,Clerk,active"], day: 1) != .done)
        #expect(try await world.account("E1")?.state == .deprovisioned)
        #expect(await members(system, "cn=Crew").count == 2)
        #expect(try await world.orders([.executed]).filter { $0.userKey == UserKey("E1") }.count == 1, "only that of the first day")
        await system.hideGroups(nil)
        #expect(try await world.sync(day: 1) == .done)
        #expect(await members(system, "cn=Crew") == ["cn=Moe,ou=People"])
    }

    @Test func `keeps whoever is renamed, under the new name`() async throws {
        let (world, system) = try await world(maintainsReferences: false)
        #expect(try await world.sync(Self.rows) == .done)
        await system.rename(group: "cn=Staff", to: "cn=Crew")
        #expect(try await world.sync(["E1,Berg,Clerk,active", "E2,Lie,Clerk,active"], day: 1) == .done)
        #expect(await members(system, "cn=Crew") == ["cn=Berg,ou=People", "cn=Lie,ou=People"])
        #expect(try await world.account("E2")?.memberships == ["cn=Staff"])
    }

    @Test func `keeps no name of before of whoever is renamed after another group got its name`() async throws {
        let (world, system) = try await world(maintainsReferences: false)
        #expect(try await world.sync(Self.rows) == .done)
        await system.rename(group: "cn=Staff", to: "cn=Crew")
        await system.make(group: "cn=Staff")
        #expect(try await world.sync(["E1,Berg,Clerk,active", "E2,Lie,Clerk,active"], day: 1) == .done)
        #expect(await members(system, "cn=Crew") == ["cn=Berg,ou=People"])
        #expect(await members(system, "cn=Staff") == ["cn=Lie,ou=People"])
    }

    @Test func `keeps whoever was renamed half way`() async throws {
        let (world, system) = try await world(maintainsReferences: false)
        #expect(try await world.sync(Self.rows) == .done)
        await system.rename(group: "cn=Staff", to: "cn=Crew")
        await system.refuse(attribute: "title", ConnectorFailure(.permanent, "no"))
        let rows = ["E1,Berg,Clerk,active", "E2,Lie,Chief,active"]
        #expect(try await world.sync(rows, day: 1) == .failed)
        await system.accept(attribute: "title")
        // It is given again, because nobody knows what became of it; and a role names a group that is not there.
        #expect(try await world.sync(rows, day: 2) == .failed)
        #expect(await members(system, "cn=Crew") == ["cn=Berg,ou=People", "cn=Lie,ou=People"])
        let edited = try configuration(world, group: "cn=Crew")
        #expect(try await world.sync(rows, edited, day: 3) == .done)
        #expect(await members(system, "cn=Crew") == ["cn=Berg,ou=People", "cn=Lie,ou=People"])
        #expect(try await world.sync(["E1,Berg,Clerk,active", "E2,Lie,Chief,terminated"], edited, day: 4) == .done)
        #expect(await members(system, "cn=Crew") == ["cn=Berg,ou=People"])
    }
}
