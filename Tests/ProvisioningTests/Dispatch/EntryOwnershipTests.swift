import Contracts
import IdentityModel
import Planning
import Provisioning
import Testing

/// One entry is one person's, whoever finds it, and a name is given once, whoever took it meanwhile.
struct EntryOwnershipTests {
    private let directory = DispatchWorld.directory

    private func managed(_ connector: ScriptedSystem, _ name: SystemName = DispatchWorld.directory) -> ManagedSystem {
        ManagedSystem(name: name, connector: connector)
    }

    private func failures(_ world: DispatchWorld, _ plan: Plan) async throws -> [String] {
        try await world.orders(plan).compactMap(\.failure?.message)
    }

    @Test func `two people of one plan who are looked for by one value make one entry`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        var twin = joins("E2")
        twin.correlation = ["employeeNumber": "E1"]
        let plan = try await world.sealed([joins("E1"), twin])
        let summary = try await world.apply(plan, [managed(system)])
        #expect(summary.executed == 1 && summary.errored == 1)
        #expect(try await failures(world, plan) == ["the entry cn=E1 correlates to this user but belongs to E1"])
        #expect(await system.entries.count == 1)
    }

    @Test func `two people who are both to take one entry do not share it`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        let id = await system.add(name: "cn=Old", ["employeeNumber": ["E1"]])
        let orders = ["E1", "E2"].map { key in
            var order = changes(
                Account(user: UserID("u-\(key)"), system: directory, id: id, name: AccountName("cn=Old")), key: key, userVersion: 0,
                [sets("sn", key)])
            order.adopts = true
            return order
        }
        let plan = try await world.sealed(orders)
        let summary = try await world.apply(plan, [managed(system)])
        #expect(summary.executed == 1 && summary.errored == 1)
        #expect(try await failures(world, plan) == ["the entry cn=Old correlates to this user but belongs to E1"])
        #expect(await system.entry(named: "cn=Old")?.attributes["sn"] == ["E1"])
    }

    private func onSystem(_ order: ProvisioningOrder, _ system: SystemName) -> ProvisioningOrder {
        ProvisioningOrder(
            id: order.id, user: order.user, userKey: order.userKey, userName: order.userName, system: system, operation: .create,
            state: .planned, change: .mover, reasons: [], nameAfter: AccountName("cn=Other"), correlation: ["employeeNumber": "E1"],
            becomes: .enabled, userVersion: 1, accountVersion: 0)
    }

    @Test func `an account of the same server under another system's name is not taken, not even of the same person`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        _ = try await world.apply(try await world.sealed([joins("E1")]), [managed(system)])
        var again = joins("E1", system: DispatchWorld.mail)
        again = onSystem(again, DispatchWorld.mail)
        let plan = try await world.sealed([again])
        #expect(try await world.apply(plan, [managed(system, DispatchWorld.mail)]).errored == 1)
        let words = try await failures(world, plan)
        #expect(words.count == 1 && words[0].contains("is the account of the same user on Corp Directory, which is the same server"))
        let (stranger, elsewhere) = (ScriptedSystem(), SystemName("Elsewhere"))
        await stranger.add(name: "cn=E1", ["employeeNumber": ["E1"]])
        let there = onSystem(again, elsewhere)
        #expect(try await world.apply(try await world.sealed([there]), [managed(stranger, elsewhere)]).executed == 1)
    }

    @Test func `an entry whose id cannot be read is neither absent nor anybody's`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        await system.add(name: "cn=Hidden", ["employeeNumber": ["E1"]])
        await system.hideID(of: "cn=Hidden")
        let plan = try await world.sealed([joins("E1")])
        #expect(try await world.apply(plan, [managed(system)]).errored == 1)
        #expect(await system.entries.count == 1)
        #expect(try await failures(world, plan).first?.contains("cannot be read") == true)
    }

    @Test func `a Create that arrives late is recognised, and nobody is given a second account`() async throws {
        struct NextName: SubstitutesNames {
            func substitute(for order: ProvisioningOrder, taken: NameProbe?) async throws -> ProvisioningOrder? {
                var other = order
                other.nameAfter = AccountName("cn=E1 2")
                other.claims = []
                return other
            }
        }
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        let taken = ConnectorFailure(.conflict, "the name is taken", serverText: "68", attribute: "dn")
        await system.plan(.lost, .fails(taken), for: "cn=E1")
        let plan = try await world.sealed([joins("E1")])
        // Between the look and the second attempt the first one arrives: the entry is there when the name is found taken.
        await system.arrive(late: "cn=E1", ["sn": ["Name E1"], "employeeNumber": ["E1"]], afterLooks: 3)
        let summary = try await world.apply(plan, [managed(system)], substitutes: NextName())
        #expect(summary.executed == 1)
        #expect(await system.entries.count == 1)
        #expect(await system.entry(named: "cn=E1")?.groups == ["cn=Staff"])
    }

    @Test func `a name that was taken after the plan was made is found before the account is made`() async throws {
        struct NextLogin: SubstitutesNames {
            func substitute(for order: ProvisioningOrder, taken: NameProbe?) async throws -> ProvisioningOrder? {
                guard taken == NameProbe(attribute: "sn", value: "Name E1", container: nil) else { return nil }
                var other = order
                other.requests[0] = AttributeRequest(name: "sn", operation: .add, before: [], after: [.text("Name E1 2")])
                return other
            }
        }
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        await system.add(name: "cn=Somebody", ["sn": ["NAME E1"]])
        let map = ManagedSystem(
            name: directory, connector: system, probedNames: [.init(attribute: "sn", isPerContainer: false)])
        let plan = try await world.sealed([joins("E1"), joins("E2")])
        #expect(try await world.apply(plan, [map], substitutes: NextLogin()).executed == 2)
        #expect(await system.entry(named: "cn=E1")?.attributes["sn"] == ["Name E1 2"])
        #expect(await system.probes.map(\.count) == [2, 1])
        let order = try #require(try await world.order(plan, "E1"))
        #expect(order.substitutions == 1)
    }

    /// The look of the second attempt finds nothing yet, and the probe behind it finds the name taken: by what the first attempt made.
    @Test func `a name that its own late entry has is not given up`() async throws {
        struct NextLogin: SubstitutesNames {
            func substitute(for order: ProvisioningOrder, taken: NameProbe?) async throws -> ProvisioningOrder? {
                var other = order
                other.requests[0] = AttributeRequest(name: "sn", operation: .add, before: [], after: [.text("Name E1 2")])
                return other
            }
        }
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        await system.plan(.lost, for: "cn=E1")
        let map = ManagedSystem(
            name: directory, connector: system, probedNames: [.init(attribute: "sn", isPerContainer: false)])
        let plan = try await world.sealed([joins("E1")])
        await system.arrive(late: "cn=E1", ["sn": ["Name E1"], "employeeNumber": ["E1"]], afterLooks: 3)
        #expect(try await world.apply(plan, [map], substitutes: NextLogin()).executed == 1)
        #expect(await system.entries.count == 1)
        #expect(await system.entry(named: "cn=E1")?.attributes["sn"] == ["Name E1"])
        #expect(try #require(try await world.order(plan, "E1")).substitutions == 0)
    }

    // MARK: Servers that leave references alone

    @Test func `without the server's help a rename takes memberships along, and those who point at it point at the new name`() async throws
    {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem(maintainsReferences: false))
        _ = try await world.apply(
            try await world.sealed([joins("E1", groups: ["cn=Staff", "cn=Sales"]), joins("E2", manager: "E1")]), [managed(system)])
        let account = try #require(try await world.account("E1"))
        let plan = try await world.sealed([changes(account, key: "E1", to: "cn=E1,ou=IT", [leaves("cn=Sales")])])
        #expect(try await world.apply(plan, [managed(system)]).executed == 2)
        #expect(await system.members["cn=Staff"] == [AccountName("cn=E1,ou=IT"), AccountName("cn=E2")])
        #expect(await system.members["cn=Sales"] == [])
        #expect(await system.entry(named: "cn=E2")?.attributes["manager"] == ["cn=E1,ou=IT"])
    }

    @Test func `with the server's help a rename makes no order of ours`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        _ = try await world.apply(try await world.sealed([joins("E1"), joins("E2", manager: "E1")]), [managed(system)])
        let account = try #require(try await world.account("E1"))
        let plan = try await world.sealed([changes(account, key: "E1", to: "cn=E1,ou=IT", [])])
        #expect(try await world.apply(plan, [managed(system)]).executed == 1)
    }

    @Test func `who points at an account that is deleted points at nobody, and is looked at again`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        _ = try await world.apply(try await world.sealed([joins("E1"), joins("E2", manager: "E1")]), [managed(system)])
        let account = try #require(try await world.account("E1"))
        let plan = try await world.sealed([changes(account, key: "E1", operation: .delete, becomes: .deleted, [leaves("cn=Staff")])])
        #expect(try await world.apply(plan, [managed(system)]).executed == 2)
        #expect(await system.entry(named: "cn=E2")?.attributes["manager"] == nil)
        #expect(try await world.account("E2")?.written["manager"] == nil)
        #expect(try await world.orders(plan).last?.dereferences == true)
    }

    @Test func `a reference to somebody whose account is still to come leaves what is written alone`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        _ = try await world.apply(try await world.sealed([joins("E1"), joins("E2", manager: "E1")]), [managed(system)])
        await system.plan(.fails(ConnectorFailure(.permanent, "no")), for: "cn=E3")
        _ = try await world.apply(try await world.sealed([joins("E3")]), [managed(system)])
        let account = try #require(try await world.account("E2"))
        let manager = AttributeRequest(
            name: "manager", operation: .set, before: [.reference(UserReference(UserKey("E1")))],
            after: [.reference(UserReference(UserKey("E3")))])
        _ = try await world.apply(try await world.sealed([changes(account, key: "E2", [manager])]), [managed(system)])
        #expect(await system.entry(named: "cn=E2")?.attributes["manager"] == ["cn=E1"])
        #expect(try await world.account("E2")?.written["manager"] == [.reference(UserReference(UserKey("E1")))])
    }
}
