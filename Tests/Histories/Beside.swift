/// Two runs at a time. Which of them spoke first, and whom they found to have started, only the store knows.
extension Playback {
    private func canRun(_ errand: Errand) -> Bool {
        errand.feed.map { world.rulebook.feeds.contains($0) && world.published[$0] != nil } ?? true
    }

    /// What either of them makes known may be news to the other: only when both are through is anything compared, and nobody counts as up to date.
    func playBoth(_ one: Errand, _ other: Errand) async throws {
        let errands = [one, other].filter(canRun)
        guard errands.count == 2 else {
            for errand in errands { try await note(errand.step, await engine.run(errand), errand.mishap) }
            return
        }
        isBeside = true
        defer { isBeside = false }
        let complete = errands.compactMap(\.feed).filter(\.isComplete)
        let sharedBefore = ledger.known.filter { person in complete.count == 2 && complete.allSatisfy { ledger.isPresent(person, in: $0) } }
        let reports = await engine.both(one, other)
        if reports.allSatisfy({ $0.writes > 0 }) { outcome.marks.insert(.ranBeside) }
        for (errand, report) in zip(errands, reports) { try await note(errand.step, report, errand.mishap) }
        ledger.noteLostAtOnce(Set(sharedBefore.filter { person in !complete.contains { ledger.isPresent(person, in: $0) } }))
        started.formUnion(try await engine.active().intersection(ledger.known))
        upToDate = [:]
    }

    func feedsAsTheySpoke() async throws -> [Feed] {
        let feeds = world.rulebook.feeds
        guard isBeside else { return feeds }
        let order = try await engine.startOrder().filter(feeds.contains)
        return feeds.filter { !order.contains($0) } + order
    }
}
