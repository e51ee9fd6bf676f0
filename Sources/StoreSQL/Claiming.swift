package import Contracts
package import IdentityModel

/// Orders on their way out.
extension SQLStore {
    package func claim(
        _ plan: PlanID, under lease: LeaseTerm, wave: Int, limit: Int, at: Instant
    ) async throws(StoreError) -> [ProvisioningOrder] {
        let system = lease.system
        // Orders that wait for no moment come first, in sequence; then those whose moment has come. The index stands in this order.
        let rows = try await write { session in
            try Leases.require(lease, session)
            let rows = try session.queryAll(
                """
                SELECT id FROM orders WHERE owner = $1 AND system = $2 AND \(Orders.pending) AND \(Orders.underWay) AND wave = $3 AND not_before <= $4
                ORDER BY not_before, id LIMIT $5
                """, [.int(plan.row), .text(system.text), .number(wave), at.value, .number(limit)]
            ) { $0.int(0) }.sorted()
            try OrderMoves(at: at, session: session).carryOut(.taken, rows)
            try session.execute(
                "UPDATE plan_queues SET pending = pending - $1 WHERE plan = $2 AND system = $3",
                [.number(rows.count), .int(plan.row), .text(system.text)])
            return try OrderBytes.read(rows.map(SQLValue.int), session)
        }
        return try await OrderBytes.decode(rows)
    }

    package func transmitted(_ plan: PlanID) async throws(StoreError) -> [ProvisioningOrder] {
        try await read { session in
            try session.queryAll(
                "\(OrderRecord.select) WHERE o.owner = $1 AND o.\(Orders.transmitted) AND o.\(Orders.underWay)", [.int(plan.row)]
            ) { try OrderRecord.order($0) }.sorted { $0.id < $1.id }
        }
    }

    package func overtaken(_ plan: PlanID, on system: SystemName) async throws(StoreError) -> [ProvisioningOrder] {
        #if PLANTED_BUGS
        if PlantedBug.planted == .overtakenIsSent { return [] }
        #endif
        return try await read { session in
            let rows = try session.queryAll(
                """
                SELECT o.id FROM orders o LEFT JOIN accounts a ON a.user_id = o.user_id AND a.system = o.system
                WHERE o.owner = $1 AND o.plan = $1 AND o.system = $2 AND o.\(Orders.pending) AND o.\(Orders.underWay) AND o.repeats = 0
                AND o.operation NOT IN ('Delete', 'Disable') AND o.becomes NOT IN ('deprovisioned', 'deleted')
                AND COALESCE(a.version, 0) <> o.account_version AND NOT (o.account_version = 0 AND COALESCE(a.state, 'none') = 'none')
                AND NOT EXISTS (SELECT 1 FROM order_progress g WHERE g.id = o.id)
                """, [.int(plan.row), .text(system.text)]
            ) { SQLValue.int($0.int(0)) }
            var orders: [ProvisioningOrder] = []
            try session.query("\(OrderRecord.select) WHERE o.id IN (#)", in: rows) { orders.append(try OrderRecord.order($0)) }
            return orders.sorted { $0.id < $1.id }
        }
    }

    package func pending(_ plan: PlanID) async throws(StoreError) -> [SystemName: (wave: Int, notBefore: Instant?, count: Int)] {
        try await read { session in
            let queues = try session.queryAll(
                "SELECT system, pending FROM plan_queues WHERE plan = $1 AND pending > 0", [.int(plan.row)]
            ) { ($0.text(0), $0.number(1)) }
            var pending: [SystemName: (wave: Int, notBefore: Instant?, count: Int)] = [:]
            for (system, count) in queues {
                let next = try session.queryOne(
                    """
                    SELECT wave, not_before FROM orders WHERE owner = $1 AND system = $2 AND \(Orders.pending) AND \(Orders.underWay)
                    ORDER BY wave, not_before LIMIT 1
                    """, [.int(plan.row), .text(system)]
                ) { ($0.number(0), $0.int(1)) }
                guard let (wave, notBefore) = next else {
                    throw StoreError.damaged("the queue of \(system) counts orders that are not pending")
                }
                pending[SystemName(system)] = (wave, notBefore == 0 ? nil : Instant(milliseconds: notBefore), count)
            }
            return pending
        }
    }

    package func accounts(_ system: SystemName, users: [UserID]) async throws(StoreError) -> [UserID: Account] {
        let ids = SQLValue.texts(Set(users.map(\.text)))
        return try await read { session in
            var accounts: [UserID: Account] = [:]
            try session.query(
                "SELECT \(AccountRecord.columns) FROM accounts a WHERE a.system = $1 AND a.user_id IN (#)", [.text(system.text)], in: ids
            ) {
                let account = try AccountRecord.account($0)
                accounts[account.user] = account
            }
            return accounts
        }
    }

