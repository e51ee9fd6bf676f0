package import Contracts
package import IdentityModel

extension SQLStore {
    package func resume(_ plan: PlanID, holding: OrdersHeldBack, at: Instant) async throws(StoreError) -> Int {
        try await write { session in
            let mine: [SQLValue] = [.int(plan.row)]
            // Who says once more where they point comes after what the plan itself does about them: their entry may be another one by then.
            try session.execute(
                """
                UPDATE orders SET wave = repeats, not_before = 0
                WHERE owner = $1 AND \(Orders.pending) AND \(Orders.underWay) AND (wave <> repeats OR not_before > 0)
                """,
                mine)
            let putBack =
                "UPDATE orders SET wave = \(OrdersHeldBack.distance) WHERE owner = $1 AND \(Orders.pending) AND \(Orders.underWay)"
            switch holding {
            case .none: return 0
            case .usersOf(let held):
                // What the held plan contains unchanged is what everybody wants: a withdrawal is sent, and all that waits of users who are planned again
                // only because it does.
                return try session.execute(
                    """
                    \(putBack) AND user_id IN (SELECT c.user_id FROM plan_changes c WHERE c.id BETWEEN $2 AND $3)
                    AND NOT (id IN (SELECT h.keeps FROM orders h WHERE h.id BETWEEN $4 AND $5 AND h.keeps IS NOT NULL)
                      AND (operation IN ('Delete', 'Disable') OR becomes IN ('deprovisioned', 'deleted') OR user_id NOT IN (
                        SELECT d.user_id FROM plan_changes d WHERE d.id BETWEEN $6 AND $7 AND d.differs = 1
                        UNION ALL SELECT n.user_id FROM orders n WHERE n.id BETWEEN $8 AND $9 AND n.keeps IS NULL)))
                    """,
                    mine + PlanRows.range(held) + PlanRows.range(held) + PlanRows.range(held) + PlanRows.range(held))
            case .operations(let operations):
                return try session.execute("\(putBack) AND operation IN (#)", mine, in: SQLValue.texts(operations.map(\.rawValue)))
            }
        }
    }
}
