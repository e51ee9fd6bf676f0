internal import Contracts
internal import IdentityModel
internal import Planning

/// Plans chunk after chunk of users into an open plan: asks store and systems in batches, decides with the core, saves.
/// An actor, so that the file is read on while a chunk is planned; its caller waits for one chunk before it gives the next.
actor ChunkRun {
    let configuration: Configuration
    let source: SourceConfiguration?
    let store: any Store
    let systems: SystemsAtHand
    nonisolated let plan: Plan
    private let records: RecordPlanning
    private let hints = NameHints()
    private let correlations = PlannedCorrelations()
    /// Users of approved plans of other origins that have not started.
    private let approvedElsewhere: Set<UserID>
    /// What a person said may be gone past (`--accept`).
    let acceptance: Acceptance
    /// Systems on which entries of ours were seen.
    var seen: Set<SystemName> = []
    var findings = AccountFindings()
    /// Whose entries this run has found gone, by system: what becomes of them is in the plan.
    private(set) var gone: [SystemName: Set<UserID>] = [:]
    /// Whose entries turned out to be gone beside others', and who is to be looked at for that.
    var markedAnew: [UserID] = []
    private let correlationAttributes: [String]
    private let requires: [SystemName: [SystemName]]
    private let days: SourceDays
    private(set) var counts = Counts()
    var notes = PlanningNotes()
    /// The chunk that the store is keeping at this moment.
    var saving: (UnsavedChunk, Task<[NameClaim], any Error>)?
    /// What the rows of the file have told so far of who is who.
    var sightings: RowSightings
    let matching: RowMatching?
    /// Who is planned for another reason than a date.
    private var removed: Set<UserID> = []
    /// The rows that wait already, and their hashes by key.
    var waitingRows: [WaitingRow] = []
    var waiting: [UserKey: UInt64] = [:]
    /// Maps rows that are kept with their claims.
    let mapper: RowMapper?
    /// Users whose references point at nobody yet: who else is in the plan is known when everybody is planned.
    var postponed: [UserID: PostponedCause] = [:]
    var isLast = false
    /// Users who were planned before, and noted, are planned once more.
    var isReplaying = false
    /// What users who change are to point at, where it is nobody as far as was known: what we wrote would go.
    var repointed: [Repointed: [AttributeRequest]] = [:]
    /// Accounts that the plan deletes, and those whose references it changes.
    var deleted: [SystemName: Set<UserID>] = [:]
    var pointedAnew: Set<Repointed> = []
    /// How many accounts of other people's will point at nobody.
    var dereferences: [SystemName: Int] = [:]

    /// What the plan holds so far.
    struct Counts: Sendable {
        var orders = 0
        var users = 0
        var quarantines = 0
        /// Accounts that were computed.
        var evaluations = 0
        /// Users left to an approved plan of another origin.
        var approvedElsewhere = 0
    }

    init(
        configuration: Configuration, source: SourceConfiguration?, store: any Store, systems: SystemsAtHand, plan: Plan,
        days: SourceDays, approvedElsewhere: Set<UserID> = [], acceptance: Acceptance = .nothing
    ) {
        self.acceptance = acceptance
        self.configuration = configuration
        self.source = source
        self.store = store
        self.systems = systems
        self.approvedElsewhere = approvedElsewhere
        self.plan = plan
        self.days = days
        records = RecordPlanning(
            configuration: configuration, source: source, rules: RuleEvaluation(rules: configuration.rules, schema: configuration.schema),
            days: days)
        correlationAttributes = Set(configuration.sources.flatMap(\.correlation)).sorted()
        requires = Dictionary(configuration.policyMaps.map { ($0.system, $0.requires) }, uniquingKeysWith: { first, _ in first })
        sightings = RowSightings(of: source?.name ?? SourceName(""))
        matching = source.map { RowMatching($0) }
        mapper = source.flatMap { $0.keepsRows ? RowMapper(configuration: $0, schema: configuration.schema) : nil }
    }

    func noteQuarantinedLeaver() { notes.quarantinedLeavers += 1 }

    // MARK: People without a row

    func planDue(_ users: [UserID]) async throws { try await plan(users.filter { !removed.contains($0) }, .again(.date)) }

    /// People whom a source claimed that has left the configuration; each once, by however many such sources.
    func planRemoved(_ users: [UserID]) async throws { try await plan(users.filter { removed.insert($0).inserted }, .removed) }

    /// People who are not settled: their own sources may have nothing that can be planned.
    func planUnsettled(_ users: [UnsettledUser]) async throws {
        let fresh = users.filter { removed.insert($0.id).inserted }
        let reasons = Dictionary(fresh.map { ($0.id, $0.reasons) }, uniquingKeysWith: { first, _ in first })
        try await plan(fresh.map(\.id)) { .again(reasons[$0] ?? []) }
    }

    /// Those whom this run has marked since it was asked last.
    func takeMarkedAnew() -> [UserID] {
        defer { markedAnew = [] }
        return markedAnew
    }

    private func plan(_ users: [UserID], _ cause: PlanningCause) async throws { try await plan(users) { _ in cause } }

    func plan(_ users: [UserID], _ cause: (UserID) -> PlanningCause) async throws {
        var request = KnowledgeRequest()
        request.users = users
        let knowledge = try await store.knowledge(request)
        var drafts = ChunkDrafts()
        var saved = PlanChunk()
        for id in users {
            if let person = knowledge.person(id) { plan(cause(id), person, &drafts, &saved) }
        }
        try await save(drafts, knowledge, into: saved)
    }

    // MARK: Planning and saving

    /// `bornBefore`: how many people the key of the row was given to.
    func plan(
        _ cause: PlanningCause, _ person: KnownPerson?, bornBefore: Int = 0, _ drafts: inout ChunkDrafts, _ saved: inout PlanChunk
    ) {
        switch records.plan(cause, person: person, bornBefore: bornBefore) {
        case .change(let change)?:
            drafts.add(change, because: cause, person: person)
            if !isReplaying { notes.note(change, again: cause.again) }
        case .quarantine(let quarantine)?: saved.quarantines.append(quarantine)
        case nil: break
        }
    }

    func save(_ drafts: ChunkDrafts, _ knowledge: Knowledge, into chunk: PlanChunk) async throws {
        let planning = ChunkPlanning(
            configuration: configuration, hints: hints, correlations: correlations, changes: drafts.changes, accounts: knowledge.accounts,
            recreates: acceptance.contains(.recreate))
        counts.evaluations += planning.evaluations
        let transmitted = knowledge.openOrders.mapValues { Set($0.filter { $0.state == .transmitted }.map(\.system)) }
        planning.leaveAside { user, system in transmitted[user]?.contains(system) == true }
        let lines = PlanLines(drafts, dues: knowledge.dues, openOrders: knowledge.openOrders, requires: requires)
        let next = UnsavedChunk(lines, knowledge: knowledge, rows: chunk, planning: planning)
        try await compute(next)
        try await finishSaving()
        if next.chunk.isEmpty { return }
        begin(next)
    }

    /// Names and orders of a chunk, as far as anybody knows now.
    private func compute(_ unsaved: UnsavedChunk) async throws {
        try await interview(unsaved.planning)
        findings.note(unsaved.planning.gone)
        for account in unsaved.planning.gone { gone[account.system, default: []].insert(account.user) }
        try await store.leaveOut(unsaved.planning.missed)
        await leaveAsideWhatComesBehind(unsaved)
        var referencing = try await decideReferences(unsaved)
        let orders = referencing.orders
        referencing.waiting.formUnion(unsaved.planning.leftOut)
        var chunk = unsaved.rows
        chunk.leftAside = unsaved.planning.leftAside.map { AccountLeftAside(user: $0.user, system: $0.system, isDue: $0.isDue) }
        chunk.leftAside += unsaved.sentForNobody(besides: chunk.leftAside, on: Set(configuration.policyMaps.map(\.system)))
        await systems.note(chunk.leftAside)
        let lines = unsaved.lines
        let others = lines.leftToOthers(approvedElsewhere, orders)
        chunk.orders = lines.orders(orders.filter { !others.contains($0.user) }, from: counts.orders + 1)
        chunk.reservations = ChunkPlanning.reservations(of: chunk.orders)
        unsaved.leftToOthers = others.count
        let ordered = Set(chunk.orders.map(\.user))
        var outcome = PlanLines.Outcome()
        outcome.elsewhere = others.union(referencing.postponed)
        outcome.failingAgain = Set(orders.map(\.user)).subtracting(ordered).subtracting(others)
        outcome.leftAside = Set(chunk.leftAside.map(\.user)).union(unsaved.planning.leftOut)
        outcome.waiting = referencing.waiting
        chunk.changes = lines.changes(ordered: ordered, outcome)
        chunk.awaitingReferences = referencing.waiting
        #if PLANTED_BUGS
        if PlantedBug.planted == .awaitedIsForgotten { chunk.awaitingReferences = [] }
        #endif
        for change in chunk.changes { chunk.accountVersions[change.user.id] = unsaved.accountVersions[change.user.id] ?? 0 }
        chunk.correlations = chunk.changes.reduce(into: [:]) { keys, change in
            guard let values = change.claim?.values else { return }
            keys[change.user.id] = correlationAttributes.compactMap { CorrelationKey($0, of: values.attributes) }
        }
        unsaved.take(chunk)
    }

    /// The store keeps the chunk while the next one is planned.
    private func begin(_ unsaved: UnsavedChunk) {
        unsaved.number(from: counts.orders + 1)
        counts.orders += unsaved.chunk.orders.count
        counts.users += unsaved.chunk.changes.count
        counts.approvedElsewhere += unsaved.leftToOthers
        counts.quarantines += unsaved.chunk.quarantines.count
        let (store, chunk, plan) = (store, unsaved.chunk, plan.id)
        saving = (unsaved, Offshoot.begin { try await store.save(chunk, to: plan) })
    }

    /// Returns when every chunk is kept. Names that somebody else reserved meanwhile (a run of another source) send their users round again.
    func finishSaving() async throws {
        while let (unsaved, task) = saving {
            let lost = try await task.value
            saving = nil
            guard !lost.isEmpty else { return }
            counts.orders -= unsaved.chunk.orders.count
            counts.users -= unsaved.chunk.changes.count
            counts.approvedElsewhere -= unsaved.leftToOthers
            counts.quarantines -= unsaved.chunk.quarantines.count
            unsaved.planning.lose(Set(lost))
            // A name that is not chosen (an entry that is adopted brings it along) is lost again and again: its account has to wait for the other plan.
            let hopeless = unsaved.lost.intersection(lost)
            unsaved.planning.leaveAside { user, system in
                unsaved.chunk.reservations.contains { $0.user == user && $0.claim.system == system && hopeless.contains($0.claim) }
            }
            unsaved.lost.formUnion(lost)
            try await compute(unsaved)
            begin(unsaved)
        }
    }

    /// Who was planned before somebody with the same correlation values came along gets no account either.
    func refuseOvertaken() async throws {
        var impossible: [ProvisioningOrder] = []
        for overtaken in correlations.overtaken {
            var filter = OrderFilter()
            (filter.plan, filter.user, filter.system) = (plan.id, overtaken.user, overtaken.system)
            impossible += try await store.orders(filter, after: nil, limit: 10).filter { order in
                order.failure == nil && (order.operation == .create || order.adopts) && !impossible.contains { $0.id == order.id }
            }.map { $0.impossible(because: ConnectorFailure(.permanent, overtaken.failure)) }
        }
        try await store.replace(impossible, in: plan.id)
    }
}
