internal import Contracts
internal import IdentityModel
internal import Planning

/// Which file of a source comes next, and which came too late: `FileSequence` decides, this asks folder and store.
extension Runs {
    /// The plan of the source that waits, where its file is still as it was.
    func waiting(_ configured: SourceConfiguration, _ sync: any SyncSource) async throws -> PlanReport? {
        guard let plan = try await store.plan(of: .source(configured.name), in: [.ready, .held, .approved]),
            plan.configurationHash == configuration.hash, let profile = try await store.profile(ofPlan: plan.id),
            try await sync.files().contains(profile.file),
            try await content(of: profile.file, sync) == profile.contentDigest
        else { return nil }
        // Without a new file a plan is made of what is kept: its profile is that of the file before.
        guard try await store.profile(of: configured.name)?.contentDigest != profile.contentDigest else { return nil }
        var report = PlanReport()
        report.file = profile.file
        report.plan = plan
        report.isKept = true
        return report
    }

    func nextFile(_ request: PlanRequest, _ configured: SourceConfiguration, _ sync: any SyncSource) async throws -> String? {
        if let file = request.file {
            if configured.take == .all { try await passOver(try await sync.files(), configured, sync) }
            return file
        }
        let files = try await sync.files()
        for remark in try await sync.passedOver() { try await listener.tell(.remark(remark)) }
        if configured.take == .latest {
            guard let last = files.last else {
                throw SourceError(file: configured.files, message: "no file matches; the source '\(configured.name)' cannot be read")
            }
            return last
        }
        try await passOver(files, configured, sync)
        if request.acceptance.contains(.resent), let late = try await late(files, configured, sync).first { return late }
        return FileSequence(configured, previous: try await store.profile(of: configured.name)).next(of: files)
    }

    /// What a source that took the latest file only, or an older version, never looked at is no news: from now on each file is known.
    private func passOver(_ files: [String], _ configured: SourceConfiguration, _ sync: any SyncSource) async throws {
        let sequence = FileSequence(configured, previous: try await store.profile(of: configured.name))
        guard sequence.isToPassOver else { return }
        try await store.note(signatures: try await signatures(sequence.passed(files), sync), of: configured.name)
    }

    private func signatures(_ files: [String], _ sync: any SyncSource) async throws -> [String: String] {
        var signatures: [String: String] = [:]
        for file in files { signatures[file] = try await sync.signature(of: file) }
        return signatures
    }

    /// Files of a source that takes all whose turn was over when they came, or that hold something else by now.
    private func late(_ files: [String], _ configured: SourceConfiguration, _ sync: any SyncSource) async throws -> [String] {
        let sequence = FileSequence(configured, previous: try await store.profile(of: configured.name))
        let passed = sequence.passed(files)
        let signatures = try await signatures(passed, sync)
        let known = try await store.applied(files: passed, of: configured.name)
        var changed: [String] = []
        for file in sequence.touched(files, known: known, signatures: signatures) {
            if try await content(of: file, sync) == known[file]?.contentDigest {
                try await store.note(signatures: [file: signatures[file] ?? ""], of: configured.name)
            } else {
                changed.append(file)
            }
        }
        return (sequence.late(files, known: known) + changed).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Nil: it cannot be read (any more), which is another content than it had.
    private func content(of file: String, _ sync: any SyncSource) async throws -> String? {
        do {
            return try await sync.read(file, header: { _ in }, batch: { _ in }).contentDigest
        } catch is SourceError {
            return nil
        }
    }

    /// What nobody takes into account is no reason to stop, and no run ends as if it were not there.
    func saysLate(_ request: PlanRequest) async throws -> RunEnd {
        guard request.file == nil, let configured = configuration.source(request.source), configured.take == .all else { return .done }
        let sync = source(configured)
        // About one of them somebody is deciding: that is said with its plan.
        let waiting = try await waiting(configured, sync)?.file
        let late = try await late(try await sync.files(), configured, sync).filter { $0 != waiting }
        for file in late {
            try await listener.tell(
                .remark(
                    "\(file) stands at or before the last applied file and was not applied like that: it came too late, or was changed; "
                        + "`--accept resent` applies it now, and taking it out of the folder says that nobody is to"))
        }
        return late.isEmpty ? .done : .held
    }
}
