package import IdentityModel

/// Makes the secrets of an order when it is sent: by the map as it is now, for the user as the store has them, with the names that the order says.
package struct SecretMaking {
    private let reader: UserReader
    private let digest: SecretDigest

    package init(schema: UserSchema, digest: SecretDigest) {
        reader = UserReader(schema: schema)
        self.digest = digest
    }

    /// The values by their digests: one that is not the order's is another secret than the one that was planned, and is not sent in its place.
    package func values(of order: ProvisioningOrder, map: PolicyMap, user: User, known: Account?) -> [String: String] {
        let wanted = Set(order.requests.filter { $0.isSecretToSend }.map(\.name))
        let evaluation = AccountEvaluation(
            map: map, user: user, record: reader, isEnabled: !order.isWithdrawal, known: nil, stored: [:])
        evaluation.take(given(order, map, known))
        evaluation.run(map.steps(neededFor: wanted))
        let owner = AccountOwner(user: order.user, system: order.system)
        var values: [String: String] = [:]
        for name in wanted {
            for case .text(let text) in evaluation.outcome(of: name)?.visibleValues ?? [] {
                if case .digest(let code) = digest.digest(text, of: name, for: owner) { values[code] = text }
            }
        }
        return values
    }

    /// What is chosen or given once is not computed again: the order has it, or the account.
    private func given(_ order: ProvisioningOrder, _ map: PolicyMap, _ known: Account?) -> [String: [AccountValue]] {
        var given: [String: [AccountValue]] = [:]
        for rule in map.attributes where !map.secrets.contains(rule.name) && (rule.isUnique || rule.enforce == .onCreate) {
            let request = order.requests.first { $0.kind == .attribute && $0.name == rule.name && $0.operation != .remove }
            let name = rule.name == map.accountName ? order.nameAfter.map { [AccountValue.text($0.text)] } : nil
            given[rule.name] = name ?? request?.after ?? order.takenOver[rule.name] ?? known?.written[rule.name]
        }
        return given
    }
}

extension AttributeRequest {
    /// Its value has to be made before it can be sent.
    package var isSecretToSend: Bool { operation != .remove && outcome != .done && holdsDigest }
}
