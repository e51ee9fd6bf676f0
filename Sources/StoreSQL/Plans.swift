package import Contracts
package import IdentityModel

/// The life of a plan as a whole.
extension SQLStore {
    package func begin(
        _ origin: Origin, configurationHash: String, asOf: CivilDate, at: Instant
    ) async throws(StoreError) -> Plan {
        try await write { session in
            let orphans = try session.queryAll(
                "SELECT id FROM plans WHERE origin = $1 AND state = 'open'", [.text(origin.description)]
            ) { PlanID(row: $0.int(0)) }
            for orphan in orphans {
                try PlanEnding.setAside(orphan, .discarded, session, at: at)
                try session.audit([AuditRow(kind: "plan discarded", plan: orphan, text: "left unsealed by a run that ended early")], at: at)
            }
            let plan = try session.queryOne(
                """
                INSERT INTO plans (origin, state, configuration_hash, as_of, totals, verdicts, warnings, began_at)
                VALUES ($1, 'open', $2, $3, $4, '[]', '[]', $5) RETURNING id
                """,
                [.text(origin.description), .text(configurationHash), .number(asOf.days), .document(PlanTotals().documentBytes), at.value]
            ) { PlanID(row: $0.int(0)) }
            guard let plan else { throw StoreError.damaged("a plan got no row") }
            return try PlanRecord.find(plan, session)
        }
    }

    package func plan(of origin: Origin, in states: [PlanState]) async throws(StoreError) -> Plan? {
        try await read { session in
            var newest: Plan?
            try session.query(
                "SELECT \(PlanRecord.columns) FROM plans WHERE origin = $1 AND state IN (#) ORDER BY id DESC LIMIT 1",
                [.text(origin.description)], in: SQLValue.texts(states.map(\.rawValue))
            ) { newest = try PlanRecord.plan($0) }
            return newest
        }
    }

    package func seal(
        _ plan: Plan, profile: (SourceName, SourceProfile)?, superseding: PlanID?, at: Instant
    ) async throws(StoreError) -> Plan {
        let profileSource = profile?.0.text
        let profileDocument = profile?.1.documentText
        return try await write { session in
            let found = try PlanRecord.find(plan.id, session)
            let state = plan.state.isWaiting ? plan.state : plan.verdicts.isEmpty ? PlanState.ready : .held
            try PlanEnding.allow(found, to: state)
            if let superseding {
                try PlanEnding.allow(PlanRecord.find(superseding, session), to: .superseded)
                try PlanEnding.setAside(superseding, .superseded, session, at: at)
                try session.audit([AuditRow(kind: "plan superseded", plan: superseding, text: "by another plan of \(plan.origin)")], at: at)
            }
            try Names.takeWanted(plan.id, session)
            let ordinal = try session.queryOne("SELECT COALESCE(MAX(ordinal), 0) + 1 FROM plans") { $0.int(0) } ?? 1
            try session.execute(
                """
                UPDATE plans SET state = $1, ordinal = $2, seal = $3, totals = $4, verdicts = $5, warnings = $6,
                profile_source = $7, profile = $8, sealed_at = $9 WHERE id = $10
                """,
                [
                    .text(state.rawValue), .int(ordinal), .optional(plan.seal), .document(plan.totals.documentBytes),
                    .document(plan.verdicts.documentBytes), StringList.document(plan.warnings), .optional(profileSource),
                    .optional(profileDocument), at.value, .int(plan.id.row),
                ])
            let verdicts = plan.verdicts.map(\.description).joined(separator: "; ")
            try session.audit(
                [AuditRow(kind: "plan sealed", plan: plan.id, text: verdicts.isEmpty ? state.rawValue : "held: " + verdicts)], at: at)
            return try PlanRecord.find(plan.id, session)
        }
    }

    package func decide(_ plan: PlanID, _ state: PlanState, by: String, reason: String, at: Instant) async throws(StoreError) {
        try await write { session in
            let found = try PlanRecord.find(plan, session)
            guard found.state.decisions.contains(state) else {
                throw StoreError.damaged("\(IllegalPlanTransition(from: found.state, to: state))")
            }
            switch state {
            case .approved: try session.execute("UPDATE plans SET state = 'approved', is_approved = 1 WHERE id = $1", [.int(plan.row)])
            case .abandoned: try PlanEnding.abandon(found, session, at: at)
            case .open, .ready, .held, .rejected, .superseded, .applying, .applied, .discarded:
                try PlanEnding.setAside(plan, state, session, at: at)
            }
            try session.audit(
                [AuditRow(kind: "plan \(state.rawValue)", plan: plan, text: reason.isEmpty ? "by \(by)" : "by \(by): \(reason)")], at: at)
        }
    }

