internal import CEL
package import IdentityModel

/// One name an account could have.
package final class NameCandidate: Sendable {
    package let value: String
    package let claim: NameClaim
    /// The parent, for `scope: container`.
    package let container: String?
    /// The name of the account that has it, where it stands in that name.
    package let accountName: AccountName?
    /// The counter it was made with.
    let number: Int?

    init(value: String, claim: NameClaim, container: String?, accountName: AccountName?, number: Int?) {
        self.value = value
        self.claim = claim
        self.container = container
        self.accountName = accountName
        self.number = number
    }
}

/// From which number on candidates may be free, shared by namesakes during a run: everything below was found taken.
package final class NameHints {
    private var starts: [String: Int] = [:]

    package init() {}

    func start(for key: String?, from: Int) -> Int { key.flatMap { starts[$0] } ?? from }

    func forget() { starts = [:] }

    func note(_ key: String?, next: Int) {
        guard let key else { return }
        starts[key] = max(starts[key] ?? 0, next)
    }
}

/// The candidates of one `unique` attribute for one account, produced in order and no further than needed.
struct NameSequence {
    /// The counters at which numbered candidates are compared to tell whether two accounts share all of them:
    /// where the number of digits changes.
    static let probes = [1, 10, 100, 1_000, 10_000]

    private(set) var expressionIndex = 0
    private var counter: Int?

    /// The next candidate expression and number; nil when all are used up. `start` gives the first number worth trying.
    mutating func next(_ rule: UniqueRule, start: (Int, UniqueRule.Counter) -> Int) -> (candidate: Int, number: Int?)? {
        while expressionIndex < rule.candidates.count {
            guard let range = rule.candidates[expressionIndex].counter else {
                expressionIndex += 1
                return (expressionIndex - 1, nil)
            }
            let number = counter ?? start(expressionIndex, range)
            if number <= range.to {
                counter = number + 1
                return (expressionIndex, number)
            }
            expressionIndex += 1
            counter = nil
        }
        return nil
    }
}
