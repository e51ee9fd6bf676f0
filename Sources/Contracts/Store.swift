public import IdentityModel

/// The store could not do it. `busy`: the origin's lock is held by a living process; `leased`: so is the right to write to the system; `leaseLost`: another run
/// has it by now, and nothing was kept.
public enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreachable(String)
    case busy(Origin)
    case leased(SystemName)
    case leaseLost(SystemName)
    case toldMeanwhile
    case damaged(String)
    public var description: String {
        switch self {
        case .unreachable(let why): "the store cannot be opened: \(why)"
        case .busy(let origin): "another birthright process is working on \(origin); wait for it or stop it"
        case .leased(let system): "another birthright process is writing to \(system); wait for it or stop it"
        case .leaseLost(let system): "another birthright process writes to \(system) by now; run the command again"
        case .toldMeanwhile: "another birthright process tells of the same people at the same time; run the command again"
        case .damaged(let what): "the store holds something it should not: \(what)"
        }
    }
}

/// Held while a run of an origin is alive; freed by `release` or by the end of the process.
public protocol OriginLock: Sendable {
    func release()
}

/// What planning needs to know of a chunk, asked for in one go.
public struct KnowledgeRequest: Sendable {
    public var source: SourceName?
    /// Keys of rows that say everything anew: what their claims said before is not asked for.
    public var keys: [UserKey] = []
    /// Keys of rows that are of no use: what their claims say stands.
    public var standing: [UserKey] = []
    /// Rows known only by the hash of their key (missing rows).
    public var keyHashes: [UInt64] = []
    public var correlations: [CorrelationKey] = []
    public var users: [UserID] = []
    public init(source: SourceName? = nil) { self.source = source }
}

public struct Knowledge: Sendable {
    /// Everyone found by key, correlation or id.
    public var users: [UserID: User] = [:]
    /// Claims of the asked source by key, forgotten ones too, without what they say.
    public var claims: [UserKey: SourceClaim] = [:]
    /// All claims on the users, by source and key.
    public var claimsOfUsers: [UserID: [SourceClaim]] = [:]
    /// By the values of the claims themselves, those of forgotten keys left out.
    public var correlated: [CorrelationKey: [UserID]] = [:]
    public var assignments: [UserID: [RoleAssignment]] = [:]
    /// The day on which the user is to be looked at, as the last applied plan said.
    public var dues: [UserID: CivilDate] = [:]
    public var accounts: [UserID: [Account]] = [:]
    /// Orders of these users that are not settled (states 1, 2, 3, 5 and 7), of whatever plan.
    public var openOrders: [UserID: [ProvisioningOrder]] = [:]
    public init() {}
}

/// A chunk of a plan: saved in one transaction.
public struct PlanChunk: Sendable {
    public var changes: [UserChange] = []
    /// For each change with a claim, the values by which later records may correlate to the user through it.
    public var correlations: [UserID: [CorrelationKey]] = [:]
    /// Their sequences are given by the planner, ascending over the plan.
    public var orders: [ProvisioningOrder] = []
    public var reservations: [NameReservation] = []
    public var quarantines: [Quarantine] = []
    /// Of the quarantined rows those that say that the person has left.
    public var quarantinedLeavers: Set<UserKey> = []
    public var waiting: [WaitingRow] = []
    /// Of the users who change those who point at somebody without an account: every run looks at them again.
    public var awaitingReferences: Set<UserID> = []
    /// Of the users who change: the sum of the versions of their accounts, as they were planned on.
    public var accountVersions: [UserID: Int] = [:]
    /// Accounts of these users that could not be planned.
    public var leftAside: [AccountLeftAside] = []
    public init() {}
}

extension PlanChunk {
    /// There is nothing to keep.
    public var isEmpty: Bool {
        changes.isEmpty && orders.isEmpty && quarantines.isEmpty && waiting.isEmpty && leftAside.isEmpty
    }
}

