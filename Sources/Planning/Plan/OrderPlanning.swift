internal import IdentityModel

/// Everything known of one account when its order is made. Not for several threads at once.
final class AccountSituation {
    let change: UserChange
    let map: PolicyMap
    let intent: AccountIntent
    let entitlement: SystemEntitlement?
    let known: Account?
    /// What a lookup said, once somebody looked.
    var actual = ActualState.notAsked { didSet { living = AccountSituation.living(known, actual) } }
    /// The account in the store, unless it is gone for good.
    private(set) var living: Account?

    init(change: UserChange, map: PolicyMap, intent: AccountIntent, entitlement: SystemEntitlement?, known: Account?) {
        self.change = change
        self.map = map
        self.intent = intent
        self.entitlement = entitlement
        self.known = known
        living = AccountSituation.living(known, actual)
    }

    /// Values that `enforce: onCreate` and kept names go by: what we wrote, or what the entry to adopt holds.
    var storedValues: [String: [AccountValue]] {
        if let known, known.state == .enabled || known.state == .deprovisioned { return known.storedValues(map) }
        guard case .found(let entry, _) = actual else { return [:] }
        var stored: [String: [AccountValue]] = [:]
        for rule in map.attributes where rule.enforce == .onCreate {
            let values = rule.name == map.accountName ? [entry.name.text] : entry.values(rule.name)
            if !values.isEmpty { stored[rule.name] = values.map(AccountValue.text) }
        }
        return stored
    }

    private static func living(_ known: Account?, _ actual: ActualState) -> Account? {
        guard let known, known.state == .enabled || known.state == .deprovisioned else { return nil }
        if case .absent = actual { return nil }
        return known
    }

    var isAdoption: Bool {
        if case .found = actual { living == nil } else { false }
    }
}

/// Desired - known -> one order, or none.
struct OrderPlanning {
    private let situation: AccountSituation
    private let evaluation: AccountEvaluation

    init(_ situation: AccountSituation, _ evaluation: AccountEvaluation) {
        self.situation = situation
        self.evaluation = evaluation
    }

    /// The order for this account with the sequence 0; nil when everything is as it should be.
    func order() -> ProvisioningOrder? {
        if let refusal = refusal() { return failed(refusal) }
        if situation.intent == .withdraw && situation.map.onDelete == .delete { return delete() }
        let failures = evaluation.outcomes.compactMap { outcome -> String? in
            if case .failed(let message)? = outcome { message } else { nil }
        }
        if !failures.isEmpty {
            return failed(ConnectorFailure(.permanent, "the policy map could not be evaluated: \(failures.joined(separator: "; "))"))
        }
        let requests = attributeRequests() + membershipRequests()
        let name = desiredName
        if let living = situation.living {
            let isReactivation = living.state == .deprovisioned
            let isWithdrawal = situation.intent == .withdraw
            if requests.isEmpty && !isReactivation && !isWithdrawal && (name == nil || name == living.name) { return nil }
            let operation: Operation = isReactivation ? .enable : isWithdrawal && situation.map.onDelete == .disable ? .disable : .modify
            return order(operation, id: living.id, nameBefore: living.name, nameAfter: name ?? living.name, requests: requests)
        }
        if case .found(let entry, _) = situation.actual {
            return order(.modify, id: entry.id, nameBefore: entry.name, nameAfter: name ?? entry.name, requests: requests)
        }
        return order(.create, id: nil, nameBefore: nil, nameAfter: name, requests: requests)
    }

    /// "No", "several" and "somebody else's" are different answers.
    private func refusal() -> ConnectorFailure? {
        switch situation.actual {
        case .ambiguous(let names):
            return ConnectorFailure(
                .permanent,
                "several entries of \(situation.map.system) correlate to this user: \(names.joined(separator: "; ")); leave one of them")
        case .unreadable(let names):
            return ConnectorFailure(
                .permanent,
                "an entry of \(situation.map.system) correlates to this user, and its id cannot be read (\(names.joined(separator: "; "))): "
                    + "give the service account the right to read it")
        case .found(let entry, let owner?) where owner != situation.change.user.id:
            return ConnectorFailure(.permanent, "the entry \(entry.name) correlates to this user but belongs to user \(owner)")
        case .notAsked, .absent, .found: return nil
        }
    }

    private var desiredName: AccountName? {
        guard let values = evaluation.outcome(of: situation.map.accountName)?.visibleValues, case .text(let name)? = values.first else {
            return nil
        }
        return AccountName(name)
    }

    // MARK: Attributes

    private func attributeRequests() -> [AttributeRequest] {
        var requests: [AttributeRequest] = []
        for (index, rule) in situation.map.attributes.enumerated() where rule.name != situation.map.accountName {
            guard let desired = evaluation.outcomes[index]?.visibleValues else { continue }
            if let request = request(rule, desired) { requests.append(request) }
        }
        return requests
    }