    package func owners(
        _ system: SystemName, realm: Realm?, ids: [AccountID]
    ) async throws(StoreError) -> [AccountID: AccountOwner] {
        let values = SQLValue.texts(Set(ids.map(\.text)))
        return try await read { session in
            var owners: [AccountID: AccountOwner] = [:]
            // What 0.1.0 kept has no realm; its ids are unique in the whole world.
            try session.query(
                """
                SELECT account_id, user_id, system FROM accounts WHERE state <> 'deleted'
                AND (system = $1 OR ($2 <> '' AND COALESCE(realm, $2) = $2)) AND account_id IN (#) ORDER BY system, user_id
                """, [.text(system.text), .text(realm?.text ?? "")], in: values
            ) { row in
                let owner = AccountOwner(user: UserID(row.text(1)), system: SystemName(row.text(2)))
                if owner.system == system || owners[AccountID(row.text(0))] == nil { owners[AccountID(row.text(0))] = owner }
            }
            return owners
        }
    }

    package func holders(of names: [AccountName], on system: SystemName) async throws(StoreError) -> [AccountName: [UserID]] {
        // As the database folds: letters beyond ASCII keep their case.
        let folded = Dictionary(grouping: names) { $0.text.asciiFolded }
        return try await read { session in
            var holders: [AccountName: [UserID]] = [:]
            try session.query(
                "SELECT lower(name), user_id FROM accounts WHERE system = $1 AND state IN ('enabled', 'deprovisioned') AND lower(name) IN (#)",
                [.text(system.text)], in: SQLValue.texts(folded.keys)
            ) { row in
                for name in folded[row.text(0)] ?? [] { holders[name, default: []].append(UserID(row.text(1))) }
            }
            return holders
        }
    }

    package func orders(_ plan: PlanID, users: [UserID]) async throws(StoreError) -> [UserID: [ProvisioningOrder]] {
        let ids = SQLValue.texts(Set(users.map(\.text)))
        return try await read { session in
            var orders: [UserID: [ProvisioningOrder]] = [:]
            try session.query("\(OrderRecord.select) WHERE o.plan = $1 AND o.keeps IS NULL AND o.user_id IN (#)", [.int(plan.row)], in: ids)
            {
                let order = try OrderRecord.order($0)
                orders[order.user, default: []].append(order)
            }
            for user in orders.keys { orders[user]?.sort { $0.id < $1.id } }
            return orders
        }
    }

    package func eventHistory(_ trackingNumbers: [String]) async throws(StoreError) -> [String: EventHistory] {
        let values = SQLValue.texts(Set(trackingNumbers))
        return try await read { session in
            var history: [String: EventHistory] = [:]
            try session.query(
                """
                SELECT o.tracking_number, o.sequence, o.at, o.signature FROM outbox o WHERE o.tracking_number IN (#)
                ORDER BY o.tracking_number, o.sequence
                """, in: values
            ) { row in
                // The last one wins.
                history[row.text(0)] = EventHistory(
                    count: row.number(1), at: Instant(milliseconds: row.int(2)), signature: row.text(3))
            }
            return history
        }
    }

    package func starts(of plans: [PlanID]) async throws(StoreError) -> [PlanID: (ordinal: Int, at: Instant?)] {
        try await read { session in
            var starts: [PlanID: (ordinal: Int, at: Instant?)] = [:]
            try session.query(
                "SELECT id, ordinal, started_at FROM plans WHERE ordinal IS NOT NULL AND id IN (#)",
                in: Set(plans).map { SQLValue.int($0.row) }
            ) { row in
                starts[PlanID(row: row.int(0))] = (row.number(1), row.optionalInt(2).map { Instant(milliseconds: $0) })
            }
            return starts
        }
    }
}

/// Orders copied out of a writing transaction as they lie there, read afterwards and elsewhere: the writer is not kept waiting.
private struct OrderBytes: Sendable {
    let row: Int64
    let state: Int64
    let document: [UInt8]

    static func read(_ ids: [SQLValue], _ session: any SQLSession) throws -> [OrderBytes] {
        var rows: [OrderBytes] = []
        rows.reserveCapacity(ids.count)
        try session.query("\(OrderRecord.select) WHERE o.id IN (#)", in: ids) { row in
            rows.append(OrderBytes(row: row.int(0), state: row.int(1), document: row.withBytes(2) { Array($0) }))
        }
        return rows
    }

    @concurrent
    static func decode(_ rows: [OrderBytes]) async throws(StoreError) -> [ProvisioningOrder] {
        do {
            let orders = try rows.map { row in
                let document = try row.document.withUnsafeBytes { try ProvisioningOrder(documentBytes: $0) }
                return try OrderRecord.order(row.row, state: row.state, document)
            }
            return orders.sorted { $0.id < $1.id }
        } catch let error as StoreError {
            throw error
        } catch {
            throw .damaged("\(error)")
        }
    }
}

extension String {
    /// Capitals A to Z as small letters, everything else as it is.
    fileprivate var asciiFolded: String {
        String(decoding: utf8.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