    package func finish(_ plan: PlanID, at: Instant) async throws(StoreError) {
        try await write { session in
            let found = try PlanRecord.find(plan, session)
            // Whoever finishes it last may have been overtaken.
            guard found.state != .applied else { return }
            try PlanEnding.allow(found, to: .applied)
            try PlanEnding.finish(plan, session, at: at)
        }
    }

    package func totals(of plan: PlanID) async throws(StoreError) -> PlanTotals {
        try await read { session in
            var totals = PlanTotals()
            try session.query("SELECT kind, COUNT(*) FROM plan_changes WHERE id BETWEEN $1 AND $2 GROUP BY kind", PlanRows.range(plan)) {
                row in
                guard let change = LifecycleChange(rawValue: row.text(0)) else { throw StoreError.damaged("'\(row.text(0))' is no change") }
                totals.changes[change] = row.number(1)
            }
            try session.query(
                """
                SELECT o.system, o.effects, o.starts_as, o.keeps IS NOT NULL, COUNT(CASE WHEN k.\(Orders.evaluationFailed) THEN 1 END), COUNT(*)
                FROM orders o LEFT JOIN orders k ON k.id = o.keeps
                WHERE o.id BETWEEN $1 AND $2 GROUP BY o.system, o.effects, o.starts_as, o.keeps IS NOT NULL
                """, PlanRows.range(plan)
            ) { row in
                let count = row.number(5)
                totals.orders += count
                if row.flag(3) { totals.kept += count }
                if row.number(2) == OrderState.evaluationFailed.rawValue { totals.evaluationsFailed += count }
                if row.number(4) > 0 {
                    totals.evaluationsFailed += row.number(4)
                    totals.evaluationsFailedBefore += row.number(4)
                }
                for effect in Effect.set(bits: row.int(1)) {
                    totals.effects[SystemName(row.text(0)), default: [:]][effect, default: 0] += count
                }
            }
            return totals
        }
    }

    package func enabledAccounts() async throws(StoreError) -> [SystemName: Int] {
        try await read { session in
            var counts: [SystemName: Int] = [:]
            try session.query("SELECT system, COUNT(*) FROM accounts WHERE state = 'enabled' GROUP BY system", []) {
                counts[SystemName($0.text(0))] = $0.number(1)
            }
            return counts
        }
    }

    package func executedEffects(since: Instant) async throws(StoreError) -> [SystemName: [Effect: Int]] {
        try await read { session in
            var sums: [SystemName: [Effect: Int]] = [:]
            try session.query(
                """
                SELECT e.system, e.effect, SUM(e.count) FROM effects e JOIN plans p ON p.id = e.plan
                WHERE e.at >= $1 AND p.is_approved = 0 GROUP BY e.system, e.effect
                """, [since.value]
            ) { row in
                for effect in Effect.set(bits: row.int(1)) { sums[SystemName(row.text(0)), default: [:]][effect] = row.number(2) }
            }
            return sums
        }
    }

    package func abandoned(_ origin: Origin) async throws(StoreError) -> Int? {
        try await read { session in
            try session.queryOne(
                """
                SELECT a.ordinal FROM plans a WHERE a.origin = $1 AND a.state = 'abandoned'
                AND NOT EXISTS (SELECT 1 FROM plans p WHERE p.origin = a.origin AND p.id > a.id AND p.is_approved = 1)
                ORDER BY a.id DESC LIMIT 1
                """, [.text(origin.description)]
            ) { $0.number(0) }
        }
    }

    package func usersOfApprovedPlans(except origin: Origin) async throws(StoreError) -> Set<UserID> {
        try await read { session in
            let plans = try session.queryAll(
                "SELECT id FROM plans WHERE state = 'approved' AND origin <> $1", [.text(origin.description)]
            ) { PlanID(row: $0.int(0)) }
            return try PlanRows.users(of: plans, session)
        }
    }

    package func usersWithheld(of sources: [SourceName]) async throws(StoreError) -> Set<UserID> {
        try await read { session in
            var plans: [PlanID] = []
            try session.query(
                """
                SELECT id FROM plans WHERE (state = 'held' OR state = 'abandoned' AND NOT EXISTS (
                  SELECT 1 FROM plans p WHERE p.origin = plans.origin AND p.id > plans.id AND p.is_approved = 1)) AND origin IN (#)
                """, in: SQLValue.texts(Set(sources.map { Origin.source($0).description }))
            ) { plans.append(PlanID(row: $0.int(0))) }
            return try PlanRows.users(of: plans, session)
        }
    }

