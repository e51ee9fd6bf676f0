/// How often, and how long apart, an order is tried again after a transient failure.
public struct RetryPolicy: Hashable, Sendable {
    /// Transmissions in all, the first one included.
    public let maxAttempts: Int
    /// Pause after the first failure; doubles with every further one.
    public let baseDelayMilliseconds: Int64
    public let maxDelayMilliseconds: Int64
    /// How many other names an order is given before "taken" is its end.
    public let maxSubstitutions: Int

    public static let standard = RetryPolicy(maxAttempts: 5, baseDelayMilliseconds: 500, maxDelayMilliseconds: 60_000, maxSubstitutions: 10)

    public init(maxAttempts: Int, baseDelayMilliseconds: Int64, maxDelayMilliseconds: Int64, maxSubstitutions: Int) {
        self.maxAttempts = maxAttempts
        self.baseDelayMilliseconds = baseDelayMilliseconds
        self.maxDelayMilliseconds = maxDelayMilliseconds
        self.maxSubstitutions = maxSubstitutions
    }

    /// The pause after failure number `attempts` (from 1): exponential, and between half of it and all of it by `jitter`, so that orders that
    /// failed together do not come back together. The model has no randomness: any well mixed number will do (a hash of order and attempt).
    public func delayMilliseconds(attempts: Int, jitter: UInt64) -> Int64 {
        var ceiling = min(baseDelayMilliseconds, maxDelayMilliseconds)
        for _ in 1..<max(attempts, 1) where ceiling < maxDelayMilliseconds { ceiling = min(ceiling * 2, maxDelayMilliseconds) }
        let half = ceiling / 2
        return half + Int64(jitter % UInt64(ceiling - half + 1))
    }
}

/// What came of transmitting an order, in the order's own terms.
public enum OperationOutcome: Hashable, Sendable {
    /// The entry is as ordered. Requests that failed of their own, and those left for a later order, by index into the order's requests.
    case written(failed: [Int: ConnectorFailure] = [:], deferred: [Int: String] = [:])
    /// `done`: requests that were answered "done" or "already so" all the same, by index: half done is known.
    case failed(ConnectorFailure, done: Set<Int> = [])
    /// Looked at after a lost answer: the target does not show what was ordered. `begun`: it shows a part of it, so the order did arrive.
    case notShown(begun: Bool)
    /// Taken, but not sent: a reference is still missing, or the way to the system was closed before it was this order's turn.
    case notSent
}

/// An order was told to go where its state does not lead (product.md section 3).
public struct IllegalTransition: Error, Hashable, Sendable, CustomStringConvertible {
    public let order: OrderID
    public let from: OrderState
    public let to: OrderState

    public init(order: OrderID, from: OrderState, to: OrderState) {
        self.order = order
        self.from = from
        self.to = to
    }

    public var description: String { "order \(order.sequence) cannot go from \(from.label) to \(to.label)" }
}

/// What one answer makes of an order: the order as it is then, and what is to be done next. A value; nothing has happened yet.
public struct OrderTransition: Hashable, Sendable {
    public enum Next: Hashable, Sendable {
        /// Nothing more in this run.
        case settled
        /// Pending again; not before the order's `notBefore`, where it has one.
        case again
        /// Pending again, but its system cannot be reached: it waits until it can.
        case waitForSystem(ConnectorFailure)
        /// Still transmitted: whether it happened must be looked up.
        case look(ConnectorFailure)
        /// Still transmitted: a name is taken; with another one the order can go on (`substituted`), without one it is refused (`refused`).
        case substituteName(ConnectorFailure)
    }

    public var order: ProvisioningOrder
    public let next: Next
}

extension OrderState {
    /// Where a state leads (product.md section 3). Staying is not a transition.
    public var successors: Set<OrderState> {
        switch self {
        // Withdrawn: another order is kept in its place, or its user changed before the plan started.
        case .planned: [.pending, .awaitingApproval, .evaluationFailed, .withdrawn]
        case .pending: [.transmitted, .withdrawn]
        case .transmitted: [.pending, .errored, .executed]
        case .errored: [.pending, .withdrawn]
        // Postponed: it stays, with another moment.
        case .awaitingApproval: [.pending, .awaitingApproval, .withdrawn]
        // A failed evaluation is superseded by the next plan for the same account.
        case .evaluationFailed: [.withdrawn]
        // A read-back that differs is a follow-up failure.
        case .executed: [.verified, .errored]
        case .verified, .withdrawn: []
        }
    }
}

extension ProvisioningOrder {
    /// The order in another state; throws where the present one does not lead there.
    public func moved(to next: OrderState) throws(IllegalTransition) -> ProvisioningOrder {
        guard state.successors.contains(next) else { throw IllegalTransition(order: id, from: state, to: next) }
        var order = self
        order.state = next
        return order
    }

    /// What becomes of a transmitted order. `jitter` spreads the pauses of orders that failed together (`RetryPolicy.delayMilliseconds`).
    public func receiving(
        _ outcome: OperationOutcome, at now: Instant, policy: RetryPolicy, jitter: UInt64
    ) throws(IllegalTransition) -> OrderTransition {
        guard state == .transmitted else { throw IllegalTransition(order: id, from: state, to: .executed) }
        return switch outcome {
        case .written(let failed, let deferred): try written(failed, deferred, at: now, policy, jitter)
        case .failed(let failure, let done): try having(done).failing(failure, at: now, policy, jitter)
        case .notShown(let begun): try OrderTransition(order: pendingAgain(countingAttempt: begun), next: .again)
        case .notSent: try OrderTransition(order: pendingAgain(countingAttempt: false), next: .again)
        }
    }

