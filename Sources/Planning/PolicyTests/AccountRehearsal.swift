internal import CEL
internal import IdentityModel

/// Plans one user's account in a situation that a policy test describes: the planner's own functions, with the test's answers in place of
/// the store's and the system's.
struct AccountRehearsal {
    /// Why nothing could be planned.
    struct Refusal: Error, Hashable {
        let message: String
    }

    struct Outcome {
        let user: User
        let assignments: [RoleAssignment]
        let intent: AccountIntent
        /// Nil: nothing has to be done.
        let order: ProvisioningOrder?
        /// Nil for somebody who has no account and is not to have one.
        let evaluation: AccountEvaluation?
    }

    let configuration: Configuration
    let map: PolicyMap
    let rules: RuleEvaluation

    private static let source = SourceName("policy test")
    private static let somebodyElse = UserID("somebody else")

    func plan(
        _ situation: PolicyTest.Situation, after before: Outcome?, known: Account?, entry: PolicyTest.Entry,
        observer: ExpressionObserver? = nil
    ) throws(Refusal) -> Outcome {
        let user = user(situation)
        let assignments = try assignments(situation, user)
        let change = UserChange(
            change: ChangeDetection.change(from: before?.user, to: user), user: user, before: before?.user, assignments: assignments,
            assignmentsBefore: before?.assignments ?? [], claim: nil, due: nil, reasons: [])
        let planning = ChunkPlanning(
            configuration: configuration, hints: NameHints(), changes: [change], accounts: known.map { [user.id: [$0]] } ?? [:],
            recreates: true, observer: observer)
        while let question = planning.nextQuestion() {
            switch question {
            case .entries(let questions): planning.answer(questions.map { ($0, actual(entry, known, user, $0.query)) })
            case .names(let questions):
                let held = questions.claims.filter { isTaken($0, situation) }.map { ($0, AccountRehearsal.somebodyElse) }
                planning.answer(
                    questions,
                    ChunkPlanning.NameAnswers(
                        holders: Dictionary(held, uniquingKeysWith: { first, _ in first }),
                        taken: questions.probes.map { isTaken($0.probe.attribute, $0.probe.value, .target, situation) }))
            }
        }
        let isEntitled = configuration.entitlements(of: assignments)[map.system] != nil
        return Outcome(
            user: user, assignments: assignments, intent: AccountIntent.of(isEntitled: isEntitled, known: known),
            order: planning.orders(from: 1).first, evaluation: planning.evaluation(of: user.id, on: map.system))
    }

    /// The account as it is once the order is carried out in full.
    func account(_ known: Account?, after order: ProvisioningOrder) -> Account {
        var done = order
        for index in done.requests.indices { done.requests[index].outcome = .done }
        return (known ?? Account(user: order.user, system: order.system)).after(
            done, id: known?.id ?? AccountID("id of \(order.userKey)"), name: order.nameAfter ?? order.nameBefore,
            at: Instant(milliseconds: 0))
    }

    // MARK: Who it is

    private func user(_ situation: PolicyTest.Situation) -> User {
        var key = UserKey("somebody")
        if case .string(let id)? = situation.attributes["employeeId"] { key = UserKey(id) }
        return User(
            id: ChangeDetection.userID(source: AccountRehearsal.source, key: UserKey("somebody")), key: key,
            source: AccountRehearsal.source,
            status: StatusBlock(wanted: situation.status, attributes: situation.attributes).status(on: situation.date, hasStarted: false),
            attributes: situation.attributes, version: 0)
    }

    private func assignments(_ situation: PolicyTest.Situation, _ user: User) throws(Refusal) -> [RoleAssignment] {
        if let roles = situation.roles { return roles.map { RoleAssignment(role: $0, origin: .manual("test")) }.sorted() }
        do {
            return try rules.assignments(of: user, held: [], today: situation.date)
        } catch {
            throw Refusal(message: error.message)
        }
    }

    // MARK: What the world answers

    private func actual(
        _ entry: PolicyTest.Entry, _ known: Account?, _ user: User, _ query: AccountQuery
    ) -> ActualState {
        switch entry {
        case .absent: return .absent
        case .unowned(let entry):
            if case .id(let id, _) = query, id != entry.id { return .absent }
            return .found(entry, owner: nil)
        case .asKnown:
            guard let known, known.state != .deleted, let id = known.id, let name = known.name else { return .absent }
            let texts = known.written.mapValues { values in
                values.compactMap { value in
                    if case .text(let text) = value { text } else { nil }
                }
            }
            return .found(
                ActualAccount(id: id, name: name, attributes: texts, memberships: known.memberships.sorted()),
                owner: AccountOwner(user: user.id, system: map.system))
        }
    }

    private func isTaken(_ claim: NameClaim, _ situation: PolicyTest.Situation) -> Bool {
        isTaken(claim.attribute, claim.folded, .store, situation)
    }

    private func isTaken(_ attribute: String, _ value: String, _ place: UniqueRule.Place, _ situation: PolicyTest.Situation) -> Bool {
        let isExact = map.attributes.contains { rule in
            if rule.name == attribute, case .unique(let unique) = rule.value { unique.match == .exact } else { false }
        }
        return situation.taken.contains { name in
            name.attribute == attribute && name.place == place
                && (isExact ? name.value == value : name.value.lowercased() == value.lowercased())
        }
    }
}
