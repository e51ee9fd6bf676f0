import Contracts
import Foundation
import IdentityModel
import Logging
import Planning
import Provisioning
import StoreSQL

/// A store on disk, systems in memory, and a clock that jumps: everything a plan needs to be applied.
final class DispatchWorld: Sendable {
    let store: SQLStore
    let folder: URL
    let clock = JumpingClock()
    static let directory = SystemName("Corp Directory")
    static let mail = SystemName("Mail")
    static let start = Instant(milliseconds: 1_772_000_000_000)

    /// Keeps the folder for as long as this one lives.
    private let keeper: DispatchWorld?

    init() async throws {
        keeper = nil
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("birthright-dispatch-\(UUID().uuidString)")
        store = try await SQLStore.openSQLite(path: folder.appendingPathComponent("store.sqlite").path)
    }

    /// Another process on the same store: it shares nothing but the files.
    init(besides other: DispatchWorld) async throws {
        (keeper, folder) = (other, other.folder)
        store = try await SQLStore.openSQLite(path: folder.appendingPathComponent("store.sqlite").path)
    }

    deinit { if keeper == nil { try? FileManager.default.removeItem(at: folder) } }

    /// Seals a plan of these orders (their users become joiners, unless they are known already).
    func sealed(_ orders: [ProvisioningOrder], of origin: Origin = .source(SourceName("hr"))) async throws -> Plan {
        var plan = try await store.begin(
            origin, configurationHash: "c", asOf: CivilDate(days: 20_500), at: DispatchWorld.start)
        var chunk = PlanChunk()
        var planned: [ProvisioningOrder] = []
        var request = KnowledgeRequest()
        request.users = Array(Set(orders.map(\.user)))
        let known = try await store.knowledge(request).users
        var seen: Set<UserID> = []
        for (index, order) in orders.enumerated() {
            var order = order
            order.id = OrderID(plan: plan.id, sequence: index + 1)
            planned.append(order)
            guard seen.insert(order.user).inserted, known[order.user] == nil else { continue }
            let user = User(
                id: order.user, key: order.userKey, source: SourceName("hr"), status: .active,
                attributes: ["lastName": .string(order.userKey.text)],
                version: 0)
            chunk.changes.append(
                UserChange(
                    change: .joiner, user: user, before: nil, assignments: [], assignmentsBefore: [], claim: nil, due: nil, reasons: ["row"]
                ))
        }
        chunk.orders = planned
        _ = try await store.save(chunk, to: plan.id)
        plan.seal = try await PlanSeal.compute(plan, store)
        plan.totals = try await store.totals(of: plan.id)
        plan.totals.orders = planned.count
        return try await store.seal(plan, profile: nil, superseding: nil, at: DispatchWorld.start)
    }

    func dispatcher(
        _ systems: [ManagedSystem], substitutes: any SubstitutesNames = NoOtherNames(), inFlight: Int = 2
    ) -> Dispatcher {
        var options = DispatchOptions()
        options.retry = RetryPolicy(maxAttempts: 3, baseDelayMilliseconds: 100, maxDelayMilliseconds: 1_000, maxSubstitutions: 3)
        options.batchesInFlight = inFlight
        options.clock = clock.shellClock
        return Dispatcher(
            store: store, systems: systems, substitutes: substitutes, options: options,
            log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            progress: { _ in })
    }

    /// Applies the plan as it stands in the store now.
    func apply(_ plan: Plan, _ systems: [ManagedSystem], substitutes: any SubstitutesNames = NoOtherNames(), inFlight: Int = 2) async throws
        -> ApplySummary
    {
        let current = try await store.plan(ordinal: plan.ordinal ?? 0) ?? plan
        return try await dispatcher(systems, substitutes: substitutes, inFlight: inFlight).apply(current)
    }

    /// Orders of the plan, in state 2.
    func taken(_ plan: Plan, _ limit: Int) async throws -> [ProvisioningOrder] {
        let lease = try await store.lease(DispatchWorld.directory)
        defer { lease.release() }
        return try await store.claim(plan.id, under: lease.term, wave: 0, limit: limit, at: DispatchWorld.start)
    }

    func orders(_ plan: Plan) async throws -> [ProvisioningOrder] {
        var filter = OrderFilter()
        filter.plan = plan.id
        return try await store.orders(filter, after: nil, limit: 10_000)
    }

    func order(_ plan: Plan, _ key: String, _ system: SystemName = directory) async throws -> ProvisioningOrder? {
        try await orders(plan).first { $0.userKey.text == key && $0.system == system }
    }

    func events() async throws -> [OutboxEvent] { try await store.events(after: 0, limit: 10_000).map(\.event) }

