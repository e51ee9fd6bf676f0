public import IdentityModel

/// An attribute whose values are secrets.
public struct SecretAttribute: Hashable, Sendable {
    public let system: SystemName
    public let name: String
    public init(system: SystemName, name: String) {
        self.system = system
        self.name = name
    }
}

/// Puts digests in the place of secrets that stand in clear.
public protocol DigestsSecrets: Sendable {
    /// `isMarked`: the order that holds the value calls it sensitive.
    func isSecret(_ attribute: SecretAttribute, isMarked: Bool) -> Bool
    func digest(_ value: String, of attribute: SecretAttribute, user: UserID) -> AccountValue
}

/// What a store knows of secrets: nothing but digests, and by which key they were made.
public protocol SecretStore: Sendable {
    /// Tells the key of this store's digests from others; nil where none was ever made.
    func secretKeyCheck() async throws(StoreError) -> String?
    /// `replacing`: the one that is kept now. Nothing happens where that is another one; the answer is the one that is kept afterwards.
    func keepSecretKeyCheck(_ check: String, replacing: String?) async throws(StoreError) -> String
    /// Attributes of which it is known that nothing stands in clear; nil: of none, because nobody has looked yet.
    func digestedAttributes() async throws(StoreError) -> Set<SecretAttribute>?
    /// Replaces what stands in clear in accounts, orders and events, page by page, and then remembers these attributes. Done again after a crash it goes on.
    /// Returns how many accounts and orders held such values. Plans that wait get another content by it: see `reseal`.
    func digestSecrets(_ attributes: Set<SecretAttribute>, by digest: any DigestsSecrets) async throws(StoreError) -> Int
    /// The content of a plan that waits was changed by `digestSecrets`, and nothing else.
    func reseal(_ plan: PlanID, _ seal: String) async throws(StoreError)
    /// Takes what `digestSecrets` replaced out of the file altogether.
    func eraseReplacedSecrets() async throws(StoreError)
}