    /// The order with these requests done, and the rest as it was.
    public func having(_ done: some Sequence<Int>) -> ProvisioningOrder {
        var order = self
        for index in done where order.requests.indices.contains(index) { order.requests[index].outcome = .done }
        return order
    }

    /// Errored for good, with the answer that said so.
    public func refused(_ failure: ConnectorFailure) throws(IllegalTransition) -> ProvisioningOrder {
        var order = try moved(to: .errored)
        order.attempts += 1
        order.notBefore = nil
        order.failure = failure
        return order
    }

    /// Pending again under another name. `taken` is kept among the warnings, and counts (`substitutions`).
    public func substituted(by other: ProvisioningOrder, taken: String) throws(IllegalTransition) -> ProvisioningOrder {
        var order = try pendingAgain(countingAttempt: false)
        order.nameAfter = other.nameAfter
        order.requests = other.requests
        order.nameBases = other.nameBases
        order.claims = other.claims
        order.correlation = other.correlation
        order.takenOver = other.takenOver
        order.warnings = warnings + other.warnings.filter { !warnings.contains($0) }
        order.warnings.append("\(ProvisioningOrder.takenNote) \(taken)")
        return order
    }

    /// How often the order was given another name because the target said "taken".
    public var substitutions: Int { warnings.count { $0.hasPrefix(ProvisioningOrder.takenNote) } }

    private static let takenNote = "taken on the target, another name was chosen:"

    /// Will never be sent: superseded, declined, or what it requires failed for good.
    public func withdrawn(because reason: ConnectorFailure) throws(IllegalTransition) -> ProvisioningOrder {
        var order = try moved(to: .withdrawn)
        order.notBefore = nil
        order.failure = reason
        return order
    }

    private func pendingAgain(countingAttempt: Bool) throws(IllegalTransition) -> ProvisioningOrder {
        var order = try moved(to: .pending)
        order.notBefore = nil
        order.failure = nil
        if countingAttempt { order.attempts += 1 }
        return order
    }

    private func written(
        _ failed: [Int: ConnectorFailure], _ deferred: [Int: String], at now: Instant, _ policy: RetryPolicy, _ jitter: UInt64
    ) throws(IllegalTransition) -> OrderTransition {
        var order = self
        for index in requests.indices {
            if let failure = failed[index] {
                order.requests[index].outcome = .failed(failure)
            } else if let reason = deferred[index], requests[index].outcome != .done {
                order.requests[index].outcome = .deferred(reason)
            } else {
                order.requests[index].outcome = .done
            }
        }
        let failures = failed.keys.sorted().compactMap { failed[$0] }
        guard let first = failures.first else {
            order = try order.moved(to: .executed)
            order.attempts += 1
            order.notBefore = nil
            order.failure = nil
            return OrderTransition(order: order, next: .settled)
        }
        if failures.allSatisfy(\.errorClass.mayPass), attempts + 1 < policy.maxAttempts {
            for index in failed.keys { order.requests[index].outcome = .open }
            return try order.retrying(after: first, at: now, policy, jitter)
        }
        let listed = failures.map(\.description).joined(separator: "; ")
        let summary = ConnectorFailure(
            first.errorClass, "\(failures.count) of \(requests.count) requests failed: \(listed)", attribute: first.attribute)
        return OrderTransition(order: try order.refused(summary), next: .settled)
    }

    private func failing(
        _ failure: ConnectorFailure, at now: Instant, _ policy: RetryPolicy, _ jitter: UInt64
    ) throws(IllegalTransition) -> OrderTransition {
        switch failure.errorClass {
        case .transient:
            if attempts + 1 < policy.maxAttempts { return try retrying(after: failure, at: now, policy, jitter) }
            return OrderTransition(order: try refused(failure), next: .settled)
        case .permanent:
            return OrderTransition(order: try refused(failure), next: .settled)
        case .unavailable:
            return OrderTransition(order: try pendingAgain(countingAttempt: false), next: .waitForSystem(failure))
        case .unknown:
            guard state == .transmitted else { throw IllegalTransition(order: id, from: state, to: .transmitted) }
            return OrderTransition(order: self, next: .look(failure))
        case .conflict:
            if substitutions >= policy.maxSubstitutions { return OrderTransition(order: try refused(failure), next: .settled) }
            guard state == .transmitted else { throw IllegalTransition(order: id, from: state, to: .errored) }
            return OrderTransition(order: self, next: .substituteName(failure))
        }
    }

    private func retrying(
        after failure: ConnectorFailure, at now: Instant, _ policy: RetryPolicy, _ jitter: UInt64
    ) throws(IllegalTransition) -> OrderTransition {
        var order = try pendingAgain(countingAttempt: true)
        order.notBefore = now.adding(milliseconds: policy.delayMilliseconds(attempts: order.attempts, jitter: jitter))
        order.failure = failure
        return OrderTransition(order: order, next: .again)
    }
}

extension ErrorClass {
    /// The same request may succeed later, unchanged.
    var mayPass: Bool {
        switch self {
        case .transient, .unavailable, .unknown: true
        case .conflict, .permanent: false
        }
    }
}
