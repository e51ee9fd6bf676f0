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
    private let today: CivilDate
    private let previous: SourceProfile?
    private let progress: @Sendable (PlanProgress) -> Void
    private var scan: RowScan?
    private var mapper: RowMapper?
    private var header: SourceHeader?
    private var records: [SourceRecord] = []
    private var quarantines: [Quarantine] = []
    /// Keys that stand on two lines or more: their rows are taken back at the end.
    private var duplicates: [UserKey: [(line: Int, first: Int)]] = [:]
    private(set) var warnings: [String] = []
    /// The chunk that is being planned while the file is read on.
    private var planning: Task<ChunkRun.Counts, any Error>?
    private var planned = ChunkRun.Counts()

    static let chunkSize = 1_000

    init(
        configuration: Configuration, source: SourceConfiguration, request: PlanRequest, store: any Store,
        connectors: [SystemName: any Connector],
        plan: Plan, today: CivilDate, previous: SourceProfile?, progress: @escaping @Sendable (PlanProgress) -> Void
    ) {
        self.configuration = configuration
        self.source = source
        self.request = request
        self.store = store
        self.today = today
        self.previous = previous
        self.progress = progress
        chunks = ChunkRun(configuration: configuration, source: source, store: store, connectors: connectors, plan: plan, today: today)
    }

    // MARK: While reading

    func begin(_ header: SourceHeader, marks: MarkCollector) throws {
        self.header = header
        let verdict = FileContract.check(header: header.columns, of: source, previous: previous)
        // A column that expressions read cannot be accepted away: without it every row would look changed.
        if !verdict.breaches.isEmpty { throw ContractBroken(breaches: verdict.breaches) }
        warnings += verdict.warnings
        var index = marks.take()
        if let previous, previous.configurationHash != configuration.hash { index.planEverything = true }
        scan = RowScan(configuration: source, columns: header.columns, index: index)
        mapper = RowMapper(configuration: source, schema: configuration.schema, columns: header.columns)
    }

    func take(_ batch: SourceRowBatch) async throws {
        var findings: [RowScan.Finding] = []
        scan?.scan(batch, into: &findings)
        for finding in findings { note(finding, in: batch) }
        for problem in batch.problems {
            let key = scan?.see(problem)
            quarantines.append(
                Quarantine(
                    source: source.name, key: key, position: SourcePosition(file: batch.file, line: problem.line), column: problem.column,
                    columnName: problem.columnName, reason: problem.reason))
        }
        progress(PlanProgress(rows: scan?.rowCount ?? 0, users: planned.users, orders: planned.orders))
        while records.count >= SourceRun.chunkSize { try await planChunk(Array(records.prefix(SourceRun.chunkSize))) }
    }

    private func note(_ finding: RowScan.Finding, in batch: SourceRowBatch) {
        switch finding {
        case .work(let row, let key, let again):
            switch mapper?.map(batch, row: row, key: key, again: again) {
            case .record(let record)?: records.append(record)
            case .quarantine(let quarantine)?: quarantines.append(quarantine)
            case nil: break
            }
        case .duplicate(let row, let key, let firstLine):
            duplicates[key, default: []].append((line: Int(batch.lines[row]), first: firstLine))
        case .keyless(let row, let reason):
            quarantines.append(
                Quarantine(
                    source: source.name, key: nil, position: SourcePosition(file: batch.file, line: Int(batch.lines[row])), column: 1,
                    columnName: nil, reason: reason))
        }
    }

    private func planChunk(_ chunk: [SourceRecord]) async throws {
        records.removeFirst(chunk.count)
        let (chunks, quarantines) = (chunks, quarantines)
        self.quarantines = []
        try await finishPlanning()
        planning = Task {
            try await chunks.planRecords(chunk, quarantines: quarantines)
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
        let profile = SourceProfile(
            file: header.file, contentDigest: end.contentDigest, configurationHash: configuration.hash, rowCount: scan.rowCount,
            columns: header.columns, emptyCounts: scan.emptyCounts)
        let verdict = FileContract.check(profile, of: source, previous: previous)
        let breaches = verdict.breaches.filter { !request.accepted.contains($0.check) }
        if !breaches.isEmpty { throw ContractBroken(breaches: breaches) }
        for breach in verdict.breaches { warnings.append("accepted: \(breach)\(request.reason.map { " (\($0))" } ?? "")") }
        try await planChunk(records)
        try await finishPlanning()
        try await chunks.finishSaving()
        try await retractDuplicates(file: header.file)
        let index = scan.index
        try await chunks.planDeferred(wasSeen: { index.wasSeen($0) })
        try await planUnseen(index, hasUnreadableKey: scan.hasUnreadableKey)
        try await chunks.finishSaving()
        planned = await chunks.counts
        return profile
    }

    /// Two rows with one key are both quarantined, and their user stays as is.
    private func retractDuplicates(file: String) async throws {
        guard !duplicates.isEmpty else { return }
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
        retracted = set.count
        try await store.retract(duplicates.keys.sorted(), of: source.name, from: chunks.plan.id, quarantines: set)
    }

    private var retracted = 0

    private func planUnseen(_ index: RowIndex, hasUnreadableKey: Bool) async throws {
        let unseen = index.unseen()
        var terminates = source.kind == .complete && source.missing == .terminate
        if terminates && hasUnreadableKey {
            terminates = false
            warnings.append("a row's key could not be read: nobody is called missing in this run")
        }
        let chosen = unseen.filter { !$0.again.isEmpty || (terminates && !$0.wasGone) }
        for start in stride(from: 0, to: chosen.count, by: SourceRun.chunkSize) {
            try await chunks.planUnseen(Array(chosen[start..<min(start + SourceRun.chunkSize, chosen.count)]), terminates: terminates)
        }
    }

    /// Rows read, rows skipped as unchanged, rows set aside.
    var counts: (rows: Int, unchanged: Int, quarantined: Int) {
        (scan?.rowCount ?? 0, scan?.unchangedCount ?? 0, planned.quarantines + retracted)
    }

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
