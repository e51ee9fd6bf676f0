internal import Contracts
internal import IdentityModel

extension SQLStore {
    func read<Result: Sendable>(_ work: @Sendable (any SQLSession) throws -> Result) async throws(StoreError) -> Result {
        try await engine.read(work)
    }

    @discardableResult
    func write<Result: Sendable>(_ work: @escaping @Sendable (any SQLSession) throws -> Result) async throws(StoreError) -> Result {
        try await engine.write { session in .commit(try work(session)) }
    }
}

/// What the life of a plan leaves in the audit trail. Transitions of orders are written by SQL over whole batches where that is possible.
struct AuditRow {
    let kind: String
    let plan: PlanID
    let text: String?

    init(kind: String, plan: PlanID, text: String? = nil) {
        self.kind = kind
        self.plan = plan
        self.text = text
    }

    static let transition = "order transition"
    static let insertTransition =
        "INSERT INTO audit (at, kind, plan, order_id, from_state, to_state, text) VALUES ($1, $2, $3, $4, $5, $6, $7)"

    static func bindTransition(_ at: Instant, _ order: Int64, from: Int, to: OrderState, _ text: String?, _ row: any SQLBinder) {
        row.int(at.milliseconds)
        row.text(transition)
        row.int(PlanRows.plan(order).row)
        row.int(order)
        row.number(from)
        row.number(to.rawValue)
        row.optional(text)
    }
}

extension SQLSession {
    func audit(_ rows: [AuditRow], at: Instant) throws {
        try bulkLoad(
            "INSERT INTO audit (at, kind, plan, text) VALUES ($1, $2, $3, $4)",
            rows.map { [at.value, .text($0.kind), .int($0.plan.row), .optional($0.text)] })
    }
}

/// Plans as rows.
enum PlanRecord {
    static let columns = "id, origin, state, ordinal, seal, configuration_hash, as_of, totals, verdicts, warnings"

    static func plan(_ row: any SQLRow) throws -> Plan {
        guard let origin = Origin(row.text(1)), let state = PlanState(rawValue: row.text(2)) else {
            throw StoreError.damaged("plan row \(row.int(0)) has an unknown origin or state")
        }
        return Plan(
            id: PlanID(row: row.int(0)), origin: origin, state: state, ordinal: row.optionalInt(3).map { Int($0) },
            seal: row.optionalText(4),
            configurationHash: row.text(5), asOf: CivilDate(days: row.number(6)),
            totals: try row.withBytes(7) { try PlanTotals(documentBytes: $0) },
            verdicts: try row.withBytes(8) { try [GuardVerdict](documentBytes: $0) }, warnings: try StringList.read(row, 9))
    }

    static func find(_ plan: PlanID, _ session: any SQLSession) throws -> Plan {
        let found = try session.queryOne("SELECT \(columns) FROM plans WHERE id = $1", [.int(plan.row)]) { try PlanRecord.plan($0) }
        guard let found else { throw StoreError.damaged("there is no plan in row \(plan.row)") }
        return found
    }
}

/// A list of texts in one column.
enum StringList {
    static func document(_ texts: [String]) -> SQLValue {
        var writer = DocumentWriter()
        writer.array(texts) { $0.string($1) }
        return .document(writer.bytes)
    }

    static func read(_ row: any SQLRow, _ column: Int) throws -> [String] {
        try row.withBytes(column) { bytes in
            var reader = DocumentReader(bytes)
            return try reader.strings()
        }
    }
}

/// Orders as rows: the document after the last commit, or else the sealed one.
enum OrderRecord {
    static let select =
        """
        SELECT o.id, o.state, COALESCE(p.document, d.document), o.keeps FROM orders o
        JOIN order_documents d ON d.id = o.id LEFT JOIN order_progress p ON p.id = o.id
        """

    static func order(_ row: any SQLRow) throws -> ProvisioningOrder {
        var order = try order(row.int(0), state: row.int(1), try row.withBytes(2) { try ProvisioningOrder(documentBytes: $0) })
        order.keeps = row.optionalInt(3).map(PlanRows.order)
        return order
    }

    static func order(_ row: Int64, state: Int64, _ document: ProvisioningOrder) throws -> ProvisioningOrder {
        var order = document
        order.id = PlanRows.order(row)
        guard let state = OrderState(rawValue: Int(state)) else { throw StoreError.damaged("an order is in state \(state)") }
        // Until its plan is applied, an order is as the planner left it.
        if state != .planned { order.state = state }
        return order
    }
}

enum AccountRecord {
    static let columns = "a.version, a.document"
    static func account(_ row: any SQLRow, _ column: Int = 0) throws -> Account {
        var account = try row.withBytes(column + 1) { try Account(documentBytes: $0) }
        account.version = row.number(column)
        return account
    }
}

enum UserRecord {
    static let columns = "u.id, u.user_key, u.source, u.status, u.version, u.attributes"
    static func user(_ row: any SQLRow) throws -> User {
        guard let status = UserStatus(rawValue: row.text(3)) else { throw StoreError.damaged("user \(row.text(0)) has an unknown status") }
        return User(
            id: UserID(row.text(0)), key: UserKey(row.text(1)), source: SourceName(row.text(2)), status: status,
            attributes: try row.withBytes(5) { try UserAttributes(documentBytes: $0).values }, version: row.number(4))
    }
}

enum ClaimRecord {
    static let columns =
        "c.source, c.user_key, c.user_id, c.key_hash, c.row_hash, c.file, c.line, c.presence, c.generation, c.keeps_alive"
    static let valueColumns = columns + ", c.status, c.attributes, c.row_values"

    static func claim(_ row: any SQLRow, values: SourceValues? = nil, row kept: [String: String]? = nil) -> SourceClaim {
        SourceClaim(
            source: SourceName(row.text(0)), key: UserKey(row.text(1)), user: UserID(row.text(2)), keyHash: UInt64(bitPattern: row.int(3)),
            rowHash: UInt64(bitPattern: row.int(4)), position: SourcePosition(file: row.text(5), line: row.number(6)),
            presence: SourceClaim.Presence(code: row.number(7)), generation: row.number(8), keepsAlive: row.flag(9), values: values,
            row: kept)
    }

    /// From `valueColumns`, with what the last good row said: what the user is, where its attributes are the empty text. `standsIn`: the user says it also for a
    /// claim that holds nothing of its own (null).
    static func claimWithValues(_ row: any SQLRow, user: User?, standsIn: Bool) throws -> SourceClaim {
        let kept = row.isNull(12) ? nil : try row.withBytes(12) { try KeptRow(documentBytes: $0).values }
        guard !row.isNull(11) else {
            let merged = user.map { SourceValues(status: $0.status, attributes: $0.attributes) }
            return claim(row, values: standsIn ? merged : nil, row: kept)
        }
        let own = try row.withBytes(11) { try $0.isEmpty ? nil : UserAttributes(documentBytes: $0).values }
        guard let attributes = own ?? user?.attributes else {
            throw StoreError.damaged("claim \(row.text(1)) is of a user who is not there")
        }
        return claim(
            row, values: SourceValues(status: row.optionalText(10).flatMap(UserStatus.init(rawValue:)), attributes: attributes), row: kept)
    }
}
