import Contracts
import IdentityModel
import Provisioning
import StoreSQL
import Testing

/// Applying a plan when answers fail, get lost, or never come.
struct DispatchFailureTests {
    private let transient = ConnectorFailure(.transient, "busy", serverText: "LDAP 51")

    private func managed(_ connector: ScriptedSystem) -> [ManagedSystem] {
        [ManagedSystem(name: DispatchWorld.directory, connector: connector)]
    }

    private func results(_ events: [JSON]) -> [String] {
        events.flatMap { $0["accountRequests"]?.arrayValue?.compactMap { $0["provisioningResult"]?.stringValue } ?? [] }
    }

    @Test func `a busy system is asked again after a pause, and nobody else waits for it`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem(batchSize: 2)
        await system.plan(.fails(transient), .fails(transient), for: "cn=E1")
        let plan = try await world.sealed((1...6).map { joins("E\($0)") })
        #expect(try await world.apply(plan, managed(system)).executed == 6)
        let order = try await world.order(plan, "E1")
        #expect(order?.attempts == 3 && order?.failure == nil && order?.operation == .create)
        #expect(world.clock.slept.count == 2)
        #expect(await system.operations.map(\.name.text).suffix(2) == ["cn=E1", "cn=E1"])
    }

    @Test func `a system that stays busy fails that order in the end, with its own words, and no other`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        await system.plan(.fails(transient), .fails(transient), .fails(transient), for: "cn=E1")
        let plan = try await world.sealed([joins("E1"), joins("E2")])
        let summary = try await world.apply(plan, managed(system))
        #expect(summary.errored == 1 && summary.executed == 1 && summary.isFinished)
        #expect(try await world.events("E1").first?["errors"]?.strings == ["Corp Directory: busy (LDAP 51)"])
    }

    @Test(arguments: [ScriptedSystem.Fault.doneButLost, .lost, .halfDoneAndLost])
    func `a lost answer is looked up, and the account is there once and whole`(fault: ScriptedSystem.Fault) async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        await system.plan(fault, for: "cn=E1")
        let plan = try await world.sealed([joins("E1", manager: "E2"), joins("E2")])
        #expect(try await world.apply(plan, managed(system)).executed == 2)
        #expect(await system.entries.count == 2)
        let entry = await system.entry(named: "cn=E1")
        #expect(entry?.groups == ["cn=Staff"] && entry?.attributes["manager"] == ["cn=E2"])
        let order = try #require(try await world.order(plan, "E1"))
        #expect(order.operation == .create && !order.adopts && order.accountID == entry?.id)
        #expect(order.requests.allSatisfy { $0.outcome == .done })
        #expect(try await world.account("E1")?.id == entry?.id)
        #expect(try await world.account("E1")?.memberships == ["cn=Staff"])
        #expect(try await world.events("E1").count == 1)
    }

    @Test func `an order whose answer is lost every time is not repeated for ever`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        await system.plan(.lost, .lost, .lost, .lost, .lost, for: "cn=E1")
        let plan = try await world.sealed([joins("E1")])
        #expect(try await world.apply(plan, managed(system)).errored == 1)
        #expect(await system.operations.count == 3)
    }

    @Test func `a system that goes away leaves its orders waiting, and the next apply ends what was begun`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem(batchSize: 2)
        await system.goAway(afterOperations: 3)
        let plan = try await world.sealed((1...8).map { joins("E\($0)") })
        let first = try await world.apply(plan, managed(system))
        #expect(first.executed == 3 && first.waiting == 5 && !first.isFinished)
        #expect(first.systems[DispatchWorld.directory]?.outage?.message == "connection refused")
        #expect(try await world.state(plan) == .applying)
        // Nothing was done for the others: there is nothing to announce.
        #expect(try await world.events().map(\.userKey.text).sorted() == ["E1", "E2", "E3"])
        #expect(try await world.apply(plan, managed(system)).events == 0)
        // An hour later it is worth telling, once.
        try await world.clock.shellClock.sleep(3_600_000)
        #expect(try await world.apply(plan, managed(system)).events == 5)
        #expect(try await world.apply(plan, managed(system)).events == 0)
        #expect(results(try await world.events("E8")) == ["PENDING"])
        await system.comeBack()
        let last = try await world.apply(plan, managed(system))
        #expect(last.executed == 5 && last.isFinished)
        #expect(try await world.state(plan) == .applied)
        let events = try await world.events().filter { $0.userKey.text == "E8" }
        #expect(events.map(\.sequence) == [1, 2])
        #expect(Set(events.map(\.trackingNumber)).count == 1)
        #expect(results(try await world.events("E8")) == ["PENDING", "SUCCESS"])
        #expect(try await world.events("E1").count == 1)
    }

    @Test func `the other system goes on while one is away`() async throws {
        let world = try await DispatchWorld()
        let (away, there) = (ScriptedSystem(), ScriptedSystem())
        await away.goAway()
        let plan = try await world.sealed(["E1", "E2"].flatMap { [joins($0), joins($0, system: DispatchWorld.mail)] })
        let systems = managed(away) + [ManagedSystem(name: DispatchWorld.mail, connector: there)]
        let summary = try await world.apply(plan, systems)
        #expect(summary.executed == 2 && summary.waiting == 2)
        #expect(results(try await world.events("E1")).sorted() == ["PENDING", "SUCCESS"])
        await away.comeBack()
        #expect(try await world.apply(plan, systems).isFinished)
        #expect(try await world.events("E1").count == 2)
    }

    @Test func `an order behind the outage of a required system waits, and is sent once that is back`() async throws {
        let world = try await DispatchWorld()
        let (away, there) = (ScriptedSystem(), ScriptedSystem())
        await away.goAway()
        let plan = try await world.sealed([joins("E1"), joins("E1", system: DispatchWorld.mail)])
        let systems = managed(away) + [ManagedSystem(name: DispatchWorld.mail, connector: there, requires: [DispatchWorld.directory])]
        for _ in 1...2 { #expect(try await world.apply(plan, systems).waiting == 2) }
        #expect(await there.operations.isEmpty)
        await away.comeBack()
        #expect(try await world.apply(plan, systems).executed == 2)
        #expect(try await world.state(plan) == .applied)
    }

    @Test func `a system that was there and comes back within the run is gone on with`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem(batchSize: 1)
        let away = ConnectorFailure(.unavailable, "shutting down")
        await system.plan(.fails(away), for: "cn=E3")
        let plan = try await world.sealed((1...4).map { joins("E\($0)") })
        let summary = try await world.apply(plan, managed(system))
        #expect(summary.executed == 4 && summary.isFinished)
        #expect(summary.systems[DispatchWorld.directory]?.outage == nil)
    }

    @Test func `a membership that is refused fails the order and is listed; the account keeps what was done`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        await system.refuse(group: "cn=Gone", ConnectorFailure(.permanent, "no such group", serverText: "LDAP 32"))
        let plan = try await world.sealed([joins("E1", groups: ["cn=Staff", "cn=Gone"])])
        #expect(try await world.apply(plan, managed(system)).errored == 1)
        let order = try #require(try await world.order(plan, "E1"))
        #expect(order.failure?.message == "1 of 4 requests failed: no such group (LDAP 32)")
        #expect(order.requests.map { $0.outcome == .done } == [true, true, true, false])
        let account = try await world.account("E1")
        #expect(account?.memberships == ["cn=Staff"] && account?.written.count == 2 && account?.state == .enabled)
    }

    @Test(arguments: [ErrorClass.unavailable, .transient, .unknown])
    func `where it cannot be asked which name is free, the order waits as it is`(_ failure: ErrorClass) async throws {
        struct Unasked: SubstitutesNames {
            let failure: ErrorClass
            func substitute(for order: ProvisioningOrder, taken: NameProbe?) async throws -> ProvisioningOrder? {
                throw ConnectorFailure(failure, "connection refused")
            }
        }
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        await system.add(name: "cn=E1", [:])
        let plan = try await world.sealed([joins("E1")])
        let summary = try await world.apply(plan, managed(system), substitutes: Unasked(failure: failure))
        #expect(summary.executed == 0)
        let order = try #require(try await world.order(plan, "E1"))
        #expect(order.nameAfter == AccountName("cn=E1"))
        #expect(order.state == (failure == .unavailable ? .pending : .errored))
    }

    @Test func `a taken name is replaced, said, and reserved; without another name the order fails`() async throws {
        struct NextName: SubstitutesNames {
            func substitute(for order: ProvisioningOrder, taken: NameProbe?) async throws -> ProvisioningOrder? {
                guard order.userKey.text == "E1", let taken, taken.attribute == "dn" else { return nil }
                var other = order
                other.nameAfter = AccountName(taken.value + "2")
                other.claims = [NameClaim(system: order.system, attribute: "dn", scope: "", folded: taken.value.lowercased() + "2")]
                return other
            }
        }
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        for name in ["cn=E1", "cn=E12", "cn=E2"] { await system.add(name: name, [:]) }
        let plan = try await world.sealed([joins("E1"), joins("E2")])
        let summary = try await world.apply(plan, managed(system), substitutes: NextName())
        #expect(summary.executed == 1 && summary.errored == 1)
        #expect(summary.systems[DispatchWorld.directory]?.substituted == 2)
        #expect(await system.entry(named: "cn=E122") != nil)
        #expect(
            try await world.events("E1").first?["warnings"]?.strings == [
                "Corp Directory: taken on the target, another name was chosen: dn cn=E1",
                "Corp Directory: taken on the target, another name was chosen: dn cn=E12",
            ])
        let claims = ["cn=e1", "cn=e12", "cn=e122"].map {
            NameClaim(system: DispatchWorld.directory, attribute: "dn", scope: "", folded: $0)
        }
        let holders = try await world.store.holders(of: claims)
        #expect(claims.map { holders[$0]?.text } == ["", "", "u-E1"])
    }

    // MARK: Crashes

    /// What a run leaves that died after it took the orders.
    private func crashed(_ world: DispatchWorld, _ orders: [ProvisioningOrder]) async throws -> Plan {
        let plan = try await world.sealed(orders)
        #expect(try await world.store.startApplying(plan.id, at: DispatchWorld.start) == PlanStarted())
        _ = try await world.taken(plan, 100)
        return plan
    }

    @Test func `orders that a dead run had taken are looked up: done, half done, or not begun, all end the same`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        await system.add(name: "cn=E1", ["sn": ["Name E1"], "employeeNumber": ["E1"]], groups: ["cn=Staff"])
        await system.add(name: "cn=E2", ["sn": ["Name E2"], "employeeNumber": ["E2"]])
        let plan = try await crashed(world, (1...4).map { joins("E\($0)") })
        let summary = try await world.apply(plan, managed(system))
        #expect(summary.executed == 4 && summary.events == 4 && summary.isFinished)
        for order in try await world.orders(plan) {
            #expect(order.operation == .create && !order.adopts && order.state == .executed)
            #expect(order.reasons == ["row"] && order.warnings == [])
            #expect(await system.entry(named: "cn=\(order.userKey)")?.groups == ["cn=Staff"])
            #expect(try await world.account(order.userKey.text)?.memberships == ["cn=Staff"])
        }
        // What an entry shows is believed of its attributes; its groups are written again.
        #expect(await system.operations.map(\.operation) == [.modify, .modify, .create, .create])
        #expect(await system.operations.prefix(2).allSatisfy { $0.isUncertain && $0.requests.map(\.name) == ["memberOf"] })
        #expect(Set(try await world.events().map(\.userKey)).count == 4)
    }

    @Test(arguments: [false, true])
    func `where people are found a while after they were made, what a dead run had sent is looked for after that`(_ onlyLooks: Bool)
        async throws
    {
        let world = try await DispatchWorld()
        let system = ScriptedSystem(settling: 5_000)
        let plan = try await crashed(world, [joins("E1")])
        if onlyLooks {
            _ = try await world.dispatcher(managed(system)).lookAtOrphans(try await world.store.plan(ordinal: 1) ?? plan)
        } else {
            _ = try await world.apply(plan, managed(system))
        }
        #expect(world.clock.slept == [5_000])
        // Nobody waits where nothing was sent.
        let next = try await world.sealed([joins("E2")])
        if !onlyLooks { _ = try await world.apply(next, managed(system)) }
        #expect(world.clock.slept == [5_000])
    }

    @Test func `a cycle whose first half was written before the crash ends like one that was not interrupted`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        await system.add(name: "cn=E1", ["sn": ["Name E1"], "employeeNumber": ["E1"]], groups: ["cn=Staff"])
        let plan = try await crashed(world, [joins("E1", manager: "E2"), joins("E2", manager: "E1")])
        #expect(try await world.apply(plan, managed(system)).isFinished)
        #expect(await system.entry(named: "cn=E1")?.attributes["manager"] == ["cn=E2"])
        #expect(await system.entry(named: "cn=E2")?.attributes["manager"] == ["cn=E1"])
        #expect(try await world.account("E1")?.written["manager"] == [.reference(UserKey("E2"))])
        #expect(await system.entries.count == 2)
    }

    @Test func `a rename that a dead run had carried out is not repeated, one it had not is`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        let first = try await world.sealed([joins("E1"), joins("E2")])
        _ = try await world.apply(first, managed(system))
        let accounts = [try #require(try await world.account("E1")), try #require(try await world.account("E2"))]
        let title = AttributeRequest(name: "title", operation: .set, before: [], after: [.text("Chief")])
        let plan = try await crashed(
            world, zip(accounts, ["E1", "E2"]).map { changes($0, key: $1, to: "cn=\($1),ou=IT", [title]) })
        // What the dead run had done: all of E1, the rename of E2.
        let done = [("E1", accounts[0], [title]), ("E2", accounts[1], [])].map { key, account, requests in
            AccountOperation(
                id: OrderID(plan: plan.id, sequence: 9), operation: .modify, accountID: account.id, name: AccountName("cn=\(key)"),
                newName: AccountName("cn=\(key),ou=IT"),
                requests: requests.map { AccountOperation.Request(kind: $0.kind, name: $0.name, operation: .set, values: ["Chief"]) },
                appliesDialectDisabling: false)
        }
        _ = await system.execute(done)
        let before = await system.operations.count
        #expect(try await world.apply(plan, managed(system)).executed == 2)
        let sent = await system.operations.dropFirst(before)
        #expect(sent.map(\.name.text) == ["cn=E1,ou=IT", "cn=E2,ou=IT"])
        #expect(sent.allSatisfy { $0.newName == nil && $0.carriedMemberships == ["cn=Staff"] })
        // Nobody knows whether the server got as far as its groups; of the entry nothing is left to be written.
        #expect(sent.first?.requests == [] && sent.first?.formerNames == [AccountName("cn=E1")])
        #expect(try await world.account("E2")?.name == AccountName("cn=E2,ou=IT"))
        #expect(await system.entry(named: "cn=E2,ou=IT")?.attributes["title"] == ["Chief"])
    }

    @Test func `taken orders that cannot be looked up stay as they are until their system answers`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        let plan = try await crashed(world, [joins("E1")])
        await system.goAway()
        _ = await system.execute([
            AccountOperation(
                id: OrderID(plan: plan.id, sequence: 9), operation: .delete, accountID: nil, name: AccountName("x"), newName: nil,
                requests: [],
                appliesDialectDisabling: false)
        ])
        let summary = try await world.apply(plan, managed(system))
        #expect(summary.waiting == 1 && !summary.isFinished)
        #expect(try await world.order(plan, "E1")?.state == .transmitted)
        await system.comeBack()
        #expect(try await world.apply(plan, managed(system)).executed == 1)
    }

    @Test func `a run that is cancelled keeps what was written, and the next one ends it`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem(batchSize: 1)
        let plan = try await world.sealed((1...30).map { joins("E\($0)") })
        let run = Task { try await world.apply(plan, managed(system)) }
        while await system.operations.count < 5 { await Task.yield() }
        run.cancel()
        _ = try? await run.value
        #expect(try await world.apply(plan, managed(system)).isFinished)
        #expect(await system.entries.count == 30)
        #expect(await system.operations.filter { $0.operation == .create }.count == 30)
        #expect(try await world.events().count == 30)
    }
}