/// A row of somebody whom no source has brought yet. The latest row of a key counts.
public struct WaitingRow: Hashable, Sendable {
    public let source: SourceName
    public let key: UserKey
    public let position: SourcePosition
    public let rowHash: UInt64
    /// By column. Nil: the row waits no longer.
    public let values: [String: String]?
    public init(source: SourceName, key: UserKey, position: SourcePosition, rowHash: UInt64, values: [String: String]?) {
        self.source = source
        self.key = key
        self.position = position
        self.rowHash = rowHash
        self.values = values
    }
}

/// An account that could not be planned, because its system could not be asked. Whoever it belongs to is looked at by the next run.
public struct AccountLeftAside: Sendable, Hashable {
    public let user: UserID
    public let system: SystemName
    /// The user is due an account there.
    public let isDue: Bool
    public init(user: UserID, system: SystemName, isDue: Bool) {
        self.user = user
        self.system = system
        self.isDue = isDue
    }
}

/// What starting a plan did beside making it real.
public struct PlanStarted: Sendable, Hashable {
    /// Users and accounts that changed since the plan was made: they are left out, and planned by the next run. In words.
    public var leftOut: [String] = []
    /// Orders of other plans that were withdrawn because this plan changes their users.
    public var superseded = 0
    /// It carries out orders of other plans beside its own.
    public var takesOver = false
    /// Orders of its users are under way for other plans, by a run that lives or died.
    public var meetsOthers = false
    public init() {}
}

/// Pending orders that are not to be sent now.
public enum OrdersHeldBack: Sendable, Hashable {
    case none
    /// Those of the users that this plan changes, except withdrawals that it keeps.
    case usersOf(PlanID)
    case operations([Operation])
    /// How many waves an order is put back that is not this run's.
    public static let distance = 1_000_000
}

/// How a batch of orders ended: one transaction with accounts, audit and events.
public struct Settlement: Sendable {
    public struct Entry: Sendable {
        /// With its new state, outcomes, attempts, notBefore and failure.
        public let order: ProvisioningOrder
        /// The account afterwards; nil when it did not change.
        public let account: Account?
        /// For an order that goes back to pending because a reference is still missing: the wave in which it is taken up again.
        public let wave: Int?
        public init(order: ProvisioningOrder, account: Account?, wave: Int? = nil) {
            self.order = order
            self.account = account
            self.wave = wave
        }
    }

    public var entries: [Entry] = []
    /// Orders born of these (a reference sent later): appended to the plan as pending, with the next free sequences and `wave`.
    public var followUps: [(order: ProvisioningOrder, wave: Int)] = []
    public var events: [OutboxEvent] = []
    /// Names that turned out to be taken on the target, to be remembered as held by nobody of ours; and names taken instead.
    public var reservations: [NameReservation] = []
    /// Users to plan again by the next run (an unresolved reference).
    public var planAgain: [UserID] = []
    /// The right under which the system was written to. Nil: it was not.
    public var lease: LeaseTerm?
    public init() {}

    /// There is nothing to keep.
    public var isEmpty: Bool { entries.isEmpty && followUps.isEmpty && events.isEmpty && reservations.isEmpty && planAgain.isEmpty }
}

/// What was announced under a tracking number.
public struct EventHistory: Sendable, Hashable {
    public let count: Int
    /// Of the last event: when, and what it said (`OutboxEvent.signature`).
    public let at: Instant
    public let signature: String
    public init(count: Int, at: Instant, signature: String) {
        self.count = count
        self.at = at
        self.signature = signature
    }
}

/// The account a reference points at.
public enum ReferenceTarget: Hashable, Sendable {
    case account(AccountName)
    /// Its Create is still open in this plan.
    case awaited
    /// It is still to come, but not in this plan: its user has not started yet, or a Create failed, waits or was left aside.
    case expected
    case none
}

