internal import Contracts
internal import IdentityModel
internal import Testing

/// A small company for the store's checks. Every value is derived from a number.
enum Sample {
    static let hr = SourceName("hr")
    static let directory = SystemName("Corp Directory")
    static let other = SystemName("Mail")
    static let today = CivilDate(days: 20_500)
    static func moment(_ second: Int) -> Instant { Instant(milliseconds: 1_771_000_000_000 + Int64(second) * 1_000) }

    static func key(_ number: Int) -> UserKey { UserKey("E" + String(number)) }
    static func userID(_ number: Int) -> UserID { UserID("user-" + String(number)) }

    static func user(_ number: Int, department: String = "Finance", status: UserStatus = .active, version: Int = 0) -> User {
        let attributes: [String: UserValue] = [
            "employeeId": .string("E\(number)"), "lastName": .string("Bjørnstad \"\(number)\"\n𝔊"), "department": .string(department),
            "startDate": .date(CivilDate(days: 20_000 + number)), "manager": .reference(key(number + 1)), "tags": .list(["a", "ø"]),
            "level": .int(Int64(number)), "remote": .bool(number % 2 == 0),
        ]
        return User(id: userID(number), key: key(number), source: hr, status: status, attributes: attributes, version: version)
    }

    static func claim(_ number: Int, row: UInt64 = 1) -> SourceClaim {
        SourceClaim(
            source: hr, key: key(number), user: userID(number), keyHash: StableHash.hash(key(number).text),
            rowHash: UInt64(number) << 8 | row,
            position: SourcePosition(file: "hr/day1.csv", line: number + 1))
    }

    static let finance = RoleAssignment(role: RoleName("Finance"), origin: .rule("finance"))
    static let everyone = RoleAssignment(role: RoleName("Employee"), origin: .rule("everyone"))

    static func joiner(_ number: Int, due: CivilDate? = nil) -> UserChange {
        UserChange(
            change: .joiner, user: user(number), before: nil, assignments: [everyone, finance], assignmentsBefore: [], claim: claim(number),
            due: due, reasons: ["new in hr/day1.csv"])
    }

    /// A change of a user whom the store knows in `version`.
    static func again(
        _ number: Int, version: Int, department: String = "Finance", row: UInt64 = 1, due: CivilDate? = nil, hasClaim: Bool = true
    ) -> UserChange {
        let before = user(number, version: version)
        let after = user(number, department: department, version: version)
        return UserChange(
            change: before == after ? .unchanged : .mover, user: after, before: before, assignments: [everyone, finance],
            assignmentsBefore: [everyone, finance], claim: hasClaim ? claim(number, row: row) : nil, due: due, reasons: [])
    }

    static func name(_ number: Int) -> AccountName { AccountName("cn=Person \(number),ou=People") }

    static func create(
        _ number: Int, sequence: Int, userVersion: Int = 0, accountVersion: Int = 0, system: SystemName = directory
    ) -> ProvisioningOrder {
        ProvisioningOrder(
            id: OrderID(plan: PlanID(row: 0), sequence: sequence), user: userID(number), userKey: key(number), userName: "Person \(number)",
            system: system, operation: .create, state: .planned, change: .joiner, reasons: ["joiner"], nameAfter: name(number),
            requests: [
                AttributeRequest(name: "cn", operation: .set, before: [], after: [.text("Person \(number)")]),
                AttributeRequest(name: "manager", operation: .set, before: [], after: [.reference(key(number + 1))]),
                AttributeRequest(kind: .membership, name: "cn=All Staff", operation: .add, before: [], after: [.text("cn=All Staff")]),
            ], correlation: ["employeeNumber": "E\(number)"], becomes: .enabled, nameBases: ["cn": "Person \(number)"],
            claims: [claim(of: "cn", "person \(number)")], userVersion: userVersion, accountVersion: accountVersion)
    }

    static func order(
        _ number: Int, sequence: Int, _ operation: Operation, becomes: AccountState = .enabled, renames: Bool = false,
        removes: Bool = false,
        userVersion: Int = 1, accountVersion: Int = 1
    ) -> ProvisioningOrder {
        let removal = AttributeRequest(kind: .membership, name: "cn=Old", operation: .remove, before: [.text("cn=Old")], after: [])
        return ProvisioningOrder(
            id: OrderID(plan: PlanID(row: 0), sequence: sequence), user: userID(number), userKey: key(number), userName: "Person \(number)",
            system: directory, operation: operation, state: .planned, change: .mover, reasons: [], accountID: AccountID("id-\(number)"),
            nameBefore: name(number), nameAfter: renames ? AccountName("cn=Other \(number)") : name(number),
            requests: removes ? [removal] : [],
            becomes: becomes, userVersion: userVersion, accountVersion: accountVersion)
    }

    static func claim(of attribute: String, _ folded: String) -> NameClaim {
        NameClaim(system: directory, attribute: attribute, scope: "", folded: folded)
    }

    static func reservation(_ folded: String, for number: Int) -> NameReservation {
        NameReservation(claim: claim(of: "mail", folded), user: userID(number))
    }

    static func quarantine(_ number: Int?, line: Int = 9) -> Quarantine {
        Quarantine(
            source: hr, key: number.map { key($0) }, position: SourcePosition(file: "hr/day1.csv", line: line), column: 3,
            columnName: "LAST_NAME",
            reason: "last name is missing")
    }

