package import Contracts
package import IdentityModel

extension SQLStore {
    package func commit(_ settlement: Settlement, plan: PlanID, at: Instant) async throws(StoreError) {
        let encoded = await EncodedSettlement.encode(settlement, plan: plan, at: at)
        try await write { session in
            let before = try encoded.states(session)
            try encoded.updateOrders(before, plan: plan, at: at, session)
            try encoded.appendFollowUps(plan: plan, at: at, session)
            try session.bulkLoad(EncodedSettlement.upsertAccount, encoded.accounts)
            try Names.remember(encoded.names, session)
            try session.execute("UPDATE users SET plan_again = 1 WHERE id IN (#)", in: encoded.planAgain)
            try session.bulkLoad(
                """
                INSERT INTO outbox (tracking_number, sequence, user_id, user_key, body, at) VALUES ($1, $2, $3, $4, $5, $6)
                """, encoded.events)
        }
    }
}

/// A settlement as rows, made before the transaction begins.
private struct EncodedSettlement: Sendable {
    struct Order: Sendable {
        let row: Int64
        let system: SystemName
        let state: OrderState
        /// Why, for the audit trail.
        let failure: String?
        let columns: [SQLValue]
        let progress: [SQLValue]
    }

    let orders: [Order]
    let followUps: [(order: ProvisioningOrder, wave: Int)]
    let accounts: [[SQLValue]]
    let names: [[SQLValue]]
    let planAgain: [SQLValue]
    let events: [[SQLValue]]

    @concurrent
    static func encode(_ settlement: Settlement, plan: PlanID, at: Instant) async -> EncodedSettlement {
        // One row per account and claim: an engine may refuse to touch a row twice in one statement. The last word counts.
        var accounts: [[String]: Account] = [:]
        for account in settlement.entries.compactMap(\.account) { accounts[[account.user.text, account.system.text]] = account }
        let names = Dictionary(settlement.reservations.map { ($0.claim, $0) }, uniquingKeysWith: { _, last in last })
        return EncodedSettlement(
            orders: settlement.entries.map { encode($0, plan: plan) }, followUps: settlement.followUps,
            accounts: accounts.values.sorted { ($0.user, $0.system) < ($1.user, $1.system) }.map(columns),
            names: names.values.sorted { $0.claim < $1.claim }.map { Names.values($0, permanent: true) },
            planAgain: SQLValue.texts(Set(settlement.planAgain.map(\.text))),
            events: settlement.events.map { event in
                [
                    .text(event.trackingNumber), .number(event.sequence), .text(event.user.text), .text(event.userKey.text),
                    .text(event.body),
                    at.value,
                ]
            })
    }

    private static func encode(_ entry: Settlement.Entry, plan: PlanID) -> Order {
        let order = entry.order
        let row = PlanRows.row(plan, order.id.sequence)
        return Order(
            row: row, system: order.system, state: order.state, failure: order.failure?.description,
            columns: [
                .number(order.state.rawValue), .int(order.notBefore?.milliseconds ?? 0), .optional(entry.wave.map { Int64($0) }),
                .text(order.operation.rawValue), .int(row),
            ], progress: [.int(row), .document(order.documentBytes)])
    }

    static let upsertAccount =
        """
        INSERT INTO accounts (user_id, system, state, account_id, name, version, document) VALUES ($1, $2, $3, $4, $5, 1, $6)
        ON CONFLICT (user_id, system) DO UPDATE SET state = excluded.state, account_id = excluded.account_id, name = excluded.name,
        version = accounts.version + 1, document = excluded.document
        """

    private static func columns(_ account: Account) -> [SQLValue] {
        [
            .text(account.user.text), .text(account.system.text), .text(account.state.rawValue), .optional(account.id?.text),
            .optional(account.name?.text), .document(account.documentBytes),
        ]
    }

    /// The states that the orders leave.
    func states(_ session: any SQLSession) throws -> [Int64: OrderState] {
        var states: [Int64: OrderState] = [:]
        try session.query("SELECT id, state FROM orders WHERE id IN (#)", in: Set(orders.map(\.row)).map(SQLValue.int)) { row in
            states[row.int(0)] = OrderState(rawValue: row.number(1))
        }
        return states
    }

    func updateOrders(_ before: [Int64: OrderState], plan: PlanID, at: Instant, _ session: any SQLSession) throws {
        var audit: [AuditRow] = []
        var pending: [SystemName: Int] = [:]
        for order in orders {
            guard let from = before[order.row] else {
                throw StoreError.damaged("order \(PlanRows.sequence(order.row)) is not in the plan that it was settled in")
            }
            audit.append(
                AuditRow(kind: AuditRow.transition, plan: plan, order: order.row, from: from, to: order.state, text: order.failure))
            pending[order.system, default: 0] += (order.state == .pending ? 1 : 0) - (from == .pending ? 1 : 0)
        }
        try session.bulkLoad(
            "UPDATE orders SET state = $1, not_before = $2, wave = COALESCE($3, wave), operation = $4 WHERE id = $5", orders.map(\.columns))
        try session.bulkLoad(
            "INSERT INTO order_progress (id, document) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            orders.map(\.progress))
        try session.audit(audit, at: at)
        try count(pending, plan: plan, session)
    }

    func appendFollowUps(plan: PlanID, at: Instant, _ session: any SQLSession) throws {
        guard !followUps.isEmpty else { return }
        let last = try session.queryOne("SELECT MAX(id) FROM orders WHERE id BETWEEN $1 AND $2", PlanRows.range(plan)) { $0.int(0) }
        var sequence = PlanRows.sequence(last ?? 0)
        var rows: [[SQLValue]] = []
        var documents: [[SQLValue]] = []
        var audit: [AuditRow] = []
        var pending: [SystemName: Int] = [:]
        for (followUp, wave) in followUps {
            sequence += 1
            var order = followUp
            order.id = OrderID(plan: plan, sequence: sequence)
            order.state = .pending
            rows.append(OrderRows.columns(order, plan: plan, state: .pending, wave: wave))
            documents.append([.int(order.id.row), .document(order.documentBytes)])
            audit.append(AuditRow(kind: AuditRow.transition, plan: plan, order: order.id.row, from: .planned, to: .pending))
            pending[order.system, default: 0] += 1
        }
        try session.bulkLoad(OrderRows.insert, rows)
        try session.bulkLoad(OrderRows.insertDocument, documents)
        try session.audit(audit, at: at)
        try count(pending, plan: plan, session)
    }

    private func count(_ pending: [SystemName: Int], plan: PlanID, _ session: any SQLSession) throws {
        try session.bulkLoad(
            """
            INSERT INTO plan_queues (plan, system, pending) VALUES ($1, $2, $3)
            ON CONFLICT (plan, system) DO UPDATE SET pending = plan_queues.pending + excluded.pending
            """,
            pending.filter { $0.value != 0 }.sorted { $0.key < $1.key }.map { [.int(plan.row), .text($0.key.text), .number($0.value)] })
    }
}