/// Whom a reference means, and what is there of their account.
public struct ReferencedAccount: Hashable, Sendable {
    /// Nil: nobody has the key, or two people have.
    public var user: UserID?
    public var target: ReferenceTarget
    /// Several people have the key, and nobody can say which of them is meant.
    public var isAmbiguous: Bool
    public init(user: UserID? = nil, target: ReferenceTarget = .none, isAmbiguous: Bool = false) {
        self.user = user
        self.target = target
        self.isAmbiguous = isAmbiguous
    }
}

public struct OrderFilter: Sendable {
    /// The plan that an order was made in.
    public var plan: PlanID?
    /// The plan that carries it out now.
    public var owner: PlanID?
    /// Orders that this plan withdrew when it started.
    public var supersededBy: PlanID?
    public var user: UserID?
    public var system: SystemName?
    public var states: [OrderState] = []
    public init() {}
}

/// The planning half of the store.
public protocol PlanningStore: Sendable {
    /// Takes the origin's lock or throws `.busy`.
    func lock(_ origin: Origin) async throws(StoreError) -> any OriginLock
    /// Begins an open plan. Called with the lock held: an unsealed plan of this origin is an orphan; it is discarded first and its reservations released.
    func begin(_ origin: Origin, configurationHash: String, asOf: CivilDate, at: Instant) async throws(StoreError) -> Plan
    /// The plan of this origin in one of these states, the newest; nil if there is none.
    func plan(of origin: Origin, in states: [PlanState]) async throws(StoreError) -> Plan?
    /// Every row last applied from this source, in any order. `asOf` decides which dates are due.
    func marks(of source: SourceName, asOf: RunDays, body: @Sendable ([SourceMark]) -> Void) async throws(StoreError)
    /// The last applied file of the source.
    func profile(of source: SourceName) async throws(StoreError) -> SourceProfile?
    /// Of the file that a plan was made from; nil: it was made from none.
    func profile(ofPlan plan: PlanID) async throws(StoreError) -> SourceProfile?
    func hasApplied(source: SourceName, contentDigest: String) async throws(StoreError) -> Bool
    /// What is known of these files: they were applied, or passed over.
    func applied(files: [String], of source: SourceName) async throws(StoreError) -> [String: TakenFile]
    /// Files that were there before anybody counted, and files that somebody touched without changing them. What is known of their contents stays.
    func note(signatures: [String: String], of source: SourceName) async throws(StoreError)
    func knowledge(_ request: KnowledgeRequest) async throws(StoreError) -> Knowledge
    /// Rows of this source that wait for their person, by key.
    func waitingRows(of source: SourceName) async throws(StoreError) -> [WaitingRow]
    /// Quarantined rows of this source, of known people, that say that the person has left.
    func quarantinedLeavers(of source: SourceName) async throws(StoreError) -> Int
    /// Sources that have brought people who are still there because of them, and how many, apart from `sources`.
    func claimants(besides sources: [SourceName]) async throws(StoreError) -> [SourceName: Int]
    /// Users who have to be planned whatever their rows and the day say, and why; by id after `after`. `ofAllSources`: those too whom runs of their sources plan.
    func unsettledUsers(ofAllSources: Bool, after: UserID?, limit: Int) async throws(StoreError) -> [UnsettledUser]
    /// Sources whose last run came to no plan: their file was refused, or could not be read.
    func sourcesWithoutPlan() async throws(StoreError) -> [SourceName]
    /// Users whom a source claims, by id after `after`; `orOnce`: those too whose rows are gone from it.
    func users(claimedBy source: SourceName, orOnce: Bool, after: UserID?, limit: Int) async throws(StoreError) -> [UserID]
    /// Users with a date due up to `asOf`, by id after `after`.
    func dueUsers(asOf: RunDays, after: UserID?, limit: Int) async throws(StoreError) -> [UserID]
    /// Who holds these names, provisionally or for good; free ones have no entry. For the plan `planning` what only the plan holds that it will supersede is free.
    func holders(of claims: [NameClaim], planning: PlanID?) async throws(StoreError) -> [NameClaim: UserID]
    /// Saves a chunk with its reservations. When another run took a name meanwhile, nothing is saved and the lost claims are returned.
    func save(_ chunk: PlanChunk, to plan: PlanID) async throws(StoreError) -> [NameClaim]
    /// Takes users back out of an open plan (their rows turned out to be duplicates), with their orders and reservations.
    func retract(_ keys: [UserKey], of source: SourceName, from plan: PlanID) async throws(StoreError)
    /// Orders of an open plan that turned out to be impossible stand in it as these, which cannot be sent.
    func replace(_ orders: [ProvisioningOrder], in plan: PlanID) async throws(StoreError)
    /// The canonical documents of a plan's user changes, then of its orders, in sequence: what the seal is computed over.
    func documents(of plan: PlanID, body: @Sendable (UnsafeRawBufferPointer) -> Void) async throws(StoreError)
    /// Changes by kind and effects by system, counted in the store.
    func totals(of plan: PlanID) async throws(StoreError) -> PlanTotals
    /// Enabled accounts per system.
    func enabledAccounts() async throws(StoreError) -> [SystemName: Int]
    /// Effects executed at or after `since`, those of plans that a person approved left out (for guards).
    func executedEffects(since: Instant) async throws(StoreError) -> [SystemName: [Effect: Int]]
    /// Seals an open plan: gives it the next ordinal; `superseding` becomes superseded and its reservations are released, in the same transaction.
    func seal(_ plan: Plan, profile: (SourceName, SourceProfile)?, superseding: PlanID?, at: Instant) async throws(StoreError) -> Plan
    /// The number of the plan of this origin that was abandoned, and since which none of them was approved.
    func abandoned(_ origin: Origin) async throws(StoreError) -> Int?
    /// Users of plans of other origins that a person approved and that have not started: nobody else changes them meanwhile.
    func usersOfApprovedPlans(except origin: Origin) async throws(StoreError) -> Set<UserID>
    /// Users of these sources' plans that are held, and of those that were abandoned without an approval since: a person decides about them.
    func usersWithheld(of sources: [SourceName]) async throws(StoreError) -> Set<UserID>
    /// An open plan without changes and orders sets aside the rows that are set aside already, for the same reasons, and no others. `ofFile`: it was made from
    /// a file, so that a row which is set aside no more is news.
    func saysNothingNew(_ plan: PlanID, ofFile: Bool) async throws(StoreError) -> Bool
    /// Rows that an open plan sets aside and that are not in quarantine now.
    func newQuarantines(of plan: PlanID) async throws(StoreError) -> Int
    /// Accepts what an open plan without changes and orders was made from (its profile, its marks of accounts left aside); the plan itself is discarded.
    func accept(_ plan: PlanID, profile: (SourceName, SourceProfile)?, at: Instant) async throws(StoreError)
    /// What the system was when we first met it.
    func realm(of system: SystemName) async throws(StoreError) -> Realm?
    func record(_ realm: Realm, of system: SystemName, at: Instant) async throws(StoreError)
    /// Systems on which people have accounts or orders that wait, and how many people, apart from `systems`; accounts of systems that were released do not count.
    func systemsLeft(besides systems: [SystemName]) async throws(StoreError) -> [SystemName: Int]
    /// The system left the configuration, and a person let it go: its accounts are as they are, and nobody looks at them.
    func release(_ system: SystemName, at: Instant) async throws(StoreError)
    /// Those of these systems that were released are ours again.
    func takeBack(_ systems: [SystemName], at: Instant) async throws(StoreError)
    /// Everything that is open, for the end of a run.
    func openWork() async throws(StoreError) -> OpenWork
    /// Sets a plan aside (discarded, rejected) or approves it; releases reservations unless approved; audited. One that is being applied can be abandoned once
    /// nothing of it waits: its names stay, and a plan of its origin that is ready is held.
    func decide(_ plan: PlanID, _ state: PlanState, by: String, reason: String, at: Instant) async throws(StoreError)
}

