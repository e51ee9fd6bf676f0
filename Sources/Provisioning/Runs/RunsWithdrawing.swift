internal import Contracts
package import IdentityModel
internal import Planning

/// Orders that a person withdraws.
extension Runs {
    /// Systems left the configuration, and a person lets them go: what waits for them is withdrawn, their accounts stay as they are. The caller holds `held`.
    func releaseSystems(_ acceptance: Acceptance, holding held: Origin) async throws {
        for (system, count) in try await store.systemsLeft(besides: configuration.policyMaps.map(\.system)).sorted(by: { $0.key < $1.key })
        {
            let reason = "\(system) left the configuration"
            let orders = try await withdrawEverything(on: system, because: reason, holding: held)
            let now = clock.now()
            let breach = ContractBreach(check: .removed, message: Planner.words(system, people: count))
            try await store.record(acceptance.audit([breach], plan: nil, at: now))
            try await store.release(system, at: now)
            if orders > 0 { try await listener.tell(.withdrawn(orders: orders, because: reason)) }
        }
    }

    private func withdrawEverything(on system: SystemName, because reason: String, holding held: Origin) async throws -> Int {
        var count = 0
        let sealed = try await store.plans(limit: Int.max).filter { $0.ordinal != nil }
        for plan in sealed where plan.state == .applying {
            let lock = plan.origin == held ? nil : try await store.lock(plan.origin)
            defer { lock?.release() }
            var filter = OrderFilter()
            filter.owner = plan.id
            filter.system = system
            count += try await committer(plan)?.withdraw(filter, because: reason, planAgain: false).orders ?? 0
            let (pending, transmitted) = try await (store.pending(plan.id), store.transmitted(plan.id))
            if pending.isEmpty && transmitted.isEmpty { try await store.finish(plan.id, at: clock.now()) }
        }
        // What failed for good stays with plans that are through.
        for plan in sealed where plan.state == .applied {
            var filter = OrderFilter()
            filter.plan = plan.id
            filter.system = system
            count += try await committer(plan)?.withdraw(filter, because: reason, planAgain: false).orders ?? 0
        }
        return count
    }

    /// Stops a plan that is being applied: what was sent is looked at, what waits is withdrawn, and its people are planned again by the next run, whose plan is
    /// held.
    package func abandon(_ ordinal: Int, by: String, reason: String) async throws -> (plan: Plan, withdrawn: Int, end: RunEnd) {
        let inquiry = Inquiry(store)
        let chosen = try await inquiry.plan(ordinal)
        try PlanDecision.abandon.require(reason, for: chosen)
        var withdrawn = 0
        let end = try await holding(chosen.origin) { origin in
            let plan = try await inquiry.plan(ordinal)
            try PlanDecision.abandon.require(plan)
            try await lookAtOrphans(origin)
            var filter = OrderFilter()
            filter.owner = plan.id
            let because = "plan \(ordinal) was abandoned"
            withdrawn = try await committer(plan)?.withdraw(filter, because: because, planAgain: true).orders ?? 0
            try await store.decide(plan.id, .abandoned, by: by, reason: reason, at: clock.now())
            return try await ending(origin)
        }
        return (try await inquiry.plan(ordinal), withdrawn, end)
    }

    private func committer(_ plan: Plan) -> Committer? {
        plan.ordinal.map { ordinal in
            Committer(
                plan: plan, ordinal: ordinal, store: store, clock: options.clock, isFresh: false, isSingleSystem: false,
                pendingAfterMilliseconds: options.pendingAfterMilliseconds)
        }
    }
}
