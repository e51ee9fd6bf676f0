package import Contracts
package import IdentityModel

/// Reservations: a name belongs to one user, and to the plan that took it: provisionally while that plan waits, for good once it is applied (nothing has to be
/// written then). Other waiting plans that need the same user's name hold it as well (`name_holds`) and inherit it.
enum Names {
    static func id(_ claim: NameClaim) -> Int64 { Int64(bitPattern: claim.stableHash) }

    private static let insert =
        "INSERT INTO names (claim_hash, system, attribute, scope, folded, user_id, plan) VALUES ($1, $2, $3, $4, $5, $6, $7)"

    private static func bind(_ id: Int64, _ reservation: NameReservation, _ plan: PlanID, _ row: any SQLBinder) {
        row.int(id)
        row.text(reservation.claim.system.text)
        row.text(reservation.claim.attribute)
        row.text(reservation.claim.scope)
        row.text(reservation.claim.folded)
        row.text(reservation.user.text)
        row.int(plan.row)
    }

    /// Takes the names for the plan; the positions of those that belong to somebody else. `ids` are those of the reservations.
    static func reserve(_ reservations: [NameReservation], ids: [Int64], for plan: PlanID, _ session: any SQLSession) throws -> [Int] {
        // In the order in which they lie in the index.
        let order = ids.indices.sorted { ids[$0] < ids[$1] }
        let taken = try session.bulkLoad("\(insert) ON CONFLICT (claim_hash) DO NOTHING", count: order.count) { position, row in
            bind(ids[order[position]], reservations[order[position]], plan, row)
        }.map { order[$0] }
        // A name that was there: the user's own, from another plan or for good, is theirs to use again.
        var holders: [Int64: String] = [:]
        var holds: [[SQLValue]] = []
        try session.query(
            "SELECT n.claim_hash, n.user_id, n.plan, p.state FROM names n JOIN plans p ON p.id = n.plan WHERE n.claim_hash IN (#)",
            in: Set(taken.map { ids[$0] }).map(SQLValue.int)
        ) { row in
            holders[row.int(0)] = row.text(1)
            let state = PlanState(rawValue: row.text(3))
            if row.int(2) != plan.row, state == .open || state?.isWaiting == true { holds.append([.int(row.int(0)), .int(plan.row)]) }
        }
        let lost = taken.filter { holders[ids[$0]] != reservations[$0].user.text }
        guard lost.isEmpty else { return lost }
        try session.bulkLoad("INSERT INTO name_holds (name, plan) VALUES ($1, $2) ON CONFLICT DO NOTHING", holds)
        return []
    }

    /// Gives up the plan's names: another waiting plan that holds one takes it over, the others become free.
    static func release(_ plan: PlanID, _ session: any SQLSession) throws {
        try session.execute("DELETE FROM name_holds WHERE plan = $1", [.int(plan.row)])
        try session.execute("\(handOver) WHERE plan = $1 AND claim_hash IN (SELECT name FROM name_holds)", [.int(plan.row)])
        try session.execute("DELETE FROM names WHERE plan = $1", [.int(plan.row)])
    }

    /// The same for the names of some users only.
    static func release(_ users: [SQLValue], from plan: PlanID, _ session: any SQLSession) throws {
        var names: Set<Int64> = []
        try session.query("SELECT claim_hash FROM names WHERE plan = $1 AND user_id IN (#)", [.int(plan.row)], in: users) {
            names.insert($0.int(0))
        }
        try session.query(
            "SELECT h.name FROM name_holds h JOIN names n ON n.claim_hash = h.name WHERE h.plan = $1 AND n.user_id IN (#)",
            [.int(plan.row)],
            in: users
        ) { names.insert($0.int(0)) }
        let list = names.map(SQLValue.int)
        try session.execute("DELETE FROM name_holds WHERE plan = $1 AND name IN (#)", [.int(plan.row)], in: list)
        try session.execute(
            "\(handOver) WHERE plan = $1 AND claim_hash IN (SELECT name FROM name_holds) AND claim_hash IN (#)", [.int(plan.row)], in: list)
        try session.execute("DELETE FROM names WHERE plan = $1 AND claim_hash IN (#)", [.int(plan.row)], in: list)
    }

    private static let handOver = "UPDATE names SET plan = (SELECT MIN(h.plan) FROM name_holds h WHERE h.name = names.claim_hash)"

    /// The plan is being applied: its own names are for good now, and those that it holds together with a plan that still waits become its own.
    static func makePermanent(_ plan: PlanID, _ session: any SQLSession) throws {
        try session.execute(
            """
            UPDATE names SET plan = $1 WHERE claim_hash IN (SELECT name FROM name_holds WHERE plan = $2)
            AND plan IN (SELECT id FROM plans WHERE state IN ('open', 'ready', 'held', 'approved'))
            """, [.int(plan.row), .int(plan.row)])
        try session.execute("DELETE FROM name_holds WHERE plan = $1", [.int(plan.row)])
    }

    /// Names learnt while applying: a name that nobody of ours (the user "") holds on the target is taken from whoever reserved it.
    static func remember(_ reservations: [NameReservation], plan: PlanID, _ session: any SQLSession) throws {
        try session.bulkLoad(
            """
            \(insert) ON CONFLICT (claim_hash) DO UPDATE SET user_id = excluded.user_id, plan = excluded.plan
            WHERE names.user_id = excluded.user_id OR excluded.user_id = ''
            """, count: reservations.count
        ) { position, row in bind(id(reservations[position].claim), reservations[position], plan, row) }
    }
}

extension SQLStore {
    package func holders(of claims: [NameClaim]) async throws(StoreError) -> [NameClaim: UserID] {
        let ids = Dictionary(claims.map { (Names.id($0), [$0]) }, uniquingKeysWith: { $0 + $1 })
        return try await read { session in
            var holders: [NameClaim: UserID] = [:]
            try session.query("SELECT claim_hash, user_id FROM names WHERE claim_hash IN (#)", in: ids.keys.map(SQLValue.int)) { row in
                for claim in ids[row.int(0)] ?? [] { holders[claim] = UserID(row.text(1)) }
            }
            return holders
        }
    }
}
