package import Contracts
package import IdentityModel

/// A chunk as rows, made before the transaction begins: the writer is kept no longer than writing takes.
private struct EncodedChunk: Sendable {
    struct Change: Sendable {
        /// Without the row's id, which is known when it is written.
        let columns: [SQLValue]
        let document: [UInt8]
        let correlations: [CorrelationKey]
    }

    let changes: [Change]
    let orders: [[SQLValue]]
    let orderDocuments: [[SQLValue]]
    let claims: [NameClaim]
    let names: [[SQLValue]]
    let holds: [[SQLValue]]
    let quarantines: [[SQLValue]]

    @concurrent
    static func encode(_ chunk: PlanChunk, plan: PlanID) async -> EncodedChunk {
        let reservations = Array(Set(chunk.reservations)).sorted { ($0.claim, $0.user) < ($1.claim, $1.user) }
        return EncodedChunk(
            changes: chunk.changes.map { encode($0, chunk.correlations[$0.user.id]) },
            orders: chunk.orders.map { OrderRows.columns($0, plan: plan) },
            orderDocuments: chunk.orders.map { [.int(PlanRows.row(plan, $0.id.sequence)), .document($0.documentBytes)] },
            claims: reservations.map(\.claim), names: reservations.map { Names.values($0, permanent: false) },
            holds: reservations.map { [.int(plan.row), .int(Names.id($0.claim))] },
            quarantines: chunk.quarantines.map { QuarantineRows.columns($0, plan: plan) })
    }

    private static func encode(_ change: UserChange, _ correlations: [CorrelationKey]?) -> Change {
        let (document, layout) = change.documentWithLayout()
        let user = change.user
        let differs = change.change != .unchanged || change.before != user || change.assignments != change.assignmentsBefore
        let claim = change.claim
        let columns: [SQLValue] = [
            .text(user.id.text), .text(user.key.text), .text(user.source.text), .text(user.status.rawValue), .number(user.version),
            .text(change.change.rawValue), .flag(differs), .optional(change.due.map { Int64($0.days) }), .flag(correlations != nil),
            .optional(claim?.source.text), .optional(claim?.key.text), .optional(claim?.user.text),
            .optional(claim.map { Int64(bitPattern: $0.keyHash) }), .optional(claim.map { Int64(bitPattern: $0.rowHash) }),
            .optional(claim?.position.file), .optional(claim.map { Int64($0.position.line) }), .number(layout.assignmentsStart),
            .number(layout.assignmentsLength), .number(layout.attributesStart), .number(layout.attributesLength),
        ]
        return Change(columns: columns, document: document, correlations: correlations.map { Array(Set($0)) } ?? [])
    }
}

/// Orders of a plan as rows.
enum OrderRows {
    static let insert =
        """
        INSERT INTO orders (id, plan, user_id, system, operation, becomes, renames, removes, starts_as, user_version, account_version,
        state, wave, not_before) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """

    static let insertDocument = "INSERT INTO order_documents (id, document) VALUES ($1, $2)"

    static func columns(_ order: ProvisioningOrder, plan: PlanID, state: OrderState = .planned, wave: Int = 0) -> [SQLValue] {
        let removes = order.requests.contains { $0.kind == .membership && $0.operation == .remove }
        return [
            .int(PlanRows.row(plan, order.id.sequence)), .int(plan.row), .text(order.user.text), .text(order.system.text),
            .text(order.operation.rawValue), .text(order.becomes.rawValue), .flag(order.renames), .flag(removes),
            .number(startsAs(order).rawValue), .number(order.userVersion), .number(order.accountVersion), .number(state.rawValue),
            .number(wave), .int(order.notBefore?.milliseconds ?? 0),
        ]
    }

    /// The state the order enters when its plan starts to be applied.
    private static func startsAs(_ order: ProvisioningOrder) -> OrderState {
        if order.state == .evaluationFailed || order.failure != nil { return .evaluationFailed }
        return order.state == .awaitingApproval ? .awaitingApproval : .pending
    }
}

enum QuarantineRows {
    static let insert =
        """
        INSERT INTO quarantines (plan, source, user_key, key_hash, file, line, column_number, column_name, reason, active)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)
        """

    static func columns(_ quarantine: Quarantine, plan: PlanID) -> [SQLValue] {
        [
            .int(plan.row), .text(quarantine.source.text), .optional(quarantine.key?.text),
            .optional(quarantine.key.map { Int64(bitPattern: StableHash.hash($0.text)) }), .text(quarantine.position.file),
            .number(quarantine.position.line), .number(quarantine.column), .optional(quarantine.columnName), .text(quarantine.reason),
        ]
    }
}

extension SQLStore {
    package func save(_ chunk: PlanChunk, to plan: PlanID) async throws(StoreError) -> [NameClaim] {
        let encoded = await EncodedChunk.encode(chunk, plan: plan)
        return try await engine.write { session in
            try PlanWriting.requireOpen(plan, session)
            let lost = try Names.reserve(encoded.names, holds: encoded.holds, session)
            guard lost.isEmpty else { return .rollback(lost.map { encoded.claims[$0] }) }
            try PlanWriting.insert(encoded.changes, into: plan, session)
            try session.bulkLoad(OrderRows.insert, encoded.orders)
            try session.bulkLoad(OrderRows.insertDocument, encoded.orderDocuments)
            try session.bulkLoad(QuarantineRows.insert, encoded.quarantines)
            return .commit([])
        }
    }

