import Contracts
import IdentityModel
import Planning
import StoreSQL
import Testing

@testable import Provisioning

@Suite("What planning asks, and what it leaves alone")
struct PlanningRunTests {
    private let staff = ["E1,Berg,Clerk,active", "E2,Dahl,Clerk,active"]

    private func mapped(_ world: RunsWorld, _ change: (String) -> String, guards: String? = nil) throws -> Configuration {
        var files = RunsWorld.files
        files["PolicyMaps/directory.yaml"] = change(RunsWorld.map)
        if let guards { files["birthright.yaml"] = files["birthright.yaml"]?.replacing("disable: { count: 100 }", with: guards) }
        return try world.configuration(files)
    }

    private func plan(_ world: RunsWorld, _ configuration: Configuration, day: Int = 0) async throws -> RunEnd {
        try await world.runs(configuration, day: day).plan(PlanRequest(source: SourceName("hr")))
    }

    // MARK: A connection that is lost

    @Test(arguments: [ErrorClass.transient, .unknown])
    func `a look that is not answered is tried again, and a system that does not answer is left aside`(_ errorClass: ErrorClass)
        async throws
    {
        let world = try await RunsWorld()
        let system = try #require(world.systems[RunsWorld.directory])
        await system.failLooks(ConnectorFailure(errorClass, "the connection was lost"), times: 3)
        #expect(try await world.sync(staff) == .done)
        #expect(await system.entries.count == 2)
        await system.failLooks(ConnectorFailure(errorClass, "the connection was lost"), times: 4)
        #expect(try await world.sync(staff + ["E3,Holm,Clerk,active"], day: 1) == .leftAside)
        #expect(await system.entries.count == 2)
        #expect(try await world.sync(day: 1) == .done)
        #expect(await system.entries.count == 3)
    }

    // MARK: plan writes nothing

    @Test func `to plan carries nothing out, also while a plan of before is not through`() async throws {
        let world = try await RunsWorld()
        let system = try #require(world.systems[RunsWorld.directory])
        #expect(try await world.sync(staff) == .done)
        await system.goAway()
        #expect(try await world.sync(["E1,Berg,Chief,active", "E2,Dahl,Clerk,terminated"], day: 1) == .leftAside)
        await system.comeBack()
        let (executed, waiting) = (await system.executed.count, try await world.orders([.pending]).map(\.id))
        #expect(waiting.count == 2)
        try world.write(["E1,Berg,Boss,active", "E2,Dahl,Clerk,terminated"])
        for _ in 1...2 { _ = try await plan(world, world.configuration(), day: 2) }
        #expect(await system.executed.count == executed)
        #expect(try await world.orders([.pending]).map(\.id) == waiting)
        #expect(try await world.sync(day: 2) == .done)
        #expect(await system.entry(named: "cn=Berg,ou=People")?.attributes["title"] == ["Boss"])
    }

    // MARK: Names

    private func unique(_ map: String) -> String {
        map.replacing(
            "cn: user.lastName",
            with: "cn: { unique: { in: [store, target], scope: system, candidates: ['user.lastName', 'user.lastName + \"2\"'] } }")
    }

    @Test func `a name of somebody whose id cannot be read is taken`() async throws {
        let world = try await RunsWorld()
        let system = try #require(world.systems[RunsWorld.directory])
        let configuration = try mapped(world) {
            unique($0).replacing(
                "title: user.?title",
                with: "title: { unique: { in: [store, target], scope: system, candidates: ['user.lastName', 'user.lastName + \"2\"'] } }")
        }
        await system.add(name: "cn=Stranger", ["title": ["Berg"]])
        await system.hideID(of: "cn=Stranger")
        #expect(try await world.sync(staff, configuration) == .done)
        #expect(await system.entry(named: "cn=Berg,ou=People")?.attributes["title"] == ["Berg2"])
        #expect(await system.entry(named: "cn=Dahl,ou=People")?.attributes["title"] == ["Dahl"])
    }

    /// What a held plan reserved is free for the plan that will supersede it.
    @Test func `a file that is planned twice is one plan, whatever the plan before it had given to others`() async throws {
        let world = try await RunsWorld()
        let configuration = try mapped(world, unique, guards: "disable: { count: 1 }")
        #expect(try await world.sync(staff, configuration) == .done)
        let leavers = staff.map { $0.replacing("active", with: "terminated") }
        #expect(try await world.sync(leavers + ["E3,Holm,Clerk,active"], configuration, day: 1) == .held)
        let first = try #require(try await world.store.plan(of: .source(SourceName("hr")), in: [.held]))
        #expect(try await world.sync(leavers + ["E4,Holm,Clerk,active"], configuration, day: 1) == .held)
        let second = try #require(try await world.store.plan(of: .source(SourceName("hr")), in: [.held]))
        #expect(first.id != second.id)
        let names = try await world.orders([.planned]).filter { $0.userKey == UserKey("E4") }.map(\.nameAfter)
        #expect(names == [AccountName("cn=Holm,ou=People")])
        #expect(try await world.sync(nil, configuration, day: 1) == .held)
        let third = try #require(try await world.store.plan(of: .source(SourceName("hr")), in: [.held]))
        #expect(third.id == second.id && third.seal == second.seal)
        _ = try await Inquiry(world.store).approve(third.ordinal ?? 0, by: "ann", reason: "right", at: DispatchWorld.start)
        #expect(try await world.sync(nil, configuration, day: 1) == .done)
        #expect(await world.systems[RunsWorld.directory]?.entry(named: "cn=Holm,ou=People")?.attributes["number"] == ["E4"])
        // And it is theirs from now on.
        let next = leavers + ["E4,Holm,Clerk,active", "E5,Holm,Clerk,active"]
        #expect(try await world.sync(next, configuration, day: 2) == .done)
        #expect(await world.systems[RunsWorld.directory]?.entry(named: "cn=Holm2,ou=People")?.attributes["number"] == ["E5"])
    }

    // MARK: Correlation by two values

    @Test(arguments: [("Clerk", 1), ("Boss", 2)])
    func `by two attributes only an entry that has both values is somebody's, when it is planned and when it is sent`(
        _ title: String, _ entries: Int
    ) async throws {
        let world = try await RunsWorld()
        let system = try #require(world.systems[RunsWorld.directory])
        let configuration = try mapped(world) { $0.replacing("correlation: [ number ]", with: "correlation: [ number, title ]") }
        await system.add(name: "cn=Foreign", ["number": ["E1"], "title": [title]])
        #expect(try await world.sync([staff[0]], configuration) == .done)
        #expect(await system.entries.count == entries)
        // One that comes between plan and start is met as well.
        try world.write([staff[0], staff[1]])
        _ = try await plan(world, configuration, day: 1)
        await system.add(name: "cn=Late", ["number": ["E2"], "title": [title]])
        #expect(try await world.sync(nil, configuration, day: 1) == .done)
        #expect(await system.entries.count == 2 * entries)
    }
}
