import Contracts
import IdentityModel
import Planning
import StoreSQL
import Testing

@testable import Provisioning

/// Orders that a person withdraws: of a plan that is stopped, and of a system that left the configuration.
struct WithdrawnOrderTests {
    private let staff = ["E1,Berg,Clerk,active", "E2,Dahl,Clerk,active"]
    private let promoted = ["E1,Berg,Chief,active", "E2,Dahl,Chief,active"]
    private let hr = Origin.source(SourceName("hr"))

    /// The first answer of the next run is lost, and the system is away from then on.
    private func loseAnAnswer(_ world: RunsWorld) async throws {
        let system = try #require(world.systems[RunsWorld.directory])
        await system.plan(.doneButLost, for: "cn=Berg,ou=People")
        await system.goAway(afterOperations: 1)
    }

    @Test func `of a plan that is abandoned an order whose answer was lost leaves an account that is unknown`() async throws {
        let world = try await RunsWorld()
        try await world.sync(staff)
        try await loseAnAnswer(world)
        _ = try await world.sync(promoted)
        #expect(try await world.orders([.transmitted]).map(\.userKey.text) == ["E1"])
        let runs = world.runs(try world.configuration())
        let (_, withdrawn, end) = try await runs.abandon(2, by: "ann", reason: "wrong")
        #expect(withdrawn == 2 && end == .failed)
        #expect(try await world.orders([.withdrawn]).map(\.userKey.text) == ["E1", "E2"])
        #expect(try await world.account("E1")?.doubt?.attributes == ["title"])
        // Everybody is planned again, looked at, and held.
        await world.systems[RunsWorld.directory]?.comeBack()
        #expect(try await world.sync(promoted) == .held)
        let held = try #require(try await world.store.plan(of: hr, in: [.held]))
        #expect(held.verdicts == [.after(abandoning: 2)] && held.totals.orders == 2)
        try await world.store.decide(held.id, .approved, by: "ann", reason: "right", at: DispatchWorld.start)
        #expect(try await runs.apply(plan: held.ordinal) == .done)
        #expect(try await world.sync(promoted) == .done)
        #expect(await world.systems[RunsWorld.directory]?.entry(named: "cn=Dahl,ou=People")?.attributes["title"] == ["Chief"])
    }

    @Test func `what a person abandoned, or has still to decide about, no run for due dates carries out`() async throws {
        let world = try await RunsWorld()
        let system = try #require(world.systems[RunsWorld.directory])
        try await world.sync(["E1,Berg,Clerk,active", "E2,Dahl,Clerk,active"])
        await system.goAway()
        _ = try await world.sync(["E1,Berg,Clerk,active", "E2,Dahl,Clerk,terminated"])
        let runs = try world.runs(world.configuration())
        _ = try await runs.abandon(2, by: "ann", reason: "wrong")
        await system.comeBack()
        _ = try await runs.syncDue()
        // Held after the plan that was abandoned.
        #expect(try await world.sync() == .held)
        _ = try await runs.syncDue()
        #expect(await system.entry(named: "cn=Dahl,ou=People")?.attributes["userAccountControl"] == ["512"])
        let users = try await world.store.usersWithheld(of: [SourceName("hr")])
        #expect(users.count == 1)
        // Where the source has left the configuration, nobody will ever decide.
        #expect(try await world.store.usersWithheld(of: [SourceName("students")]) == [])
        let held = try #require(try await world.store.plan(of: hr, in: [.held]))
        try await world.store.decide(held.id, .approved, by: "ann", reason: "right after all", at: DispatchWorld.start)
        _ = try await runs.apply(plan: held.ordinal)
        #expect(await system.entry(named: "cn=Dahl,ou=Disabled")?.attributes["userAccountControl"] == ["514"])
    }

