package import Contracts
package import IdentityModel

/// Long lists, the newest first. Every page is a search by primary key, whatever stands before it.
extension SQLStore {
    package func newestAudit(
        _ filter: RecordFilter, before row: Int64?, limit: Int
    ) async throws(StoreError) -> [(row: Int64, entry: AuditEntry)] {
        var conditions = Conditions()
        if let row { conditions.add("a.id <", .int(row)) }
        if let since = filter.since { conditions.add("a.at >=", since.value) }
        if let plan = filter.plan { conditions.add("a.plan =", .int(plan.row)) }
        if let user = filter.user { conditions.add("COALESCE(a.user_id, o.user_id) =", .text(user.text)) }
        let sql = "\(AuditRecord.select)\(conditions.sql) ORDER BY a.id DESC LIMIT \(conditions.next)"
        let arguments = conditions.arguments + [.number(limit)]
        return try await read { session in try session.queryAll(sql, arguments, AuditRecord.entry) }
    }

    package func audit(after row: Int64, limit: Int) async throws(StoreError) -> [(row: Int64, entry: AuditEntry)] {
        try await read { session in
            try session.queryAll(
                "\(AuditRecord.select) WHERE a.id > $1 ORDER BY a.id LIMIT $2", [.int(row), .number(limit)], AuditRecord.entry)
        }
    }

    package func newestEvents(
        _ filter: RecordFilter, before row: Int64?, limit: Int
    ) async throws(StoreError) -> [(row: Int64, event: OutboxEvent)] {
        var conditions = Conditions()
        if let row { conditions.add("id <", .int(row)) }
        if let since = filter.since { conditions.add("at >=", since.value) }
        if let user = filter.user { conditions.add("user_id =", .text(user.text)) }
        let sql = "SELECT \(EventRecord.columns) FROM outbox\(conditions.sql) ORDER BY id DESC LIMIT \(conditions.next)"
        let arguments = conditions.arguments + [.number(limit)]
        return try await read { session in try session.queryAll(sql, arguments, EventRecord.event) }
    }

    package func newestOrders(
        _ filter: OrderFilter, since: Instant?, before: OrderID?, limit: Int
    ) async throws(StoreError) -> [ProvisioningOrder] {
        var conditions = OrderConditions(filter)
        if let before { conditions.add("o.id <", .int(before.row)) }
        if let since {
            // Plans are sealed one after the other: the first one that is new enough has the lowest row.
            let first = try await read { session in
                try session.queryOne("SELECT MIN(id) FROM plans WHERE sealed_at >= $1", [since.value]) { $0.optionalInt(0) } ?? nil
            }
            guard let first else { return [] }
            conditions.add("o.id >=", .int(PlanRows.first(PlanID(row: first))))
        }
        let query = conditions.query("ORDER BY o.id DESC", limit)
        return try await read { session in try session.queryAll(query.sql, query.arguments) { try OrderRecord.order($0) } }
    }

    package func ordinals() async throws(StoreError) -> [PlanID: Int] {
        try await read { session in
            var ordinals: [PlanID: Int] = [:]
            try session.query("SELECT id, ordinal FROM plans WHERE ordinal IS NOT NULL", []) {
                ordinals[PlanID(row: $0.int(0))] = $0.number(1)
            }
            return ordinals
        }
    }

    package func keys(of users: [UserID]) async throws(StoreError) -> [UserID: UserKey] {
        try await read { session in
            var keys: [UserID: UserKey] = [:]
            try session.query("SELECT id, user_key FROM users WHERE id IN (#)", in: Set(users).sorted().map { .text($0.text) }) {
                keys[UserID($0.text(0))] = UserKey($0.text(1))
            }
            return keys
        }
    }
}

/// The conditions of a query with their arguments.
struct Conditions {
    private var texts: [String] = []
    private(set) var arguments: [SQLValue] = []

    /// `sql` ends where the value stands.
    mutating func add(_ sql: String, _ value: SQLValue) {
        arguments.append(value)
        texts.append("\(sql) $\(arguments.count)")
    }

    mutating func add(_ sql: String) { texts.append(sql) }

    /// The placeholder behind those of the conditions.
    var next: String { "$\(arguments.count + 1)" }

    /// With the word before them; nothing when there is no condition.
    var sql: String { texts.isEmpty ? "" : " WHERE " + texts.joined(separator: " AND ") }
}

/// Which orders are meant.
struct OrderConditions {
    private var conditions = Conditions()

    init(_ filter: OrderFilter) {
        if let plan = filter.plan {
            add("o.id <=", .int(PlanRows.last(plan)))
            add("o.id >=", .int(PlanRows.first(plan)))
        }
        if let owner = filter.owner { add("o.owner =", .int(owner.row)) }
        if let plan = filter.supersededBy { add("o.superseded_by =", .int(plan.row)) }
        if let user = filter.user { add("o.user_id =", .text(user.text)) }
        if let system = filter.system { add("o.system =", .text(system.text)) }
        guard !filter.states.isEmpty else { return }
        // Before their plan is applied all orders are planned here, and those whose evaluation failed are already known.
        let states = "o.state IN (\(filter.states.map { String($0.rawValue) }.joined(separator: ", ")))"
        conditions.add(
            filter.states.contains(.evaluationFailed)
                ? "(\(states) OR (o.\(Orders.planned) AND o.starts_as = \(OrderState.evaluationFailed.rawValue)))" : states)
    }

    mutating func add(_ sql: String, _ value: SQLValue) { conditions.add(sql, value) }

    func query(_ order: String, _ limit: Int) -> (sql: String, arguments: [SQLValue]) {
        ("\(OrderRecord.select)\(conditions.sql) \(order) LIMIT \(conditions.next)", conditions.arguments + [.number(limit)])
    }
}

private enum AuditRecord {
    static let select =
        """
        SELECT a.id, a.at, a.kind, a.plan, a.order_id, COALESCE(a.user_id, o.user_id), a.from_state, a.to_state, a.text
        FROM audit a LEFT JOIN orders o ON o.id = a.order_id
        """

    static func entry(_ row: any SQLRow) -> (row: Int64, entry: AuditEntry) {
        let labels = [6, 7].compactMap { row.optionalInt($0) }.compactMap { OrderState(rawValue: Int($0))?.label }
        let text = [labels.isEmpty ? nil : labels.joined(separator: " -> "), row.optionalText(8)].compactMap { $0 }
        let entry = AuditEntry(
            at: Instant(milliseconds: row.int(1)), kind: row.text(2), plan: row.optionalInt(3).map { PlanID(row: $0) },
            order: row.optionalInt(4).map { PlanRows.sequence($0) }, user: row.optionalText(5).map { UserID($0) },
            text: text.joined(separator: ": "))
        return (row.int(0), entry)
    }
}
