import Contracts
import IdentityModel
import Planning
import Provisioning
import Testing

/// What is known of an account after answers were lost, and after orders that were half done.
struct UncertainDispatchTests {
    private let directory = DispatchWorld.directory

    private func managed(_ connector: ScriptedSystem) -> ManagedSystem { ManagedSystem(name: directory, connector: connector) }

    /// Somebody with an account in the groups Staff and Sales.
    private func member(_ world: DispatchWorld, _ system: ScriptedSystem, _ groups: [String] = ["cn=Staff", "cn=Sales"]) async throws
        -> Account
    {
        let plan = try await world.sealed([joins("E1", groups: groups)])
        _ = try await world.apply(plan, [managed(system)])
        return try #require(try await world.account("E1"))
    }

    @Test func `a removal whose answer was lost is sent again, and believed only when the group says so`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        let account = try await member(world, system)
        await system.plan(.lost, for: "cn=E1")
        let plan = try await world.sealed([changes(account, key: "E1", [leaves("cn=Sales")])])
        #expect(try await world.apply(plan, [managed(system)]).executed == 1)
        let sent = await system.operations.suffix(2)
        #expect(sent.map(\.isUncertain) == [false, true] && sent.allSatisfy { $0.requests.count == 1 })
        #expect(await system.entry(named: "cn=E1")?.groups == ["cn=Staff"])
        #expect(try await world.account("E1")?.isUnknown == false)
    }

    @Test func `an order whose answers are lost to the end leaves an account that is unknown`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        let account = try await member(world, system)
        await system.plan(.lost, .lost, .lost, for: "cn=E1")
        let plan = try await world.sealed([changes(account, key: "E1", [leaves("cn=Sales"), enters("cn=VPN"), sets("sn", "New")])])
        #expect(try await world.apply(plan, [managed(system)]).errored == 1)
        let after = try #require(try await world.account("E1"))
        #expect(after.doubt?.memberships == ["cn=Sales", "cn=VPN"] && after.doubt?.attributes == ["sn"])
        #expect(after.memberships == ["cn=Staff", "cn=Sales"] && after.written["sn"] == [.text("Name E1")])
        // Whatever the next plan orders is sent as if nothing were known, and then it is.
        let next = try await world.sealed([changes(after, key: "E1", [leaves("cn=Sales"), leaves("cn=VPN"), sets("sn", "Other")])])
        #expect(try await world.apply(next, [managed(system)]).executed == 1)
        #expect(await system.operations.last?.isUncertain == true)
        #expect(try await world.account("E1")?.doubt == nil)
        #expect(try await world.account("E1")?.memberships == ["cn=Staff"])
    }

    @Test func `after a rename whose answer was lost, memberships are taken away under both names`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem(maintainsReferences: false))
        let account = try await member(world, system)
        await system.plan(.halfDoneAndLost, for: "cn=E1")
        let plan = try await world.sealed([changes(account, key: "E1", to: "cn=E1,ou=IT", [leaves("cn=Sales")])])
        #expect(try await world.apply(plan, [managed(system)]).executed == 1)
        let last = try #require(await system.operations.last)
        #expect(last.name == AccountName("cn=E1,ou=IT") && last.formerNames == [AccountName("cn=E1")])
        #expect(await system.members["cn=Sales"] == [])
    }

    @Test func `an entry that is made after one that a group did not let go of takes its name out there`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem(maintainsReferences: false))
        let account = try await member(world, system)
        await system.refuse(group: "cn=Sales", ConnectorFailure(.permanent, "its last member stays"))
        let requests = [leaves("cn=Sales"), leaves("cn=Staff")]
        let gone = try await world.sealed([changes(account, key: "E1", operation: .delete, becomes: .deleted, requests)])
        #expect(try await world.apply(gone, [managed(system)]).errored == 1)
        await system.accept(group: "cn=Sales")
        let after = try #require(try await world.account("E1"))
        #expect(after.state == .deleted && after.memberships == ["cn=Sales"])
        let back = try await world.sealed([changes(after, key: "E1", operation: .create, to: "cn=E1,ou=IT", [enters("cn=Sales")])])
        #expect(try await world.apply(back, [managed(system)]).executed == 1)
        let last = try #require(await system.operations.last)
        #expect(last.formerNames == [AccountName("cn=E1")] && last.carriedMemberships == ["cn=Sales"])
    }

    /// A server that is only said to repair them does not, and one that died in between did not.
    @Test(arguments: [true, false]) func `a rename names the groups that stay, whoever keeps references right`(maintains: Bool) async throws
    {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem(maintainsReferences: maintains))
        let account = try await member(world, system, ["cn=Staff", "cn=Sales"])
        let plan = try await world.sealed([changes(account, key: "E1", to: "cn=E1,ou=IT", [leaves("cn=Sales")])])
        #expect(try await world.apply(plan, [managed(system)]).executed == 1)
        #expect(await system.operations.last?.carriedMemberships == ["cn=Staff"])
    }

    @Test(arguments: [true, false])
    func `a rename that was done and not answered is done only when the groups say so, too`(_ maintains: Bool) async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem(maintainsReferences: maintains))
        let account = try await member(world, system)
        await system.plan(.renamedAndLost, for: "cn=E1")
        let plan = try await world.sealed([changes(account, key: "E1", to: "cn=E1,ou=IT", [])])
        #expect(try await world.apply(plan, [managed(system)]).executed == 1)
        let last = try #require(await system.operations.last)
        #expect(last.isUncertain && last.formerNames == [AccountName("cn=E1")] && last.carriedMemberships == ["cn=Sales", "cn=Staff"])
    }

    @Test func `a name that somebody else has by now loses nothing on our behalf`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem(maintainsReferences: false))
        let account = try await member(world, system)
        await system.plan(.halfDoneAndLost, .lost, .lost, for: "cn=E1")
        await system.plan(.lost, .lost, for: "cn=E1,ou=IT")
        let plan = try await world.sealed([changes(account, key: "E1", to: "cn=E1,ou=IT", [leaves("cn=Sales")])])
        #expect(try await world.apply(plan, [managed(system)]).errored == 1)
        var heir = joins("E2", groups: ["cn=Sales"])
        heir.nameAfter = AccountName("cn=E1")
        _ = try await world.apply(try await world.sealed([heir]), [managed(system)])
        let after = try #require(try await world.account("E1"))
        #expect(after.doubt?.formerNames.contains(AccountName("cn=E1")) == true)
        _ = try await world.apply(try await world.sealed([changes(after, key: "E1", [leaves("cn=Sales")])]), [managed(system)])
        #expect(await system.members["cn=Sales"] == [AccountName("cn=E1")])
    }

    // MARK: Half done

    @Test func `a membership that was removed before a rename was refused is known to be gone`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        let account = try await member(world, system)
        await system.refuseRenames(ConnectorFailure(.permanent, "no such folder", serverText: "32"))
        let plan = try await world.sealed([changes(account, key: "E1", to: "cn=E1,ou=IT", [leaves("cn=Sales"), sets("sn", "New")])])
        #expect(try await world.apply(plan, [managed(system)]).errored == 1)
        let after = try #require(try await world.account("E1"))
        #expect(after.memberships == ["cn=Staff"] && after.name == AccountName("cn=E1") && after.written["sn"] == [.text("Name E1")])
        #expect(after.isUnknown && after.doubt?.isUncertain == false && after.state == .enabled)
        #expect(try await world.order(plan, "E1")?.requests.map { $0.outcome == .done } == [true, false])
    }

    @Test func `a rename that was done before a value was refused is known`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        let account = try await member(world, system)
        await system.refuse(attribute: "sn", ConnectorFailure(.permanent, "bad value", serverText: "19"))
        let plan = try await world.sealed([changes(account, key: "E1", to: "cn=E1,ou=IT", [sets("sn", "New")])])
        #expect(try await world.apply(plan, [managed(system)]).errored == 1)
        #expect(try await world.account("E1")?.name == AccountName("cn=E1,ou=IT"))
    }

    @Test func `a withdrawal whose rename is refused has switched the account off, and says so to the next plan`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        let account = try await member(world, system)
        await system.refuseRenames(ConnectorFailure(.permanent, "no such folder", serverText: "32"))
        let order = changes(
            account, key: "E1", operation: .disable, to: "cn=E1,ou=Disabled", becomes: .deprovisioned,
            [sets("uac", "514", from: "512"), leaves("cn=Staff"), leaves("cn=Sales"), sets("sn", "Left")])
        let map = ManagedSystem(name: directory, connector: system, switchingAttributes: ["uac"])
        #expect(try await world.apply(try await world.sealed([order]), [map]).errored == 1)
        let operation = await system.operations.last
        #expect(operation?.direction == .withdrawing && operation?.requests.map(\.switches) == [true, false, false, false])
        let after = try #require(try await world.account("E1"))
        #expect(after.isSwitchedOff && !after.isDisabledByDialect && after.state == .enabled && after.memberships == [])
        #expect(after.written["uac"] == [.text("514")] && after.written["sn"] == [.text("Left")])
    }

    @Test func `a withdrawal whose membership is refused keeps the membership, and nothing else of the account`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        let account = try await member(world, system)
        await system.refuse(group: "cn=Sales", ConnectorFailure(.permanent, "the last member stays", serverText: "65"))
        let order = changes(
            account, key: "E1", operation: .disable, becomes: .deprovisioned, [leaves("cn=Staff"), leaves("cn=Sales")])
        #expect(try await world.apply(try await world.sealed([order]), [managed(system)]).errored == 1)
        let after = try #require(try await world.account("E1"))
        #expect(after.state == .deprovisioned && after.memberships == ["cn=Sales"] && after.isUnsettled)
        await system.accept(group: "cn=Sales")
        let again = changes(after, key: "E1", operation: .disable, becomes: .deprovisioned, [leaves("cn=Sales")])
        #expect(try await world.apply(try await world.sealed([again]), [managed(system)]).executed == 1)
        let last = try #require(try await world.account("E1"))
        #expect(!last.isUnsettled && last.memberships == [] && last.deprovisionedAt == after.deprovisionedAt)
    }

    @Test func `a group that was deleted holds nobody: leaving it is done, joining it fails`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        let account = try await member(world, system)
        await system.delete(group: "cn=Sales")
        _ = try await world.apply(try await world.sealed([changes(account, key: "E1", [leaves("cn=Sales")])]), [managed(system)])
        let after = try #require(try await world.account("E1"))
        #expect(after.memberships == ["cn=Staff"])
        #expect(
            try await world.apply(try await world.sealed([changes(after, key: "E1", [enters("cn=Sales")])]), [managed(system)]).errored == 1
        )
    }

    @Test func `a group whose answer is lost leaves a membership of which nobody knows`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        let account = try await member(world, system)
        await system.loseAnswers(ofGroup: "cn=VPN")
        #expect(
            try await world.apply(try await world.sealed([changes(account, key: "E1", [enters("cn=VPN")])]), [managed(system)]).errored == 1
        )
        let after = try #require(try await world.account("E1"))
        #expect(after.doubt?.memberships == ["cn=VPN"] && !after.memberships.contains("cn=VPN"))
    }

    @Test func `an account of which nobody knows whether it was switched off has to be switched on for whoever is due it`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        let account = try await member(world, system)
        await system.plan(.lost, .lost, .lost, .lost, .lost, .lost, for: "cn=E1")
        let order = changes(account, key: "E1", operation: .disable, becomes: .deprovisioned, [leaves("cn=Staff")])
        _ = try await world.apply(try await world.sealed([order]), [managed(system)])
        let after = try #require(try await world.account("E1"))
        #expect(after.state == .enabled && after.isUnknown && after.isSwitchedOff)
    }

    @Test func `an account whose deletion was done and not answered leaves its groups all the same, and its name alone`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem(maintainsReferences: false))
        let account = try await member(world, system, ["cn=Staff"])
        await system.plan(.halfDoneAndLost, for: "cn=E1")
        let order = changes(account, key: "E1", operation: .delete, becomes: .deleted, [leaves("cn=Staff")])
        #expect(try await world.apply(try await world.sealed([order]), [managed(system)]).executed == 1)
        #expect(await system.members["cn=Staff"] == [])
        #expect(await system.operations.suffix(2).map(\.operation) == [.delete, .modify])
        #expect(try await world.account("E1")?.state == .deleted)
        #expect(try await world.account("E1")?.isUnsettled == false)
    }

    // MARK: Coming back

    @Test func `whoever comes back is switched on last, and what the dialect had locked is unlocked`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        let account = try await member(world, system)
        let map = ManagedSystem(name: directory, connector: system, leavesDisablingToConnector: true)
        let order = changes(account, key: "E1", operation: .disable, becomes: .deprovisioned, [leaves("cn=Staff"), leaves("cn=Sales")])
        _ = try await world.apply(try await world.sealed([order]), [map])
        let gone = try #require(try await world.account("E1"))
        #expect(gone.isDisabledByDialect)
        #expect(await system.entry(named: "cn=E1")?.attributes["pwdAccountLockedTime"] != nil)
        // By now the map disables by itself; what was locked before is unlocked all the same.
        let rehire = changes(gone, key: "E1", operation: .enable, [enters("cn=Staff")])
        _ = try await world.apply(try await world.sealed([rehire]), [managed(system)])
        #expect(await system.entry(named: "cn=E1")?.attributes["pwdAccountLockedTime"] == nil)
        #expect(await system.operations.last?.direction == .enabling)
        #expect(try await world.account("E1")?.isDisabledByDialect == false)
    }
}
