package import Contracts
package import IdentityModel
package import Planning

/// Names an account anew when its system answers "taken" although nobody knew: the whole map is evaluated again with the next name.
package struct NameSubstitution: SubstitutesNames {
    private let configuration: Configuration
    private let store: any Store
    private let connectors: [SystemName: any Connector]

    package init(configuration: Configuration, store: any Store, connectors: [SystemName: any Connector]) {
        self.configuration = configuration
        self.store = store
        self.connectors = connectors
    }

    package func substitute(for order: ProvisioningOrder, taken: NameProbe?) async throws -> ProvisioningOrder? {
        var request = KnowledgeRequest()
        request.users = [order.user]
        let knowledge = try await store.knowledge(request)
        guard let user = knowledge.users[order.user] else { return nil }
        let assignments = knowledge.assignments[order.user] ?? []
        let change = UserChange(
            change: order.change, user: user, before: user, assignments: assignments, assignmentsBefore: assignments, claim: nil, due: nil,
            reasons: order.reasons)
        let planning = ChunkPlanning(
            configuration: configuration.only(order.system), hints: NameHints(), changes: [change], accounts: knowledge.accounts)
        planning.exclude(try await refused(order, taken))
        while let questions = planning.nameQuestions() {
            let holders = try await store.holders(of: questions.claims)
            planning.answer(questions, holders: holders, taken: try await probe(questions.probes, planning))
        }
        guard let computed = planning.orders(from: 1).first, computed.failure == nil, computed.claims != order.claims else { return nil }
        return renamed(order, as: computed)
    }

    /// The claims of the order that are taken: what the server named, else what a probe finds, else (an entry of that name) every name in a container.
    private func refused(_ order: ProvisioningOrder, _ taken: NameProbe?) async throws -> [NameClaim] {
        if let taken {
            let named = order.claims.filter { $0.attribute == taken.attribute && $0.folded == taken.value.lowercased() }
            if !named.isEmpty { return named }
        }
        guard let connector = connectors[order.system] as? any ProbesNames else { return order.claims }
        let probes = order.claims.map { claim in
            NameProbe(attribute: claim.attribute, value: claim.folded, container: claim.scope.isEmpty ? nil : claim.scope)
        }
        let holders = try await connector.holders(of: probes)
        let held = zip(order.claims, holders).filter { $0.1.contains { !$0.isAccount(order.accountID) } }.map(\.0)
        return held.isEmpty ? order.claims.filter { !$0.scope.isEmpty } : held
    }

    private func probe(_ probes: [ChunkPlanning.ProbeQuestion], _ planning: ChunkPlanning) async throws -> [Bool] {
        guard let system = probes.first?.system, let connector = connectors[system] as? any ProbesNames else {
            return Array(repeating: false, count: probes.count)
        }
        let holders = try await connector.holders(
            of: probes.map { NameProbe($0) })
        return zip(probes, holders).map { probe, ids in ids.contains { !$0.isAccount(planning.ownEntry(probe)) } }
    }

    /// The order as it was, with the values that the other name brings.
    private func renamed(_ order: ProvisioningOrder, as computed: ProvisioningOrder) -> ProvisioningOrder {
        var renamed = order
        renamed.nameAfter = computed.nameAfter
        renamed.claims = computed.claims
        renamed.nameBases = computed.nameBases
        let values = Dictionary(
            computed.requests.filter { $0.kind == .attribute }.map { ($0.name, $0.after) }, uniquingKeysWith: { first, _ in first })
        renamed.requests = order.requests.map { request in
            guard request.kind == .attribute, let after = values[request.name] else { return request }
            return AttributeRequest(
                kind: .attribute, name: request.name, operation: request.operation, before: request.before, after: after,
                outcome: request.outcome)
        }
        return renamed
    }
}
