import IdentityModel
import Planning

/// The whole policy map for one new user after the other, as planning runs it: the record, the correlation values, every let and attribute,
/// the candidates of unique names with their scopes, and the answer which of them is free.
struct AccountTimes {
    private let company: Company
    private let reader: UserReader
    private let correlation: [PolicyMap.Step]

    init(_ company: Company) {
        self.company = company
        reader = UserReader(schema: company.configuration.schema)
        correlation = company.map.correlationSteps
    }

    /// For one user.
    func nanoseconds() throws -> Double {
        let complete = pass()
        // The sample company has a few people whose phone number makes no sense; everybody gets an account.
        guard complete == company.users.count else { throw Refusal("\(complete) of \(company.users.count) accounts could be computed") }
        return medianNanoseconds { _ = pass() } / Double(company.users.count)
    }

    /// Everybody joins at once. The number of accounts without a failed attribute.
    private func pass() -> Int {
        let hints = NameHints()
        var taken: Set<NameClaim> = []
        var count = 0
        for user in company.users {
            let evaluation = AccountEvaluation(
                map: company.map, user: user, record: reader, isEnabled: true, known: nil, stored: [:])
            _ = evaluation.correlation(steps: correlation)
            while case .needsName(let attribute) = evaluation.advance() {
                var free: NameCandidate?
                while free == nil, let candidate = evaluation.offer(1, attribute: attribute, hints: hints).first {
                    if taken.insert(candidate.claim).inserted { free = candidate }
                }
                guard let free else { break }
                evaluation.choose(free, attribute: attribute, hints: hints)
            }
            if evaluation.outcomes.allSatisfy({ $0?.isFailure == false }) { count += 1 }
        }
        return count
    }
}

extension AttributeOutcome {
    fileprivate var isFailure: Bool {
        if case .failed = self { true } else { false }
    }
}
