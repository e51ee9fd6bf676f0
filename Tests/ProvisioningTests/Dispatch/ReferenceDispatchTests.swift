import Contracts
import IdentityModel
import Planning
import Provisioning
import StoreSQL
import Testing

/// Whoever points at an account that moves, and the groups that hold it, are right when the run ends, whatever happened on the way.
struct ReferenceDispatchTests {
    private func managed(_ connector: ScriptedSystem) -> ManagedSystem {
        ManagedSystem(name: DispatchWorld.directory, connector: connector)
    }

    private func manager(_ key: String, from before: String? = nil) -> AttributeRequest {
        AttributeRequest(
            name: "manager", operation: .set, before: before.map { [.reference(UserKey($0))] } ?? [], after: [.reference(UserKey(key))])
    }

    /// E1 with these groups, and E2 whose manager is E1, if anybody.
    private func company(
        _ system: ScriptedSystem, groups: [String] = ["cn=Staff"], manager: String? = "E1"
    ) async throws -> (world: DispatchWorld, first: Account, second: Account) {
        let world = try await DispatchWorld()
        _ = try await world.apply(
            try await world.sealed([joins("E1", groups: groups), joins("E2", manager: manager, groups: [])]), [managed(system)])
        return (world, try #require(try await world.account("E1")), try #require(try await world.account("E2")))
    }

    // MARK: Who points

    @Test func `who is made to point at somebody who goes with the same plan points at nobody`() async throws {
        let system = ScriptedSystem()
        let (world, first, second) = try await company(system, manager: nil)
        let plan = try await world.sealed([
            changes(second, key: "E2", [manager("E1")]),
            changes(first, key: "E1", operation: .delete, becomes: .deleted, [leaves("cn=Staff")]),
        ])
        #expect(try await world.apply(plan, [managed(system)]).isFinished)
        #expect(await system.entry(named: "cn=E2")?.attributes["manager"] == nil)
        #expect(try await world.account("E2")?.written["manager"] == nil)
    }

    @Test func `who pointed at oneself, and is renamed and points at nobody, keeps the new name`() async throws {
        let system = ScriptedSystem(maintainsReferences: false)
        let world = try await DispatchWorld()
        _ = try await world.apply(try await world.sealed([joins("E1", manager: "E1", groups: [])]), [managed(system)])
        let account = try #require(try await world.account("E1"))
        #expect(account.written["manager"] != nil)
        let removal = AttributeRequest(name: "manager", operation: .remove, before: [.reference(UserKey("E1"))], after: [])
        let plan = try await world.sealed([changes(account, key: "E1", to: "cn=E1,ou=IT", [removal])])
        #expect(try await world.apply(plan, [managed(system)]).isFinished)
        #expect(try await world.account("E1")?.name == AccountName("cn=E1,ou=IT"))
    }

    @Test func `who points at somebody who is renamed while the own withdrawal fails points at the new name`() async throws {
        let system = ScriptedSystem(maintainsReferences: false)
        let (world, first, second) = try await company(system, groups: [])
        await system.plan(.fails(ConnectorFailure(.permanent, "no such object", serverText: "32")), for: "cn=E2")
        let plan = try await world.sealed([
            changes(first, key: "E1", to: "cn=E1,ou=IT", []),
            changes(second, key: "E2", operation: .disable, becomes: .deprovisioned, [leaves("cn=Staff")]),
        ])
        #expect(try await world.apply(plan, [managed(system)]).errored == 1)
        #expect(await system.entry(named: "cn=E2")?.attributes["manager"] == ["cn=E1,ou=IT"])
    }

    @Test func `a rename whose answer was lost, and which a look shows, is followed by who points at it`() async throws {
        let system = ScriptedSystem(maintainsReferences: false)
        let (world, first, _) = try await company(system, groups: [])
        await system.plan(.doneButLost, for: "cn=E1")
        let plan = try await world.sealed([changes(first, key: "E1", to: "cn=E1,ou=IT", [])])
        #expect(try await world.apply(plan, [managed(system)]).isFinished)
        #expect(await system.entry(named: "cn=E2")?.attributes["manager"] == ["cn=E1,ou=IT"])
    }

    @Test(arguments: [ScriptedSystem.Fault.halfDoneAndLost, .renamedThenLost])
    func `a rename that was begun and not answered in full is followed by who points at it`(fault: ScriptedSystem.Fault) async throws {
        let system = ScriptedSystem(maintainsReferences: false)
        let (world, first, _) = try await company(system)
        await system.plan(fault, for: "cn=E1")
        let plan = try await world.sealed([changes(first, key: "E1", to: "cn=E1,ou=IT", [])])
        #expect(try await world.apply(plan, [managed(system)]).isFinished)
        #expect(await system.entry(named: "cn=E2")?.attributes["manager"] == ["cn=E1,ou=IT"])
        #expect(await system.members["cn=Staff"] == [AccountName("cn=E1,ou=IT")])
    }

    @Test func `who was made to point at a name that was in doubt points at the right one when that is known`() async throws {
        let system = ScriptedSystem()
        let (world, first, second) = try await company(system, manager: nil)
        await system.plan(.renamedAndLost, for: "cn=E1")
        await system.plan(.lost, .lost, .lost, for: "cn=E1,ou=IT")
        _ = try await world.apply(try await world.sealed([changes(first, key: "E1", to: "cn=E1,ou=IT", [])]), [managed(system)])
        let unknown = try #require(try await world.account("E1"))
        #expect(unknown.isUnknown)
        _ = try await world.apply(try await world.sealed([changes(second, key: "E2", [manager("E1")])]), [managed(system)])
        // Somebody wrote it by the name of before, and the server has done its repairs.
        let wrong = AccountOperation(
            id: OrderID(plan: PlanID(row: 9), sequence: 1), operation: .modify, accountID: second.id, name: AccountName("cn=E2"),
            newName: nil, requests: [.init(kind: .attribute, name: "manager", operation: .set, values: ["cn=E1"])],
            appliesDialectDisabling: false)
        _ = await system.execute([wrong])
        _ = try await world.apply(try await world.sealed([changes(unknown, key: "E1", [leaves("cn=Staff")])]), [managed(system)])
        #expect(await system.entry(named: "cn=E2")?.attributes["manager"] == ["cn=E1,ou=IT"])
    }

    /// It looks for who points at the name of before, and has not found those who got another name at that moment.
    @Test(arguments: ["one batch", "two batches", "two batches, the other way round"])
    func `who is renamed together with somebody they point at says so again, also where the server repairs that`(_ how: String) async throws
    {
        let system = ScriptedSystem(batchSize: how == "one batch" ? 10 : 1)
        let (world, first, second) = try await company(system, groups: [])
        let orders = [changes(first, key: "E1", to: "cn=E1,ou=IT", []), changes(second, key: "E2", to: "cn=E2,ou=IT", [])]
        let before = await system.operations.count
        let plan = try await world.sealed(how.hasSuffix("round") ? orders.reversed() : orders)
        #expect(try await world.apply(plan, [managed(system)]).isFinished)
        #expect(await system.entry(named: "cn=E2,ou=IT")?.attributes["manager"] == ["cn=E1,ou=IT"])
        #expect(await system.operations.count == before + 3)
    }

    @Test(arguments: ["E1", "E2"])
    func `so does who was renamed by a run that died, and who points at them`(_ orphan: String) async throws {
        let system = ScriptedSystem()
        let (world, first, second) = try await company(system, groups: [])
        let accounts = ["E1": first, "E2": second]
        let other = orphan == "E1" ? "E2" : "E1"
        func renamed(_ key: String) throws -> ProvisioningOrder {
            changes(try #require(accounts[key]), key: key, to: "cn=\(key),ou=IT", [])
        }
        _ = try await world.apply(try await world.sealed([try renamed(other)]), [managed(system)])
        let plan = try await world.sealed([try renamed(orphan)])
        _ = try await world.store.startApplying(plan.id, at: DispatchWorld.start)
        _ = try await world.taken(plan, 9)
        let renaming = AccountOperation(
            id: OrderID(plan: plan.id, sequence: 9), operation: .modify, accountID: accounts[orphan]?.id, name: AccountName("cn=\(orphan)"),
            newName: AccountName("cn=\(orphan),ou=IT"), requests: [], appliesDialectDisabling: false)
        _ = await system.execute([renaming])
        #expect(try await world.apply(plan, [managed(system)]).isFinished)
        #expect(await system.entry(named: "cn=E2,ou=IT")?.attributes["manager"] == ["cn=E1,ou=IT"])
    }

    @Test func `who is enabled and points at oneself is not taken for withdrawn`() async throws {
        let system = ScriptedSystem()
        let world = try await DispatchWorld()
        _ = try await world.apply(try await world.sealed([joins("E1", manager: "E1", groups: [])]), [managed(system)])
        let account = try #require(try await world.account("E1"))
        let leaver = changes(account, key: "E1", operation: .disable, to: "cn=E1,ou=Gone", becomes: .deprovisioned, [])
        _ = try await world.apply(try await world.sealed([leaver]), [managed(system)])
        let gone = try #require(try await world.account("E1"))
        let rehire = changes(gone, key: "E1", operation: .enable, to: "cn=E1", [enters("cn=Staff")])
        #expect(try await world.apply(try await world.sealed([rehire]), [managed(system)]).isFinished)
        #expect(try await world.account("E1")?.state == .enabled)
        #expect(await system.members["cn=Staff"] == [AccountName("cn=E1")])
    }

    /// Both in one wave: who points at them is told before the own withdrawal is kept.
    @Test func `who is withdrawn while somebody they point at is renamed stays withdrawn`() async throws {
        let system = ScriptedSystem(batchSize: 1, maintainsReferences: false)
        let (world, first, second) = try await company(system, groups: [])
        let plan = try await world.sealed([
            changes(first, key: "E1", to: "cn=E1,ou=IT", []),
            changes(second, key: "E2", operation: .disable, to: "cn=E2,ou=Gone", becomes: .deprovisioned, []),
        ])
        #expect(try await world.apply(plan, [managed(system)]).isFinished)
        #expect(try await world.account("E2")?.state == .deprovisioned)
    }

    @Test func `who points at somebody who is renamed alone is the server's to repair`() async throws {
        let system = ScriptedSystem()
        let (world, first, _) = try await company(system, groups: [])
        let before = await system.operations.count
        let plan = try await world.sealed([changes(first, key: "E1", to: "cn=E1,ou=IT", [])])
        #expect(try await world.apply(plan, [managed(system)]).isFinished)
        #expect(await system.operations.count == before + 1)
    }

    @Test func `who is told, and then has to point anew on a system that comes later, is told again under the next number`() async throws {
        let world = try await DispatchWorld()
        let (corp, mail) = (ScriptedSystem(), ScriptedSystem(maintainsReferences: false))
        let systems = [
            managed(corp), ManagedSystem(name: DispatchWorld.mail, connector: mail, requires: [DispatchWorld.directory]),
        ]
        let joiners = [
            joins("E2"), joins("E1", system: DispatchWorld.mail, groups: []),
            joins("E2", system: DispatchWorld.mail, manager: "E1", groups: []),
        ]
        #expect(try await world.apply(try await world.sealed(joiners), systems).isFinished)
        let pointing = try #require(try await world.account("E2"))
        let renamed = try #require(try await world.account("E1", DispatchWorld.mail))
        let plan = try await world.sealed([
            changes(pointing, key: "E2", [sets("title", "Clerk")]), changes(renamed, key: "E1", to: "cn=E1,ou=IT", []),
        ])
        #expect(try await world.apply(plan, systems).isFinished)
        #expect(await mail.entry(named: "cn=E2")?.attributes["manager"] == ["cn=E1,ou=IT"])
        #expect(try await world.events().filter { $0.userKey == UserKey("E2") }.map(\.sequence) == [1, 1, 2])
    }

    // MARK: The groups that hold it

    @Test func `a rename that a dead run had carried out takes its memberships along`() async throws {
        let system = ScriptedSystem(maintainsReferences: false)
        let (world, first, _) = try await company(system)
        let plan = try await world.sealed([changes(first, key: "E1", to: "cn=E1,ou=IT", [])])
        _ = try await world.store.startApplying(plan.id, at: DispatchWorld.start)
        _ = try await world.taken(plan, 9)
        let renaming = AccountOperation(
            id: OrderID(plan: plan.id, sequence: 9), operation: .modify, accountID: first.id, name: AccountName("cn=E1"),
            newName: AccountName("cn=E1,ou=IT"), requests: [], appliesDialectDisabling: false)
        _ = await system.execute([renaming])
        #expect(await system.members["cn=Staff"] == [AccountName("cn=E1")])
        #expect(try await world.apply(plan, [managed(system)]).isFinished)
        #expect(await system.members["cn=Staff"] == [AccountName("cn=E1,ou=IT")])
        #expect(try await world.account("E1")?.name == AccountName("cn=E1,ou=IT"))
    }

    @Test func `a membership that is given again after a rename was lost leaves no name of before`() async throws {
        let system = ScriptedSystem(maintainsReferences: false)
        let (world, first, _) = try await company(system)
        await system.plan(.halfDoneAndLost, for: "cn=E1")
        await system.plan(.lost, .lost, .lost, for: "cn=E1,ou=IT")
        _ = try await world.apply(try await world.sealed([changes(first, key: "E1", to: "cn=E1,ou=IT", [])]), [managed(system)])
        let unknown = try #require(try await world.account("E1"))
        #expect(unknown.doubt?.memberships == ["cn=Staff"])
        let next = try await world.sealed([changes(unknown, key: "E1", [enters("cn=Staff")])])
        #expect(try await world.apply(next, [managed(system)]).executed >= 1)
        #expect(await system.members["cn=Staff"] == [AccountName("cn=E1,ou=IT")])
    }

    @Test(arguments: [false, true])
    func `a group that does not let go of somebody who is renamed is asked under the name of before, once it does`(leaves isLeaver: Bool)
        async throws
    {
        let system = ScriptedSystem(maintainsReferences: false)
        let (world, first, _) = try await company(system, groups: ["cn=Sales"])
        await system.refuse(group: "cn=Sales", ConnectorFailure(.permanent, "the last member stays", serverText: "65"))
        let operation: IdentityModel.Operation = isLeaver ? .disable : .modify
        let becomes: AccountState = isLeaver ? .deprovisioned : .enabled
        let plan = try await world.sealed([
            changes(first, key: "E1", operation: operation, to: "cn=E1,ou=Other", becomes: becomes, [leaves("cn=Sales")])
        ])
        #expect(try await world.apply(plan, [managed(system)]).errored == 1)
        let left = try #require(try await world.account("E1"))
        #expect(left.name == AccountName("cn=E1,ou=Other") && left.memberships == ["cn=Sales"])
        await system.accept(group: "cn=Sales")
        let next = try await world.sealed([changes(left, key: "E1", operation: operation, becomes: becomes, [leaves("cn=Sales")])])
        _ = try await world.apply(next, [managed(system)])
        #expect(await system.members["cn=Sales"] == [])
        #expect(try await world.account("E1")?.isUnsettled == false)
    }

    @Test func `who is withdrawn loses what another plan gave since the withdrawal was planned`() async throws {
        let system = ScriptedSystem(maintainsReferences: false)
        let (world, first, _) = try await company(system)
        let withdrawal = try await world.sealed([
            changes(first, key: "E1", operation: .disable, to: "cn=E1,ou=Gone", becomes: .deprovisioned, [leaves("cn=Staff")])
        ])
        _ = try await world.apply(try await world.sealed([changes(first, key: "E1", [enters("cn=Campaign")])]), [managed(system)])
        #expect(await system.members["cn=Campaign"] == [AccountName("cn=E1")])
        _ = try await world.apply(withdrawal, [managed(system)])
        #expect(await system.members["cn=Campaign"] == [])
        #expect(await system.members["cn=Staff"] == [])
        #expect(try await world.account("E1")?.memberships == [])
    }
}
