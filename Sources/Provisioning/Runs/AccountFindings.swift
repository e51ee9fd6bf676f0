package import IdentityModel
internal import Planning

/// What planning found out about accounts and can do nothing about by itself: for the report, and for what a person may accept.
package struct AccountFindings: Sendable, Hashable {
    package struct Person: Sendable, Hashable, Comparable {
        package let user: UserID
        package let system: SystemName
        package let key: UserKey
        package let name: AccountName?
        package static func < (left: Self, right: Self) -> Bool {
            (left.system, left.key, left.user) < (right.system, right.key, right.user)
        }

        init(_ account: ChunkPlanning.Gone) {
            (user, system, key, name) = (account.user, account.system, account.key, account.name)
        }

        /// "the entry cn=Berg of E1 on Corp Directory".
        fileprivate var words: String { "the entry \(name?.text ?? "") of \(key) on \(system)" }
    }

    /// People who are due an account whose entry was deleted by hand: left out until `--accept recreate`.
    package private(set) var deletedByHand: Set<Person> = []
    /// Such people whose entries are made anew, because somebody says so.
    package private(set) var recreated: Set<Person> = []
    /// Accounts that are gone together with all others that were looked at, and somebody says that this is so (`--accept gone`).
    package private(set) var acceptedAsGone: Set<Person> = []
    package init() {}

    mutating func note(_ gone: [ChunkPlanning.Gone]) {
        for account in gone {
            if account.isLeftOut { deletedByHand.insert(Person(account)) }
            if account.isRecreated { recreated.insert(Person(account)) }
        }
    }

    mutating func noteAccepted(_ gone: [ChunkPlanning.Gone]) {
        for account in gone { acceptedAsGone.insert(Person(account)) }
    }

    /// A sentence for each, at most ten about people of one kind.
    package var warnings: [String] {
        lines(deletedByHand, more: "more whose entries were deleted by hand") { person in
            "\(person.key): the entry \(person.name?.text ?? "") on \(person.system) was deleted by hand; nothing is done about it without --accept recreate"
        }
            + lines(recreated, more: "more that are made anew") { "accepted: \($0.words) was deleted by hand, and is made anew" }
            + lines(acceptedAsGone, more: "more that are gone") { "accepted: \($0.words) is gone" }
    }

    private func lines(_ people: Set<Person>, more: String, _ sentence: (Person) -> String) -> [String] {
        let lines = people.sorted().prefix(10).map(sentence)
        return people.count > 10 ? lines + ["and \(people.count - 10) \(more)"] : lines
    }

    /// What a person accepted of single accounts, a line for each.
    func audit(_ acceptance: Acceptance, plan: PlanID, at now: Instant) -> [AuditEntry] {
        func entries(_ check: ContractBreach.Check, _ people: Set<Person>) -> [AuditEntry] {
            people.sorted().flatMap { person in
                acceptance.audit([ContractBreach(check: check, message: person.words)], plan: plan, user: person.user, at: now)
            }
        }
        return entries(.gone, acceptedAsGone) + entries(.recreate, recreated)
    }
}
