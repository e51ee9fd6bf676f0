internal import Contracts
internal import IdentityModel

/// What a plan that starts makes of orders that wait: `WaitingOrder` decides, this carries it out.
extension PlanStart {
    private struct Waiting {
        let row: Int64
        let user: String
        let system: String
        let owner: Int64
        let order: WaitingOrder
    }

    /// Users were planned again: what waited of them is in this plan's orders too, or is no longer wanted. Returns what was withdrawn, and whether anything was
    /// taken over, or is under way.
    func takeOverWaitingOrders() throws -> (withdrawn: [OrderID], takesOver: Bool, meetsOthers: Bool) {
        let waiting = try waitingOrders()
        var superseded: [OrderID] = []
        var takesOver = false
        if !waiting.isEmpty {
            let planned = Set(
                try session.queryAll("SELECT keeps FROM orders WHERE id BETWEEN $1 AND $2 AND keeps IS NOT NULL", range) { $0.int(0) })
            let leftAside = try leftAside()
            let takenAway = try takenAway()
            var kept: [Waiting] = []
            var withdrawn: [Waiting] = []
            var doomed: [Waiting] = []
            for item in waiting {
                let fate = item.order.fate(
                    isPlannedAgain: planned.contains(item.row), leftAside: leftAside[item.user]?[item.system],
                    isTakenAway: takenAway[item.user]?.contains(item.system) ?? false)
                switch fate {
                case .kept: kept.append(item)
                case .withdrawn: withdrawn.append(item)
                case .withdrawnUnlessDone: doomed.append(item)
                case .stays: break
                }
            }
            try keep(kept)
            try withdraw(withdrawn)
            // They stay transmitted; whoever would send them again withdraws them (`Superseded`).
            try session.execute(
                "UPDATE orders SET superseded_by = $1 WHERE id IN (#)", [.int(plan.id.row)], in: doomed.map { .int($0.row) })
            superseded = withdrawn.map { PlanRows.order($0.row) }
            takesOver = !kept.isEmpty
        }
        return (superseded, try takeOverTheRest() || takesOver, waiting.contains { $0.order.state == .transmitted })
    }

    /// Orders in state 1, 2, 3, 5 or 7 of this plan's users, of other plans. They are found from the small side: the indexes of what is open.
    private func waitingOrders() throws -> [Waiting] {
        var waiting: [Waiting] = []
        for states in ["\(Orders.underWay)", "\(Orders.stuck)"] {
            try session.query(
                "SELECT id, user_id, system, owner, state, operation, becomes, repeats FROM orders WHERE \(states) AND plan <> $1",
                [.int(plan.id.row)]
            ) { row in
                guard let state = OrderState(rawValue: row.number(4)), let operation = Operation(rawValue: row.text(5)),
                    let becomes = AccountState(rawValue: row.text(6))
                else { throw StoreError.damaged("order row \(row.int(0)) has an unknown state or operation") }
                waiting.append(
                    Waiting(
                        row: row.int(0), user: row.text(1), system: row.text(2), owner: row.int(3),
                        order: WaitingOrder(state: state, operation: operation, becomes: becomes, isRepetition: row.flag(7))))
            }
        }
        let planned = try users(among: Set(waiting.map(\.user)))
        return waiting.filter { planned.contains($0.user) }.sorted { $0.row < $1.row }
    }

    /// The accounts that this plan withdraws or makes anew, by user.
    private func takenAway() throws -> [String: Set<String>] {
        var found: [String: Set<String>] = [:]
        try session.query(
            "SELECT user_id, system FROM orders WHERE id BETWEEN $1 AND $2 AND (becomes IN ('deprovisioned', 'deleted') OR operation = 'Create')",
            range
        ) { found[$0.text(0), default: []].insert($0.text(1)) }
        return found
    }

    private func leftAside() throws -> [String: [String: WaitingOrder.LeftAside]] {
        var found: [String: [String: WaitingOrder.LeftAside]] = [:]
        try session.query("SELECT user_id, system, is_due FROM plan_left_aside WHERE plan = $1", [.int(plan.id.row)]) { row in
            found[row.text(0), default: [:]][row.text(1)] = WaitingOrder.LeftAside(isDue: row.flag(2))
        }
        return found
    }