/// The applying half.
public protocol DispatchStore: Sendable {
    /// In one transaction: makes the plan's user changes, assignments, claims, profile and names real and its orders pending (those with a failed evaluation:
    /// state 7). Users that changed since the plan was made are left out, withdrawals never. Every order of the plan's users that waits (1, 3, 5, 7), of any plan
    /// and system, is withdrawn, or kept where the plan asks for the same (`WaitingOrder`); what else waits of older plans of this origin is taken over.
    /// One that is transmitted is withdrawn by `commit`, should it be to wait again.
    func startApplying(_ plan: PlanID, at: Instant) async throws(StoreError) -> PlanStarted
    /// Prepares a plan that is being applied for the next command: pauses and waves of a process that has ended are void, and orders that are held back get out
    /// of this run's reach (a wave beyond `OrdersHeldBack.distance`). Repetitions (`ProvisioningOrder.isRepetition`) stand in wave 1, behind all others. Returns how
    /// many are held back.
    func resume(_ plan: PlanID, holding: OrdersHeldBack, at: Instant) async throws(StoreError) -> Int
    /// The right to write to the system, under the next term; throws `.leased` while another living run has it.
    func lease(_ system: SystemName) async throws(StoreError) -> any SystemLease
    /// Moves up to `limit` pending orders of the lease's system and of the wave, in sequence, to transmitted; orders whose `notBefore` lies after `at` are left.
    /// Throws `.leaseLost` under an old term.
    func claim(_ plan: PlanID, under lease: LeaseTerm, wave: Int, limit: Int, at: Instant) async throws(StoreError) -> [ProvisioningOrder]
    /// Orders in state 2: with the lock held these are orphans of a run that died.
    func transmitted(_ plan: PlanID) async throws(StoreError) -> [ProvisioningOrder]
    /// Pending orders by system: the lowest wave, and the earliest `notBefore` (nil = now).
    func pending(_ plan: PlanID) async throws(StoreError) -> [SystemName: (wave: Int, notBefore: Instant?, count: Int)]
    func accounts(_ system: SystemName, users: [UserID]) async throws(StoreError) -> [UserID: Account]
    /// Whose accounts these are: of this system, and of any other that is the same one under another name (`realm`; nil where it is not known). An account of
    /// this very system comes before one of another.
    func owners(_ system: SystemName, realm: Realm?, ids: [AccountID]) async throws(StoreError) -> [AccountID: AccountOwner]
    /// Enabled accounts of the system in which a reference to one of these users is written: by the user that is meant.
    func referers(to users: [UserID], on system: SystemName) async throws(StoreError) -> [UserID: [Account]]
    /// The entries of these accounts are not where they should be: whoever plans them looks first.
    func lookAgain(_ accounts: [Account]) async throws(StoreError)
    /// They are gone, and a person decides what becomes of them: whoever plans them looks first, and what points at them is left alone.
    func leaveOut(_ accounts: [Account]) async throws(StoreError)
    /// Accounts of ours on the system that should be there, without those of `others`: up to `limit` of the container, else of anywhere.
    func neighbours(
        of name: AccountName?, on system: SystemName, without others: [UserID], limit: Int
    ) async throws(StoreError) -> [Account]
    /// Users whose accounts on the system have these names now; compared regardless of case.
    func holders(of names: [AccountName], on system: SystemName) async throws(StoreError) -> [AccountName: [UserID]]
    /// Who is meant, and their account on the system. The source in which a reference was said is asked first; where it does not know the key, all
    /// the others are, and two people are nobody. Every reference asked for has an answer.
    func references(
        _ system: SystemName, to references: [UserReference], plan: PlanID
    ) async throws(StoreError) -> [UserReference: ReferencedAccount]
    /// Every order of these users that was made in the plan, but those in whose place another one is kept (for events).
    func orders(_ plan: PlanID, users: [UserID]) async throws(StoreError) -> [UserID: [ProvisioningOrder]]
    /// What was announced under these tracking numbers; one that never was has no entry.
    func eventHistory(_ trackingNumbers: [String]) async throws(StoreError) -> [String: EventHistory]
    /// Number and start of plans that were sealed; `at` is nil before the start.
    func starts(of plans: [PlanID]) async throws(StoreError) -> [PlanID: (ordinal: Int, at: Instant?)]
    /// Everything or nothing; throws `.leaseLost` under an old term, and `.toldMeanwhile` where the number of an event was given to another one since it was asked for.
    func commit(_ settlement: Settlement, plan: PlanID, at: Instant) async throws(StoreError)
    /// All orders settled or waiting: the plan is applied.
    /// Orders of the plan that nobody has touched since it started, and whose account is another by now: an order of another plan that was under way then has
    /// changed it. Withdrawals are not among them.
    func overtaken(_ plan: PlanID, on system: SystemName) async throws(StoreError) -> [ProvisioningOrder]
    func finish(_ plan: PlanID, at: Instant) async throws(StoreError)
}