    @Test func `whoever was told that something is under way is told that it was abandoned, and nobody else`() async throws {
        let world = try await RunsWorld()
        try await world.sync(staff)
        let system = try #require(world.systems[RunsWorld.directory])
        await system.goAway()
        _ = try await world.sync(["E1,Berg,Chief,active", "E2,Dahl,Clerk,active"])
        #expect(try await world.orders([.pending]).count == 1)
        let before = try await world.store.events(after: 0, limit: 100).count
        let runs = world.runs(try world.configuration())
        _ = try await runs.abandon(2, by: "ann", reason: "wrong")
        #expect(try await world.store.events(after: 0, limit: 100).count == before)
        // After an hour the order that waits was announced.
        await system.comeBack()
        await system.goAway()
        _ = try await world.sync(["E1,Berg,Boss,active", "E2,Dahl,Clerk,active"])
        let held = try #require(try await world.store.plan(of: hr, in: [.held]))
        try await world.store.decide(held.id, .approved, by: "ann", reason: "right", at: DispatchWorld.start)
        _ = try await runs.apply(plan: held.ordinal)
        try await world.clock.shellClock.sleep(3_700_000)
        _ = try await runs.apply(plan: held.ordinal)
        #expect(try await world.store.events(after: 0, limit: 100).count == before + 1)
        _ = try await runs.abandon(3, by: "ann", reason: "wrong")
        let events = try await world.store.events(after: 0, limit: 100).map(\.event)
        #expect(events.count == before + 2 && events.last?.sequence == 2 && events.last?.body.contains("plan 3 was abandoned") == true)
    }

    @Test func `a system that left takes an order whose answer was lost with it, and is looked at when it comes back`() async throws {
        let mail = SystemName("Mail")
        let world = try await RunsWorld([RunsWorld.directory: ScriptedSystem(), mail: ScriptedSystem()])
        var both = RunsWorld.files
        both["PolicyMaps/mail.yaml"] = RunsWorld.map.replacing("managedSystem: Directory", with: "managedSystem: Mail")
        both["Roles.yaml"] = both["Roles.yaml"]?.replacing("entitlements: [", with: "entitlements: [ { system: Mail },")
        let (with, without) = (try world.configuration(both), try world.configuration())
        #expect(try await world.sync(staff, with) == .done)
        try await loseAnAnswer(RunsWorld(world, [RunsWorld.directory: try #require(world.systems[mail])]))
        _ = try await world.sync(promoted, with)
        #expect(Set(try await world.orders([.transmitted, .pending]).map(\.system)) == [mail])
        #expect(try await world.sync(promoted, without) == .held)
        #expect(try await world.runs(without).syncDue(Acceptance([.removed], reason: "test", by: "ann")) == .done)
        #expect(try await world.orders([.transmitted, .pending, .errored]) == [])
        #expect(try await world.store.plan(of: hr, in: [.applying]) == nil)
        #expect(try await world.account("E1", on: mail)?.isUnknown == true)
        #expect(try await world.sync(promoted, without) == .done)
        // It comes back, and what was not known is looked at.
        await world.systems[mail]?.comeBack()
        #expect(try await world.sync(promoted, with) == .done)
        #expect(try await world.account("E1", on: mail)?.isUnknown == false)
        #expect(await world.systems[mail]?.entry(named: "cn=Dahl,ou=People")?.attributes["title"] == ["Chief"])
    }

    @Test(arguments: [true, false])
    func `a Create whose answer was lost is not sent again for somebody who has left meanwhile, and withdrawn if it was done`(isDone: Bool)
        async throws
    {
        let world = try await RunsWorld()
        try await world.sync([staff[1]])
        let system = try #require(world.systems[RunsWorld.directory])
        await system.plan(isDone ? .doneButLost : .lost, for: "cn=Berg,ou=People")
        await system.goAway(afterOperations: 1)
        let third = "E3,Holm,Clerk,active"
        _ = try await world.sync(staff + [third])
        let left = ["E1,Berg,Clerk,terminated", staff[1], third]
        let only = try world.configuration(RunsWorld.files.merging(["Rules.yaml": Self.active]) { $1 })
        #expect(try await world.sync(left, only) == .failed)
        #expect(try await world.orders([.transmitted]).map(\.userKey.text) == ["E1"])
        await system.comeBack()
        #expect(try await world.sync(left, only) == .done)
        let entry = await system.entry(named: isDone ? "cn=Berg,ou=Disabled" : "cn=Berg,ou=People")
        #expect(isDone ? entry?.attributes["userAccountControl"] == ["514"] && entry?.groups == [] : entry == nil)
        let creates = await system.operations.filter { $0.operation == .create && $0.name.text.contains("Berg") }
        #expect(creates.count == 1)
        #expect(try await world.sync(left, only) == .done)
        #expect(try await world.orders([.pending, .transmitted, .errored]) == [])
    }

    private static let active = """
        rules:
          everybody: { when: 'user.status == "active"', roles: [Employee] }
        """
}
