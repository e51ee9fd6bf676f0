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
    case discarded

    /// Sealed, and neither applied nor refused yet: what `plan` compares a new plan with.
    public var isWaiting: Bool { self == .ready || self == .held || self == .approved }
}

/// What a plan would do, counted as effects per system.
public enum Effect: String, Sendable, CaseIterable, Comparable {
    case create, modify, rename, disable, delete, removeAccess
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// What an order counts as when guards count: `renames` and `removes` tell whether it gives the account another name and takes memberships away.
    public static func of(_ operation: Operation, becomes: AccountState, renames: Bool, removes: Bool) -> [Effect] {
        var effects: [Effect] =
            switch operation {
            case .create: [.create]
            case .modify, .enable, .unlock: [.modify]
            case .disable: [.disable]
            case .delete: [.delete]
            }
        // `onDelete: UPDATE` is called Modify, and it withdraws the account all the same.
        if becomes == .deprovisioned { effects = [.disable] }
        if renames { effects.append(.rename) }
        // Whoever loses the account loses the memberships with it.
        if removes && becomes != .deleted { effects.append(.removeAccess) }
        return effects
    }
}

/// A guard that tripped: the plan is held.
public struct GuardVerdict: Hashable, Sendable, CustomStringConvertible {
    public let system: SystemName
    public let effect: Effect
    public let count: Int
    /// Enabled accounts of that system before the plan.
    public let enabledAccounts: Int
    /// "more than 5 % of 300 enabled accounts", in words.
    public let limit: String

    public init(system: SystemName, effect: Effect, count: Int, enabledAccounts: Int, limit: String) {
        self.system = system
        self.effect = effect
        self.count = count
        self.enabledAccounts = enabledAccounts
        self.limit = limit
    }

    public var description: String { "\(system): \(effect.rawValue) \(count): \(limit)" }
}

/// Counts of a plan.
public struct PlanTotals: Hashable, Sendable {
    public var rowsRead = 0
    public var rowsUnchanged = 0
    public var rowsQuarantined = 0
    public var changes: [LifecycleChange: Int] = [:]
    public var effects: [SystemName: [Effect: Int]] = [:]
    public var orders = 0
    public var evaluationsFailed = 0
    public init() {}
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
