package import Contracts
package import IdentityModel

/// A chunk with its documents written, which happens before the transaction begins: the writer is kept no longer than writing takes.
private struct EncodedChunk: Sendable {
    let chunk: PlanChunk
    let changes: [(bytes: [UInt8], layout: UserChangeLayout)]
    let orders: [[UInt8]]
    let names: [Int64]
    let correlations: [(change: Int, key: CorrelationKey)]

    @concurrent
    static func encode(_ chunk: PlanChunk) async -> EncodedChunk {
        var correlations: [(change: Int, key: CorrelationKey)] = []
        for index in chunk.changes.indices {
            let keys = chunk.correlations[chunk.changes[index].user.id] ?? []
            for key in keys.count < 2 ? keys : Array(Set(keys)) { correlations.append((index, key)) }
        }
        return EncodedChunk(
            chunk: chunk, changes: chunk.changes.indices.map { chunk.changes[$0].documentWithLayout() },
            orders: chunk.orders.indices.map { chunk.orders[$0].documentBytes }, names: chunk.reservations.map { Names.id($0.claim) },
            correlations: correlations)
    }
}

/// Changes of a plan as rows.
private enum ChangeRows {
    static let insert =
        """
        INSERT INTO plan_changes (id, user_id, user_key, source, status, version, kind, differs, due, correlates, waits,
        account_versions, assignments_start,
        assignments_length, attributes_start, attributes_length, claim_source, claim_key, claim_user, key_hash, row_hash, file, line,
        presence, generation, keeps_alive, claim_status, claim_row, values_start, values_length)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27,
        $28, $29, $30)
        """

    /// What a chunk says of a change beside the change itself.
    struct Notes {
        let correlates: Bool
        let waits: Bool
        let accountVersions: Int?
    }

    static func bind(_ id: Int64, _ change: UserChange, _ layout: UserChangeLayout, _ notes: Notes, _ row: any SQLBinder) {
        row.int(id)
        row.text(change.user.id.text)
        row.text(change.user.key.text)
        row.text(change.user.source.text)
        row.text(change.user.status.rawValue)
        row.number(change.user.version)
        row.text(change.change.rawValue)
        row.flag(change.change != .unchanged || change.before != change.user || change.assignments != change.assignmentsBefore)
        if let due = change.due { row.number(due.days) } else { row.null() }
        row.flag(notes.correlates)
        row.flag(notes.waits)
        if let versions = notes.accountVersions { row.number(versions) } else { row.null() }
        row.number(layout.assignmentsStart)
        row.number(layout.assignmentsLength)
        row.number(layout.attributesStart)
        row.number(layout.attributesLength)
        guard let claim = change.claim else {
            for _ in 0..<14 { row.null() }
            return
        }
        row.text(claim.source.text)
        row.text(claim.key.text)
        row.text(claim.user.text)
        row.int(Int64(bitPattern: claim.keyHash))
        row.int(Int64(bitPattern: claim.rowHash))
        row.text(claim.position.file)
        row.number(claim.position.line)
        row.number(claim.presence.code)
        row.number(claim.generation)
        row.flag(claim.keepsAlive)
        row.optional(claim.values?.status?.rawValue)
        if let kept = claim.row { row.document(KeptRow(kept).documentBytes) } else { row.null() }
        for place in [layout.valuesStart, layout.valuesLength] { if let place { row.number(place) } else { row.null() } }
    }
}

/// Orders of a plan as rows.
enum OrderRows {
    static let insert =
        """
        INSERT INTO orders (id, plan, user_id, system, operation, becomes, renames, removes, starts_as, user_version, account_version,
        state, wave, not_before, owner, keeps, effects, repeats)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        """

    static let insertDocument = "INSERT INTO order_documents (id, document) VALUES ($1, $2)"

    static func bind(_ order: ProvisioningOrder, plan: PlanID, state: OrderState = .planned, wave: Int = 0, _ row: any SQLBinder) {
        row.int(PlanRows.row(plan, order.id.sequence))
        row.int(plan.row)
        row.text(order.user.text)
        row.text(order.system.text)
        row.text(order.operation.rawValue)
        row.text(order.becomes.rawValue)
        row.flag(order.renames)
        row.flag(order.removesMemberships)
        row.number(order.start.to.rawValue)
        row.number(order.userVersion)
        row.number(order.accountVersion)
        row.number(state.rawValue)
        row.number(wave)
        row.int(order.notBefore?.milliseconds ?? 0)
        row.int(plan.row)
        if let kept = order.keeps { row.int(kept.row) } else { row.null() }
        row.int(order.effects.reduce(0) { $0 | $1.bit })
        row.flag(order.isRepetition)
    }
}

enum QuarantineRows {
    static let insert =
        """
        INSERT INTO quarantines (plan, source, user_key, key_hash, file, line, column_number, column_name, reason, terminates, active)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)
        """

    static func columns(_ quarantine: Quarantine, plan: PlanID, terminates: Bool = false) -> [SQLValue] {
        [
            .int(plan.row), .text(quarantine.source.text), .optional(quarantine.key?.text),
            .optional(quarantine.key.map { Int64(bitPattern: StableHash.hash($0.text)) }), .text(quarantine.position.file),
            .number(quarantine.position.line), .number(quarantine.column), .optional(quarantine.columnName), .text(quarantine.reason),
            .flag(terminates),
        ]
    }
}

