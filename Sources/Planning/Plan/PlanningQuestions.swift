package import IdentityModel

/// What the planning of a chunk asks the world, and what it found out.
extension ChunkPlanning {
    /// Asks for the entry of an account: the one we know, or one that correlates.
    package struct LookupQuestion: Sendable, Hashable {
        package let account: Int
        package let system: SystemName
        package let query: AccountQuery
    }

    /// An account whose entry was not found where we know it to be.
    package struct Gone: Sendable, Hashable {
        package let user: UserID
        package let key: UserKey
        package let system: SystemName
        package let name: AccountName?
        /// It is due to somebody, and nothing is done about it unless it may be made anew.
        package let isLeftOut: Bool
        /// It is due to somebody, and made anew because a person says so.
        package let isRecreated: Bool
    }

    /// Asks who holds a name that an account is to get.
    package struct ProbeQuestion: Sendable, Hashable {
        package let account: Int
        package let system: SystemName
        package let probe: NameProbe
    }

    package struct NameQuestions: Sendable {
        package var claims: [NameClaim] = []
        package var probes: [ProbeQuestion] = []
    }
}
