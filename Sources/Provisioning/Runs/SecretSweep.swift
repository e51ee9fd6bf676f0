package import Contracts
package import IdentityModel
package import Planning

/// Puts digests in the place of secrets that a store still holds in clear: one that an older version wrote, or in which an attribute was called sensitive later.
package struct SecretSweep: Sendable {
    private let maps: [SystemName: PolicyMap]
    private let digest: SecretDigest
    private let store: any Store

    package init(configuration: Configuration, digest: SecretDigest, store: any Store) {
        maps = Dictionary(configuration.policyMaps.map { ($0.system, $0) }, uniquingKeysWith: { first, _ in first })
        self.digest = digest
        self.store = store
    }

    /// How many accounts and orders held secrets in clear; nothing is read where it is known that there are none.
    package func run() async throws -> Int {
        let attributes = Set(maps.values.flatMap { map in map.secrets.map { SecretAttribute(system: map.system, name: $0) } })
        var count = 0
        if try await store.digestedAttributes().map({ !attributes.isSubset(of: $0) }) ?? true {
            // A plan that waits was sealed over what is replaced now: it keeps its seal only if it was as it was sealed.
            let waiting = try await whole(try await store.plans(limit: Int.max).filter(\.state.isWaiting))
            count = try await store.digestSecrets(attributes, by: self)
            for plan in waiting {
                let seal = try await PlanSeal.compute(plan, store)
                if seal != plan.seal { try await store.reseal(plan.id, seal) }
            }
        }
        try await store.eraseReplacedSecrets()
        return count
    }

    private func whole(_ plans: [Plan]) async throws -> [Plan] {
        var whole: [Plan] = []
        for plan in plans where try await PlanSeal.compute(plan, store) == plan.seal { whole.append(plan) }
        return whole
    }
}

extension SecretSweep: DigestsSecrets {
    package func isSecret(_ attribute: SecretAttribute, isMarked: Bool) -> Bool {
        guard let map = maps[attribute.system], map.index(of: attribute.name) != nil else {
            return isMarked || SensitiveAttributes.contains(attribute.name)
        }
        return map.secrets.contains(attribute.name)
    }

    package func digest(_ value: String, of attribute: SecretAttribute, user: UserID) -> AccountValue {
        digest.digest(value, of: attribute.name, for: AccountOwner(user: user, system: attribute.system))
    }
}
