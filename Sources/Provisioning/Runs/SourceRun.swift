internal import Contracts
internal import IdentityModel
internal import Planning

/// One file of a source into an open plan. An actor: the source reads ahead on its own thread while this one works.
actor SourceRun {
    private let configuration: Configuration
    private let source: SourceConfiguration
    private let request: PlanRequest
    private let store: any Store
    private let chunks: ChunkRun
    private let previous: SourceProfile?
    private let progress: @Sendable (PlanProgress) -> Void
    private var scan: RowScan?
    private var mapper: RowMapper?
    private var header: SourceHeader?
    private var records: [SourceRecord] = []
    private var quarantines: [Quarantine] = []
    private var setAside: [RowSetAside] = []
    /// Keys that stand on two lines or more: their rows are taken back at the end.
    private var duplicates: [UserKey: [(line: Int, first: Int)]] = [:]
    /// What those rows correlate by.
    private var duplicateValues: [[String: UserValue]] = []
    private(set) var warnings: [String] = []
    /// What the contract would have refused, and a person accepted.
    private(set) var accepted: [ContractBreach] = []
    private(set) var findings = AccountFindings()
    /// The chunk that is being planned while the file is read on.
    private var planning: Task<ChunkRun.Counts, any Error>?
    private var planned = ChunkRun.Counts()

    static let chunkSize = 1_000
    /// Fewer rows than these may well say the same twice.
    private static let fewestRepeated = 20

    init(
        configuration: Configuration, source: SourceConfiguration, request: PlanRequest, store: any Store,
        systems: SystemsAtHand, approvedElsewhere: Set<UserID>,
        plan: Plan, days: SourceDays, previous: SourceProfile?, progress: @escaping @Sendable (PlanProgress) -> Void
    ) {
        self.configuration = configuration
        self.source = source
        self.request = request
        self.store = store
        self.previous = previous
        self.progress = progress
        chunks = ChunkRun(
            configuration: configuration, source: source, store: store, systems: systems, plan: plan, days: days,
            approvedElsewhere: approvedElsewhere, acceptance: request.acceptance)
    }

    // MARK: While reading

    func begin(_ header: SourceHeader, marks: MarkCollector) async throws {
        self.header = header
        try refuse(resent(header.file))
        let verdict = FileContract.check(
            FileContract.Header(file: header.file, line: header.line, columns: header.columns, firstRow: header.firstRow), of: source,
            previous: previous)
        // A column that expressions read cannot be accepted away: without it every row would look changed.
        if !verdict.breaches.isEmpty { throw ContractBroken(breaches: verdict.breaches) }
        warnings += verdict.warnings
        let index = try await begin(marks)
        scan = RowScan(configuration: source, columns: header.columns, index: index)
        mapper = RowMapper(configuration: source, schema: configuration.schema, columns: header.columns)
    }

    /// What the store remembers of the source's rows.
    private func begin(_ marks: MarkCollector) async throws -> RowIndex {
        var index = marks.take()
        if let previous, previous.configurationHash != configuration.hash { index.planEverything = true }
        if previous?.configurationHash == SourceProfile.configurationOfOlderStore {
            warnings.append(
                "the store was made by birthright 0.1.0, which did not keep what each source said: until the next good row of a person, source "
                    + "'\(source.name)' is taken to have said everything that was known of them")
        }
        try await chunks.loadWaitingRows()
        return index
    }

    func take(_ batch: SourceRowBatch) async throws {
        var findings: [RowScan.Finding] = []
        scan?.scan(batch, into: &findings)
        for finding in findings { note(finding, in: batch) }
        for problem in batch.problems {
            let seen = scan?.see(problem)
            let quarantine = Quarantine(
                source: source.name, key: seen?.key, position: SourcePosition(file: batch.file, line: problem.line), column: problem.column,
                columnName: problem.columnName, reason: problem.reason)
            setAside.append(RowSetAside(quarantine: quarantine, again: seen?.again ?? []))
        }
        progress(PlanProgress(rows: scan?.rowCount ?? 0, users: planned.users, orders: planned.orders))
        while records.count >= SourceRun.chunkSize || setAside.count >= SourceRun.chunkSize {
            try await planChunk(Array(records.prefix(SourceRun.chunkSize)))
        }
    }

    private func note(_ finding: RowScan.Finding, in batch: SourceRowBatch) {
        switch finding {
        case .work(let row, let key, let again, let standing):
            switch mapper?.map(batch, row: row, key: key, again: again, standing: standing) {
            case .record(let record)?: records.append(record)
            case .setAside(let row)?: setAside.append(row)
            case nil: break
            }
        case .duplicate(let row, let key, let firstLine):
            // What is as if it were absent stands beside nobody.
            guard mapper?.claims(batch, row: row) ?? true else { return }
            duplicates[key, default: []].append((line: Int(batch.lines[row]), first: firstLine))
            if let mapper { duplicateValues.append(mapper.correlating(batch, row: row)) }
        case .keyless(let row, let reason):
            quarantines.append(
                Quarantine(
                    source: source.name, key: nil, position: SourcePosition(file: batch.file, line: Int(batch.lines[row])), column: 1,
                    columnName: nil, reason: reason))
        }
    }

    private func planChunk(_ chunk: [SourceRecord]) async throws {
        records.removeFirst(chunk.count)
        let (chunks, quarantines, setAside) = (chunks, quarantines, setAside)
        self.quarantines = []
        self.setAside = []
        try await finishPlanning()
        planning = Offshoot.begin {
            try await chunks.planRecords(chunk, setAside: setAside, quarantines: quarantines)
            return await chunks.counts
        }
    }

    private func finishPlanning() async throws {
        guard let planning else { return }
        self.planning = nil
        planned = try await planning.value
    }

    // MARK: When the whole file is read

    func end(_ end: SourceEnd) async throws -> SourceProfile {
        guard let scan, let header else { throw SourceError(file: request.file ?? source.files, message: "the file has no header") }
        var profile = SourceProfile(
            file: header.file, contentDigest: end.contentDigest, configurationHash: configuration.hash, rowCount: scan.rowCount,
            columns: header.columns, emptyCounts: scan.emptyCounts, isComplete: source.kind == .complete)
        if source.take == .all {
            let sequence = FileSequence(source, previous: previous)
            profile.upTo = sequence.last(after: header.file)
            profile.knowsFiles = true
            profile.signature = end.signature
        }
        let verdict = FileContract.check(profile, of: source, previous: previous)
        try refuse(verdict.breaches + (try await repeated(profile)))
        try await planChunk(records)
        try await finishPlanning()
        try await chunks.finishSaving()
        let index = scan.index
        try await retractDoubles(file: header.file, index)
        try await chunks.notePresent(duplicateValues)
        try await chunks.planRenumbered(besides: Set(duplicates.keys), wasSeen: { index.wasSeen($0) })
        try await chunks.planWaiting(besides: { index.wasSeen($0) })
        try await planUnseen(index, hasUnreadableKey: scan.hasUnreadableKey)
        try await finish()
        return profile
    }

    /// Plans who has to be planned although there is no new file, from what is kept of the source's rows: whoever is not settled, whoever waits, and after an
    /// edit of the configuration everybody.
    func planKept(_ marks: MarkCollector, previous: SourceProfile) async throws -> SourceProfile {
        let index = try await begin(marks)
        // That a row was set aside asks for another look at the next row, and there is none.
        let chosen = index.unseen().map { $0.besides(.quarantine) }.filter { !$0.again.isEmpty }
        try await plan(chosen, isMissing: false)
        try await chunks.planWaiting(besides: { _ in false })
        try await finish()
        let leavers = try await store.quarantinedLeavers(of: source.name)
        if leavers > 0 {
            warnings.append("rows of \(people(leavers)) say that they have left, but are in quarantine: nothing is withdrawn")
        }
        var profile = previous
        profile.configurationHash = configuration.hash
        // Those that are there by now were noted before this run asked for the next one.
        if source.take == .all { profile.knowsFiles = true }
        return profile
    }

    private func finish() async throws {
        try await chunks.planPostponed()
        try await chunks.finishSaving()
        try await chunks.refuseOvertaken()
        planned = await chunks.counts
        dereferences = await chunks.dereferences
        findings = await chunks.findings
        warnings += await chunks.notes.sentences + findings.warnings
    }

    // MARK: Files that are refused

    /// Throws what nobody has accepted; what somebody has is said.
    private func refuse(_ breaches: [ContractBreach]) throws {
        let open = breaches.filter { !request.acceptance.contains($0.check) }
        if !open.isEmpty { throw ContractBroken(breaches: open) }
        accepted += breaches
        for breach in breaches { warnings.append("accepted: \(breach)\(request.acceptance.reason.map { " (\($0))" } ?? "")") }
    }

    private func resent(_ file: String) -> [ContractBreach] {
        guard source.take == .all, FileSequence(source, previous: previous).isResent(file) else { return [] }
        let last = previous.map { $0.upTo ?? $0.file } ?? ""
        return [ContractBreach(check: .resent, message: "\(file) stands at or before the last applied file, \(last)")]
    }

    /// The same changes a second time under another name: what an incremental file says was true when it was written.
    private func repeated(_ profile: SourceProfile) async throws -> [ContractBreach] {
        guard source.take == .all, source.kind == .incremental, profile.rowCount >= SourceRun.fewestRepeated,
            try await store.hasApplied(source: source.name, contentDigest: profile.contentDigest)
        else { return [] }
        return [
            ContractBreach(check: .resent, message: "\(profile.file) holds the \(profile.rowCount) rows of a file that was applied before")
        ]
    }

    // MARK: Rows that stand twice, and rows that are gone

    /// Two rows with one key, or of one person, are both quarantined. What was last said of their user stands, and what else asks for them to be planned does
    /// so as for any row in quarantine.
    private func retractDoubles(file: String, _ index: RowIndex) async throws {
        var set: [Quarantine] = []
        for key in duplicates.keys.sorted() {
            let rows = duplicates[key] ?? []
            guard let first = rows.first?.first else { continue }
            let lines = ([first] + rows.map(\.line)).sorted()
            for line in lines {
                let others = lines.filter { $0 != line }.map(String.init).joined(separator: ", ")
                set.append(
                    Quarantine(
                        source: source.name, key: key, position: SourcePosition(file: file, line: line), column: 1, columnName: nil,
                        reason: "the key \(key) stands on line \(others) too; none of these rows is taken"))
            }
        }
        let collisions = await chunks.collisions().filter { duplicates[$0.key] == nil }
        set += collisions.map(\.quarantine)
        guard !set.isEmpty else { return }
        let keys = duplicates.keys.sorted() + collisions.map(\.key)
        try await store.retract(keys, of: source.name, from: chunks.plan.id)
        var planned: Set<UserKey> = []
        let rows = set.map { quarantine in
            let isFirst = quarantine.key.map { planned.insert($0).inserted } ?? false
            let again = isFirst ? index.reasons(ofKey: StableHash.hash(quarantine.key?.text ?? "")) : []
            return RowSetAside(quarantine: quarantine, again: again)
        }
        for start in stride(from: 0, to: rows.count, by: SourceRun.chunkSize) {
            try await chunks.planRecords([], setAside: Array(rows[start..<min(start + SourceRun.chunkSize, rows.count)]))
        }
        try await chunks.finishSaving()
    }

    private func planUnseen(_ index: RowIndex, hasUnreadableKey: Bool) async throws {
        let unseen = index.unseen()
        var isMissing = source.kind == .complete
        let missing = isMissing ? unseen.count { !$0.wasGone } : 0
        if hasUnreadableKey && missing > 0 {
            isMissing = false
            warnings.append(
                "a row's key could not be read, so \(people(missing)) without a row \(missing == 1 ? "is" : "are") not called missing in this run"
            )
        }
        try await plan(unseen.filter { !$0.again.isEmpty || (isMissing && !$0.wasGone) }, isMissing: isMissing)
    }

    private func plan(_ chosen: [RowIndex.Unseen], isMissing: Bool) async throws {
        for start in stride(from: 0, to: chosen.count, by: SourceRun.chunkSize) {
            try await chunks.planUnseen(Array(chosen[start..<min(start + SourceRun.chunkSize, chosen.count)]), isMissing: isMissing)
        }
    }

    /// Rows read, rows skipped as unchanged, rows set aside.
    var counts: (rows: Int, unchanged: Int, quarantined: Int) {
        (scan?.rowCount ?? 0, scan?.unchangedCount ?? 0, planned.quarantines)
    }

    /// Accounts of users who change and will point at nobody.
    private(set) var dereferences: [SystemName: Int] = [:]

    /// Accounts that were computed, and users left to an approved plan of another origin.
    var accounts: (evaluated: Int, approvedElsewhere: Int) { (planned.evaluations, planned.approvedElsewhere) }

    var format: String? { header?.format }

}

/// Gathers the marks of a source while the file is opened. Its lock makes it safe to hand to the store's reading thread.
final class MarkCollector: @unchecked Sendable {
    private let lock = PlainLock()
    private var index: RowIndex

    init(expecting count: Int) { index = RowIndex(expecting: count) }

    func insert(_ marks: [SourceMark]) { lock.withLock { index.insert(marks) } }

    /// The index, once; what is left behind is empty.
    func take() -> RowIndex {
        lock.withLock {
            let taken = index
            index = RowIndex(expecting: 0)
            return taken
        }
    }
}
