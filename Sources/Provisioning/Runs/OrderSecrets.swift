package import Contracts
package import IdentityModel
package import Planning

/// Makes the secrets of orders with the configuration of the run that sends them, for the users as the store has them: one question per batch.
package struct OrderSecrets: MakesSecrets {
    private let configuration: Configuration
    private let store: any Store

    package init(configuration: Configuration, store: any Store) {
        self.configuration = configuration
        self.store = store
    }

    package func secrets(of orders: [ProvisioningOrder], known: [UserID: Account]) async throws -> MadeSecrets {
        let digest: SecretDigest
        switch configuration.secrets {
        case .digested(let kept): digest = kept
        case .lost(let why): return .lost(why)
        case .inClear: return .lost("this run was given no key")
        }
        let making = SecretMaking(schema: configuration.schema, digest: digest)
        var request = KnowledgeRequest()
        request.users = Set(orders.map(\.user)).sorted()
        let users = try await store.knowledge(request).users
        var made: [OrderID: [String: String]] = [:]
        for order in orders {
            guard let map = configuration.policyMap(order.system), let user = users[order.user] else { continue }
            made[order.id] = making.values(of: order, map: map, user: user, known: known[order.user])
        }
        return .made(made)
    }
}
