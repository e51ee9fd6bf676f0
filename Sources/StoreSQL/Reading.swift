package import Contracts
package import IdentityModel

/// What reading commands ask.
extension SQLStore {
    package func plans(limit: Int) async throws(StoreError) -> [Plan] {
        try await read { session in
            try session.queryAll("SELECT \(PlanRecord.columns) FROM plans ORDER BY id DESC LIMIT $1", [.number(limit)]) {
                try PlanRecord.plan($0)
            }
        }
    }

    package func plan(ordinal: Int) async throws(StoreError) -> Plan? {
        try await read { session in
            try session.queryOne("SELECT \(PlanRecord.columns) FROM plans WHERE ordinal = $1", [.number(ordinal)]) {
                try PlanRecord.plan($0)
            }
        }
    }

    package func changes(of plan: PlanID, after: Int, limit: Int) async throws(StoreError) -> [(sequence: Int, change: UserChange)] {
        try await read { session in
            try session.queryAll(
                "SELECT id, document FROM plan_change_documents WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3",
                [.int(PlanRows.row(plan, after)), .int(PlanRows.last(plan)), .number(limit)]
            ) { row in (PlanRows.sequence(row.int(0)), try row.withBytes(1) { try UserChange(documentBytes: $0) }) }
        }
    }

    package func orders(_ filter: OrderFilter, after: OrderID?, limit: Int) async throws(StoreError) -> [ProvisioningOrder] {
        var conditions = OrderConditions(filter)
        conditions.add("o.id >", .int(after?.row ?? 0))
        let query = conditions.query("ORDER BY o.id", limit)
        return try await read { session in try session.queryAll(query.sql, query.arguments) { try OrderRecord.order($0) } }
    }

    package func order(ordinal: Int, sequence: Int) async throws(StoreError) -> ProvisioningOrder? {
        try await read { session in
            let plan = try session.queryOne("SELECT id FROM plans WHERE ordinal = $1", [.number(ordinal)]) { PlanID(row: $0.int(0)) }
            guard let plan else { return nil }
            return try session.queryOne("\(OrderRecord.select) WHERE o.id = $1", [.int(PlanRows.row(plan, sequence))]) {
                try OrderRecord.order($0)
            }
        }
    }

    package func quarantines(plan: PlanID?) async throws(StoreError) -> [(number: Int64, quarantine: Quarantine)] {
        let condition = plan == nil ? "active = 1" : "plan = $1"
        return try await read { session in
            try session.queryAll(
                """
                SELECT id, source, user_key, file, line, column_number, column_name, reason FROM quarantines WHERE \(condition) ORDER BY id
                """, plan.map { [.int($0.row)] } ?? []
            ) { row in
                let quarantine = Quarantine(
                    source: SourceName(row.text(1)), key: row.optionalText(2).map { UserKey($0) },
                    position: SourcePosition(file: row.text(3), line: row.number(4)), column: row.number(5),
                    columnName: row.optionalText(6),
                    reason: row.text(7))
                return (row.int(0), quarantine)
            }
        }
    }

    package func users(key: UserKey, of source: SourceName?) async throws(StoreError) -> [User] {
        // By a claim, also one whose key was renumbered away; a user whom no source claims is known by the key they were born with.
        var ids = "SELECT c.user_id FROM claims c WHERE c.user_key = $1"
        var arguments: [SQLValue] = [.text(key.text)]
        if let source {
            ids += " AND c.source = $2"
            arguments.append(.text(source.text))
        } else {
            ids += " UNION SELECT b.id FROM users b WHERE b.user_key = $1"
        }
        let sql =
            """
            SELECT \(UserRecord.columns) FROM users u WHERE u.id IN (\(ids))
            ORDER BY CASE WHEN u.status = 'terminated' THEN 1 ELSE 0 END, u.version DESC, u.id
            """
        return try await read { [arguments] session in try session.queryAll(sql, arguments) { try UserRecord.user($0) } }
    }

    package func users(after: (key: UserKey, id: UserID)?, limit: Int) async throws(StoreError) -> [(key: UserKey, id: UserID)] {
        let arguments: [SQLValue] = [.text(after?.key.text ?? ""), .text(after?.id.text ?? ""), .number(limit)]
        return try await read { session in
            // The first comparison is what the index by key is searched with; keys that several users have had are few.
            try session.queryAll(
                """
                SELECT user_key, id FROM users WHERE user_key >= $1 AND (user_key > $1 OR id > $2) ORDER BY user_key, id LIMIT $3
                """, arguments
            ) { row in (key: UserKey(row.text(0)), id: UserID(row.text(1))) }
        }
    }

    package func claims(user: UserID) async throws(StoreError) -> [SourceClaim] {
        try await read { session in
            let known = try session.queryOne("SELECT \(UserRecord.columns) FROM users u WHERE u.id = $1", [.text(user.text)]) {
                try UserRecord.user($0)
            }
            return try session.queryAll(
                "SELECT \(ClaimRecord.valueColumns) FROM claims c WHERE c.user_id = $1 ORDER BY c.source, c.user_key", [.text(user.text)]
            ) { try ClaimRecord.claimWithValues($0, user: known, standsIn: false) }
        }
    }
}
