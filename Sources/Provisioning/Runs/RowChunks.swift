internal import Contracts
internal import IdentityModel
internal import Planning

extension Knowledge {
    func person(_ id: UserID) -> KnownPerson? { users[id].map { person($0) } }

    func person(_ user: User) -> KnownPerson {
        KnownPerson(user: user, assignments: assignments[user.id] ?? [], claims: claimsOfUsers[user.id] ?? [])
    }

    /// The keys this source has of the user.
    func keys(of id: UserID, in source: SourceName?) -> [SourceClaim] {
        (claimsOfUsers[id] ?? []).filter { $0.source == source && $0.presence != .forgotten }
    }

    mutating func merge(_ other: Knowledge) {
        correlated.merge(other.correlated) { _, new in new }
        users.merge(other.users) { _, new in new }
        assignments.merge(other.assignments) { _, new in new }
        accounts.merge(other.accounts) { _, new in new }
        claimsOfUsers.merge(other.claimsOfUsers) { _, new in new }
        dues.merge(other.dues) { _, new in new }
        openOrders.merge(other.openOrders) { _, new in new }
    }
}

/// Rows of a file, or rows that are kept.
extension ChunkRun {
    func planRecords(_ chunk: [SourceRecord], setAside: [RowSetAside] = [], quarantines: [Quarantine] = []) async throws {
        var request = KnowledgeRequest(source: source?.name)
        // After an edit it matters whether a claim says something else than before.
        let isEdited = chunk.contains { $0.again.contains(.configuration) }
        // A row that claims nobody says nothing anew: what the claim said stays with it.
        let standing = chunk.filter { isEdited || !$0.isClaimed }
        request.keys = isEdited ? [] : chunk.filter(\.isClaimed).map(\.key)
        request.standing = setAside.compactMap(\.quarantine.key) + standing.map(\.key)
        var knowledge = try await store.knowledge(request)
        let strangers = chunk.filter { $0.isClaimed && !knowledge.knows($0.key) }.map(\.attributes)
        let unknown = setAside.filter { row in !(row.quarantine.key.map { knowledge.knows($0) } ?? false) }.map(\.correlating)
        try await correlate(strangers + unknown, into: &knowledge)
        var saved = PlanChunk()
        saved.quarantines = quarantines + setAside.map(\.quarantine)
        var drafts = ChunkDrafts()
        for record in chunk { place(record, knowledge, &drafts, &saved) }
        for row in setAside { stand(row, knowledge, &drafts, &saved) }
        try await save(drafts, knowledge, into: saved)
    }

    private func place(_ record: SourceRecord, _ knowledge: Knowledge, _ drafts: inout ChunkDrafts, _ saved: inout PlanChunk) {
        guard let matching else { return }
        let claim = knowledge.claims[record.key]
        let match = matching.match(
            record, claim: claim, correlated: { knowledge.correlated[$0] ?? [] },
            claimed: { knowledge.keys(of: $0, in: matching.source).map(\.key) })
        switch sightings.place(record, match, generation: claim?.generation ?? 0) {
        case .planned(let user, let bornBefore):
            plan(.record(record), user.flatMap { knowledge.person($0) }, bornBefore: bornBefore, &drafts, &saved)
        case .quarantined(let quarantine): saved.quarantines.append(quarantine)
        case .waits: wait(record, values: record.row, &saved)
        case .absent: wait(record, values: nil, &saved)
        case .later: break
        }
    }

    /// The latest row of a key waits. A complete file has it again the next time; others keep it. `values`: nil when it waits no longer.
    private func wait(_ record: SourceRecord, values: [String: String]?, _ saved: inout PlanChunk) {
        guard let source, source.keepsRows, !source.creates else { return }
        guard waiting[record.key] != (values == nil ? nil : record.rowHash) else { return }
        saved.waiting.append(
            WaitingRow(source: source.name, key: record.key, position: record.position, rowHash: record.rowHash, values: values))
    }

    private func stand(_ row: RowSetAside, _ knowledge: Knowledge, _ drafts: inout ChunkDrafts, _ saved: inout PlanChunk) {
        let key = row.quarantine.key
        let claim = key.flatMap { knowledge.claims[$0] }
        let standing = sightings.stand(row, claim: claim, means: whomMean(row.correlating, knowledge))
        if standing.saysLeft, let key {
            saved.quarantinedLeavers.insert(key)
            noteQuarantinedLeaver()
        }
        guard let again = standing.again, let person = claim.flatMap({ knowledge.person($0.user) }) else { return }
        plan(.again(again), person, &drafts, &saved)
    }

    private func whomMean(_ values: [String: UserValue], _ knowledge: Knowledge) -> [UserID] {
        matching?.keys(of: values).flatMap { knowledge.correlated[$0] ?? [] } ?? []
    }

    /// Rows that were applied once and are not in this file. `isMissing`: the file lists everybody, so they are gone.
    func planUnseen(_ chunk: [RowIndex.Unseen], isMissing: Bool) async throws {
        var request = KnowledgeRequest(source: source?.name)
        request.keyHashes = chunk.map(\.keyHash)
        let knowledge = try await store.knowledge(request)
        let byHash = Dictionary(knowledge.claims.values.map { ($0.keyHash, $0) }, uniquingKeysWith: { first, _ in first })
        var drafts = ChunkDrafts()
        var saved = PlanChunk()
        for row in chunk {
            guard let claim = byHash[row.keyHash], let person = knowledge.person(claim.user),
                let whole = person.claims.first(where: { $0.source == claim.source && $0.key == claim.key })
            else { continue }
            switch sightings.absence(of: claim.user, row, listsEverybody: isMissing) {
            case .missing: plan(.missing(whole), person, &drafts, &saved)
            case .again(let reasons): planAgain(whole, reasons, person, &drafts, &saved)
            case .unchanged: break
            }
        }
        try await save(drafts, knowledge, into: saved)
    }

