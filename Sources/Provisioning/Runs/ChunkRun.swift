internal import Contracts
internal import IdentityModel
internal import Planning

/// Plans chunk after chunk of users into an open plan: asks store and systems in batches, decides with the core, saves.
/// An actor, so that the file is read on while a chunk is planned; its caller waits for one chunk before it gives the next.
actor ChunkRun {
    let configuration: Configuration
    let source: SourceConfiguration?
    let store: any Store
    let connectors: [SystemName: any Connector]
    nonisolated let plan: Plan
    private let records: RecordPlanning
    private let hints = NameHints()
    private let correlations = PlannedCorrelations()
    var realms: [SystemName: Realm] = [:]
    private let correlationAttributes: [String]
    private(set) var counts = Counts()
    /// Users that a new key correlated to: they are not missing although their old key is.
    private var correlatedUsers: Set<UserID> = []
    /// The chunk that the store is keeping at this moment.
    private(set) var saving: (UnsavedChunk, Task<[NameClaim], any Error>)?
    /// Rows whose user has another key in this source: decided when the whole file is read.
    private var deferred: [SourceRecord] = []

    /// What the plan holds so far.
    struct Counts: Sendable {
        var orders = 0
        var users = 0
        var quarantines = 0
    }

    init(
        configuration: Configuration, source: SourceConfiguration?, store: any Store, connectors: [SystemName: any Connector], plan: Plan,
        today: CivilDate
    ) {
        self.configuration = configuration
        self.source = source
        self.store = store
        self.connectors = connectors
        self.plan = plan
        records = RecordPlanning(
            configuration: configuration, source: source, rules: RuleEvaluation(rules: configuration.rules, schema: configuration.schema),
            today: today)
        correlationAttributes = Set(configuration.sources.flatMap(\.correlation)).sorted()
    }

    // MARK: Chunks of each kind

    func planRecords(_ chunk: [SourceRecord], quarantines: [Quarantine]) async throws {
        var request = KnowledgeRequest(source: source?.name)
        request.keys = chunk.map(\.key)
        var knowledge = try await store.knowledge(request)
        try await correlate(chunk.filter { knowledge.claims[$0.key] == nil }, into: &knowledge)
        var saved = PlanChunk()
        saved.quarantines = quarantines
        var drafts = Drafts()
        for record in chunk {
            switch match(record, knowledge) {
            case .taken(let id): saved.quarantines.append(quarantine(record, "correlates to user \(id), as another row of this file does"))
            case .user(let before):
                if let before, knowledge.claims[record.key] == nil { correlatedUsers.insert(before.id) }
                plan(.record(record), before: before, knowledge, &drafts, &saved)
            case .ambiguous(let attribute, let users):
                let reason =
                    "\(attribute) correlates to \(users.count) users (\(users.map(\.text).sorted().joined(separator: ", "))); none is taken"
                saved.quarantines.append(quarantine(record, reason))
            case .later: deferred.append(record)
            }
        }
        try await save(drafts, knowledge, into: saved)
    }

    /// Rows that were applied once and are not in this file.
    func planUnseen(_ chunk: [RowIndex.Unseen], terminates: Bool) async throws {
        var request = KnowledgeRequest(source: source?.name)
        request.keyHashes = chunk.map(\.keyHash)
        let knowledge = try await store.knowledge(request)
        let byHash = Dictionary(knowledge.claims.values.map { ($0.keyHash, $0) }, uniquingKeysWith: { first, _ in first })
        var drafts = Drafts()
        var saved = PlanChunk()
        for row in chunk {
            guard let claim = byHash[row.keyHash], let before = knowledge.users[claim.user], !correlatedUsers.contains(claim.user) else {
                continue
            }
            plan(terminates && !row.wasGone ? .missing(claim) : .again(row.again), before: before, knowledge, &drafts, &saved)
        }
        try await save(drafts, knowledge, into: saved)
    }

    func planDue(_ users: [UserID]) async throws {
        var request = KnowledgeRequest()
        request.users = users
        let knowledge = try await store.knowledge(request)
        var drafts = Drafts()
        var saved = PlanChunk()
        for id in users {
            guard let before = knowledge.users[id] else { continue }
            plan(.again(.date), before: before, knowledge, &drafts, &saved)
        }
        try await save(drafts, knowledge, into: saved)
    }

    /// Rows whose user had another key: `wasSeen` tells whether that key is in the file too.
    func planDeferred(wasSeen: @Sendable (UInt64) -> Bool) async throws {
        let rows = deferred
        deferred = []
        for start in stride(from: 0, to: rows.count, by: SourceRun.chunkSize) {
            try await planDeferred(Array(rows[start..<min(start + SourceRun.chunkSize, rows.count)]), wasSeen: wasSeen)
        }
    }

    private func planDeferred(_ rows: [SourceRecord], wasSeen: @Sendable (UInt64) -> Bool) async throws {
        var knowledge = Knowledge()
        try await correlate(rows, into: &knowledge)
        var saved = PlanChunk()
        var drafts = Drafts()
        for record in rows {
            guard case .single(let id) = correlation(record, knowledge), let before = knowledge.users[id] else { continue }
            let others = (knowledge.otherClaims[id] ?? []).filter { $0.source == source?.name && $0.key != record.key }
            if correlatedUsers.contains(id) {
                saved.quarantines.append(quarantine(record, "correlates to user \(id), as another row of this file does"))
            } else if let other = others.first(where: { wasSeen($0.keyHash) }) {
                saved.quarantines.append(
                    quarantine(record, "correlates to the user of row \(other.key), which is in the same file (\(other.position))"))
            } else {
                correlatedUsers.insert(id)
                plan(.record(record), before: before, knowledge, &drafts, &saved)
            }
        }
        try await save(drafts, knowledge, into: saved)
    }

    // MARK: Which user is it?

    private enum Match {
        case user(User?)
        case ambiguous(attribute: String, users: [UserID])
        /// Another row of this file correlated to that user already.
        case taken(UserID)
        /// The user has another key in this source: decided when the whole file is read.
        case later
    }

    private enum Correlated {
        case none
        case single(UserID)
        case several(String, [UserID])
    }

    private func correlate(_ records: [SourceRecord], into knowledge: inout Knowledge) async throws {
        guard let source, !source.correlation.isEmpty, !records.isEmpty else { return }
        // Without a source, so that the claims of every source are told, this one's included.
        var request = KnowledgeRequest()
        request.correlations = Array(Set(records.flatMap { keys(of: $0.attributes, for: source.correlation) }))
        guard !request.correlations.isEmpty else { return }
        let found = try await store.knowledge(request)
        knowledge.correlated = found.correlated
        knowledge.users.merge(found.users) { _, new in new }
        knowledge.assignments.merge(found.assignments) { _, new in new }
        knowledge.accounts.merge(found.accounts) { _, new in new }
        knowledge.otherClaims.merge(found.otherClaims) { _, new in new }
        knowledge.dues.merge(found.dues) { _, new in new }
    }

    /// In the order the source names them; empty values never correlate; two hits are not "the first".
    private func correlation(_ record: SourceRecord, _ knowledge: Knowledge) -> Correlated {
        for attribute in source?.correlation ?? [] {
            for key in keys(of: record.attributes, for: [attribute]) {
                let users = knowledge.correlated[key] ?? []
                if users.count == 1 { return .single(users[0]) }
                if users.count > 1 { return .several(attribute, users) }
            }
        }
        return .none
    }

    private func match(_ record: SourceRecord, _ knowledge: Knowledge) -> Match {
        if let claim = knowledge.claims[record.key] { return .user(knowledge.users[claim.user]) }
        switch correlation(record, knowledge) {
        case .none: return .user(nil)
        case .several(let attribute, let users): return .ambiguous(attribute: attribute, users: users)
        case .single(let id):
            if correlatedUsers.contains(id) { return .taken(id) }
            if knowledge.otherClaims[id]?.contains(where: { $0.source == source?.name }) == true { return .later }
            return .user(knowledge.users[id])
        }
    }

    private func keys(of attributes: [String: UserValue], for names: [String]) -> [CorrelationKey] {
        names.compactMap { name in
            guard let text = attributes[name]?.text, !text.isEmpty else { return nil }
            return CorrelationKey(attribute: name, folded: text.lowercased())
        }
    }

    private func quarantine(_ record: SourceRecord, _ reason: String) -> Quarantine {
        Quarantine(
            source: source?.name ?? SourceName(""), key: record.key, position: record.position, column: 1, columnName: nil, reason: reason)
    }

    // MARK: Planning and saving

    private func plan(
        _ cause: PlanningCause, before: User?, _ knowledge: Knowledge, _ drafts: inout Drafts, _ saved: inout PlanChunk
    ) {
        let held = before.flatMap { knowledge.assignments[$0.id] } ?? []
        let others = before.flatMap { knowledge.otherClaims[$0.id] } ?? []
        switch records.plan(cause, before: before, held: held, otherClaims: others) {
        case .change(let change)?:
            drafts.changes.append(change)
            drafts.again[change.user.id] = cause.again
        case .quarantine(let quarantine)?: saved.quarantines.append(quarantine)
        case nil: break
        }
    }

    private func save(_ drafts: Drafts, _ knowledge: Knowledge, into chunk: PlanChunk) async throws {
        let planning = ChunkPlanning(
            configuration: configuration, hints: hints, correlations: correlations, changes: drafts.changes, accounts: knowledge.accounts)
        try await answerLookups(planning)
        let next = UnsavedChunk(drafts: drafts, dues: knowledge.dues, quarantines: chunk.quarantines, planning: planning)
        try await compute(next)
        try await finishSaving()
        if next.chunk.changes.isEmpty && next.chunk.quarantines.isEmpty { return }
        begin(next)
    }

    /// Names and orders of a chunk, as far as anybody knows now.
    private func compute(_ unsaved: UnsavedChunk) async throws {
        try await answerNames(unsaved.planning)
        let (orders, waiting) = try await withoutUnknownReferences(unsaved.planning.orders(from: counts.orders + 1))
        let ordered = Set(orders.map(\.user))
        var chunk = PlanChunk()
        chunk.quarantines = unsaved.quarantines
        chunk.orders = orders
        chunk.reservations = ChunkPlanning.reservations(of: orders)
        chunk.changes = unsaved.drafts.changes.filter { change in
            ordered.contains(change.user.id) || isWorthKeeping(change, unsaved, isWaiting: waiting.contains(change.user.id))
        }.map { waiting.contains($0.user.id) ? $0.dueAgain(plan.asOf) : $0 }
        chunk.correlations = chunk.changes.reduce(into: [:]) { $0[$1.user.id] = keys(of: $1.user.attributes, for: correlationAttributes) }
        unsaved.take(chunk)
    }

    /// The store keeps the chunk while the next one is planned.
    private func begin(_ unsaved: UnsavedChunk) {
        unsaved.number(from: counts.orders + 1)
        counts.orders += unsaved.chunk.orders.count
        counts.users += unsaved.chunk.changes.count
        counts.quarantines += unsaved.chunk.quarantines.count
        let (store, chunk, plan) = (store, unsaved.chunk, plan.id)
        saving = (unsaved, Task { try await store.save(chunk, to: plan) })
    }

    /// Returns when every chunk is kept. Names that somebody else reserved meanwhile (a run of another source) send their users round again.
    func finishSaving() async throws {
        while let (unsaved, task) = saving {
            let lost = try await task.value
            saving = nil
            guard !lost.isEmpty else { return }
            counts.orders -= unsaved.chunk.orders.count
            counts.users -= unsaved.chunk.changes.count
            counts.quarantines -= unsaved.chunk.quarantines.count
            unsaved.planning.lose(Set(lost))
            try await compute(unsaved)
            begin(unsaved)
        }
    }

    /// Users who are planned again although their row is the same, and whose order would only set references to people without an account
    /// (a supervisor HR does not list): no order, but they are looked at again by every run until the account is there.
    private func withoutUnknownReferences(_ orders: [ProvisioningOrder]) async throws -> ([ProvisioningOrder], waiting: Set<UserID>) {
        let candidates = orders.filter {
            $0.change == .unchanged && $0.operation == .modify && !$0.renames && !$0.adopts && !$0.references.isEmpty
        }
        guard !candidates.isEmpty else { return (orders, []) }
        // The store tells who gets an account in this plan.
        try await finishSaving()
        var targets: [SystemName: [UserReference: ReferencedAccount]] = [:]
        for system in Set(candidates.map(\.system)).sorted() {
            let users = Set(candidates.filter { $0.system == system }.flatMap(\.references))
            targets[system] = try await store.references(system, to: users.sorted(), plan: plan.id)
        }
        // Whoever gets an account in this very chunk is not unknown.
        let arriving = orders.filter { $0.becomes == .enabled && $0.failure == nil }
        let arrivingUsers = Set(arriving.map(\.user))
        let arrivingKeys = Set(arriving.map(\.userKey))
        var waiting: Set<UserID> = []
        for order in candidates {
            let known = targets[order.system] ?? [:]
            let isUseless = order.requests.allSatisfy { request in
                !request.after.isEmpty
                    && request.after.allSatisfy { value in
                        if case .reference(let user) = value {
                            (known[user]?.target ?? ReferenceTarget.none) == ReferenceTarget.none && !arrivingKeys.contains(user.key)
                                && !(known[user]?.user.map(arrivingUsers.contains) ?? false)
                        } else {
                            false
                        }
                    }
            }
            if isUseless { waiting.insert(order.user) }
        }
        var kept = orders.filter { order in !(waiting.contains(order.user) && candidates.contains { $0.id == order.id }) }
        for index in kept.indices { kept[index].id = OrderID(plan: kept[index].id.plan, sequence: counts.orders + 1 + index) }
        return (kept, waiting)
    }

    /// A user who was planned again, and for whom nothing comes of it, is no change: a configuration that is edited would list everybody, and
    /// a reference that waits for an account would make a plan in every run. (What asked for it stays, so the next run looks again.)
    private func isWorthKeeping(_ change: UserChange, _ unsaved: UnsavedChunk, isWaiting: Bool) -> Bool {
        let id = change.user.id
        guard change.change == .unchanged, change.assignments == change.assignmentsBefore, let again = unsaved.drafts.again[id] else {
            return true
        }
        if isWaiting { return !again.isDisjoint(with: [.order, .quarantine]) }
        return again != .configuration || change.due != unsaved.dues[id]
    }
}

extension UserChange {
    /// The same change, for a user who has to be looked at again by the next run.
    func dueAgain(_ day: CivilDate) -> UserChange {
        UserChange(
            change: change, user: user, before: before, assignments: assignments, assignmentsBefore: assignmentsBefore, claim: claim,
            due: day,
            reasons: reasons)
    }
}