    /// Joiners with a Create each, their names, and what correlates to them.
    static func joinerChunk(_ numbers: ClosedRange<Int>) -> PlanChunk {
        var chunk = PlanChunk()
        for number in numbers {
            chunk.changes.append(joiner(number))
            chunk.correlations[userID(number)] = [CorrelationKey(attribute: "employeeId", folded: "e\(number)")]
            chunk.orders.append(create(number, sequence: number))
            chunk.reservations.append(reservation("person\(number)@example.com", for: number))
        }
        return chunk
    }

    static let profile = SourceProfile(
        file: "hr/day1.csv", contentDigest: "abc", configurationHash: "c1", rowCount: 3, columns: ["EMPLOYEE_ID", "LAST_NAME"],
        emptyCounts: [0, 1])
}

extension Store {
    func begin(_ origin: Origin = .source(Sample.hr)) async throws -> Plan {
        try await begin(origin, configurationHash: "c1", asOf: Sample.today, at: Sample.moment(0))
    }

    /// `ofFile`: the plan of a source read a file.
    func sealed(
        _ plan: Plan, superseding: PlanID? = nil, profile: SourceProfile? = nil, ofFile: Bool = true
    ) async throws -> Plan {
        var grown = plan
        grown.seal = "seal-\(plan.id.row)"
        grown.totals = try await totals(of: plan.id)
        if ofFile, case .source = plan.origin { grown.totals.rowsRead = 100 }
        return try await seal(grown, profile: profile.map { (Sample.hr, $0) }, superseding: superseding, at: Sample.moment(1))
    }

    /// Plans a chunk and seals it.
    func planned(_ chunk: PlanChunk, _ origin: Origin = .source(Sample.hr), profile: SourceProfile? = nil) async throws -> Plan {
        let plan = try await begin(origin)
        #expect(try await save(chunk, to: plan.id) == [])
        return try await sealed(plan, profile: profile)
    }

    /// Plans a chunk and starts to apply it.
    func started(_ chunk: PlanChunk, _ origin: Origin = .source(Sample.hr)) async throws -> Plan {
        let plan = try await planned(chunk, origin)
        #expect(try await startApplying(plan.id, at: Sample.moment(2)).leftOut == [])
        return plan
    }

    /// Under a lease of its own.
    func claim(_ plan: PlanID, system: SystemName, wave: Int, limit: Int, at: Instant) async throws -> [ProvisioningOrder] {
        let lease = try await lease(system)
        defer { lease.release() }
        return try await claim(plan, under: lease.term, wave: wave, limit: limit, at: at)
    }

    /// Plans, applies and executes a chunk to the end, as if the system had done everything.
    @discardableResult
    func applied(_ chunk: PlanChunk, _ origin: Origin = .source(Sample.hr)) async throws -> Plan {
        let plan = try await started(chunk, origin)
        var settlement = Settlement()
        for order in try await claim(plan.id, system: Sample.directory, wave: 0, limit: 1_000, at: Sample.moment(3)) {
            settlement.entries.append(.executed(order))
        }
        try await commit(settlement, plan: plan.id, at: Sample.moment(4))
        try await finish(plan.id, at: Sample.moment(5))
        return plan
    }

    func allMarks(asOf day: CivilDate) async throws -> [UInt64: SourceMark] { try await allMarks(asOf: RunDays(day)) }

    func allMarks(asOf days: RunDays = RunDays(Sample.today)) async throws -> [UInt64: SourceMark] {
        let collected = Collected<SourceMark>()
        try await marks(of: Sample.hr, asOf: days) { collected.append($0) }
        return Dictionary(collected.elements.map { ($0.keyHash, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func mustPlan(asOf day: CivilDate) async throws -> Set<UserKey> { try await mustPlan(asOf: RunDays(day)) }

    func mustPlan(asOf days: RunDays = RunDays(Sample.today)) async throws -> Set<UserKey> {
        let marks = try await allMarks(asOf: days)
        return Set((1...20).map(Sample.key).filter { marks[StableHash.hash($0.text)]?.again.isEmpty == false })
    }

    func allDocuments(_ plan: PlanID) async throws -> [String] {
        let collected = Collected<String>()
        try await documents(of: plan) { collected.append([String(decoding: $0, as: UTF8.self)]) }
        return collected.elements
    }
}

extension Settlement {
    /// The order executed, and the event "t1" that says so.
    static func announced(_ order: ProvisioningOrder) -> Settlement {
        var settlement = Settlement()
        settlement.entries = [.executed(order)]
        settlement.events = [OutboxEvent(trackingNumber: "t1", sequence: 1, user: order.user, userKey: order.userKey, body: "{}")]
        return settlement
    }
}

extension Settlement.Entry {
    /// The order executed, with the account it leaves behind.
    static func executed(_ order: ProvisioningOrder) -> Settlement.Entry {
        var order = order
        order.state = .executed
        order.accountID = AccountID("id-" + order.userKey.text)
        for index in order.requests.indices { order.requests[index].outcome = .done }
        let account = Account(
            user: order.user, system: order.system, state: order.becomes, id: order.accountID, name: order.nameAfter ?? order.nameBefore,
            written: ["cn": [.text(order.userName)], "manager": [.reference(order.userKey)]], memberships: ["cn=All Staff"],
            nameBases: order.nameBases)
        return Settlement.Entry(order: order, account: account)
    }

    static func failed(_ order: ProvisioningOrder, _ state: OrderState = .errored, notBefore: Instant? = nil) -> Settlement.Entry {
        var order = order
        order.state = state
        order.attempts += 1
        order.notBefore = notBefore
        order.failure = ConnectorFailure(.permanent, "refused", serverText: "LDAP 19: constraint", attribute: "cn")
        return Settlement.Entry(order: order, account: nil)
    }
}