    package func openWork() async throws(StoreError) -> OpenWork {
        try await read { session in
            var work = OpenWork()
            for states in ["o.\(Orders.underWay)", "o.\(Orders.stuck)"] {
                try session.query(
                    "SELECT p.origin, o.state, COUNT(*) FROM orders o JOIN plans p ON p.id = o.owner WHERE \(states) GROUP BY p.origin, o.state",
                    []
                ) { row in
                    guard let origin = Origin(row.text(0)), let state = OrderState(rawValue: row.number(1)) else {
                        throw StoreError.damaged("an order has an unknown origin or state")
                    }
                    work.orders[origin, default: OpenWork.Orders()].count(state, row.number(2))
                }
            }
            try session.query("SELECT origin, COUNT(*) FROM plans WHERE state IN ('held', 'ready', 'approved') GROUP BY origin", []) {
                row in
                if let origin = Origin(row.text(0)) { work.waitingPlans[origin] = row.number(1) }
            }
            work.unknownAccounts = try session.queryOne("SELECT COUNT(*) FROM accounts WHERE unsettled = 1") { $0.number(0) } ?? 0
            if work.unknownAccounts > 0 {
                try session.query(
                    """
                    SELECT c.source, COUNT(DISTINCT a.user_id || ' ' || a.system) FROM accounts a JOIN claims c ON c.user_id = a.user_id
                    WHERE a.unsettled = 1 AND c.presence >= 0 GROUP BY c.source
                    """, []
                ) { work.unknownOfSource[SourceName($0.text(0))] = $0.number(1) }
            }
            work.missedAccounts = try session.queryOne("SELECT COUNT(*) FROM accounts WHERE unsettled = 2") { $0.number(0) } ?? 0
            try session.query("SELECT system, COUNT(*) FROM left_aside GROUP BY system", []) {
                work.leftAside[SystemName($0.text(0))] = $0.number(1)
            }
            try session.query("SELECT source, COUNT(*) FROM claims WHERE row_hash = 0 AND presence = 0 GROUP BY source", []) {
                work.mappedOfOld[SourceName($0.text(0))] = $0.number(1)
            }
            try session.query("SELECT source, COUNT(*) FROM quarantines WHERE active = 1 GROUP BY source", []) {
                work.quarantined[SourceName($0.text(0))] = $0.number(1)
            }
            return work
        }
    }
}

extension OpenWork.Orders {
    fileprivate mutating func count(_ state: OrderState, _ number: Int) {
        switch state {
        case .pending: waiting += number
        case .transmitted: transmitted += number
        case .errored: errored += number
        case .evaluationFailed: evaluationsFailed += number
        case .awaitingApproval: awaitingApproval += number
        case .planned, .verified, .withdrawn, .executed: break
        }
    }
}

/// How plans that are not applied end.
enum PlanEnding {
    /// Throws where the plan's state does not lead there.
    static func allow(_ plan: Plan, to state: PlanState) throws {
        do {
            _ = try plan.moved(to: state)
        } catch {
            throw StoreError.damaged("\(error)")
        }
    }

    /// Nothing of the plan is open any more.
    static func finish(_ plan: PlanID, _ session: any SQLSession, at: Instant) throws {
        try session.execute("UPDATE plans SET state = 'applied', ended_at = $1 WHERE id = $2", [at.value, .int(plan.row)])
        try session.audit([AuditRow(kind: "plan applied", plan: plan)], at: at)
    }

    /// What was done stays done, with its names. A plan of its origin that waits was made without a word about this.
    static func abandon(_ plan: Plan, _ session: any SQLSession, at: Instant) throws {
        try session.execute("UPDATE plans SET state = 'abandoned', ended_at = $1 WHERE id = $2", [at.value, .int(plan.id.row)])
        let ready = try session.queryAll(
            "SELECT \(PlanRecord.columns) FROM plans WHERE origin = $1 AND state = 'ready'", [.text(plan.origin.description)]
        ) { try PlanRecord.plan($0) }
        for ready in ready {
            let verdicts = ready.verdicts + [.after(abandoning: plan.ordinal ?? 0)]
            try session.execute(
                "UPDATE plans SET state = 'held', verdicts = $1 WHERE id = $2", [.document(verdicts.documentBytes), .int(ready.id.row)])
        }
    }

    /// Ends a plan and releases its names. What a rejected plan would have done can still be read; of a discarded or superseded one only its row is left.
    static func setAside(_ plan: PlanID, _ state: PlanState, _ session: any SQLSession, at: Instant) throws {
        try session.execute(
            "UPDATE plans SET state = $1, ended_at = $2 WHERE id = $3", [.text(state.rawValue), at.value, .int(plan.row)])
        try Names.release(plan, session)
        guard state != .rejected else { return }
        let tables = ["plan_changes", "plan_change_documents", "plan_correlations", "plan_ended_claims", "orders", "order_documents"]
        for table in tables { try session.execute("DELETE FROM \(table) WHERE id BETWEEN $1 AND $2", PlanRows.range(plan)) }
        for table in ["quarantines", "waiting_rows", "plan_left_aside"] {
            try session.execute("DELETE FROM \(table) WHERE plan = $1", [.int(plan.row)])
        }
    }
}
