import Contracts
import IdentityModel
import Planning
import Provisioning
import StoreSQL
import Testing

/// Two runs at one system.
struct LeaseTests {
    private func managed(_ system: ScriptedSystem) -> ManagedSystem { ManagedSystem(name: DispatchWorld.directory, connector: system) }

    /// Plans of two origins, both started before anything of either was answered; both change the same account.
    private func meet(_ first: DispatchWorld, _ second: DispatchWorld) async throws -> ScriptedSystem {
        let system = ScriptedSystem()
        _ = try await first.apply(try await first.sealed([joins("E1"), joins("E2")]), [managed(system)])
        let accounts = try #require(try await (first.account("E1"), first.account("E2")) as? (Account, Account))
        let before = await system.executed.count
        let hr = try await first.sealed([
            changes(accounts.0, key: "E1", [sets("title", "Clerk")]), changes(accounts.1, key: "E2", [sets("title", "Clerk")]),
        ])
        let due = try await second.sealed([changes(accounts.0, key: "E1", [sets("title", "Chief"), enters("cn=Chiefs")])], of: .due)
        await system.holdNext()
        async let one = first.apply(hr, [managed(system)])
        while await !system.isHolding { try await Task.sleep(for: .milliseconds(5)) }
        async let other = second.apply(due, [managed(system)])
        while try await second.state(due) != .applying { try await Task.sleep(for: .milliseconds(5)) }
        try await Task.sleep(for: .milliseconds(100))
        #expect(await system.executed.count == before + 1, "nothing is sent while the other run's operations are under way")
        await system.letGo()
        let summaries = try await (one, other)
        #expect(summaries.0.isFinished && summaries.1.isFinished)
        #expect(await system.meetings == [])
        #expect(try await first.orders(hr).map(\.state) == [.executed, .executed])
        #expect(try await first.orders(due).map(\.state) == [.executed])
        return system
    }

    @Test func `plans of two origins that touch one account take turns, in one process`() async throws {
        let world = try await DispatchWorld()
        let system = try await meet(world, world)
        #expect(await system.entry(named: "cn=E1")?.attributes["title"] == ["Chief"])
        #expect(try await world.account("E1")?.written["title"] == [.text("Chief")])
        #expect(try await world.account("E2")?.written["title"] == [.text("Clerk")])
    }

    @Test func `and in two processes`() async throws {
        let world = try await DispatchWorld()
        let system = try await meet(world, try await DispatchWorld(besides: world))
        #expect(await system.entry(named: "cn=E1")?.groups == ["cn=Staff", "cn=Chiefs"])
        #expect(try await world.account("E1")?.written["title"] == [.text("Chief")])
    }

    @Test func `a run that ends with an error leaves the system to the next one`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        let plan = try await world.sealed([joins("E1")])
        await system.goAway()
        #expect(try await world.apply(plan, [managed(system)]).isFinished == false)
        (try await world.store.lease(DispatchWorld.directory)).release()
    }
}
