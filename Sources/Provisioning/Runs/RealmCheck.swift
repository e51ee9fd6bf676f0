internal import Contracts
internal import IdentityModel
internal import Planning

/// A store belongs to its systems: behind a URL there may be another one than before (a test server, an empty restore), and provisioning it would create
/// a company anew.
struct RealmCheck: Sendable {
    let store: any Store
    /// Whether a person said that the systems may be others than before.
    let acceptance: Acceptance

    /// Which system this is, and why it is not to be used: it is another one than it was. One that we meet for the first time is remembered.
    /// Throws when the system cannot be asked.
    func meet(_ system: SystemName, _ connector: any Connector, at now: Instant) async throws -> (realm: Realm, refusal: ConnectorFailure?)
    {
        let realm = try await connector.realm()
        let known = try await store.realm(of: system)
        guard known != realm else { return (realm, nil) }
        guard let known else {
            try await store.record(realm, of: system, at: now)
            return (realm, nil)
        }
        let fact = "\(system) is another system than before (it was '\(known)', it is '\(realm)')"
        guard !acceptance.contains(.system) else {
            try await store.record(realm, of: system, at: now)
            try await store.record(acceptance.audit([ContractBreach(check: .system, message: fact)], plan: nil, at: now))
            return (realm, nil)
        }
        let refusal = ConnectorFailure(
            .unavailable, "\(fact): nothing is planned or sent there; if that is right, --accept system --reason \"...\"")
        return (realm, refusal)
    }
}
