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

    /// `holders`: of the claims asked for, those that are held; `taken`: by index of the probes, whether another entry holds the name.
    package struct NameAnswers: Sendable {
        package let holders: [NameClaim: UserID]
        package let taken: [Bool]

        package init(holders: [NameClaim: UserID], taken: [Bool]) {
            self.holders = holders
            self.taken = taken
        }
    }

    package typealias LookupAnswer = (question: LookupQuestion, actual: ActualState)

    /// What the world is asked next.
    package enum Question: Sendable {
        /// Is there an entry already? What is not answered was not asked: nothing depends on it.
        case entries([LookupQuestion])
        /// Who holds these names, in the store and on the systems?
        case names(NameQuestions)
    }

    /// The conversation, whoever answers: entries until none is asked for any more, then names until all are chosen. `lookingUp` false: entries are known.
    package func nextQuestion(lookingUp: Bool = true) -> Question? {
        if lookingUp, !hasLookedUp {
            let questions = lookups()
            if !questions.isEmpty { return .entries(questions) }
            hasLookedUp = true
        }
        return nameQuestions().map(Question.names)
    }
}