    /// A row that is kept is mapped again when the configuration has changed.
    private func planAgain(
        _ claim: SourceClaim, _ again: ReplanReasons, _ person: KnownPerson, _ drafts: inout ChunkDrafts, _ saved: inout PlanChunk
    ) {
        guard again.contains(.configuration), claim.rowHash != 0, let source, source.keepsRows, let mapper else {
            return plan(.again(again), person, &drafts, &saved)
        }
        guard let row = claim.row else { return planAsMapped(claim, again, person, &drafts, &saved) }
        switch mapper.map(kept: row, key: claim.key, position: claim.position, rowHash: claim.rowHash, again: again) {
        case .record(let record): plan(.record(record), person, bornBefore: claim.generation, &drafts, &saved)
        case .setAside(let setAside):
            saved.quarantines.append(setAside.quarantine)
            plan(.again(again), person, &drafts, &saved)
        }
    }

    /// The row was not kept when it was read, because its source was of another kind then: it stays as it was mapped, and the next row of its key is read
    /// whatever it says (the convergence law, due state 1).
    private func planAsMapped(
        _ claim: SourceClaim, _ again: ReplanReasons, _ person: KnownPerson, _ drafts: inout ChunkDrafts, _ saved: inout PlanChunk
    ) {
        guard claim.isPresent, let values = claim.values else { return plan(.again(again), person, &drafts, &saved) }
        let record = SourceRecord(
            key: claim.key, position: claim.position, rowHash: 0, status: values.status, attributes: values.attributes, again: again)
        plan(.record(record), person, bornBefore: claim.generation, &drafts, &saved)
    }

    /// To be called before anything is planned.
    func loadWaitingRows() async throws {
        guard let source, source.keepsRows else { return }
        waitingRows = try await store.waitingRows(of: source.name)
        waiting = Dictionary(waitingRows.map { ($0.key, $0.rowHash) }, uniquingKeysWith: { first, _ in first })
    }

    /// Rows that wait for somebody, those apart that the file has anew.
    func planWaiting(besides wasSeen: @Sendable (UInt64) -> Bool) async throws {
        guard let mapper else { return }
        var records: [SourceRecord] = []
        for row in waitingRows where !wasSeen(StableHash.hash(row.key.text)) {
            guard let values = row.values,
                case .record(let record) = mapper.map(kept: values, key: row.key, position: row.position, rowHash: row.rowHash, again: [])
            else { continue }
            records.append(record)
        }
        try await inChunks(records) { try await planRecords($0.filter(\.isClaimed)) }
    }

    // MARK: When the whole file is read

    /// Two rows that correlate to one person. Returns those whose rows are to be taken back.
    func collisions() -> [(key: UserKey, quarantine: Quarantine)] { sightings.collisions() }

    /// Rows whose user had another key. `wasSeen` tells whether a key is in the file; rows of `duplicates` are set aside already.
    func planRenumbered(besides duplicates: Set<UserKey>, wasSeen: @Sendable (UInt64) -> Bool) async throws {
        try await inChunks(sightings.takeRenumbered(besides: duplicates)) { chunk in
            var request = KnowledgeRequest()
            request.users = Set(chunk.map(\.user)).sorted()
            let knowledge = try await store.knowledge(request)
            var saved = PlanChunk()
            var drafts = ChunkDrafts()
            for row in chunk {
                let old = knowledge.keys(of: row.user, in: source?.name).first { wasSeen($0.keyHash) }
                if let quarantine = sightings.takeOver(row, old: old) {
                    saved.quarantines.append(quarantine)
                } else {
                    plan(.record(row.record), knowledge.person(row.user), bornBefore: row.bornBefore, &drafts, &saved)
                }
            }
            try await save(drafts, knowledge, into: saved)
        }
    }

    /// Whoever these values mean is not missing, although no row of theirs could be used.
    func notePresent(_ values: [[String: UserValue]]) async throws {
        try await inChunks(values) { chunk in
            var knowledge = Knowledge()
            try await correlate(chunk, into: &knowledge)
            sightings.note(present: knowledge.correlated.values.joined())
        }
    }

    // MARK: Asking

    private func correlate(_ values: [[String: UserValue]], into knowledge: inout Knowledge) async throws {
        guard let matching, !values.isEmpty else { return }
        // Without a source, so that the claims of every source are told in full.
        var request = KnowledgeRequest()
        request.correlations = Array(Set(values.flatMap { matching.keys(of: $0) }))
        guard !request.correlations.isEmpty else { return }
        knowledge.merge(try await store.knowledge(request))
    }

    func inChunks<Element>(_ elements: [Element], _ body: ([Element]) async throws -> Void) async throws {
        for start in stride(from: 0, to: elements.count, by: SourceRun.chunkSize) {
            try await body(Array(elements[start..<min(start + SourceRun.chunkSize, elements.count)]))
        }
    }
}

extension Knowledge {
    fileprivate func knows(_ key: UserKey) -> Bool { claims[key].map { $0.presence != .forgotten } ?? false }
}