    private func request(_ rule: AttributeRule, _ desired: [AccountValue]) -> AttributeRequest? {
        let isNew = situation.living == nil && !situation.isAdoption
        let before = valuesBefore(rule)
        if rule.enforce == .ifEmpty && !before.isEmpty { return nil }
        if desired.isEmpty {
            // What we wrote is removed, what we never wrote is untouched.
            guard situation.living != nil, !before.isEmpty else { return nil }
            return AttributeRequest(name: rule.name, operation: .remove, before: before, after: [])
        }
        if isNew { return AttributeRequest(name: rule.name, operation: .add, before: [], after: desired) }
        guard !same(before, desired) else { return nil }
        if situation.isAdoption, case .literals = rule.value {
            // An entry that existed before us may hold object classes beside ours: those are not taken away.
            let missing = desired.filter { !before.contains($0) }
            return missing.isEmpty ? nil : AttributeRequest(name: rule.name, operation: .add, before: before, after: missing)
        }
        return AttributeRequest(name: rule.name, operation: .set, before: before, after: desired)
    }

    /// Last written; for an entry that is adopted, and for `ifEmpty`, what the system shows.
    private func valuesBefore(_ rule: AttributeRule) -> [AccountValue] {
        let written = situation.living?.written[rule.name]
        if situation.living != nil, rule.enforce != .ifEmpty || written != nil { return written ?? [] }
        guard case .found(let entry, _) = situation.actual else { return [] }
        return entry.values(rule.name).map(AccountValue.text)
    }

    /// Attribute values are a set (RFC 4512 section 2.2).
    private func same(_ first: [AccountValue], _ second: [AccountValue]) -> Bool {
        first == second || first.count == second.count && first.sorted() == second.sorted()
    }

    // MARK: Memberships

    private func membershipRequests() -> [AttributeRequest] {
        let given = situation.living?.memberships ?? []
        var desired: Set<String> = situation.intent == .provide ? situation.entitlement?.groups ?? [] : []
        if situation.intent == .withdraw { desired = [] }
        var requests: [AttributeRequest] = []
        for group in given.subtracting(desired).sorted() {
            requests.append(AttributeRequest(kind: .membership, name: "memberOf", operation: .remove, before: [.text(group)], after: []))
        }
        for group in desired.subtracting(given).sorted() {
            requests.append(AttributeRequest(kind: .membership, name: "memberOf", operation: .add, before: [], after: [.text(group)]))
        }
        return requests
    }

    // MARK: Orders

    private func delete() -> ProvisioningOrder {
        order(.delete, id: situation.known?.id, nameBefore: situation.known?.name, nameAfter: nil, requests: [])
    }

    private func failed(_ failure: ConnectorFailure) -> ProvisioningOrder {
        let operation: Operation = situation.living == nil ? .create : .modify
        var order = order(
            operation, id: situation.living?.id, nameBefore: situation.living?.name, nameAfter: situation.living?.name, requests: [])
        order.failure = failure
        order.claims = []
        return order
    }

    private func order(
        _ operation: Operation, id: AccountID?, nameBefore: AccountName?, nameAfter: AccountName?, requests: [AttributeRequest]
    ) -> ProvisioningOrder {
        let change = situation.change
        let becomes: AccountState =
            switch (situation.intent, operation) {
            case (_, .delete): .deleted
            case (.withdraw, _): .deprovisioned
            case (.provide, _), (.nothing, _): .enabled
            }
        var reasons = change.reasons + (situation.entitlement?.reasons ?? [])
        if situation.intent == .withdraw {
            reasons.append("no role gives \(situation.map.system) any more (onDelete: \(situation.map.onDelete.rawValue))")
        }
        if situation.isAdoption { reasons.append("adopted: the entry existed before") }
        return ProvisioningOrder(
            id: OrderID(plan: PlanID(row: 0), sequence: 0), user: change.user.id, userKey: change.user.key,
            userName: change.user.displayName,
            system: situation.map.system, operation: operation, state: .planned, change: change.change, reasons: reasons,
            warnings: warnings, accountID: id, nameBefore: nameBefore, nameAfter: nameAfter, requests: requests,
            correlation: operation == .create || situation.isAdoption ? correlationValues(situation, evaluation) : [:],
            adopts: situation.isAdoption,
            becomes: becomes, nameBases: evaluation.bases, claims: evaluation.claims, userVersion: change.user.version,
            accountVersion: situation.known?.version ?? 0)
    }

    private var warnings: [String] {
        evaluation.outcomes.compactMap { outcome in
            if case .leftAlone(let warning?)? = outcome { "left alone: " + warning } else { nil }
        }
    }
}

/// The values by which the account is looked up before a Create.
func correlationValues(_ situation: AccountSituation, _ evaluation: AccountEvaluation) -> [String: String] {
    var values: [String: String] = [:]
    for name in situation.map.correlation {
        if case .text(let text)? = evaluation.outcome(of: name)?.visibleValues?.first { values[name] = text }
    }
    return values
}
