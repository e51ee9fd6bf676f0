package import IdentityModel

/// What the planning of a chunk asks the world, and what it found out.
extension ChunkPlanning {
    /// Asks for the entry of an account: the one we know, or one that correlates.
    package struct LookupQuestion: Sendable, Hashable {
        package enum Key: Sendable, Hashable {
            case id(AccountID)
            case correlation([String: String])
        }

        package let account: Int
        package let system: SystemName
        package let key: Key
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

    package struct ProbeQuestion: Sendable, Hashable {
        package let account: Int
        package let system: SystemName
        package let attribute: String
        package let value: String
        package let container: String?
        /// The account's name with this value, where the value stands in it.
        package let accountName: AccountName?
    }

    package struct NameQuestions: Sendable {
        package var claims: [NameClaim] = []
        package var probes: [ProbeQuestion] = []
    }
}
