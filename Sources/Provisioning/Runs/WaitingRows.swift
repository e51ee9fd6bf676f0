internal import Contracts
internal import IdentityModel
internal import Planning

/// Rows of sources that bring nobody wait for their people; whoever came meanwhile gets what they say in any run, not only in the next one of that source.
extension Runs {
    func tryWaitingRows(besides mine: Origin) async throws -> RunEnd {
        var end = RunEnd.done
        for source in configuration.sources where !source.creates && source.keepsRows && .source(source.name) != mine {
            guard try await planner.findsPeople(forWaitingRowsOf: source) else { continue }
            do {
                end = end.and(try await holding(.source(source.name)) { try await planWaitingRows(of: source, $0) })
            } catch StoreError.busy {
                // A run of that source is alive, and tries them itself.
                continue
            }
        }
        return end
    }

    private func planWaitingRows(of source: SourceConfiguration, _ origin: Origin) async throws -> RunEnd {
        // What waits there, or is unfinished, is for somebody to decide, or for its own run to go on with.
        guard try await store.plan(of: origin, in: [.ready, .held, .approved, .applying]) == nil else { return .done }
        let report = try await planner.plan(PlanRequest(source: source.name), file: nil, from: self.source(source))
        guard report.nothing == nil else { return .done }
        try await listener.tell(.planned(report, source: source.name))
        return try await carryOut(report, origin)
    }
}

extension Planner {
    /// Some row that waits is that of somebody who is known by now. After an edit of the configuration its own run looks first.
    fileprivate func findsPeople(forWaitingRowsOf source: SourceConfiguration) async throws -> Bool {
        guard try await store.profile(of: source.name)?.configurationHash == configuration.hash else { return false }
        let mapper = RowMapper(configuration: source, schema: configuration.schema)
        let matching = RowMatching(source)
        var request = KnowledgeRequest()
        for row in try await store.waitingRows(of: source.name) {
            guard let values = row.values,
                case .record(let record) = mapper.map(kept: values, key: row.key, position: row.position, rowHash: row.rowHash, again: []),
                record.isClaimed
            else { continue }
            request.correlations += matching.keys(of: record.attributes)
            if request.correlations.count >= SourceRun.chunkSize, try await finds(&request) { return true }
        }
        return try await finds(&request)
    }

    private func finds(_ request: inout KnowledgeRequest) async throws -> Bool {
        guard !request.correlations.isEmpty else { return false }
        defer { request.correlations = [] }
        return try await store.knowledge(request).correlated.contains { !$0.value.isEmpty }
    }
}
