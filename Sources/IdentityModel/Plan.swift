/// Where a plan stands.
public enum PlanState: String, Sendable, CaseIterable {
    /// Growing; not sealed. One that a crash left behind is discarded.
    case open
    /// Sealed and ready to be applied.
    case ready
    /// Sealed and stopped by a guard: waits for `plans approve` or `reject`.
    case held
    /// Held, then approved.
    case approved
    case rejected
    /// A different plan of the same origin took its place.
    case superseded
    /// Its orders are being carried out.
    case applying
    case applied
    /// A person stopped it while it was being applied: what waited was withdrawn, what was done is done.
    case abandoned
    case discarded

    /// Sealed, and neither applied nor refused yet: what `plan` compares a new plan with.
    public var isWaiting: Bool { self == .ready || self == .held || self == .approved }
}

/// A plan was told to become what its state does not lead to.
public struct IllegalPlanTransition: Error, Hashable, Sendable, CustomStringConvertible {
    public let from: PlanState
    public let to: PlanState

    public init(from: PlanState, to: PlanState) {
        self.from = from
        self.to = to
    }

    public var description: String { "a plan that is \(from.rawValue) cannot become \(to.rawValue)" }
}

extension PlanState {
    /// Where a state leads (product.md section 3). Staying is not a transition.
    public var successors: Set<PlanState> {
        switch self {
        case .open: [.ready, .held, .discarded]
        // Held: a plan of its origin was abandoned since it was sealed.
        case .ready: [.approved, .held, .applying, .rejected, .superseded, .discarded]
        case .held: [.approved, .rejected, .superseded, .discarded]
        case .approved: [.applying, .rejected, .superseded, .discarded]
        case .applying: [.applied, .abandoned]
        case .rejected, .superseded, .applied, .abandoned, .discarded: []
        }
    }

    /// What a person, or a newer plan, can make of a plan in this state; the other successors come of sealing and applying it.
    public var decisions: Set<PlanState> { successors.intersection([.approved, .rejected, .superseded, .discarded, .abandoned]) }
}

/// What a plan would do, counted as effects per system.
public enum Effect: String, Sendable, CaseIterable, Comparable {
    case create, modify, rename, disable, delete, enable, adopt
    /// People who lose a membership and keep the account.
    case removeAccess
    /// Entries deleted by hand that are made anew.
    case recreate
    /// References that are taken out because nobody is behind them any more.
    case dereference
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// This effect's bit, as stores keep sets of effects: never given to another one.
    public var bit: Int64 {
        switch self {
        case .create: 1
        case .modify: 2
        case .rename: 4
        case .disable: 8
        case .delete: 16
        case .removeAccess: 32
        case .enable: 64
        case .adopt: 128
        case .recreate: 256
        case .dereference: 512
        }
    }

    public static func set(bits: Int64) -> [Effect] { allCases.filter { bits & $0.bit != 0 } }
}

/// A guard that tripped: the plan is held.
public struct GuardVerdict: Hashable, Sendable, CustomStringConvertible {
    /// What there is too much of.
    public enum Subject: Hashable, Sendable {
        case effect(Effect, SystemName)
        case quarantinedRows
        case failedEvaluations
        /// A plan of this origin was abandoned, and none was approved since; `count` is its number.
        case abandoned
    }

    /// Why every plan of an origin is held after `plan` was abandoned.
    public static func after(abandoning plan: Int) -> GuardVerdict {
        GuardVerdict(.abandoned, count: plan, base: 0, limit: "every plan of its origin is held until one was approved")
    }

    public internal(set) var subject: Subject
    public internal(set) var count: Int
    /// What the share is taken of: enabled accounts of that system before the plan (with those it adopts), rows, or accounts evaluated.
    public internal(set) var base: Int
    /// "more than 5 % of 300 enabled accounts", in words.
    public internal(set) var limit: String

    public init(_ subject: Subject, count: Int, base: Int, limit: String) {
        self.subject = subject
        self.count = count
        self.base = base
        self.limit = limit
    }

