import Contracts
import IdentityModel
import Planning
import Provisioning
import Testing

/// Applying a plan when nothing goes wrong on the way.
struct DispatchTests {
    private let directory = DispatchWorld.directory

    private func managed(_ connector: ScriptedSystem, requires: [SystemName] = [], name: SystemName = DispatchWorld.directory)
        -> ManagedSystem
    {
        ManagedSystem(name: name, connector: connector, requires: requires)
    }

    private func text(_ order: ProvisioningOrder?) -> [String] { order?.failure.map { [$0.message] } ?? [] }

    @Test func `joiners get their accounts, each one order, one account and one event, and the plan is applied`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem(batchSize: 7)
        let plan = try await world.sealed((1...50).map { joins("E\($0)") })
        let summary = try await world.apply(plan, [managed(system)])
        #expect(summary.executed == 50)
        #expect(summary.events == 50)
        #expect(summary.isFinished)
        #expect(try await world.state(plan) == .applied)
        #expect(try await world.orders(plan).allSatisfy { $0.state == .executed && $0.accountID != nil })
        let account = try await world.account("E3")
        #expect(account?.name == AccountName("cn=E3"))
        #expect(account?.state == .enabled)
        #expect(account?.written == ["sn": [.text("Name E3")], "employeeNumber": [.text("E3")]])
        #expect(account?.memberships == ["cn=Staff"])
        #expect(account?.nameBases == ["sn": "name"])
        let events = try await world.events()
        #expect(Set(events.map(\.userKey)).count == 50)
        #expect(events.allSatisfy { $0.sequence == 1 && $0.body.contains("SUCCESS") })
        #expect(await system.mostInFlight <= 2)
    }

    @Test func `a manager is created before those who refer to him, however the file is ordered`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem(batchSize: 4)
        // E1 reports to E2, E2 to E3 ...: the worst order there is.
        let plan = try await world.sealed((1...20).map { joins("E\($0)", manager: $0 < 20 ? "E\($0 + 1)" : nil) })
        let summary = try await world.apply(plan, [managed(system)])
        #expect(summary.executed == 20)
        for number in 1..<20 {
            #expect(await system.entry(named: "cn=E\(number)")?.attributes["manager"] == ["cn=E\(number + 1)"])
        }
        #expect(await system.operations.allSatisfy { $0.operation == .create })
        #expect(try await world.account("E1")?.written["manager"] == [.reference(UserKey("E2"))])
        let event = try #require(try await world.events("E1").first)
        #expect(event.text.contains("\"attributeName\":\"manager\",\"attributeValue\":\"cn=E2\""))
    }

    @Test func `two who manage each other, and one who manages herself, get their managers in a second order`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        let plan = try await world.sealed([
            joins("E1", manager: "E2"), joins("E2", manager: "E1"), joins("E3", manager: "E3"), joins("E4", manager: "E1"),
        ])
        let summary = try await world.apply(plan, [managed(system)])
        #expect(summary.executed == 7)
        #expect(await system.entry(named: "cn=E1")?.attributes["manager"] == ["cn=E2"])
        #expect(await system.entry(named: "cn=E2")?.attributes["manager"] == ["cn=E1"])
        #expect(await system.entry(named: "cn=E3")?.attributes["manager"] == ["cn=E3"])
        #expect(await system.operations.filter { $0.name.text == "cn=E4" }.count == 1)
        #expect(try await world.account("E1")?.written["manager"] == [.reference(UserKey("E2"))])
        let events = try await world.events("E1")
        #expect(events.count == 1)
        #expect(events[0]["accountRequests"]?.arrayValue?.compactMap { $0["accountOperation"]?.stringValue } == ["Create", "Modify"])
    }

    @Test func `a cycle that lies across batches is broken when nothing else can be done`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem(batchSize: 1)
        let plan = try await world.sealed([joins("E1", manager: "E2"), joins("E2", manager: "E1")])
        #expect(try await world.apply(plan, [managed(system)]).isFinished)
        #expect(await system.entry(named: "cn=E1")?.attributes["manager"] == ["cn=E2"])
        #expect(await system.entry(named: "cn=E2")?.attributes["manager"] == ["cn=E1"])
    }

    @Test func `a manager without an account is left out, said, and looked at again by the next run`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        let plan = try await world.sealed([joins("E1", manager: "E99")])
        #expect(try await world.apply(plan, [managed(system)]).executed == 1)
        #expect(await system.entry(named: "cn=E1")?.attributes["manager"] == nil)
        #expect(try await world.account("E1")?.written["manager"] == nil)
        let event = try #require(try await world.events("E1").first)
        #expect(event["warnings"]?.strings == ["Corp Directory: manager: E99 has no account on Corp Directory"])
    }

    @Test func `an entry nobody owns is adopted: only what differs is written`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        let id = await system.add(name: "cn=Old One", ["employeeNumber": ["E1"], "sn": ["Someone"], "phone": ["1"]])
        let plan = try await world.sealed([joins("E1")])
        #expect(try await world.apply(plan, [managed(system)]).executed == 1)
        let order = try #require(try await world.order(plan, "E1"))
        #expect(order.operation == .modify && order.adopts && order.accountID == id)
        #expect(order.reasons == ["row", "adopted: the entry existed before"])
        #expect(order.requests.map(\.name) == ["sn", "memberOf"])
        let entry = await system.entry(named: "cn=E1")
        #expect(entry?.id == id)
        #expect(entry?.attributes == ["employeeNumber": ["E1"], "sn": ["Name E1"], "phone": ["1"]])
        #expect(entry?.groups == ["cn=Staff"])
        #expect(try await world.account("E1")?.written == ["sn": [.text("Name E1")], "employeeNumber": [.text("E1")]])
    }

    @Test func `object classes beside ours and a login that is given once stay with an adopted entry`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        await system.add(name: "cn=E1", ["employeeNumber": ["E1"], "sn": ["Old"], "objectClass": ["top", "person"]])
        var order = joins("E1", groups: [])
        order.requests.append(
            AttributeRequest(name: "objectClass", operation: .add, before: [], after: [.text("person"), .text("adAccount")]))
        let plan = try await world.sealed([order])
        let map = ManagedSystem(
            name: directory, connector: system, adoption: Adoption(onCreate: ["sn"], literals: ["objectClass"]))
        _ = try await world.apply(plan, [map])
        let entry = await system.entry(named: "cn=E1")
        #expect(entry?.attributes["objectClass"] == ["top", "person", "adAccount"])
        #expect(entry?.attributes["sn"] == ["Old"])
        let written = try await world.account("E1")?.written
        #expect(written?["sn"] == [.text("Old")])
        #expect(Set(written?["objectClass"] ?? []) == [.text("person"), .text("adAccount")])
    }

    @Test func `two entries for one person, and an entry that is somebody else's, are errors with their own words`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        let first = try await world.sealed([joins("E9")])
        _ = try await world.apply(first, [managed(system)])
        await system.add(name: "cn=a", ["employeeNumber": ["E1"]])
        await system.add(name: "cn=b", ["employeeNumber": ["E1"]])
        var thief = joins("E2")
        thief = ProvisioningOrder(
            id: thief.id, user: thief.user, userKey: thief.userKey, userName: thief.userName, system: directory, operation: .create,
            state: .planned, change: .joiner, reasons: [], nameAfter: thief.nameAfter, correlation: ["employeeNumber": "E9"],
            becomes: .enabled,
            userVersion: 0, accountVersion: 0)
        let plan = try await world.sealed([joins("E1"), thief, joins("E3")])
        let summary = try await world.apply(plan, [managed(system)])
        #expect(summary.errored == 2 && summary.executed == 1)
        #expect(
            text(try await world.order(plan, "E1")) == [
                "several entries of Corp Directory have employeeNumber=E1: cn=a; cn=b; leave one of them"
            ])
        #expect(text(try await world.order(plan, "E2")) == ["the entry cn=E9 correlates to this user but belongs to E9"])
    }

    @Test func `a mover is renamed, changed and regrouped; what was removed is forgotten`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        let first = try await world.sealed([joins("E1", groups: ["cn=Staff", "cn=Sales"])])
        _ = try await world.apply(first, [managed(system)])
        let account = try #require(try await world.account("E1"))
        let second = try await world.sealed([
            changes(
                account, key: "E1", to: "cn=E1,ou=IT",
                [
                    AttributeRequest(name: "sn", operation: .set, before: [.text("Name E1")], after: [.text("New")]),
                    AttributeRequest(name: "employeeNumber", operation: .remove, before: [.text("E1")], after: []),
                    AttributeRequest(kind: .membership, name: "memberOf", operation: .remove, before: [.text("cn=Sales")], after: []),
                ])
        ])
        #expect(try await world.apply(second, [managed(system)]).executed == 1)
        let entry = await system.entry(named: "cn=E1,ou=IT")
        #expect(entry?.attributes == ["sn": ["New"]])
        #expect(entry?.groups == ["cn=Staff"])
        let after = try await world.account("E1")
        #expect(after?.name == AccountName("cn=E1,ou=IT"))
        #expect(after?.written == ["sn": [.text("New")]])
        #expect(after?.memberships == ["cn=Staff"])
        #expect(after?.version == account.version + 1)
    }

    @Test func `a leaver is disabled by the system's own means where the map has none, and a deleted account may be gone already`()
        async throws
    {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        let first = try await world.sealed([joins("E1"), joins("E2")])
        _ = try await world.apply(first, [managed(system)])
        let (leaver, gone) = (try #require(try await world.account("E1")), try #require(try await world.account("E2")))
        let second = try await world.sealed([
            changes(leaver, key: "E1", operation: .disable, becomes: .deprovisioned, []),
            changes(gone, key: "E2", operation: .delete, becomes: .deleted, [leaves("cn=Staff")]),
        ])
        let map = ManagedSystem(name: directory, connector: system, leavesDisablingToConnector: true)
        #expect(try await world.apply(second, [map]).executed == 2)
        #expect(await system.entry(named: "cn=E1")?.attributes["pwdAccountLockedTime"] == ["0"])
        let account = try await world.account("E1")
        #expect(account?.state == .deprovisioned)
        #expect(account?.deprovisionedAt != nil)
        let deleted = try await world.account("E2")
        #expect(deleted?.state == .deleted && deleted?.id == nil && deleted?.memberships == [])
        #expect(deleted?.written["sn"] == [.text("Name E2")])
    }

    @Test func `a user on two systems gets one event, when the second order settles`() async throws {
        let world = try await DispatchWorld()
        let (one, two) = (ScriptedSystem(batchSize: 3), ScriptedSystem(batchSize: 5))
        let plan = try await world.sealed((1...20).flatMap { [joins("E\($0)"), joins("E\($0)", system: DispatchWorld.mail)] })
        let summary = try await world.apply(plan, [managed(one), managed(two, name: DispatchWorld.mail)])
        #expect(summary.executed == 40)
        let events = try await world.events()
        #expect(events.count == 20)
        #expect(Set(events.map(\.trackingNumber)).count == 20)
        #expect(events.allSatisfy { $0.body.contains("\"sources\":\"Corp Directory, Mail\"") && !$0.body.contains("PENDING") })
    }

    @Test func `a system that requires another comes second, and not at all for those who failed there`() async throws {
        let world = try await DispatchWorld()
        let (one, two) = (ScriptedSystem(), ScriptedSystem())
        await one.plan(.fails(ConnectorFailure(.permanent, "no")), for: "cn=E2")
        let plan = try await world.sealed(["E1", "E2", "E3"].flatMap { [joins($0, system: DispatchWorld.mail), joins($0)] })
        let summary = try await world.apply(plan, [managed(one), managed(two, requires: [directory], name: DispatchWorld.mail)])
        #expect(summary.executed == 4 && summary.errored == 1 && summary.withdrawn == 1)
        #expect(try await world.order(plan, "E2", DispatchWorld.mail)?.state == .withdrawn)
        #expect(
            text(try await world.order(plan, "E2", DispatchWorld.mail)) == [
                "not sent: Corp Directory, which comes first, failed for this user"
            ])
        #expect(await two.operations.map(\.name.text) == ["cn=E1", "cn=E3"])
        #expect(try await world.events("E2").count == 1)
        #expect(try await world.state(plan) == .applied)
    }

    @Test func `somebody whose policy map failed is reported, and nothing is sent for him`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        let failure = ConnectorFailure(.permanent, "sn: no value")
        let plan = try await world.sealed([joins("E1", failure: failure), joins("E2")])
        #expect(try await world.apply(plan, [managed(system)]).executed == 1)
        #expect(await system.operations.map(\.name.text) == ["cn=E2"])
        let events = try await world.events("E1")
        #expect(events.count == 1)
        #expect(events[0]["errors"]?.strings == ["Corp Directory: sn: no value"])
    }

    @Test func `what the world has overtaken is left out, and nothing is written for it`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        let first = try await world.sealed([joins("E1")])
        _ = try await world.apply(first, [managed(system)])
        let account = try #require(try await world.account("E1"))
        let late = try await world.sealed([changes(account, key: "E1", userVersion: 0, [])])
        let summary = try await world.dispatcher([managed(system)]).apply(late)
        #expect(summary.leftOut.count == 1)
        #expect(await system.executed.count == 1)
    }

    @Test func `a plan that was altered after it was sealed is refused before anything is written`() async throws {
        let world = try await DispatchWorld()
        let system = ScriptedSystem()
        var plan = try await world.sealed([joins("E1")])
        plan.seal = "another"
        await #expect(throws: SealBroken.self) { try await world.dispatcher([managed(system)]).apply(plan) }
        #expect(await system.executed.isEmpty)
        #expect(try await world.state(plan) == .ready)
    }

    @Test func `a plan that is held is not applied`() async throws {
        let world = try await DispatchWorld()
        var plan = try await world.sealed([joins("E1")])
        plan.state = .held
        await #expect(throws: NotApplicable(ordinal: plan.ordinal, state: .held)) { try await world.dispatcher([]).apply(plan) }
    }
}