/// The outbox.
public protocol OutboxStore: Sendable {
    /// Undelivered events for a sink, oldest first.
    func undelivered(sink: String, limit: Int) async throws(StoreError) -> [(row: Int64, event: OutboxEvent)]
    /// Where the sink was when events were last marked; nil when it never told.
    func position(of sink: String) async throws(StoreError) -> SinkPosition?
    func markDelivered(sink: String, upTo row: Int64, position: SinkPosition?, at: Instant) async throws(StoreError)
    /// Held while one process delivers to the sink; throws `.busy` while another does.
    func lockDelivery(to sink: String) async throws(StoreError) -> any OriginLock
}

/// What reading commands ask.
public protocol ReadingStore: Sendable {
    func plans(limit: Int) async throws(StoreError) -> [Plan]
    func plan(ordinal: Int) async throws(StoreError) -> Plan?
    /// User changes of a plan in sequence, after `after`.
    func changes(of plan: PlanID, after: Int, limit: Int) async throws(StoreError) -> [(sequence: Int, change: UserChange)]
    /// Orders by plan and sequence, after `after`.
    func orders(_ filter: OrderFilter, after: OrderID?, limit: Int) async throws(StoreError) -> [ProvisioningOrder]
    func order(ordinal: Int, sequence: Int) async throws(StoreError) -> ProvisioningOrder?
    /// Rows in quarantine now (of applied plans) or of one plan; each with a stable number.
    func quarantines(plan: PlanID?) async throws(StoreError) -> [(number: Int64, quarantine: Quarantine)]
    /// Everybody who has or had this key, in any source or in this one; whoever is not terminated first.
    func users(key: UserKey, of source: SourceName?) async throws(StoreError) -> [User]
    /// Everybody that a plan has made real, by key and then id, after `after`.
    func users(after: (key: UserKey, id: UserID)?, limit: Int) async throws(StoreError) -> [(key: UserKey, id: UserID)]
    func claims(user: UserID) async throws(StoreError) -> [SourceClaim]
    func events(after row: Int64, limit: Int) async throws(StoreError) -> [(row: Int64, event: OutboxEvent)]
    func audit(after row: Int64, limit: Int) async throws(StoreError) -> [(row: Int64, entry: AuditEntry)]
}

public protocol Store: PlanningStore, DispatchStore, OutboxStore, ReadingStore, ListingStore, RecordingStore, SecretStore, GroupStore {
    func close() async
}

extension ReadingStore {
    /// Of those who have or had this key whoever is not terminated.
    public func user(key: UserKey) async throws(StoreError) -> User? { try await users(key: key, of: nil).first }
}
