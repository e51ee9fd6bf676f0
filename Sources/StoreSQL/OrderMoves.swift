internal import Contracts
internal import IdentityModel

/// Carries moves of orders out, each with its row in the audit. An order that is not where its move begins is refused, and with it everything that is
/// done in the same transaction.
struct OrderMoves {
    let at: Instant
    let session: any SQLSession

    func carryOut(_ move: OrderMove, _ rows: [Int64]) throws {
        guard !rows.isEmpty else { return }
        let list = rows.map(SQLValue.int)
        // The states that they leave stand in the orders until they move.
        try session.execute(
            "\(OrderMoves.note(move)) WHERE id IN (#) ORDER BY id", [at.value, .text(AuditRow.transition), .optional(move.text)], in: list)
        let moved = try session.execute("\(OrderMoves.set(move)) WHERE \(Orders.isIn(move.from)) AND id IN (#)", in: list)
        try require(move, moved: moved, of: Set(rows).count)
    }

    /// The orders of a plan that starts, all that begin like this.
    func carryOut(_ move: OrderMove, startingIn range: [SQLValue]) throws {
        let beginning = "id BETWEEN $1 AND $2 AND starts_as = $3 AND keeps IS \(move == .replaced ? "NOT NULL" : "NULL")"
        let arguments = range + [.number(move.to.rawValue)]
        let count = try session.queryOne("SELECT COUNT(*) FROM orders WHERE \(beginning)", arguments) { $0.number(0) } ?? 0
        guard count > 0 else { return }
        try session.execute(
            """
            \(OrderMoves.note(move)) WHERE id BETWEEN $4 AND $5 AND starts_as = $6 AND keeps IS \(move == .replaced ? "NOT NULL" : "NULL") ORDER BY id
            """, [at.value, .text(AuditRow.transition), .optional(move.text)] + arguments)
        let moved = try session.execute("\(OrderMoves.set(move)) WHERE \(beginning) AND \(Orders.isIn(move.from))", arguments)
        try require(move, moved: moved, of: count)
    }

    private func require(_ move: OrderMove, moved: Int, of count: Int) throws {
        guard moved == count else {
            throw StoreError.damaged("\(count - moved) of \(count) orders are not in a state in which an order can be \(move.rawValue)")
        }
    }

    private static func note(_ move: OrderMove) -> String {
        "INSERT INTO audit (at, kind, plan, order_id, from_state, to_state, text) SELECT $1, $2, plan, id, state, \(move.to.rawValue), $3 FROM orders"
    }

    private static func set(_ move: OrderMove) -> String { "UPDATE orders SET state = \(move.to.rawValue)" }
}
