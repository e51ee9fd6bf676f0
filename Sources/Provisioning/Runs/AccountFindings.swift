package import IdentityModel
internal import Planning

/// What planning found out about accounts and can do nothing about by itself: for the report, and for what a person may accept.
package struct AccountFindings: Sendable, Hashable {
    package struct Person: Sendable, Hashable, Comparable {
        package let system: SystemName
        package let key: UserKey
        package let name: AccountName?
        package static func < (left: Self, right: Self) -> Bool { (left.system, left.key) < (right.system, right.key) }
    }

    /// People who are due an account whose entry was deleted by hand: left out until `--accept recreate`.
    package private(set) var deletedByHand: Set<Person> = []
    package init() {}

    mutating func note(_ gone: [ChunkPlanning.Gone]) {
        for account in gone where account.isLeftOut {
            deletedByHand.insert(Person(system: account.system, key: account.key, name: account.name))
        }
    }

    /// A sentence for each, at most ten about people of one kind.
    package var warnings: [String] {
        let people = deletedByHand.sorted()
        var lines = people.prefix(10).map { person in
            "\(person.key): the entry \(person.name?.text ?? "") on \(person.system) was deleted by hand; nothing is done about it without --accept recreate"
        }
        if people.count > 10 { lines.append("and \(people.count - 10) more whose entries were deleted by hand") }
        return lines
    }
}
