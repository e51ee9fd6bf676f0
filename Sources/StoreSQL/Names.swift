package import Contracts
package import IdentityModel

/// Reservations: a name belongs to one user; plans that wait hold it provisionally, a plan that was applied makes it permanent.
enum Names {
    static func id(_ claim: NameClaim) -> Int64 {
        // The unit separator keeps ("ab", "c") and ("a", "bc") apart; nothing depends on it being absent from the parts.
        let text = [claim.system.text, claim.attribute, claim.scope, claim.folded].joined(separator: "\u{1F}")
        return Int64(bitPattern: StableHash.hash(text))
    }

    private static let insert =
        "INSERT INTO names (claim_hash, system, attribute, scope, folded, user_id, permanent) VALUES ($1, $2, $3, $4, $5, $6, $7)"

    private static func bind(_ id: Int64, _ reservation: NameReservation, permanent: Bool, _ row: any SQLBinder) {
        row.int(id)
        row.text(reservation.claim.system.text)
        row.text(reservation.claim.attribute)
        row.text(reservation.claim.scope)
        row.text(reservation.claim.folded)
        row.text(reservation.user.text)
        row.flag(permanent)
    }

    /// Takes the names for the plan; the positions of those that belong to somebody else. `ids` are those of the reservations.
    static func reserve(_ reservations: [NameReservation], ids: [Int64], for plan: PlanID, _ session: any SQLSession) throws -> [Int] {
        // In the order in which they lie in the index.
        let order = ids.indices.sorted { ids[$0] < ids[$1] }
        // The user's own name, from another plan or for good, is theirs to use again; the row of somebody else stays untouched.
        let lost = try session.bulkLoad(
            "\(insert) ON CONFLICT (claim_hash) DO UPDATE SET user_id = excluded.user_id WHERE names.user_id = excluded.user_id",
            count: order.count
        ) { position, row in
            bind(ids[order[position]], reservations[order[position]], permanent: false, row)
        }
        guard lost.isEmpty else { return lost.map { order[$0] } }
        try session.bulkLoad("INSERT INTO name_holds (plan, name) VALUES ($1, $2) ON CONFLICT DO NOTHING", count: order.count) {
            position, row in
            row.int(plan.row)
            row.int(ids[order[position]])
        }
        return []
    }

    /// Frees the provisional names that no other waiting plan holds.
    static func release(_ plan: PlanID, _ session: any SQLSession) throws {
        try session.execute(
            """
            DELETE FROM names WHERE permanent = 0 AND claim_hash IN (SELECT name FROM name_holds WHERE plan = $1)
            AND NOT EXISTS (SELECT 1 FROM plans p JOIN name_holds h ON h.plan = p.id AND h.name = names.claim_hash
              WHERE p.state IN ('open', 'ready', 'held', 'approved') AND p.id <> $2)
            """, [.int(plan.row), .int(plan.row)])
        try session.execute("DELETE FROM name_holds WHERE plan = $1", [.int(plan.row)])
    }

    /// Names that ever belonged to an applied account stay reserved.
    static func makePermanent(_ plan: PlanID, _ session: any SQLSession) throws {
        try session.execute(
            "UPDATE names SET permanent = 1 WHERE permanent = 0 AND claim_hash IN (SELECT name FROM name_holds WHERE plan = $1)",
            [.int(plan.row)])
        try session.execute("DELETE FROM name_holds WHERE plan = $1", [.int(plan.row)])
    }

    /// Names learnt while applying: a name that nobody of ours (the user "") holds on the target is taken from whoever reserved it.
    static func remember(_ reservations: [NameReservation], _ session: any SQLSession) throws {
        try session.bulkLoad(
            """
            \(insert) ON CONFLICT (claim_hash) DO UPDATE SET user_id = excluded.user_id, permanent = 1
            WHERE names.user_id = excluded.user_id OR excluded.user_id = ''
            """, count: reservations.count
        ) { position, row in bind(id(reservations[position].claim), reservations[position], permanent: true, row) }
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
