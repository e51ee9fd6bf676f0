package import Contracts
package import IdentityModel
package import Planning

/// Evaluates a policy map for one account once more, taking the names that were taken then.
package struct AccountExplaining {
    let configuration: Configuration
    let map: PolicyMap
    let user: User
    let isEnabled: Bool
    let known: Account?
    /// The order of a plan that waits.
    let planned: ProvisioningOrder?
    /// Nil: nobody is asked who holds names.
    let store: (any Store)?

    package init(
        configuration: Configuration, map: PolicyMap, user: User, isEnabled: Bool, known: Account?, planned: ProvisioningOrder?,
        store: (any Store)?
    ) {
        self.configuration = configuration
        self.map = map
        self.user = user
        self.isEnabled = isEnabled
        self.known = known
        self.planned = planned
        self.store = store
    }

    /// An evaluation that ran to its end, and the names it was offered, by attribute.
    package struct Run {
        package let evaluation: AccountEvaluation
        var offered: [Int: [NameCandidate]] = [:]
    }

    /// As the planner does it.
    package func evaluate() async throws -> Run { try await run(known: living, stored: living?.storedValues(map) ?? [:]) }

    private var living: Account? {
        guard let known, known.state == .enabled || known.state == .deprovisioned else { return nil }
        return known
    }

    private func run(known: Account?, stored: [String: [AccountValue]]) async throws -> Run {
        let hints = NameHints()
        var run = Run(
            evaluation: AccountEvaluation(
                map: map, user: user, record: UserReader(schema: configuration.schema), isEnabled: isEnabled, known: known, stored: stored))
        while case .needsName(let index) = run.evaluation.advance() {
            var offered: [NameCandidate] = []
            var chosen: NameCandidate?
            // Whoever has more namesakes than this has their name explained by its rule alone.
            while chosen == nil, offered.count < 1_024 {
                let more = run.evaluation.offer(64, attribute: index, hints: hints)
                if more.isEmpty { break }
                offered += more
                chosen = try await choice(more, index)
            }
            run.offered[index] = offered
            if let chosen = chosen ?? (offered.count < 1_024 ? nil : offered.first) {
                run.evaluation.choose(chosen, attribute: index, hints: hints)
            }
        }
        return run
    }

    /// The name the account has or is to have; without one the first that no other user holds.
    private func choice(_ candidates: [NameCandidate], _ index: Int) async throws -> NameCandidate? {
        if let actual = actual(map.attributes[index].name) { return candidates.first { $0.value == actual } }
        let holders = try await store?.holders(of: candidates.map(\.claim)) ?? [:]
        return candidates.first { holders[$0.claim] == nil || holders[$0.claim] == user.id }
    }

    private func actual(_ name: String) -> String? {
        if name == map.accountName { return (planned?.nameAfter ?? living?.name)?.text }
        return (planned?.requests.first { $0.kind == .attribute && $0.name == name }?.after ?? living?.written[name])?.first?.text
    }

    // MARK: Explaining

    func attribute(_ index: Int, _ evaluation: AccountEvaluation) -> Explanation.Attribute {
        let rule = map.attributes[index]
        let outcome: (words: String, values: [AccountValue]) =
            switch evaluation.outcomes[index] {
            case .values(let values)?: ("computed", values)
            case .stored(let values)?:
                (
                    rule.enforce == .onCreate ? "kept as it was created (enforce: onCreate)" : "kept: what it is made of did not change",
                    values
                )
            case .leftAlone(let warning?)?: ("left alone: \(warning)", [])
            case .leftAlone(nil)?: ("left alone: `when` is false", [])
            case .failed(let message)?: ("failed: \(message)", [])
            case nil: ("not computed", [])
            }
        let written =
            rule.name == map.accountName ? living?.name.map { [AccountValue.text($0.text)] } : living.map { $0.written[rule.name] ?? [] }
        let kept = configuration.secrets.kept(outcome.values, of: rule.name, in: map, user: user.id)
        return Explanation.Attribute(
            name: rule.name, position: rule.position, settings: settings(rule), outcome: outcome.words, values: outcome.values,
            written: kept == nil || written == kept ? nil : written)
    }

    private func settings(_ rule: AttributeRule) -> String {
        var settings: [String] = rule.enforce == .onChange ? [] : ["enforce: \(rule.enforce.rawValue)"]
        if let limit = rule.maxLength { settings.append("maxLength: \(limit)") }
        if rule.skipsOnError { settings.append("onError: skip") }
        if case .unique(let unique) = rule.value { settings.append("unique in scope \(unique.scope.rawValue)") }
        if rule.name == map.accountName { settings.append("names the account") }
        return settings.joined(separator: ", ")
    }

    /// One attribute with the steps to its value and, for a name, who holds the ones before it.
    func explained(_ index: Int) async throws -> Explanation.Attribute {
        let run = try await evaluate()
        let rule = map.attributes[index]
        var explained = attribute(index, run.evaluation)
        // A secret is not taken apart, nor what is made of one: a step on the way would show it.
        if rule.isSensitive || readsSecret(rule) { return explained }
        explained.steps = AccountTrace(run.evaluation).steps(of: rule, chosen: explained.values.first?.text)
        if case .unique = rule.value { explained.candidates = try await candidates(index, run, explained) }
        return explained
    }

    private func readsSecret(_ rule: AttributeRule) -> Bool {
        let expressions: [Planning.Expression] =
            switch rule.value {
            case .expression(let expression): [expression]
            case .unique(let unique): unique.candidates.map(\.expression)
            case .literals: []
            }
        return (expressions + [rule.when].compactMap { $0 }).contains { MaskedAttributes.read(by: $0, of: map) != nil }
    }

    /// A name that was kept is chosen once more, as if the account were new, to see what stood before it.
    private func candidates(_ index: Int, _ run: Run, _ explained: Explanation.Attribute) async throws -> [Explanation.Candidate] {
        var offered = run.offered[index] ?? []
        if offered.isEmpty {
            var stored = living?.storedValues(map) ?? [:]
            stored[map.attributes[index].name] = nil
            offered = try await self.run(known: nil, stored: stored).offered[index] ?? []
        }
        guard let name = explained.values.first?.text, let place = offered.firstIndex(where: { $0.value == name }) else { return [] }
        let earlier = offered[..<place]
        guard let store else { return [] }
        let holders = try await NameHolders(store: store).words(for: earlier.map(\.claim))
        let tried = earlier.map { Explanation.Candidate(value: $0.value, isChosen: false, holder: holders[$0.claim]) }
        return tried + [Explanation.Candidate(value: name, isChosen: true, holder: nil)]
    }
}