    public var description: String {
        switch subject {
        case .effect(let effect, let system): "\(system): \(effect.rawValue) \(count): \(limit)"
        case .quarantinedRows: "rows quarantined \(count): \(limit)"
        case .failedEvaluations: "evaluations failed \(count): \(limit)"
        case .abandoned: "plan \(count) was abandoned: \(limit)"
        }
    }
}

/// Counts of a plan.
public struct PlanTotals: Hashable, Sendable {
    public var rowsRead = 0
    public var rowsUnchanged = 0
    public var rowsQuarantined = 0
    public var changes: [LifecycleChange: Int] = [:]
    public var effects: [SystemName: [Effect: Int]] = [:]
    public var orders = 0
    /// Of these, orders that waited already and are taken over as they are; guards do not count them again.
    public var kept = 0
    public var evaluationsFailed = 0
    /// Of these, accounts that were reported before and fail in the same way.
    public var evaluationsFailedBefore = 0
    public init() {}

    /// No user changes, and nothing is ordered.
    public var isEmpty: Bool { changes.isEmpty && orders == 0 }
}

/// A plan as it stands in the store; its orders and user changes are read in pages.
public struct Plan: Hashable, Sendable {
    public let id: PlanID
    public let origin: Origin
    public var state: PlanState
    /// Given at sealing; the number people use. Nil while open.
    public var ordinal: Int?
    /// SHA-256 over the canonical text, in hexadecimal. Nil while open.
    public var seal: String?
    public var configurationHash: String
    /// The calendar day the plan was made for.
    public var asOf: CivilDate
    public var totals: PlanTotals
    public var verdicts: [GuardVerdict]
    /// Warnings of the ingest and of policy evaluation as a whole (a new column, `missing` suspended ...).
    public var warnings: [String]

    /// The plan in another state; throws where the present one does not lead there.
    public func moved(to next: PlanState) throws(IllegalPlanTransition) -> Plan {
        guard state.successors.contains(next) else { throw IllegalPlanTransition(from: state, to: next) }
        var plan = self
        plan.state = next
        return plan
    }

    public init(
        id: PlanID, origin: Origin, state: PlanState, ordinal: Int? = nil, seal: String? = nil, configurationHash: String, asOf: CivilDate,
        totals: PlanTotals = PlanTotals(), verdicts: [GuardVerdict] = [], warnings: [String] = []
    ) {
        self.id = id
        self.origin = origin
        self.state = state
        self.ordinal = ordinal
        self.seal = seal
        self.configurationHash = configurationHash
        self.asOf = asOf
        self.totals = totals
        self.verdicts = verdicts
        self.warnings = warnings
    }
}

/// A user as a plan would have them, beside what the store holds.
public struct UserChange: Hashable, Sendable {
    public let change: LifecycleChange
    /// As they will be. `version` is the one that the plan was made on.
    public let user: User
    /// What the user was before; nil for a joiner.
    public let before: User?
    public let assignments: [RoleAssignment]
    public let assignmentsBefore: [RoleAssignment]
    /// The row that said so, or that is missing; nil for a date that arrived.
    public let claim: SourceClaim?
    /// Claims that end with this change: keys that were renumbered away, sources that left the configuration.
    public let ended: [SourceClaim]
    /// The next day on which this user must be planned again although nothing changed.
    public let due: CivilDate?
    public let reasons: [String]

    public init(
        change: LifecycleChange, user: User, before: User?, assignments: [RoleAssignment], assignmentsBefore: [RoleAssignment],
        claim: SourceClaim?, ended: [SourceClaim] = [], due: CivilDate?, reasons: [String]
    ) {
        self.change = change
        self.user = user
        self.before = before
        self.assignments = assignments
        self.assignmentsBefore = assignmentsBefore
        self.claim = claim
        self.ended = ended
        self.due = due
        self.reasons = reasons
    }
}
