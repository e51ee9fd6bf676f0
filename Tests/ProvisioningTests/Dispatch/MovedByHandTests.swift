import Contracts
import IdentityModel
import Provisioning
import StoreSQL
import Testing

/// Orders that write nothing but groups go by the account's name, and somebody has given the entry another one, or deleted it, by hand.
struct MovedByHandTests {
    private let directory = DispatchWorld.directory

    private func managed(_ connector: ScriptedSystem) -> ManagedSystem { ManagedSystem(name: directory, connector: connector) }

    /// A world in which E1 and E2 have accounts in the groups Staff and Sales.
    private func world(_ system: ScriptedSystem) async throws -> (DispatchWorld, Account, Account) {
        let world = try await DispatchWorld()
        let plan = try await world.sealed(["E1", "E2"].map { joins($0, groups: ["cn=Staff", "cn=Sales"]) })
        _ = try await world.apply(plan, [managed(system)])
        return (world, try #require(try await world.account("E1")), try #require(try await world.account("E2")))
    }

    @Test func `a membership that the group holds under another name is taken away under that name, and the entry goes back`() async throws
    {
        let system = ScriptedSystem()
        let (world, first, second) = try await world(system)
        await system.move("cn=E1", to: "cn=E1,ou=Annex")
        let looksBefore = await system.findCalls
        let plan = try await world.sealed([
            changes(first, key: "E1", [leaves("cn=Sales"), enters("cn=VPN")]), changes(second, key: "E2", [leaves("cn=Sales")]),
        ])
        let summary = try await world.apply(plan, [managed(system)])
        #expect(summary.executed == 2 && summary.errored == 0)
        #expect(
            await system.members == [
                "cn=Staff": [AccountName("cn=E1"), AccountName("cn=E2")], "cn=Sales": [], "cn=VPN": [AccountName("cn=E1")],
            ])
        let after = try #require(try await world.account("E1"))
        #expect(after.name == AccountName("cn=E1") && after.memberships == ["cn=Staff", "cn=VPN"] && !after.isUnknown)
        // One question about the batch, one before it is sent again; nobody asks about E2.
        #expect(await system.findCalls == looksBefore + 2)
        #expect(await system.operations.suffix(3).map(\.name.text) == ["cn=E1", "cn=E2", "cn=E1,ou=Annex"])
    }

    @Test func `a membership that was taken away by hand from an entry that is where it was is done`() async throws {
        let system = ScriptedSystem()
        let (world, first, _) = try await world(system)
        _ = await system.execute([
            AccountOperation(
                id: OrderID(plan: PlanID(row: 9), sequence: 1), operation: .modify, accountID: first.id, name: AccountName("cn=E1"),
                newName: nil,
                requests: [AccountOperation.Request(kind: .membership, name: "memberOf", operation: .remove, values: ["cn=Sales"])],
                appliesDialectDisabling: false)
        ])
        let sent = await system.operations.count
        let plan = try await world.sealed([changes(first, key: "E1", [leaves("cn=Sales")])])
        #expect(try await world.apply(plan, [managed(system)]).executed == 1)
        #expect(await system.operations.count == sent + 1)
        let after = try #require(try await world.account("E1"))
        #expect(after.memberships == ["cn=Staff"] && !after.isUnknown)
    }

    @Test func `whoever is found elsewhere takes along what nobody else carries there, within the run`() async throws {
        let system = ScriptedSystem(maintainsReferences: false)
        let (world, first, _) = try await world(system)
        await system.move("cn=E1", to: "cn=E1,ou=Annex")
        let title = AttributeRequest(name: "title", operation: .set, before: [], after: [.text("Boss")])
        #expect(try await world.apply(try await world.sealed([changes(first, key: "E1", [title])]), [managed(system)]).executed == 1)
        let there = [AccountName("cn=E1,ou=Annex"), AccountName("cn=E2")]
        #expect(await system.members == ["cn=Staff": Set(there), "cn=Sales": Set(there)])
        let after = try #require(try await world.account("E1"))
        #expect(after.name == there[0] && after.doubt?.isUncertain == false)
    }

    @Test func `whoever is written where somebody moved them is planned again, to be moved back`() async throws {
        let system = ScriptedSystem()
        let world = try await DispatchWorld()
        _ = try await world.apply(try await world.sealed([joins("E1")]), [managed(system)])
        let account = try #require(try await world.account("E1"))
        await system.move("cn=E1", to: "cn=Hand Made,ou=Elsewhere")
        let plan = try await world.sealed([changes(account, key: "E1", [sets("title", "Chief")])])
        #expect(try await world.apply(plan, [managed(system)]).executed == 1)
        #expect(try await world.store.unsettledUsers(ofAllSources: true, after: nil, limit: 9).map(\.id) == [account.user])
    }

    @Test func `a Delete whose answer was lost is not done because the id of the entry cannot be read`() async throws {
        let system = ScriptedSystem()
        let (world, first, _) = try await world(system)
        await system.plan(.lost, for: "cn=E1")
        await system.hideID(of: "cn=E1")
        let leaving = changes(
            first, key: "E1", operation: .delete, becomes: .deleted, [leaves("cn=Sales"), leaves("cn=Staff")])
        #expect(try await world.apply(try await world.sealed([leaving]), [managed(system)]).executed == 0)
        #expect(await system.entry(named: "cn=E1") != nil)
        #expect(try await world.account("E1")?.state == .enabled)
    }

    @Test func `of an entry that is gone nothing is left to be taken away, and whoever plans its account looks`() async throws {
        let system = ScriptedSystem()
        let (world, first, _) = try await world(system)
        await system.remove("cn=E1")
        let plan = try await world.sealed([changes(first, key: "E1", [leaves("cn=Sales")])])
        #expect(try await world.apply(plan, [managed(system)]).executed == 1)
        let after = try #require(try await world.account("E1"))
        #expect(after.isUnknown && after.doubt?.isUncertain == false && after.memberships == ["cn=Staff"])
    }

    @Test func `what was given to an entry that is gone is refused, and known to be in doubt`() async throws {
        let system = ScriptedSystem()
        let (world, first, _) = try await world(system)
        await system.remove("cn=E1")
        let plan = try await world.sealed([changes(first, key: "E1", [leaves("cn=Sales"), enters("cn=VPN")])])
        #expect(try await world.apply(plan, [managed(system)]).errored == 1)
        #expect(try await world.order(plan, "E1")?.failure?.message == "the account cn=E1 no longer exists on Corp Directory")
        #expect(try await world.account("E1")?.doubt?.memberships == ["cn=Sales", "cn=VPN"])
    }

    @Test func `an order that is tried again and finds its entry gone leaves an account that is looked at`() async throws {
        let system = ScriptedSystem()
        let (world, first, _) = try await world(system)
        await system.remove("cn=E1")
        await system.plan(.fails(ConnectorFailure(.transient, "busy", serverText: "51")), for: "cn=E1")
        let plan = try await world.sealed([changes(first, key: "E1", [enters("cn=VPN")])])
        #expect(try await world.apply(plan, [managed(system)]).errored == 1)
        #expect(try await world.account("E1")?.isUnknown == true)
    }
}
