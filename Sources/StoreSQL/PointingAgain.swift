internal import Contracts
internal import IdentityModel

/// Keys that a plan gives to other people than had them: what was written for such a key is the account of the former holder. Whoever points there has to point
/// at the new holder's, although neither row nor rule of theirs changes.
struct PointingAgain {
    /// An account and a key that its references name.
    private struct Pointer: Hashable {
        let system: String
        let user: String
        let key: String
        /// In which somebody else has the key now.
        let source: String
    }

    private let pointers: Set<Pointer>
    private let sources: Set<String>
    private let start: PlanStart

    /// To be called while claims are what they were before the plan.
    init(_ start: PlanStart) throws {
        self.start = start
        var pointers: Set<Pointer> = []
        for system in try start.session.queryAll("SELECT DISTINCT system FROM account_references", [], { $0.text(0) }) {
            try start.session.query(
                """
                SELECT r.user_id, c.claim_key, c.claim_source FROM plan_changes c
                JOIN account_references r ON r.system = $1 AND r.target = c.claim_key
                WHERE c.id BETWEEN $2 AND $3 AND c.claim_key IS NOT NULL AND NOT EXISTS (
                  SELECT 1 FROM claims k WHERE k.source = c.claim_source AND k.user_key = c.claim_key AND k.user_id = c.claim_user)
                """, [.text(system)] + start.range
            ) { pointers.insert(Pointer(system: system, user: $0.text(0), key: $0.text(1), source: $0.text(2))) }
        }
        self.pointers = pointers
        sources = Set(pointers.map(\.source))
    }

    /// To be called when the plan's own orders are released. They come after those, so that the accounts that are pointed at are there.
    func appendOrders() throws {
        guard !pointers.isEmpty else { return }
        let session = start.session
        let users = SQLValue.texts(Set(pointers.map(\.user)))
        var accounts: [Account] = []
        try session.query("SELECT \(AccountRecord.columns) FROM accounts a WHERE a.state = 'enabled' AND a.user_id IN (#)", in: users) {
            row in
            accounts.append(try AccountRecord.account(row))
        }
        let held = try heldKeys()
        accounts.removeAll { !isMeant($0, held) }
        guard !accounts.isEmpty else { return }
        var names: [UserID: User] = [:]
        try session.query("SELECT \(UserRecord.columns) FROM users u WHERE u.id IN (#)", in: SQLValue.texts(accounts.map(\.user.text))) {
            row in
            let user = try UserRecord.user(row)
            names[user.id] = user
        }
        let orders = accounts.sorted { ($0.system, $0.user) < ($1.system, $1.user) }.compactMap { account in
            names[account.user].map {
                ProvisioningOrder.pointingAgain(account, $0, in: start.plan.id, because: "the key that it points by is somebody else's now")
            }
        }
        try FollowUps.append(orders.map { ($0, wave: 1) }, to: start.plan.id, at: start.at, session)
    }

    /// Who has the keys in question, in whatever source.
    private func heldKeys() throws -> Set<UserReference> {
        var held: Set<UserReference> = []
        try start.session.query(
            "SELECT user_key, source FROM claims WHERE user_key IN (#)", in: SQLValue.texts(Set(pointers.map(\.key)))
        ) { held.insert(UserReference(UserKey($0.text(0)), in: SourceName($0.text(1)))) }
        return held
    }

    /// The index keeps what was written once; the account knows what is written now. A reference asks its own source first: what another one says of a key
    /// matters where its own has nobody of it.
    private func isMeant(_ account: Account, _ held: Set<UserReference>) -> Bool {
        account.written.values.joined().contains { value in
            guard case .reference(let reference) = value.pointingNow else { return false }
            return sources.contains { source in
                let pointer = Pointer(system: account.system.text, user: account.user.text, key: reference.key.text, source: source)
                return pointers.contains(pointer) && (reference.source?.text == source || !held.contains(reference))
            }
        }
    }
}

/// Orders that come of others: they are pending at once.
enum FollowUps {
    static func append(
        _ followUps: [(order: ProvisioningOrder, wave: Int)], to plan: PlanID, at: Instant, _ session: any SQLSession
    ) throws {
        guard !followUps.isEmpty else { return }
        let last = try session.queryOne("SELECT MAX(id) FROM orders WHERE id BETWEEN $1 AND $2", PlanRows.range(plan)) { $0.int(0) }
        let sequence = PlanRows.sequence(last ?? 0)
        var orders: [ProvisioningOrder] = []
        var pending: [SystemName: Int] = [:]
        for (offset, followUp) in followUps.enumerated() {
            var order = followUp.order
            order.id = OrderID(plan: plan, sequence: sequence + 1 + offset)
            order.state = .pending
            orders.append(order)
            pending[order.system, default: 0] += 1
        }
        try session.bulkLoad(OrderRows.insert, count: orders.count) { position, row in
            OrderRows.bind(orders[position], plan: plan, state: .pending, wave: followUps[position].wave, row)
        }
        try session.bulkLoad(OrderRows.insertDocument, orders.map { [.int($0.id.row), .document($0.documentBytes)] })
        try session.bulkLoad(AuditRow.insertTransition, count: orders.count) { position, row in
            AuditRow.bindTransition(at, orders[position].id.row, from: 0, to: .pending, nil, row)
        }
        try count(pending, plan: plan, session)
    }

    /// How many orders wait, by system.
    static func count(_ pending: [SystemName: Int], plan: PlanID, _ session: any SQLSession) throws {
        try session.bulkLoad(
            """
            INSERT INTO plan_queues (plan, system, pending) VALUES ($1, $2, $3)
            ON CONFLICT (plan, system) DO UPDATE SET pending = plan_queues.pending + excluded.pending
            """, pending.sorted { $0.key < $1.key }.map { [.int(plan.row), .text($0.key.text), .number($0.value)] })
    }
}
