package import Contracts
package import IdentityModel

/// Reservations: a name belongs to one user, and to the plan that took it: provisionally while that plan waits, for good once it is applied (nothing has to be
/// written then). Other waiting plans that need the same user's name hold it as well (`name_holds`) and inherit it. What only the waiting plan of an origin holds
/// is free for the origin's next plan, which will supersede it: that one wants it (`name_wants`) until it is sealed, and has it then.
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
        let wanted = try wanted(by: plan, ids, session)
        let given = ids.indices.filter { index in wanted[ids[index]].map { $0 != reservations[index].user.text } ?? false }
        guard given.isEmpty else { return given }
        // In the order in which they lie in the index.
        let order = ids.indices.sorted { ids[$0] < ids[$1] }
        let taken = try session.bulkLoad("\(insert) ON CONFLICT (claim_hash) DO NOTHING", count: order.count) { position, row in
            bind(ids[order[position]], reservations[order[position]], plan, row)
        }.map { order[$0] }
        // A name that was there: the user's own, from another plan or for good, is theirs to use again.
        var holders: [Int64: String] = [:]
        var provisional: Set<Int64> = []
        try session.query(
            "SELECT n.claim_hash, n.user_id, n.plan, p.state FROM names n JOIN plans p ON p.id = n.plan WHERE n.claim_hash IN (#)",
            in: Set(taken.map { ids[$0] }).map(SQLValue.int)
        ) { row in
            holders[row.int(0)] = row.text(1)
            let state = PlanState(rawValue: row.text(3))
            if row.int(2) != plan.row, state == .open || state?.isWaiting == true { provisional.insert(row.int(0)) }
        }
        var lost = taken.filter { holders[ids[$0]] != reservations[$0].user.text && wanted[ids[$0]] == nil }
        lost = try want(lost, reservations, ids, for: plan, session)
        guard lost.isEmpty else { return lost }
        let held = Set(taken.filter { holders[ids[$0]] == reservations[$0].user.text }.map { ids[$0] }).intersection(provisional)
        try session.bulkLoad(
            "INSERT INTO name_holds (name, plan) VALUES ($1, $2) ON CONFLICT DO NOTHING", held.sorted().map { [.int($0), .int(plan.row)] })
        return []
    }

    fileprivate static func wanted(by plan: PlanID, _ ids: [Int64], _ session: any SQLSession) throws -> [Int64: String] {
        var wanted: [Int64: String] = [:]
        try session.query(
            "SELECT name, user_id FROM name_wants WHERE plan = $1 AND name IN (#)", [.int(plan.row)], in: ids.map(SQLValue.int)
        ) { wanted[$0.int(0)] = $0.text(1) }
        return wanted
    }

    /// Those of the names that only plans hold which the plan will supersede.
    fileprivate static func superseded(by plan: PlanID, _ ids: Set<Int64>, _ session: any SQLSession) throws -> Set<Int64> {
        let waiting = Set(
            try session.queryAll(
                """
                SELECT id FROM plans WHERE origin = (SELECT origin FROM plans WHERE id = $1) AND id <> $1
                AND state IN ('ready', 'held', 'approved')
                """, [.int(plan.row)]
            ) { $0.int(0) })
        guard !waiting.isEmpty, !ids.isEmpty else { return [] }
        var names: Set<Int64> = []
        try session.query("SELECT claim_hash, plan FROM names WHERE claim_hash IN (#)", in: ids.map(SQLValue.int)) { row in
            if waiting.contains(row.int(1)) { names.insert(row.int(0)) }
        }
        var held: Set<Int64> = []
        try session.query("SELECT name FROM name_holds WHERE name IN (#)", in: names.map(SQLValue.int)) { held.insert($0.int(0)) }
        return names.subtracting(held)
    }

    /// Wants those of the lost names that will be free, each for one user; the others stay lost.
    private static func want(
        _ lost: [Int], _ reservations: [NameReservation], _ ids: [Int64], for plan: PlanID, _ session: any SQLSession
    ) throws -> [Int] {
        guard !lost.isEmpty else { return [] }
        let free = try superseded(by: plan, Set(lost.map { ids[$0] }), session)
        var users: [Int64: Int] = [:]
        for index in lost where free.contains(ids[index]) && users[ids[index]] == nil { users[ids[index]] = index }
        try session.bulkLoad(
            "INSERT INTO name_wants (plan, name, system, attribute, scope, folded, user_id) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            users.sorted { $0.key < $1.key }.map { id, index in
                let (claim, user) = (reservations[index].claim, reservations[index].user)
                return [
                    .int(plan.row), .int(id), .text(claim.system.text), .text(claim.attribute), .text(claim.scope), .text(claim.folded),
                    .text(user.text),
                ]
            })
        return lost.filter { index in users[ids[index]].map { reservations[$0].user != reservations[index].user } ?? true }
    }

    /// The plan is sealed, and what it supersedes has given its names up.
    static func takeWanted(_ plan: PlanID, _ session: any SQLSession) throws {
        try session.execute(
            """
            INSERT INTO names (claim_hash, system, attribute, scope, folded, user_id, plan)
            SELECT name, system, attribute, scope, folded, user_id, plan FROM name_wants WHERE plan = $1 ON CONFLICT (claim_hash) DO NOTHING
            """, [.int(plan.row)])
        try session.execute("DELETE FROM name_wants WHERE plan = $1", [.int(plan.row)])
    }

    /// Gives up the plan's names: another waiting plan that holds one takes it over, the others become free.
    static func release(_ plan: PlanID, _ session: any SQLSession) throws {
        try session.execute("DELETE FROM name_wants WHERE plan = $1", [.int(plan.row)])
        try session.execute("DELETE FROM name_holds WHERE plan = $1", [.int(plan.row)])
        try session.execute("\(handOver) WHERE plan = $1 AND claim_hash IN (SELECT name FROM name_holds)", [.int(plan.row)])
        try session.execute("DELETE FROM names WHERE plan = $1", [.int(plan.row)])
    }

    /// The same for the names of some users only.
    static func release(_ users: [SQLValue], from plan: PlanID, _ session: any SQLSession) throws {
        try session.execute("DELETE FROM name_wants WHERE plan = $1 AND user_id IN (#)", [.int(plan.row)], in: users)
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
    package func holders(of claims: [NameClaim], planning plan: PlanID?) async throws(StoreError) -> [NameClaim: UserID] {
        let ids = Dictionary(claims.map { (Names.id($0), [$0]) }, uniquingKeysWith: { $0 + $1 })
        return try await read { session in
            var holders: [Int64: String] = [:]
            try session.query("SELECT claim_hash, user_id FROM names WHERE claim_hash IN (#)", in: ids.keys.map(SQLValue.int)) { row in
                holders[row.int(0)] = row.text(1)
            }
            if let plan {
                for name in try Names.superseded(by: plan, Set(holders.keys), session) { holders[name] = nil }
                holders.merge(try Names.wanted(by: plan, ids.keys.sorted(), session)) { $1 }
            }
            var found: [NameClaim: UserID] = [:]
            for (id, user) in holders { for claim in ids[id] ?? [] { found[claim] = UserID(user) } }
            return found
        }
    }
}
