package import IdentityModel

/// Plans the accounts of a chunk of users. It decides; the shell asks the world what it wants to know, in batches:
///
///     while let question = nextQuestion()      may there be an entry already? Who holds these names?
///         answer(...)
///     orders(from:)
///
/// Namesakes get their names in the order of the users. An account that has to ask for more names may be overtaken by one whose name is made of
/// something else; the same input always gives the same names. Not for several threads at once.
package final class ChunkPlanning {
    /// One account on its way through the chunk.
    final class Candidacy {
        let change: UserChange
        let map: PolicyMap
        let intent: AccountIntent
        let situation: AccountSituation
        var known: Account? { situation.known }
        var evaluation: AccountEvaluation?
        /// The attribute that waits for a name, and the candidates offered for it.
        var waiting: Int?
        /// Accounts of one family compete for names: they have the same first candidate.
        var family = ""
        var offered: [NameCandidate] = []
        var cursor = 0
        var probing: NameCandidate?
        var isFinished = false
        /// What the system is to be asked next; nothing, once it was.
        var look: AccountLook
        var asked = AccountLook.nothing
        /// Its system could not be asked: no order is made, and nobody may think that all is well.
        var isLeftAside = false

        init(_ situation: AccountSituation) {
            change = situation.change
            map = situation.map
            intent = situation.intent
            self.situation = situation
            look = situation.intent.look(known: situation.known, map: situation.map)
        }
    }

    private let reader: UserReader
    private let hints: NameHints
    private let correlations: PlannedCorrelations
    private let observer: ExpressionObserver?
    private let secrets: SecretKeeping
    private(set) var accounts: [Candidacy] = []
    private enum Holder {
        case nobody
        case user(UserID)
    }
    /// What the store said of a name.
    private var asked: [NameClaim: Holder] = [:]
    /// Nobody's entry is asked for any more.
    var hasLookedUp = false
    /// Names taken in this chunk, and names that a system says are taken.
    var chosen: [NameClaim: UserID] = [:]
    private var takenOnTarget: Set<NameClaim> = []
    /// Attributes whose names a system refused.
    private var refused: Set<String> = []
    private var windows: [String: Int] = [:]

    /// `correlations`: of the chunks of this plan that came before. `recreates`: whether entries that were deleted by hand may be made anew.
    package init(
        configuration: Configuration, hints: NameHints, correlations: PlannedCorrelations = PlannedCorrelations(), changes: [UserChange],
        accounts known: [UserID: [Account]], recreates: Bool = false, observer: ExpressionObserver? = nil
    ) {
        reader = UserReader(schema: configuration.schema)
        self.hints = hints
        self.correlations = correlations
        self.observer = observer
        secrets = configuration.secrets
        // Many people hold the same roles.
        var entitlementsOfRoles: [[RoleAssignment]: [SystemName: SystemEntitlement]] = [:]
        for change in changes {
            let entitlements = entitlementsOfRoles[change.assignments] ?? configuration.entitlements(of: change.assignments)
            entitlementsOfRoles[change.assignments] = entitlements
            for map in configuration.policyMaps {
                let account = known[change.user.id]?.first { $0.system == map.system }
                let intent = AccountIntent.of(isEntitled: entitlements[map.system] != nil, known: account)
                guard intent != .nothing else { continue }
                accounts.append(
                    Candidacy(
                        AccountSituation(
                            change: change, map: map, intent: intent, entitlement: entitlements[map.system], known: account,
                            mayRecreate: recreates)))
            }
        }
    }

    /// The policy map as it was evaluated for a user; nil for somebody who has no account there and is not to have one.
    package func evaluation(of user: UserID, on system: SystemName) -> AccountEvaluation? {
        accounts.first { $0.change.user.id == user && $0.map.system == system }?.evaluation
    }

    // MARK: Is there an entry already?

    /// What has to be asked next; empty when nothing has. An account that is not found where it was is asked for again, by correlation.
    func lookups() -> [LookupQuestion] {
        var stepsOfMap: [SystemName: [PolicyMap.Step]] = [:]
        var questions: [LookupQuestion] = []
        for (index, account) in accounts.enumerated() where !account.isLeftAside && account.look != .nothing {
            account.asked = account.look
            account.look = .nothing
            switch account.asked {
            case .id(let id):
                questions.append(LookupQuestion(account: index, system: account.map.system, query: .id(id, name: account.known?.name)))
            case .correlation:
                let steps = stepsOfMap[account.map.system] ?? account.map.correlationSteps
                stepsOfMap[account.map.system] = steps
                guard let values = correlation(account, steps) else { continue }
                questions.append(LookupQuestion(account: index, system: account.map.system, query: .correlation(values)))
            case .nothing: continue
            }
        }
        refuseEqualCorrelations()
        return questions
    }

    /// By what the account is looked up now; nil when it cannot be.
    private func correlation(_ account: Candidacy, _ steps: [PolicyMap.Step]) -> [String: String]? {
        let situation = account.situation
        let evaluation = AccountEvaluation(
            map: account.map, user: account.change.user, record: reader, isEnabled: account.intent == .provide, known: nil, stored: [:],
            observer: observer)
        switch evaluation.correlation(steps: steps) {
        case .values(let values): situation.correlation = values
        case .namedLater: break
        case .missing(let why): situation.correlationFailure = why
        }
        // For somebody new this is the evaluation itself; whoever turns out to have an entry is evaluated anew.
        if account.known == nil { account.evaluation = evaluation }
        // The Create whose answer was lost looked for these.
        if let sought = account.known?.doubt?.correlation, !sought.isEmpty { return sought }
        if account.intent == .withdraw, let written = account.known?.writtenCorrelation(account.map) { return written }
        return situation.correlationFailure == nil ? situation.correlation : nil
    }

    /// Two people by whose values one entry would be found get none.
    private func refuseEqualCorrelations() {
        for account in accounts where account.asked == .correlation && account.intent == .provide {
            guard let values = account.situation.correlation else { continue }
            correlations.note(values, system: account.map.system, user: account.change.user)
        }
        if correlations.areAllDifferent { return }
        let here = Set(accounts.map(\.change.user.id))
        for account in accounts where account.asked == .correlation && account.intent == .provide {
            guard let values = account.situation.correlation else { continue }
            if let other = correlations.other(values, system: account.map.system, than: account.change.user) {
                let failure = equalCorrelation(values, on: account.map.system)
                account.situation.correlationFailure = failure(other)
                correlations.overtake(
                    values, system: account.map.system, by: account.change.user, besides: here,
                    failure: failure("user \(account.change.user.key)"))
            }
        }
    }

    private func equalCorrelation(_ values: [String: String], on system: SystemName) -> (_ other: String) -> String {
        let listed = values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
        return { other in "\(listed) is what \(other) has too, and an entry of \(system) could be either's; correct one of them" }
    }

    /// The account as the store knows it that a lookup is about.
    package func known(_ question: LookupQuestion) -> Account? { accounts[question.account].known }

    package func answer(_ lookups: [LookupAnswer]) {
        for (question, actual) in lookups {
            let account = accounts[question.account]
            let wasGone = account.situation.isGone
            account.situation.answer(account.asked, actual)
            if account.situation.isGone, !wasGone { account.look = .correlation }
            if actual != .absent { account.evaluation = nil }
        }
    }

    /// Accounts whose entries were not found where they should be, although their systems could be asked.
    package var gone: [Gone] {
        accounts.filter(\.situation.isGone).map { account in
            Gone(
                user: account.change.user.id, key: account.change.user.key, system: account.map.system, name: account.known?.name,
                isLeftOut: isMissed(account) && !account.situation.mayRecreate,
                isRecreated: isMissed(account) && account.situation.mayRecreate)
        }
    }

    private func isMissed(_ account: Candidacy) -> Bool {
        !account.isLeftAside && account.situation.isRecreation && account.situation.actual == .absent
    }

    /// Those of them that somebody has to decide about.
    package var missed: [Account] { accounts.filter { isMissed($0) && !$0.situation.mayRecreate }.compactMap(\.known) }

    package func missed(on system: SystemName) -> [Account] { missed.filter { $0.system == system } }

    /// Users for whom somebody has to decide something before they can be planned.
    package var leftOut: Set<UserID> { Set(gone.filter(\.isLeftOut).map(\.user)) }

    // MARK: Names

    /// Runs every account on as far as it can go and says what has to be known next; nil when all are computed.
    func nameQuestions() -> NameQuestions? {
        var questions = NameQuestions()
        var blocked: Set<String> = []
        for (index, account) in accounts.enumerated() where !account.isFinished {
            run(account, index, &questions, &blocked)
        }
        return questions.claims.isEmpty && questions.probes.isEmpty ? nil : questions
    }

    package func answer(_ questions: NameQuestions, _ answers: NameAnswers) {
        for claim in questions.claims { asked[claim] = answers.holders[claim].map(Holder.user) ?? .nobody }
        for (probe, isTaken) in zip(questions.probes, answers.taken) {
            let account = accounts[probe.account]
            guard !account.isLeftAside, let candidate = account.probing, let waiting = account.waiting else { continue }
            account.probing = nil
            if isTaken {
                takenOnTarget.insert(candidate.claim)
                chosen[candidate.claim] = nil
                account.cursor += 1
            } else {
                choose(candidate, account, attribute: waiting)
            }
        }
    }

    /// The entry the account is or will become: a name it holds itself is not taken.
    package func ownEntry(_ probe: ProbeQuestion) -> AccountID? {
        let account = accounts[probe.account]
        return account.situation.entry?.id ?? account.known?.id
    }

    private func evaluation(of account: Candidacy) -> AccountEvaluation {
        if let evaluation = account.evaluation { return evaluation }
        let situation = account.situation
        let evaluation = AccountEvaluation(
            map: account.map, user: account.change.user, record: reader, isEnabled: account.intent == .provide,
            known: situation.predecessor,
            stored: situation.storedValues, isMadeAnew: situation.isRecreation,
            chosenAnew: refused.union(situation.isElsewhere ? account.map.attributesInName : []), observer: observer)
        account.evaluation = evaluation
        return evaluation
    }

    private func run(_ account: Candidacy, _ index: Int, _ questions: inout NameQuestions, _ blocked: inout Set<String>) {
        let evaluation = evaluation(of: account)
        while account.probing == nil {
            if account.waiting == nil {
                guard case .needsName(let attribute) = evaluation.advance() else {
                    account.isFinished = true
                    return
                }
                account.waiting = attribute
                account.family =
                    "\(attribute)\u{0}" + (evaluation.base(ofAttribute: attribute) ?? "") + account.map.system.text
            }
            guard let attribute = account.waiting, case .unique(let unique) = account.map.attributes[attribute].value else { return }
            if !blocked.isEmpty && blocked.contains(account.family) { return }
            guard let candidate = nextFree(account, evaluation, attribute, unique, &questions) else {
                if account.waiting != nil {
                    blocked.insert(account.family)
                    return
                }
                continue
            }
            chosen[candidate.claim] = account.change.user.id
            if unique.places.contains(.target) {
                account.probing = candidate
                let probe = NameProbe(
                    attribute: account.map.attributes[attribute].name, value: candidate.value, container: candidate.container,
                    accountName: candidate.accountName)
                questions.probes.append(ProbeQuestion(account: index, system: account.map.system, probe: probe))
            } else {
                choose(candidate, account, attribute: attribute)
            }
        }
    }

    /// The first candidate that is known to be free. Nil: the store has to be asked first, or (nothing waits any more) all are used up.
    private func nextFree(
        _ account: Candidacy, _ evaluation: AccountEvaluation, _ attribute: Int, _ unique: UniqueRule, _ questions: inout NameQuestions
    ) -> NameCandidate? {
        while true {
            if account.cursor == account.offered.count {
                account.offered = evaluation.offer(1, attribute: attribute, hints: hints)
                account.cursor = 0
                if account.offered.isEmpty {
                    account.waiting = nil
                    return nil
                }
            }
            let candidate = account.offered[account.cursor]
            let user = account.change.user.id
            if unique.places.contains(.store), asked[candidate.claim] == nil {
                lookAhead(account, evaluation, attribute)
                questions.claims.append(contentsOf: account.offered[account.cursor...].map(\.claim).filter { asked[$0] == nil })
                return nil
            }
            if isFree(candidate.claim, for: user) { return candidate }
            account.cursor += 1
        }
    }

    /// The store is asked for one name at first; a family of namesakes asks for more and more at once, and those who come later find the answer.
    private func lookAhead(_ account: Candidacy, _ evaluation: AccountEvaluation, _ attribute: Int) {
        let window = windows[account.family] ?? 1
        windows[account.family] = min(window * 8, 512)
        guard window > 1 else { return }
        account.offered += evaluation.furtherCandidates(window - 1, attribute: attribute, hints: hints)
    }

    private func isFree(_ claim: NameClaim, for user: UserID) -> Bool {
        if takenOnTarget.contains(claim) { return false }
        if let other = chosen[claim], other != user { return false }
        if case .user(let holder)? = asked[claim], holder != user { return false }
        return true
    }

    private func choose(_ candidate: NameCandidate, _ account: Candidacy, attribute: Int) {
        account.evaluation?.choose(candidate, attribute: attribute, hints: hints)
        account.waiting = nil
        account.offered = []
        account.cursor = 0
    }

    /// Names that are known to be taken although neither the store nor a probe says so (the system refused them). Whoever kept one of them gets another one, too:
    /// it may stand in the account's name now, and did not before.
    package func exclude(_ claims: some Sequence<NameClaim>) {
        takenOnTarget.formUnion(claims)
        refused.formUnion(claims.map(\.attribute))
    }

    // MARK: Orders

    /// Names that turned out to be lost to somebody else when they were saved: the accounts that chose them are computed anew.
    package func lose(_ claims: Set<NameClaim>) {
        // What this run has found taken may have been taken by the very accounts that now choose again.
        hints.forget()
        for claim in claims {
            takenOnTarget.insert(claim)
            chosen[claim] = nil
        }
        for account in accounts where !account.isLeftAside && account.evaluation?.claims.contains(where: claims.contains) == true {
            for claim in account.evaluation?.claims ?? [] where chosen[claim] == account.change.user.id { chosen[claim] = nil }
            account.evaluation = nil
            account.waiting = nil
            account.offered = []
            account.cursor = 0
            account.isFinished = false
        }
    }

    /// The orders of the chunk in the order of its users, numbered from `first`.
    package func orders(from first: Int) -> [ProvisioningOrder] {
        var orders: [ProvisioningOrder] = []
        for account in accounts where !account.isLeftAside {
            guard let evaluation = account.evaluation else { continue }
            note(evaluation.correlation, account.situation)
            guard var order = OrderPlanning(account.situation, evaluation, secrets: secrets).order() else { continue }
            order.id = OrderID(plan: PlanID(row: 0), sequence: first + orders.count)
            orders.append(order)
        }
        return orders
    }

    /// A correlation attribute that is a chosen name is known only now.
    private func note(_ correlation: Correlation, _ situation: AccountSituation) {
        guard situation.correlation == nil, situation.correlationFailure == nil, situation.living == nil else { return }
        switch correlation {
        case .values(let values): situation.correlation = values
        case .namedLater: situation.correlationFailure = "a correlation attribute has no value"
        case .missing(let why): situation.correlationFailure = why
        }
    }

    /// The names that the orders' accounts hold from now on.
    package static func reservations(of orders: [ProvisioningOrder]) -> [NameReservation] {
        var seen: Set<NameClaim> = []
        return orders.flatMap { order in order.claims.map { NameReservation(claim: $0, user: order.user) } }.filter {
            seen.insert($0.claim).inserted
        }
    }
}
