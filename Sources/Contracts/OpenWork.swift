public import IdentityModel

/// What is not settled, in the whole store: why no run may end as if everything were done.
public struct OpenWork: Sendable, Hashable {
    /// Orders of one origin's plans that began to be applied.
    public struct Orders: Sendable, Hashable {
        /// Pending: they wait for their system, or for their turn.
        public var waiting = 0
        /// Transmitted by a run that is no more: whether they happened is not known.
        public var transmitted = 0
        public var errored = 0
        public var evaluationsFailed = 0
        public var awaitingApproval = 0
        public init() {}

        public var isEmpty: Bool { waiting + transmitted + errored + evaluationsFailed + awaitingApproval == 0 }
        /// Something of these failed, as opposed to: waits.
        public var failed: Int { errored + evaluationsFailed }
    }

    public var orders: [Origin: Orders] = [:]
    /// Plans that wait for somebody's decision, or to be applied, by origin.
    public var waitingPlans: [Origin: Int] = [:]
    /// Accounts whose state is not known.
    public var unknownAccounts = 0
    /// Of those, the ones of people whom a source has, or had.
    public var unknownOfSource: [SourceName: Int] = [:]
    /// Accounts whose entries are gone, of people who are due them.
    public var missedAccounts = 0
    /// Accounts that could not be planned because their system could not be asked.
    public var leftAside: [SystemName: Int] = [:]
    /// People whose row is as an earlier configuration mapped it, because it was not kept: their next row is read anew.
    public var mappedOfOld: [SourceName: Int] = [:]
    /// Rows in quarantine.
    public var quarantined: [SourceName: Int] = [:]
    public init() {}
}