extension SQLStore {
    package func save(_ chunk: PlanChunk, to plan: PlanID) async throws(StoreError) -> [NameClaim] {
        let encoded = await EncodedChunk.encode(chunk)
        return try await engine.write { session in
            let chunk = encoded.chunk
            try PlanWriting.requireOpen(plan, session)
            let lost = try Names.reserve(chunk.reservations, ids: encoded.names, for: plan, session)
            guard lost.isEmpty else { return .rollback(Array(Set(lost.map { chunk.reservations[$0].claim })).sorted()) }
            try PlanWriting.insertChanges(of: encoded, into: plan, session)
            try session.bulkLoad(OrderRows.insert, count: chunk.orders.count) { OrderRows.bind(chunk.orders[$0], plan: plan, $1) }
            try session.bulkLoad(OrderRows.insertDocument, count: chunk.orders.count) { position, row in
                row.int(PlanRows.row(plan, chunk.orders[position].id.sequence))
                row.document(encoded.orders[position])
            }
            try session.bulkLoad(
                QuarantineRows.insert,
                chunk.quarantines.map {
                    QuarantineRows.columns($0, plan: plan, terminates: $0.key.map(chunk.quarantinedLeavers.contains) ?? false)
                })
            try session.bulkLoad(WaitingRows.insert, chunk.waiting.map { WaitingRows.columns($0, plan: plan) })
            try session.bulkLoad(
                "INSERT INTO plan_left_aside (plan, user_id, system, is_due) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                chunk.leftAside.map { [.int(plan.row), .text($0.user.text), .text($0.system.text), .flag($0.isDue)] })
            return .commit([])
        }
    }

    package func retract(_ keys: [UserKey], of source: SourceName, from plan: PlanID) async throws(StoreError) {
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
        }
    }

    package func replace(_ orders: [ProvisioningOrder], in plan: PlanID) async throws(StoreError) {
        guard !orders.isEmpty else { return }
        try await write { session in
            try PlanWriting.requireOpen(plan, session)
            let rows = orders.map { SQLValue.int(PlanRows.row(plan, $0.id.sequence)) }
            for table in ["orders", "order_documents"] { try session.execute("DELETE FROM \(table) WHERE id IN (#)", in: rows) }
            try session.bulkLoad(OrderRows.insert, count: orders.count) { OrderRows.bind(orders[$0], plan: plan, $1) }
            try session.bulkLoad(OrderRows.insertDocument, zip(rows, orders).map { [$0, .document($1.documentBytes)] })
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

    static func insertChanges(of encoded: EncodedChunk, into plan: PlanID, _ session: any SQLSession) throws {
        let changes = encoded.chunk.changes
        let last = try session.queryOne("SELECT MAX(id) FROM plan_changes WHERE id BETWEEN $1 AND $2", PlanRows.range(plan)) {
            $0.optionalInt(0)
        }
        let first = ((last ?? nil) ?? PlanRows.first(plan)) + 1
        try session.bulkLoad(ChangeRows.insert, count: changes.count) { position, row in
            let user = changes[position].user.id
            let notes = ChangeRows.Notes(
                correlates: encoded.chunk.correlations[user] != nil, waits: encoded.chunk.awaitingReferences.contains(user),
                accountVersions: encoded.chunk.accountVersions[user])
            ChangeRows.bind(first + Int64(position), changes[position], encoded.changes[position].layout, notes, row)
        }
        try session.bulkLoad("INSERT INTO plan_change_documents (id, document) VALUES ($1, $2)", count: changes.count) { position, row in
            row.int(first + Int64(position))
            row.document(encoded.changes[position].bytes)
        }
        try insertEndedClaims(of: changes, from: first, session)
        let keys = encoded.correlations
        try session.bulkLoad("INSERT INTO plan_correlations (id, attribute, folded) VALUES ($1, $2, $3)", count: keys.count) {
            position, row in
            row.int(first + Int64(keys[position].change))
            row.text(keys[position].key.attribute)
            row.text(keys[position].key.folded)
        }
    }

    /// They are few: people renumbered, sources gone.
    private static func insertEndedClaims(of changes: [UserChange], from first: Int64, _ session: any SQLSession) throws {
        let rows = changes.indices.flatMap { position in
            changes[position].ended.map { claim -> [SQLValue] in
                [.int(first + Int64(position)), .text(claim.source.text), .text(claim.key.text), .number(claim.presence.code)]
            }
        }
        try session.bulkLoad("INSERT INTO plan_ended_claims (id, source, user_key, presence) VALUES ($1, $2, $3, $4)", rows)
    }

    /// Takes changes and their users' orders out of the plan; names that no other plan holds become free.
    static func remove(changes: [SQLValue], users: [SQLValue], from plan: PlanID, _ session: any SQLSession) throws {
        guard !changes.isEmpty else { return }
        for table in ["plan_changes", "plan_change_documents", "plan_correlations", "plan_ended_claims"] {
            try session.execute("DELETE FROM \(table) WHERE id IN (#)", in: changes)
        }
        var orders: [SQLValue] = []
        try session.query("SELECT id FROM orders WHERE plan = $1 AND user_id IN (#)", [.int(plan.row)], in: users) {
            orders.append(.int($0.int(0)))
        }
        for table in ["orders", "order_documents"] { try session.execute("DELETE FROM \(table) WHERE id IN (#)", in: orders) }
        try session.execute("DELETE FROM plan_left_aside WHERE plan = $1 AND user_id IN (#)", [.int(plan.row)], in: users)
        try Names.release(users, from: plan, session)
    }
}
