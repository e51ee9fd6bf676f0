package import Contracts
package import IdentityModel

extension SQLStore {
    package func commit(_ settlement: Settlement, plan: PlanID, at: Instant) async throws(StoreError) {
        let encoded = await EncodedSettlement.encode(settlement)
        try await write { session in
            if let lease = settlement.lease { try Leases.require(lease, session) }
            try encoded.updateOrders(plan: plan, at: at, session)
            try FollowUps.append(settlement.followUps, to: plan, at: at, session)
            try encoded.updateAccounts(session)
            try Names.remember(encoded.names, plan: plan, session)
            try session.execute(
                "UPDATE users SET plan_again = \(Again.byEveryRun) WHERE id IN (#)",
                in: SQLValue.texts(Set(encoded.settlement.planAgain.map(\.text))))
            try encoded.appendEvents(at: at, session)
        }
    }
}

/// A settlement with its documents written, before the transaction begins.
private struct EncodedSettlement: Sendable {
    let settlement: Settlement
    let orders: [[UInt8]]
    let accounts: [(account: Account, document: [UInt8])]
    let names: [NameReservation]

    @concurrent
    static func encode(_ settlement: Settlement) async -> EncodedSettlement {
        // One row per account and claim: an engine may refuse to touch a row twice in one statement. The last word counts.
        var last: [UserID: [SystemName: Int]] = [:]
        last.reserveCapacity(settlement.entries.count)
        for index in settlement.entries.indices {
            if let account = settlement.entries[index].account { last[account.user, default: [:]][account.system] = index }
        }
        let sorted = last.sorted { $0.key.text < $1.key.text }.flatMap {
            $0.value.count == 1 ? Array($0.value) : $0.value.sorted { $0.key < $1.key }
        }
        let accounts = sorted.compactMap { settlement.entries[$0.value].account }
        let names = Dictionary(settlement.reservations.map { ($0.claim, $0) }, uniquingKeysWith: { _, last in last })
        return EncodedSettlement(
            settlement: settlement, orders: settlement.entries.indices.map { settlement.entries[$0].order.documentBytes },
            accounts: accounts.map { ($0, $0.documentBytes) }, names: names.values.sorted { $0.claim < $1.claim })
    }

    func updateOrders(plan: PlanID, at: Instant, _ session: any SQLSession) throws {
        let entries = settlement.entries
        let rows = entries.indices.map { entries[$0].order.id.row }
        let before = try states(rows, session)
        let superseded = try Superseded(entries.indices.filter { entries[$0].order.state == .pending }.map { rows[$0] }, session)
        var pending: [SystemName: Int] = [:]
        for (index, row) in rows.enumerated() {
            guard let from = before[row] else {
                throw StoreError.damaged("order \(PlanRows.sequence(row)) is not in the plan that it was settled in")
            }
            let order = entries[index].order
            // A pending order may be put into a later wave.
            let stays = order.state == .pending && from == OrderState.pending.rawValue
            guard stays || OrderState(rawValue: from)?.successors.contains(order.state) == true else {
                throw StoreError.damaged("an order that is in state \(from) cannot go to \(order.state.rawValue)")
            }
            let change = (superseded.state(of: order) == .pending ? 1 : 0) - (from == OrderState.pending.rawValue ? 1 : 0)
            if change != 0 { pending[order.system, default: 0] += change }
        }
        try session.bulkLoad(
            "UPDATE orders SET state = $1, not_before = $2, wave = COALESCE($3, wave), operation = $4 WHERE id = $5", count: rows.count
        ) { position, row in
            row.number(superseded.state(of: entries[position].order).rawValue)
            row.int(entries[position].order.notBefore?.milliseconds ?? 0)
            if let wave = entries[position].wave { row.number(wave) } else { row.null() }
            row.text(entries[position].order.operation.rawValue)
            row.int(rows[position])
        }
        try session.bulkLoad(
            "INSERT INTO order_progress (id, document) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            count: rows.count
        ) { position, row in
            row.int(rows[position])
            row.document(orders[position])
        }
        try session.bulkLoad(AuditRow.insertTransition, count: rows.count) { position, row in
            AuditRow.bindTransition(
                at, rows[position], from: before[rows[position]] ?? 0, to: entries[position].order.state,
                entries[position].order.failure?.description, row)
        }
        try superseded.audit(at: at, session)
        try FollowUps.count(pending, plan: plan, session)
        try countEffects(plan: plan, at: at, session)
    }