    func events(_ key: String) async throws -> [JSON] {
        try await events().filter { $0.userKey.text == key }.map { try JSON(parsing: $0.body) }
    }

    func account(_ key: String, _ system: SystemName = directory) async throws -> Account? {
        let user = UserID("u-\(key)")
        return try await store.accounts(system, users: [user])[user]
    }

    func state(_ plan: Plan) async throws -> PlanState? { try await store.plan(ordinal: plan.ordinal ?? 0)?.state }
}

/// Time passes only while somebody sleeps.
final class JumpingClock: @unchecked Sendable {
    private let lock = NSLock()
    private var current = DispatchWorld.start
    private var pauses: [Int64] = []

    var slept: [Int64] { lock.withLock { pauses } }

    var shellClock: ShellClock {
        ShellClock(
            now: { [self] in lock.withLock { current } },
            sleep: { [self] milliseconds in
                lock.withLock {
                    current = current.adding(milliseconds: milliseconds)
                    pauses.append(milliseconds)
                }
                // Whoever waits for somebody else lets them go on.
                await Task.yield()
            })
    }
}

struct NoOtherNames: SubstitutesNames {
    func substitute(for order: ProvisioningOrder, taken: NameProbe?) async throws -> ProvisioningOrder? { nil }
}

/// The order that creates `key`'s account, as the planner makes it.
func joins(
    _ key: String, system: SystemName = DispatchWorld.directory, manager: String? = nil, groups: [String] = ["cn=Staff"],
    failure: ConnectorFailure? = nil
) -> ProvisioningOrder {
    var requests = [
        AttributeRequest(name: "sn", operation: .add, before: [], after: [.text("Name \(key)")]),
        AttributeRequest(name: "employeeNumber", operation: .add, before: [], after: [.text(key)]),
    ]
    if let manager {
        requests.append(AttributeRequest(name: "manager", operation: .add, before: [], after: [.reference(UserKey(manager))]))
    }
    requests += groups.map { AttributeRequest(kind: .membership, name: "memberOf", operation: .add, before: [], after: [.text($0)]) }
    return ProvisioningOrder(
        id: OrderID(plan: PlanID(row: 0), sequence: 0), user: UserID("u-\(key)"), userKey: UserKey(key), userName: "Name \(key)",
        system: system,
        operation: .create, state: .planned, change: .joiner, reasons: ["row"], nameAfter: AccountName("cn=\(key)"), requests: requests,
        correlation: ["employeeNumber": key], becomes: .enabled, nameBases: ["sn": "name"],
        claims: [NameClaim(system: system, attribute: "dn", scope: "", folded: "cn=\(key.lowercased())")], userVersion: 0,
        accountVersion: 0,
        failure: failure)
}

/// A later order on an account that was created before.
func changes(
    _ account: Account, key: String, operation: IdentityModel.Operation = .modify, to name: String? = nil, becomes: AccountState = .enabled,
    userVersion: Int = 1, _ requests: [AttributeRequest]
) -> ProvisioningOrder {
    ProvisioningOrder(
        id: OrderID(plan: PlanID(row: 0), sequence: 0), user: account.user, userKey: UserKey(key), userName: "Name \(key)",
        system: account.system,
        operation: operation, state: .planned, change: .mover, reasons: ["row"], accountID: account.id, nameBefore: account.name,
        nameAfter: operation == .delete ? nil : name.map { AccountName($0) } ?? account.name, requests: requests, becomes: becomes,
        userVersion: userVersion, accountVersion: account.version)
}

func leaves(_ group: String) -> AttributeRequest {
    AttributeRequest(kind: .membership, name: "memberOf", operation: .remove, before: [.text(group)], after: [])
}

func enters(_ group: String) -> AttributeRequest {
    AttributeRequest(kind: .membership, name: "memberOf", operation: .add, before: [], after: [.text(group)])
}

func sets(_ name: String, _ value: String, from before: String? = nil) -> AttributeRequest {
    AttributeRequest(name: name, operation: .set, before: before.map { [.text($0)] } ?? [], after: [.text(value)])
}

extension ManagedSystem {
    /// Of a system whose names are paths, as a directory's are.
    init(
        name: SystemName, connector: any Connector, requires: [SystemName] = [], leavesDisablingToConnector: Bool = false,
        switchingAttributes: Set<String> = [], adoption: Adoption = Adoption(), probedNames: [ProbedName] = []
    ) {
        self.init(
            name: name, connector: connector, traits: SystemTraits(names: .path, membershipAttribute: "memberOf"), accountName: "dn",
            requires: requires,
            leavesDisablingToConnector: leavesDisablingToConnector, switchingAttributes: switchingAttributes, adoption: adoption,
            probedNames: probedNames)
    }
}
