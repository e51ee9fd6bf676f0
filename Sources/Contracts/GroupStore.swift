public import IdentityModel

/// A name that a group had when we met it (`NameSyntax.groupKey`), and what stays the same when somebody renames it.
public struct KnownGroup: Hashable, Sendable {
    public let key: String
    public let id: GroupID
    public init(key: String, id: GroupID) {
        self.key = key
        self.id = id
    }
}

/// Which groups names have meant.
public protocol GroupStore: Sendable {
    /// Every group that was ever met under one of these names.
    func groups(_ keys: [String], on system: SystemName) async throws(StoreError) -> [KnownGroup]
    func remember(_ groups: [KnownGroup], on system: SystemName) async throws(StoreError)
}