    private func keep(_ kept: [Waiting]) throws {
        guard !kept.isEmpty else { return }
        let failed = kept.filter { $0.order.state == .errored }.map(\.row)
        try forgetAttempts(failed)
        try OrderMoves(at: at, session: session).carryOut(.kept, failed)
        try session.execute(
            "UPDATE orders SET owner = $1, wave = 0, not_before = 0 WHERE id IN (#)", [.int(plan.id.row)], in: kept.map { .int($0.row) })
        var queues: [Int64: [String: Int]] = [:]
        for item in kept {
            if item.order.state == .pending { queues[item.owner, default: [:]][item.system, default: 0] -= 1 }
            if item.order.stateWhenKept == .pending { queues[plan.id.row, default: [:]][item.system, default: 0] += 1 }
        }
        try count(queues)
    }

    /// A failed order is tried as often as a new one; that it was sent before is not forgotten.
    private func forgetAttempts(_ rows: [Int64]) throws {
        var orders: [(row: Int64, order: ProvisioningOrder)] = []
        try session.query("\(OrderRecord.select) WHERE o.id IN (#)", in: rows.map(SQLValue.int)) { row in
            var order = try OrderRecord.order(row).moved(by: .kept)
            order.attempts = min(order.attempts, 1)
            order.notBefore = nil
            for index in order.requests.indices {
                if case .failed = order.requests[index].outcome { order.requests[index].outcome = .open }
            }
            orders.append((row.int(0), order))
        }
        try session.bulkLoad(
            "INSERT INTO order_progress (id, document) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            orders.map { [.int($0.row), .document($0.order.documentBytes)] })
    }

    private func withdraw(_ withdrawn: [Waiting]) throws {
        try OrderMoves(at: at, session: session).carryOut(.superseded, withdrawn.map(\.row))
        try session.execute(
            "UPDATE orders SET superseded_by = $1 WHERE id IN (#)", [.int(plan.id.row)], in: withdrawn.map { .int($0.row) })
        var queues: [Int64: [String: Int]] = [:]
        for item in withdrawn where item.order.state == .pending { queues[item.owner, default: [:]][item.system, default: 0] -= 1 }
        try count(queues)
    }

    private func count(_ queues: [Int64: [String: Int]]) throws {
        let rows = queues.sorted { $0.key < $1.key }.flatMap { owner, systems in
            systems.sorted { $0.key < $1.key }.map { [SQLValue.int(owner), .text($0.key), .number($0.value)] }
        }
        try session.bulkLoad(
            """
            INSERT INTO plan_queues (plan, system, pending) VALUES ($1, $2, $3)
            ON CONFLICT (plan, system) DO UPDATE SET pending = plan_queues.pending + excluded.pending
            """, rows)
    }

    /// What else waits of older plans of this origin goes on under this one, so that one plan of an origin has open orders.
    private func takeOverTheRest() throws -> Bool {
        let older = try session.queryAll(
            "SELECT id FROM plans WHERE origin = $1 AND state = 'applying' AND id <> $2",
            [.text(plan.origin.description), .int(plan.id.row)]
        ) { SQLValue.int($0.int(0)) }
        guard !older.isEmpty else { return false }
        try session.execute(
            "UPDATE orders SET owner = $1 WHERE \(Orders.underWay) AND owner IN (#)", [.int(plan.id.row)], in: older)
        try session.execute(
            """
            INSERT INTO plan_queues (plan, system, pending) SELECT $1, system, SUM(pending) FROM plan_queues WHERE plan IN (#) GROUP BY system
            ON CONFLICT (plan, system) DO UPDATE SET pending = plan_queues.pending + excluded.pending
            """, [.int(plan.id.row)], in: older)
        try session.execute("UPDATE plan_queues SET pending = 0 WHERE plan IN (#)", in: older)
        return true
    }
}
