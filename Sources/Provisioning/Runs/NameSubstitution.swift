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
            configuration: configuration.only(order.system), hints: NameHints(), changes: [change], accounts: knowledge.accounts,
            recreates: order.recreates)
        let refused = try await refused(order, taken)
        // A value that is no name of the map: nobody is called otherwise because of it.
        guard !refused.isEmpty else { return nil }
        planning.exclude(refused)
        // An entry that is adopted keeps values that names are made of, and one that is made anew its old names: as when this was planned.
        try await planning.interview(lookingUp: order.adopts || order.recreates) { questions in
            questions.map { ($0, order.seen(by: $0.query)) }
        } names: { questions in
            ChunkPlanning.NameAnswers(
                holders: try await store.holders(of: questions.claims), taken: try await probe(questions.probes, planning))
        }
        guard let computed = planning.orders(from: 1).first, computed.failure == nil, computed.claims != order.claims else { return nil }
        return renamed(order, as: computed)
    }

    /// The claims of the order that are taken: what the server named, else what a probe finds; where the entry's own name is taken, every name that stands in it.
    private func refused(_ order: ProvisioningOrder, _ taken: NameProbe?) async throws -> [NameClaim] {
        guard let map = configuration.policyMap(order.system) else { return [] }
        let standing = order.claims.filter { $0.attribute == map.accountName || map.attributesInName.contains($0.attribute) }
        if let taken {
            let named = order.claims.filter { $0.attribute == taken.attribute && map.isSameName(taken.value, $0) }
            return named.isEmpty && taken.attribute == map.accountName ? standing : named
        }
        guard let connector = connectors[order.system] as? any ProbesNames else { return order.claims }
        var probes = order.claims.map { claim in
            NameProbe(attribute: claim.attribute, value: claim.folded, container: claim.scope.isEmpty ? nil : claim.scope)
        }
        if let name = order.nameAfter {
            probes.append(NameProbe(attribute: map.accountName, value: name.text, container: nil, accountName: name))
        }
        let holders = try await connector.holders(of: probes).map { $0.contains { !$0.isAccount(order.accountID) } }
        let held = zip(order.claims, holders).filter(\.1).map(\.0)
        guard held.isEmpty, holders.count > order.claims.count, holders[order.claims.count] else { return held }
        return standing
    }

    private func probe(_ probes: [ChunkPlanning.ProbeQuestion], _ planning: ChunkPlanning) async throws -> [Bool] {
        guard let system = probes.first?.system, let connector = connectors[system] as? any ProbesNames else {
            return Array(repeating: false, count: probes.count)
        }
        let holders = try await connector.holders(
            of: probes.map(\.probe))
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
            return request.asking(
                request.operation, before: request.before, after: after,
                outcome: request.after == after ? request.outcome : .open)
        }
        // Who was only to be moved, and gets another name on the way, gets the values that it is made of: the account would be named back by the next plan.
        let asked = Set(order.requests.filter { $0.kind == .attribute }.map(\.name))
        renamed.requests += computed.requests.filter { $0.kind == .attribute && !asked.contains($0.name) }
        return renamed
    }
}

extension ProvisioningOrder {
    /// What the system showed when the order was planned, as far as the order holds it.
    fileprivate func seen(by query: AccountQuery) -> ActualState {
        guard adopts, case .correlation = query, let accountID, let nameBefore else { return .absent }
        let replaced = requests.filter { $0.kind == .attribute }.map { ($0.name, $0.before) }
        let values = takenOver.merging(replaced) { kept, _ in kept }
        let entry = ActualAccount(id: accountID, name: nameBefore, attributes: values.mapValues { $0.map(\.text) }, memberships: [])
        return .found(entry, owner: nil)
    }
}

extension PolicyMap {
    /// The value is the name that is claimed, compared as the name's rule compares.
    fileprivate func isSameName(_ value: String, _ claim: NameClaim) -> Bool {
        guard let index = index(of: claim.attribute), case .unique(let unique) = attributes[index].value else { return false }
        return unique.match == .exact ? value == claim.folded : value.lowercased() == claim.folded
    }
}
