/// 389 Directory Server. Written from its documentation; not yet run against it.
enum DS389 {
    /// The attribute uniqueness plugin: "Another entry with the same attribute value already exists (attribute: "uid")".
    static func saysNotUnique(_ text: String) -> Bool { text.contains("same attribute value already exists") }

    /// Account inactivation (Red Hat Directory Server, "Manually inactivating users and roles").
    static func switching(enabled: Bool) -> [Modification] {
        [Modification(kind: .replace, name: "nsAccountLock", values: enabled ? [] : ["true"])]
    }

    /// Account lockout policy.
    static let unlocking = [
        Modification(kind: .replace, name: "accountUnlockTime", values: []),
        Modification(kind: .replace, name: "passwordRetryCount", values: []),
    ]
}
