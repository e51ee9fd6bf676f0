package import Contracts
package import IdentityModel
package import Planning

/// Somebody and a place in the configuration, to evaluate an expression there.
package struct ExpressionTrial {
    package let configuration: Configuration
    /// Nil: where business rules stand.
    package let map: PolicyMap?
    package let today: CivilDate
    /// Nil for a made-up user: nobody holds any name.
    package let store: (any Store)?
    package var person: Person
    package var isMadeUp = true
    /// Nil: roles decide.
    package var isEnabled: Bool?
    /// The number of a candidate; an expression knows one at most.
    package var counter: (counter: UniqueRule.Counter, number: Int)?

    /// `person`: made up, unless said otherwise.
    package init(configuration: Configuration, map: PolicyMap?, today: CivilDate, store: (any Store)?, person: Person) {
        self.configuration = configuration
        self.map = map
        self.today = today
        self.store = store
        self.person = person
    }

    package enum Failure: Error, Hashable, Sendable {
        /// The expression reads a secret, which is neither shown nor taken apart.
        case readsSecret(String)
        /// A rule cannot be decided, so that nobody can say whether the account is enabled.
        case undecided(String)
    }

    /// What came of it.
    package struct Outcome: Sendable {
        package let tried: TriedExpression
        package let person: Person
        package let isMadeUp: Bool
        /// Whose policy map the expression stood in.
        package let system: SystemName?
        /// That system's words for a flag.
        package let flags: FlagWords
        /// `account.enabled`, in a policy map.
        package let isEnabled: Bool?
        /// How what the expression reads came about.
        package let steps: [TracedExpression]
    }

    /// Throws `Failure`, and what the store throws.
    package func evaluate(_ expression: Planning.Expression) async throws -> Outcome {
        if let name = MaskedAttributes.read(by: expression, of: map) { throw Failure.readsSecret(name) }
        guard let map else {
            return Outcome(
                tried: TriedExpression(expression, user: person.user, schema: configuration.schema), person: person, isMadeUp: isMadeUp,
                system: nil, flags: .plain, isEnabled: nil, steps: [])
        }
        let isEntitled = try isEnabled ?? isEntitled(map.system)
        let explaining = AccountExplaining(
            configuration: configuration, map: map, user: person.user, isEnabled: isEntitled,
            known: person.accounts.first { $0.system == map.system }, planned: nil, store: store)
        let evaluation = try await explaining.evaluate().evaluation
        return Outcome(
            tried: TriedExpression(expression, in: evaluation, counter: counter?.counter, number: counter?.number), person: person,
            isMadeUp: isMadeUp, system: map.system, flags: map.traits.flags, isEnabled: isEntitled,
            steps: AccountTrace(evaluation).steps(readBy: expression))
    }

    /// By the rules as they are today, and by roles that were given otherwise.
    private func isEntitled(_ system: SystemName) throws -> Bool {
        let rules = RuleEvaluation(rules: configuration.rules, schema: configuration.schema)
        do throws(RuleEvaluation.Failure) {
            let assignments = try rules.assignments(of: person.user, held: person.assignments, today: today)
            return configuration.entitlements(of: assignments)[system] != nil
        } catch {
            throw Failure.undecided(error.message)
        }
    }
}