    /// What was executed counts into the guards' windows.
    private func countEffects(plan: PlanID, at: Instant, _ session: any SQLSession) throws {
        var sums: [SystemName: [Int64: Int]] = [:]
        for index in settlement.entries.indices {
            let order = settlement.entries[index].order
            guard order.state == .executed else { continue }
            for effect in order.effects { sums[order.system, default: [:]][effect.bit, default: 0] += 1 }
        }
        let rows = sums.sorted { $0.key < $1.key }.flatMap { system, counts in
            counts.sorted { $0.key < $1.key }.map {
                [at.value, SQLValue.int(plan.row), .text(system.text), .int($0.key), .number($0.value)]
            }
        }
        try session.bulkLoad("INSERT INTO effects (at, plan, system, effect, count) VALUES ($1, $2, $3, $4, $5)", rows)
    }

    /// The states that the orders leave, by row.
    private func states(_ rows: [Int64], _ session: any SQLSession) throws -> [Int64: Int] {
        var states: [Int64: Int] = [:]
        states.reserveCapacity(rows.count)
        try session.query("SELECT id, state FROM orders WHERE id IN (#)", in: Set(rows).map(SQLValue.int)) {
            states[$0.int(0)] = $0.number(1)
        }
        return states
    }

    func updateAccounts(_ session: any SQLSession) throws {
        try session.bulkLoad(
            """
            INSERT INTO accounts (user_id, system, state, account_id, name, version, realm, unsettled, document)
            VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8)
            ON CONFLICT (user_id, system) DO UPDATE SET state = excluded.state, account_id = excluded.account_id, name = excluded.name,
            version = accounts.version + 1, realm = excluded.realm, unsettled = excluded.unsettled, document = excluded.document
            """, count: accounts.count
        ) { position, row in
            row.text(accounts[position].account.user.text)
            row.text(accounts[position].account.system.text)
            row.text(accounts[position].account.state.rawValue)
            row.optional(accounts[position].account.id?.text)
            row.optional(accounts[position].account.name?.text)
            row.optional(accounts[position].account.realm?.text)
            row.flag(accounts[position].account.isUnsettled)
            row.document(accounts[position].document)
        }
        try keepReferences(session)
    }

    private func keepReferences(_ session: any SQLSession) throws {
        var written: [(target: String, account: Account)] = []
        for index in accounts.indices {
            let account = accounts[index].account
            var targets: Set<String> = []
            for values in account.written.values {
                for case .reference(let reference) in values { targets.insert(reference.key.text) }
            }
            for target in targets.sorted() { written.append((target, account)) }
        }
        try session.bulkLoad(
            "INSERT INTO account_references (system, target, user_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", count: written.count
        ) { position, row in
            row.text(written[position].account.system.text)
            row.text(written[position].target)
            row.text(written[position].account.user.text)
        }
    }

    func appendEvents(at: Instant, _ session: any SQLSession) throws {
        let events = settlement.events
        let taken = try session.bulkLoad(
            """
            INSERT INTO outbox (tracking_number, sequence, user_id, user_key, body, at, signature) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (tracking_number, sequence) DO NOTHING
            """, count: events.count
        ) { position, row in
            row.text(events[position].trackingNumber)
            row.number(events[position].sequence)
            row.text(events[position].user.text)
            row.text(events[position].userKey.text)
            row.text(events[position].body)
            row.int(at.milliseconds)
            row.text(events[position].signature)
        }
        guard taken.isEmpty else { throw StoreError.toldMeanwhile }
    }
}

/// Orders that a newer plan withdrew while they were under way: they are not sent a second time.
struct Superseded {
    private let rows: Set<Int64>

    /// Of these orders, which are to wait (again).
    init(_ waiting: [Int64], _ session: any SQLSession) throws {
        var rows: Set<Int64> = []
        if !waiting.isEmpty {
            try session.query(
                "SELECT id FROM orders WHERE superseded_by IS NOT NULL AND \(Orders.transmitted) AND \(Orders.underWay) AND id IN (#)",
                in: waiting.map(SQLValue.int)
            ) { rows.insert($0.int(0)) }
        }
        self.rows = rows
    }

    func state(of order: ProvisioningOrder) -> OrderState {
        order.state == .pending && rows.contains(order.id.row) ? .withdrawn : order.state
    }

    /// The second step of two: pending because it has not happened, withdrawn because nobody wants it any more.
    func audit(at: Instant, _ session: any SQLSession) throws {
        let sorted = rows.sorted()
        try session.bulkLoad(AuditRow.insertTransition, count: sorted.count) { position, row in
            AuditRow.bindTransition(at, sorted[position], from: OrderState.pending.rawValue, to: .withdrawn, OrderMove.superseded.text, row)
        }
    }
}
