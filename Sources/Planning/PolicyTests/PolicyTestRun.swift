internal import IdentityModel

/// Runs the policy tests of one policy map, and counts what they reach. Not for several threads at once.
package final class PolicyTestRun {
    private let map: PolicyMap
    private let rehearsal: AccountRehearsal
    /// What the tests that ran have reached. The account that a test begins with is made without being counted: nothing is expected of it.
    package private(set) var coverage: MapCoverage

    package init(configuration: Configuration, map: PolicyMap) {
        self.map = map
        let configuration = configuration.only(map.system)
        rehearsal = AccountRehearsal(
            configuration: configuration, map: map, rules: RuleEvaluation(rules: configuration.rules, schema: configuration.schema))
        coverage = MapCoverage(map)
    }

    package func run(_ test: PolicyTest) -> PolicyTestResult {
        let observation = MapObservation()
        var reality = PolicyTestComparison.Reality()
        do throws(AccountRehearsal.Refusal) {
            let start = try test.account.map { account throws(AccountRehearsal.Refusal) in try begin(account) }
            reality.known = start?.known
            do throws(AccountRehearsal.Refusal) {
                reality.outcome = try rehearsal.plan(
                    test.situation, after: start?.before, known: start?.known, entry: test.entry, observer: observation.note)
            } catch {
                reality.refusal = error.message
            }
        } catch {
            reality.start = error.message
        }
        coverage.add(observation, reality.outcome?.evaluation)
        let comparison = PolicyTestComparison(test: test, map: map, rehearsal: rehearsal, reality: reality)
        return PolicyTestResult(
            test: test, mismatches: comparison.mismatches(), known: reality.known, order: reality.outcome?.order)
    }

    /// The account as it was made, withdrawn or changed before the test begins.
    private func begin(_ account: PolicyTest.KnownAccount) throws(AccountRehearsal.Refusal) -> (
        known: Account, before: AccountRehearsal.Outcome
    ) {
        let before = try rehearsal.plan(account.before, after: nil, known: nil, entry: .absent)
        var known = try carriedOut(before, nil)
        switch account.state {
        case .none, .enabled: break
        case .deprovisioned, .deleted:
            let left = PolicyTest.Situation(
                attributes: account.before.attributes, status: .terminated, roles: [], date: account.before.date, taken: [])
            known = try carriedOut(try rehearsal.plan(left, after: before, known: known, entry: .asKnown), known)
            if account.state == .deleted, known.state != .deleted {
                known.state = .deleted
                known.id = nil
                known.memberships = []
            }
        }
        for (name, values) in account.attributes {
            if name == map.accountName { known.name = values.first.map { AccountName($0.text) } }
            known.written[name] = name == map.accountName || values.isEmpty ? nil : values
        }
        if let memberships = account.memberships { known.memberships = memberships }
        return (known, before)
    }

    private func carriedOut(_ outcome: AccountRehearsal.Outcome, _ known: Account?) throws(AccountRehearsal.Refusal) -> Account {
        guard let order = outcome.order else {
            throw AccountRehearsal.Refusal(message: "no role gave an account on \(map.system) before (\(outcome.rolesText))")
        }
        if let failure = order.failure { throw AccountRehearsal.Refusal(message: "the account could not be made: \(failure.message)") }
        return rehearsal.account(known, after: order)
    }
}

extension AccountRehearsal.Outcome {
    /// `roles: Employee (rule:everybody)`.
    var rolesText: String {
        let held = assignments.map { "\($0.role) (\($0.origin))" }
        return "status \(user.status.rawValue); roles: " + (held.isEmpty ? "none" : held.joined(separator: ", "))
    }
}
