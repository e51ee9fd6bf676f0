internal import Contracts
internal import IdentityModel
internal import Planning

/// What a chunk's planning wants to know of systems and store, asked in batches.
extension ChunkRun {
    func answerLookups(_ planning: ChunkPlanning) async throws {
        var questions = planning.lookups()
        while !questions.isEmpty {
            for system in Set(questions.map(\.system)).sorted() {
                guard let connector = connectors[system] else { continue }
                let asked = questions.filter { $0.system == system }
                let lookups = try await connector.find(asked.map(\.query))
                let ids = lookups.compactMap { lookup in
                    if case .found(let account) = lookup { account.id } else { nil }
                }
                let owners = ids.isEmpty ? [:] : try await store.owners(system, realm: await realm(of: system), ids: ids)
                planning.answer(lookups: zip(asked, lookups).map { ($0, ActualState($1, owners: owners)) })
            }
            questions = planning.lookups()
        }
    }

    private func realm(of system: SystemName) async -> Realm? {
        if let realm = realms[system] { return realm }
        let realm = try? await connectors[system]?.realm()
        realms[system] = realm
        return realm
    }

    func answerNames(_ planning: ChunkPlanning) async throws {
        while let questions = planning.nameQuestions() {
            var holders = questions.claims.isEmpty ? [:] : try await store.holders(of: questions.claims)
            // Whether the store has kept the chunk before this one already must make no difference.
            if let names = saving?.0.names {
                for claim in questions.claims { if let user = names[claim] { holders[claim] = user } }
            }
            planning.answer(questions, holders: holders, taken: try await probe(questions.probes, planning))
        }
    }

    private func probe(_ probes: [ChunkPlanning.ProbeQuestion], _ planning: ChunkPlanning) async throws -> [Bool] {
        var taken = Array(repeating: false, count: probes.count)
        for system in Set(probes.map(\.system)).sorted() {
            guard let connector = connectors[system] as? any ProbesNames else { continue }
            let indices = probes.indices.filter { probes[$0].system == system }
            let holders = try await connector.holders(
                of: indices.map { NameProbe(probes[$0]) })
            for (index, ids) in zip(indices, holders) { taken[index] = ids.contains { !$0.isAccount(planning.ownEntry(probes[index])) } }
        }
        return taken
    }
}

extension NameProbe {
    init(_ question: ChunkPlanning.ProbeQuestion) {
        self.init(
            attribute: question.attribute, value: question.value, container: question.container, accountName: question.accountName)
    }
}

extension ChunkPlanning.LookupQuestion {
    fileprivate var query: AccountQuery {
        switch key {
        case .id(let id): .id(id)
        case .correlation(let values): .correlation(values)
        }
    }
}

extension ActualState {
    init(_ lookup: Lookup, owners: [AccountID: AccountOwner]) {
        switch lookup {
        case .absent: self = .absent
        case .ambiguous(let names): self = .ambiguous(names.map(\.text))
        case .unreadable(let names): self = .unreadable(names.map(\.text))
        case .found(let account):
            self = .found(
                Entry(id: account.id, name: account.name, attributes: account.attributes, memberships: Set(account.memberships)),
                owner: owners[account.id])
        }
    }
}
