package import Contracts
package import IdentityModel
package import Planning

/// What somebody asked for is not there, or may not be done. Words for it are the asker's to find.
package enum InquiryError: Error, Hashable, Sendable {
    case noPlan(Int, newest: Int?)
    /// No plan and number: `7-12`.
    case notAnOrder(String)
    /// The order's plan was thrown away before it was applied, and its orders with it.
    case orderOfPlanThatIsGone(String, Plan)
    case noOrder(String, Plan)
    /// `setAside`: rows in quarantine that have the key.
    case noUser(String, setAside: [Quarantine])
    /// Somebody whom no applied plan has made known yet.
    case notCompared(String)
    /// Sources gave one key to several people.
    case keyOfSeveral(String, [Namesake])
    case noSystem(String, known: [String])
    case noAttribute(String, of: SystemName, file: String, known: [String])
    case noOrderState(String)
    case noQuarantine(Int64)
    /// A plan that is in another state than the decision about it needs.
    case notDecidable(Plan, PlanDecision)
    case needsReason(Plan, PlanDecision)
    /// Which of them is to be applied?
    case severalPlansWait([Int])
    case noPlanWaits
    /// Values from outside are others than the plan was made with.
    case valuesChanged(Plan, names: [String])
    /// The files of the configuration say something else than when the plan was made.
    case configurationChanged(Plan)

    package struct Namesake: Hashable, Sendable {
        /// `hr:E0042`.
        package let key: String
        package let name: String
        package let status: UserStatus
    }
}

/// What a person may decide about a plan.
package enum PlanDecision: Hashable, Sendable {
    case approve, reject, abandon, apply
}

/// Finds what somebody names, in the store or the configuration.
package struct Inquiry: Sendable {
    package let store: any Store

    package init(_ store: any Store) { self.store = store }

    package func plan(_ ordinal: Int) async throws -> Plan {
        if let plan = try await store.plan(ordinal: ordinal) { return plan }
        throw InquiryError.noPlan(ordinal, newest: try await store.plans(limit: Int.max).compactMap(\.ordinal).max())
    }

    /// `7-12`: plan and number.
    package func order(_ text: String) async throws -> (ordinal: Int, order: ProvisioningOrder) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let ordinal = parts[0], let sequence = parts[1] else { throw InquiryError.notAnOrder(text) }
        if let order = try await store.order(ordinal: ordinal, sequence: sequence) { return (ordinal, order) }
        let plan = try await plan(ordinal)
        guard sequence > 0, sequence <= plan.totals.orders, plan.state == .superseded || plan.state == .discarded else {
            throw InquiryError.noOrder(text, plan)
        }
        throw InquiryError.orderOfPlanThatIsGone(text, plan)
    }

    /// By any of their keys, or `SOURCE:KEY`; in the store, or in a plan that waits.
    package func person(_ text: String) async throws -> Person {
        if let user = try await only(named: text) {
            let knowledge = try await store.knowledge(of: [user.id])
            return Person(
                user: user, assignments: knowledge.assignments[user.id] ?? [],
                accounts: (knowledge.accounts[user.id] ?? []).sorted { $0.system < $1.system },
                claims: try await store.claims(user: user.id))
        }
        for plan in try await store.waitingPlans() {
            guard let change = try await store.change(of: UserKey(text), in: plan.id) else { continue }
            return Person(user: change.user, assignments: change.assignments, claims: change.claim.map { [$0] } ?? [], plan: plan)
        }
        throw InquiryError.noUser(text, setAside: try await setAside(text))
    }

    /// Rows with this key that are in quarantine, or would be by a plan that waits.
    private func setAside(_ text: String) async throws -> [Quarantine] {
        var rows = try await store.quarantines(plan: nil)
        for plan in try await store.waitingPlans() { rows += try await store.quarantines(plan: plan.id) }
        return rows.map(\.quarantine).filter { $0.key?.text == text }
    }

    private func only(named text: String) async throws -> User? {
        var users = try await store.users(key: UserKey(text), of: nil)
        if users.isEmpty, let colon = text.firstIndex(of: ":") {
            users = try await store.users(key: UserKey(String(text[text.index(after: colon)...])), of: SourceName(String(text[..<colon])))
        }
        guard users.count > 1 else { return users.first }
        var people: [InquiryError.Namesake] = []
        for user in users {
            let keys = try await store.claims(user: user.id).map { "\($0.source):\($0.key)" }
            let key = keys.first { $0.hasSuffix(":" + text) } ?? keys.first ?? user.key.text
            people.append(InquiryError.Namesake(key: key, name: user.displayName, status: user.status))
        }
        throw InquiryError.keyOfSeveral(text, people.sorted { $0.key < $1.key })
    }

    /// The person on one page, on a day in the zones of these sources.
    package func card(_ text: String, _ configuration: Configuration, _ clock: RunClock) async throws -> UserCard {
        let person = try await person(text)
        // Each attribute comes from a row: that of the source which decides it.
        let merge = UserMerge(sources: configuration.sources, days: clock.days(of: configuration.sources))
        return UserCard(
            person: person, positions: merge.origins(of: person.claims).mapValues(\.position), open: try await person.openOrders(store))
    }

    /// Among the rows in quarantine now, then among those of plans that wait.
    package func quarantine(_ number: Int64) async throws -> Quarantine {
        if let row = try await store.quarantines(plan: nil).first(where: { $0.number == number }) { return row.quarantine }
        for plan in try await store.waitingPlans() {
            if let row = try await store.quarantines(plan: plan.id).first(where: { $0.number == number }) { return row.quarantine }
        }
        throw InquiryError.noQuarantine(number)
    }

    // MARK: In the configuration

    package static func system(_ name: String, _ configuration: Configuration) throws(InquiryError) -> PolicyMap {
        if let map = configuration.policyMap(SystemName(name)) { return map }
        throw .noSystem(name, known: configuration.policyMaps.map(\.system.text))
    }

    package static func attribute(_ name: String, of map: PolicyMap) throws(InquiryError) -> Int {
        if let index = map.attributes.firstIndex(where: { $0.name == name }) { return index }
        // Systems may not care about the case of attribute names, nor do the people who type them.
        if let index = map.attributes.firstIndex(where: { $0.name.lowercased() == name.lowercased() }) { return index }
        throw .noAttribute(name, of: map.system, file: map.file, known: map.attributes.map(\.name))
    }

    /// By its name, label or number.
    package static func state(_ name: String) throws(InquiryError) -> OrderState {
        let folded = name.lowercased().filter { $0 != " " && $0 != "-" }
        for state in OrderState.allCases {
            let label = state.label.lowercased().filter { $0 != " " }
            if folded == "\(state)".lowercased() || folded == label || folded == String(state.rawValue) { return state }
        }
        throw .noOrderState(name)
    }
}

/// Everything about one user on one page.
package struct UserCard: Sendable {
    package let person: Person
    /// The row each attribute comes from, by attribute name.
    package let positions: [String: SourcePosition]
    package let open: [(ordinal: Int?, order: ProvisioningOrder)]

    package init(person: Person, positions: [String: SourcePosition], open: [(ordinal: Int?, order: ProvisioningOrder)]) {
        self.person = person
        self.positions = positions
        self.open = open
    }
}
