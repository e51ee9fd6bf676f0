import IdentityModel

/// A user as the store holds them or, when no plan has made them real yet, as a plan that waits would.
struct Person {
    var user: User
    var assignments: [RoleAssignment]
    var accounts: [Account] = []
    var claims: [SourceClaim] = []
    /// The plan that waits and says all this; nil: the store does.
    var plan: Plan?
}

extension SourceClaim.Presence {
    /// Behind a claim, for people.
    var words: String {
        switch self {
        case .present: ""
        case .gone: ", gone since"
        case .forgotten: ", renumbered since"
        }
    }
}
