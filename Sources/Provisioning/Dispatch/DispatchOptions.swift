internal import Contracts
internal import Foundation
package import IdentityModel
internal import Planning

/// The time as the shell sees it; a test gives its own.
package struct ShellClock: Sendable {
    package let now: @Sendable () -> Instant
    /// Throws when the task is cancelled meanwhile.
    package let sleep: @Sendable (_ milliseconds: Int64) async throws -> Void

    package init(now: @escaping @Sendable () -> Instant, sleep: @escaping @Sendable (_ milliseconds: Int64) async throws -> Void) {
        self.now = now
        self.sleep = sleep
    }

    /// The machine's own clock.
    package static let system = ShellClock(
        now: { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000)) },
        sleep: { milliseconds in try await Task.sleep(for: .milliseconds(milliseconds)) })
}

package struct DispatchOptions: Sendable {
    package var retry: RetryPolicy
    /// Batches of one system that are written, or whose results are kept, at the same time.
    package var batchesInFlight: Int
    /// How often a system that was there and went away is asked to come back before its orders are left waiting.
    package var reconnectAttempts: Int
    package var clock: ShellClock
    /// How long an order may wait for its system before its user's event says so, when nothing was done for the user (`pendingAfter`).
    package var pendingAfterMilliseconds: Int64 = 3_600_000

    package init(retry: RetryPolicy = .standard, batchesInFlight: Int = 2, reconnectAttempts: Int = 3, clock: ShellClock = .system) {
        self.retry = retry
        self.batchesInFlight = batchesInFlight
        self.reconnectAttempts = reconnectAttempts
        self.clock = clock
    }
}

/// Names an account anew when the target answered "taken" although nobody knew: re-evaluates the whole map for that account with the next name.
package protocol SubstitutesNames: Sendable {
    /// `taken`: the name the target refused; nil when it did not say which. The answer differs from `order` in name, requests, name bases and
    /// claims; nil: there is no other name.
    func substitute(for order: ProvisioningOrder, taken: NameProbe?) async throws -> ProvisioningOrder?
}

/// Makes secrets when they are sent: orders hold nothing but digests of them.
package protocol MakesSecrets: Sendable {
    /// For each of these orders that has a secret to send, the values by their digests; what has no value there is not what was planned. The accounts are
    /// those of one system.
    func secrets(of orders: [ProvisioningOrder], known: [UserID: Account]) async throws -> MadeSecrets
}

package enum MadeSecrets: Sendable {
    case made([OrderID: [String: String]])
    /// The key is not there: why, and what to do.
    case lost(String)
}

/// What came of one system's orders in this run.
package struct SystemSummary: Sendable, Hashable {
    package var executed = 0
    package var errored = 0
    package var withdrawn = 0
    /// Still to be done: the system, or one that it requires, could not be reached.
    package var waiting = 0
    /// Orders that were given another name because the target had it already.
    package var substituted = 0
    /// Accounts that were changed since their orders were planned, in words: left out, planned by the next run.
    package var leftOut: [String] = []
    /// Why orders wait.
    package var outage: ConnectorFailure?
    /// The system answers, and is not the one it was: nothing is sent until a person says that this is right.
    package var isAnotherSystem = false
    package init() {}

    package var settled: Int { executed + errored + withdrawn }
}

package struct ApplySummary: Sendable, Hashable {
    package var systems: [SystemName: SystemSummary] = [:]
    /// Orders whose policy map could not be evaluated: they were never sent.
    package var evaluationsFailed = 0
    package var events = 0
    /// Some sink was not given everything that was there for it.
    package var areEventsIncomplete = false
    /// Users that changed since the plan was made, in words: left out, planned by the next run.
    package var leftOut: [String] = []
    /// Orders of older plans that this plan withdrew when it started.
    package var superseded = 0
    /// Orders that are not to be sent in this run, because a plan that changes their users is held.
    package var heldBack = 0
    /// Nothing waits: the plan is applied. Otherwise it stays as it is and the next `apply` goes on.
    package var isFinished = false
    package init() {}

    package var executed: Int { systems.values.reduce(0) { $0 + $1.executed } }
    package var errored: Int { systems.values.reduce(0) { $0 + $1.errored } }
    package var withdrawn: Int { systems.values.reduce(0) { $0 + $1.withdrawn } }
    package var waiting: Int { systems.values.reduce(0) { $0 + $1.waiting } }
}

/// Orders of a plan that goes on which must not be sent in this run.
package enum HeldBack: Sendable, Hashable {
    case nothing
    /// A newer plan is held: orders of the users it changes wait, except withdrawals that it contains unchanged.
    case usersOf(PlanID)
    /// The newest file broke its contract: what was approved before goes on, but nobody gets access anew.
    case newAccess
}

/// The plan is not what was sealed: somebody changed it in the store. Nothing is written.
package struct SealBroken: Error, Hashable, Sendable, CustomStringConvertible {
    package let ordinal: Int
    package var description: String {
        "plan \(ordinal) is not what was sealed: its orders or changes were altered in the store; nothing is written. "
            + "Reject it and plan again (birthright plans reject \(ordinal))"
    }
}

/// Orders of one system, as far as they have got.
package struct ApplyProgress: Sendable, Hashable {
    package let system: SystemName
    package let settled: Int
    package let errored: Int
    /// Orders of the system when the run began; never fewer than are settled, because orders come of orders.
    package let total: Int
    package init(system: SystemName, settled: Int, errored: Int, total: Int) {
        self.system = system
        self.settled = settled
        self.errored = errored
        self.total = total
    }
}
