internal import Contracts
internal import IdentityModel
internal import Planning

/// What a chunk wants to know of store and systems, asked in batches. A system that cannot be asked leaves its accounts aside.
extension ChunkRun {
    func interview(_ planning: ChunkPlanning) async throws {
        try await planning.interview { questions in
            // Each system's answers are taken before the next one is asked: what is gone there decides whether it counts.
            for system in Set(questions.map(\.system)).sorted() where await systems.has(system) {
                try await answer(questions.filter { $0.system == system }, of: system, planning)
            }
            return []
        } names: { questions in
            try await names(questions, planning)
        }
    }

    private func answer(_ asked: [ChunkPlanning.LookupQuestion], of system: SystemName, _ planning: ChunkPlanning) async throws {
        let queries = asked.map(\.query)
        let answer = try await systems.ask(system) { connector throws(ConnectorFailure) in try await connector.find(queries) }
        guard let lookups = answer else { return planning.leaveAside(asked) }
        let ids = lookups.compactMap(\.account?.id)
        let owners = ids.isEmpty ? [:] : try await store.owners(system, realm: await systems.realm(of: system), ids: ids)
        planning.answer(
            zip(asked, lookups).map { question, lookup in
                (question, .looked(lookup, owner: lookup.account.flatMap { owners[$0.id] }))
            })
        if try await isEmptied(system, planning) {
            guard !acceptance.contains(.gone) else { return findings.noteAccepted(planning.gone.filter { $0.system == system }) }
            await systems.leaveOut(
                system,
                because: "entries of ours are gone, and so are all others that were looked at; if that is meant: --accept gone --reason ..."
            )
            // Whoever is not due them any more by the time somebody decides is looked at all the same.
            try await store.leaveOut(planning.missed(on: system))
            planning.leaveAside(asked)
        }
    }

    /// Entries of ours are gone, and with them three others of the same container (or of anywhere, where it has none): it is not they who left, it is the
    /// system that is another one, or empty, or shows us nothing any more.
    private func isEmptied(_ system: SystemName, _ planning: ChunkPlanning) async throws -> Bool {
        guard !seen.contains(system) else { return false }
        let gone = planning.gone.filter { $0.system == system }
        guard let first = gone.first else { return false }
        let neighbours = try await store.neighbours(of: first.name, on: system, without: gone.map(\.user), limit: 3).filter { $0.id != nil }
        guard !neighbours.isEmpty else { return false }
        let lookups = try await systems.ask(system) { connector throws(ConnectorFailure) in
            try await connector.find(neighbours.compactMap { account in account.id.map { .id($0, name: account.name) } })
        }
        guard let lookups else { return false }
        let isEmptied = lookups.allSatisfy { $0 == .absent }
        if !isEmptied || acceptance.contains(.gone) {
            // That these are gone as well is not forgotten. Of those whom this run has met it is in the plan, which could not start for them were they marked anew.
            let met = self.gone[system] ?? []
            let marked = zip(neighbours, lookups).filter { $0.1 == .absent && !met.contains($0.0.user) }.map(\.0)
            try await store.lookAgain(marked)
            markedAnew += marked.map(\.user)
        }
        if !isEmptied { seen.insert(system) }
        return isEmptied
    }

    /// `requires`: what comes first cannot be planned now, or only failed again, so what comes behind it is left to the next run.
    func leaveAsideWhatComesBehind(_ unsaved: UnsavedChunk) async {
        guard configuration.policyMaps.contains(where: { !$0.requires.isEmpty }) else { return }
        let aside = unsaved.planning.leftAside.filter(\.isDue).map { AccountOwner(user: $0.user, system: $0.system) }
        guard !aside.isEmpty || !unsaved.lines.openOrders.isEmpty else { return }
        let behind = unsaved.lines.behind(unsaved.planning.orders(from: 1), leftAside: Set(aside))
        unsaved.planning.leaveAside { user, system in behind.contains(AccountOwner(user: user, system: system)) }
        for system in Set(behind.map(\.system)) { await systems.noteWaiting(system) }
    }

    private func names(_ questions: ChunkPlanning.NameQuestions, _ planning: ChunkPlanning) async throws -> ChunkPlanning.NameAnswers {
        var holders = questions.claims.isEmpty ? [:] : try await store.holders(of: questions.claims, planning: plan.id)
        // Whether the store has kept the chunk before this one already must make no difference.
        if let names = saving?.0.names {
            for claim in questions.claims { if let user = names[claim] { holders[claim] = user } }
        }
        return ChunkPlanning.NameAnswers(holders: holders, taken: try await probe(questions.probes, planning))
    }

    private func probe(_ probes: [ChunkPlanning.ProbeQuestion], _ planning: ChunkPlanning) async throws -> [Bool] {
        var taken = Array(repeating: false, count: probes.count)
        for system in Set(probes.map(\.system)).sorted() {
            guard await systems.has(system) else { continue }
            let indices = probes.indices.filter { probes[$0].system == system }
            let asked = indices.map { probes[$0].probe }
            let answer = try await systems.ask(system) { connector throws(ConnectorFailure) -> [[NameHolder]] in
                guard let connector = connector as? any ProbesNames else { return asked.map { _ in [] } }
                return try await connector.holders(of: asked)
            }
            guard let holders = answer else {
                planning.leaveAside(indices.map { probes[$0] })
                continue
            }
            for (index, ids) in zip(indices, holders) { taken[index] = ids.contains { !$0.isAccount(planning.ownEntry(probes[index])) } }
        }
        return taken
    }
}
