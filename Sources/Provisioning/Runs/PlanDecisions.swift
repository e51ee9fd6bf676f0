internal import Contracts
package import IdentityModel
internal import Planning

/// What people decide about plans.
extension Inquiry {
    /// Lets a plan that a guard holds be applied.
    package func approve(_ ordinal: Int, by: String, reason: String, at now: Instant) async throws -> Plan {
        try await decide(ordinal, .approve, by: by, reason: reason, at: now)
    }

    /// Throws a plan away: nothing of it is left but its audit record.
    package func reject(_ ordinal: Int, by: String, reason: String, at now: Instant) async throws -> Plan {
        try await decide(ordinal, .reject, by: by, reason: reason, at: now)
    }

    /// With the origin's lock held, so that nobody applies or supersedes the plan meanwhile.
    private func decide(_ ordinal: Int, _ decision: PlanDecision, by: String, reason: String, at now: Instant) async throws -> Plan {
        let lock = try await store.lock(try await plan(ordinal).origin)
        defer { lock.release() }
        let plan = try await plan(ordinal)
        try decision.require(plan)
        if decision == .approve { try decision.require(reason, for: plan) }
        try await store.decide(plan.id, decision == .approve ? .approved : .rejected, by: by, reason: reason, at: now)
        return try await self.plan(ordinal)
    }

    /// The plan to apply: the one with this number, or the only one that waits.
    func planToApply(_ ordinal: Int?) async throws -> Plan {
        if let ordinal { return try await plan(ordinal) }
        let waiting = try await store.plans(limit: 200).filter { $0.state.isWaiting || $0.state == .applying }
        guard let only = waiting.first else { throw InquiryError.noPlanWaits }
        guard waiting.count == 1 else { throw InquiryError.severalPlansWait(waiting.compactMap(\.ordinal)) }
        return only
    }
}

extension PlanDecision {
    /// The states in which a plan can be decided about like this.
    var states: Set<PlanState> {
        switch self {
        case .approve: [.held]
        case .reject: [.held, .ready, .approved]
        case .abandon: [.applying]
        case .apply: [.ready, .approved, .applying]
        }
    }

    func require(_ plan: Plan) throws(InquiryError) {
        guard states.contains(plan.state) else { throw .notDecidable(plan, self) }
    }

    /// It is kept in the audit, for whoever asks later.
    func require(_ reason: String, for plan: Plan) throws(InquiryError) {
        guard !reason.allSatisfy(\.isWhitespace) else { throw .needsReason(plan, self) }
    }
}