    package func retract(
        _ keys: [UserKey], of source: SourceName, from plan: PlanID, quarantines: [Quarantine]
    ) async throws(StoreError) {
        let rows = quarantines.map { QuarantineRows.columns($0, plan: plan) }
        let keys = Set(keys)
        try await write { session in
            try PlanWriting.requireOpen(plan, session)
            var changes: [SQLValue] = []
            var users: Set<String> = []
            try session.query(
                "SELECT id, user_id FROM plan_changes WHERE id BETWEEN $1 AND $2 AND claim_source = $3 AND claim_key IN (#)",
                PlanRows.range(plan) + [.text(source.text)], in: SQLValue.texts(keys.map(\.text))
            ) { row in
                changes.append(.int(row.int(0)))
                users.insert(row.text(1))
            }
            try PlanWriting.remove(changes: changes, users: SQLValue.texts(users), from: plan, session)
            try session.bulkLoad(QuarantineRows.insert, rows)
        }
    }

    package func documents(of plan: PlanID, body: @Sendable (UnsafeRawBufferPointer) -> Void) async throws(StoreError) {
        try await read { session in
            for table in ["plan_change_documents", "order_documents"] {
                try session.query("SELECT document FROM \(table) WHERE id BETWEEN $1 AND $2 ORDER BY id", PlanRows.range(plan)) { row in
                    row.withBytes(0, body)
                }
            }
        }
    }
}

private enum PlanWriting {
    static func requireOpen(_ plan: PlanID, _ session: any SQLSession) throws {
        let state = try session.queryOne("SELECT state FROM plans WHERE id = $1", [.int(plan.row)]) { $0.text(0) }
        guard state == PlanState.open.rawValue else { throw StoreError.damaged("a plan that is \(state ?? "unknown") cannot grow") }
    }

    static func insert(_ changes: [EncodedChunk.Change], into plan: PlanID, _ session: any SQLSession) throws {
        let last = try session.queryOne(
            "SELECT COALESCE(MAX(id), $1) FROM plan_changes WHERE id BETWEEN $2 AND $3",
            [.int(PlanRows.first(plan))] + PlanRows.range(plan)
        ) { $0.int(0) }
        let first = (last ?? PlanRows.first(plan)) + 1
        var columns: [[SQLValue]] = []
        var documents: [[SQLValue]] = []
        var correlations: [[SQLValue]] = []
        for (offset, change) in changes.enumerated() {
            let id = SQLValue.int(first + Int64(offset))
            columns.append([id] + change.columns)
            documents.append([id, .document(change.document)])
            for key in change.correlations { correlations.append([id, .text(key.attribute), .text(key.folded)]) }
        }
        try session.bulkLoad(
            """
            INSERT INTO plan_changes (id, user_id, user_key, source, status, version, kind, differs, due, correlates, claim_source, claim_key,
            claim_user, key_hash, row_hash, file, line, assignments_start, assignments_length, attributes_start, attributes_length)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
            """, columns)
        try session.bulkLoad("INSERT INTO plan_change_documents (id, document) VALUES ($1, $2)", documents)
        try session.bulkLoad("INSERT INTO plan_correlations (id, attribute, folded) VALUES ($1, $2, $3)", correlations)
    }

    /// Takes changes and their users' orders out of the plan; names that no other plan holds become free.
    static func remove(changes: [SQLValue], users: [SQLValue], from plan: PlanID, _ session: any SQLSession) throws {
        guard !changes.isEmpty else { return }
        for table in ["plan_changes", "plan_change_documents", "plan_correlations"] {
            try session.execute("DELETE FROM \(table) WHERE id IN (#)", in: changes)
        }
        var orders: [SQLValue] = []
        try session.query("SELECT id FROM orders WHERE plan = $1 AND user_id IN (#)", [.int(plan.row)], in: users) {
            orders.append(.int($0.int(0)))
        }
        for table in ["orders", "order_documents"] { try session.execute("DELETE FROM \(table) WHERE id IN (#)", in: orders) }
        var names: [SQLValue] = []
        try session.query(
            "SELECT h.name FROM name_holds h JOIN names n ON n.id = h.name WHERE h.plan = $1 AND n.user_id IN (#)", [.int(plan.row)],
            in: users
        ) { names.append(.int($0.int(0))) }
        try session.execute("DELETE FROM name_holds WHERE plan = $1 AND name IN (#)", [.int(plan.row)], in: names)
        try session.execute(
            """
            DELETE FROM names WHERE permanent = 0 AND id IN (#) AND NOT EXISTS (SELECT 1 FROM plans p
            JOIN name_holds h ON h.plan = p.id AND h.name = names.id WHERE p.state IN ('open', 'ready', 'held', 'approved'))
            """, in: names)
    }
}
