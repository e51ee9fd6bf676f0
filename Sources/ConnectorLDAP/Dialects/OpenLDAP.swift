/// OpenLDAP's slapd.
///
/// It has no notion of a disabled account of its own. The ppolicy overlay has one, so where the server advertises it, disabling sets
/// `pwdAccountLockedTime` to the value that means "until an administrator unlocks it" (slapo-ppolicy(5); it counts only under a policy with
/// `pwdLockout: TRUE`). Without the overlay nothing is added: disabling is then what the policy map says.
enum OpenLDAP {
    /// The unique overlay: "some attributes not unique" (2.4, 2.5), "non-unique attributes found with (...)" (2.6).
    static func saysNotUnique(_ text: String) -> Bool { text.contains("not unique") || text.contains("non-unique") }

    static func switching(enabled: Bool) -> [Modification] {
        [Modification(kind: .replace, name: "pwdAccountLockedTime", values: enabled ? [] : ["000001010000Z"])]
    }

    /// `pwdFailureTime` may not be written by anybody; the overlay forgets the failures itself when the lock goes (slapo-ppolicy(5)).
    static let unlocking = [Modification(kind: .replace, name: "pwdAccountLockedTime", values: [])]
}
