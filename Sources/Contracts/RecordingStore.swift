public import IdentityModel

/// What is written down beside plans and orders.
public protocol RecordingStore: Sendable {
    /// Decisions of people that belong to no transition, for the audit.
    func record(_ entries: [AuditEntry]) async throws(StoreError)
    /// Digests of the values from outside that a configuration was read with, by name. The same configuration has the same ones.
    func keepValues(_ digests: [String: String], ofConfiguration hash: String) async throws(StoreError)
    /// Empty for a configuration without such values, and for one of which none were kept.
    func values(ofConfiguration hash: String) async throws(StoreError) -> [String: String]
}
