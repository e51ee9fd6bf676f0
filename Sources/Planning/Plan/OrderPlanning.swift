internal import IdentityModel

/// Desired - known -> one order, or none.
struct OrderPlanning {
    private let situation: AccountSituation
    private let evaluation: AccountEvaluation
    private let secrets: SecretKeeping

    init(_ situation: AccountSituation, _ evaluation: AccountEvaluation, secrets: SecretKeeping) {
        self.situation = situation
        self.evaluation = evaluation
        self.secrets = secrets
    }

    /// The order for this account with the sequence 0; nil when everything is as it should be, or when nobody has said that it may be made anew.
    func order() -> ProvisioningOrder? {
        if let refusal = refusal() { return failed(refusal) }
        return situation.intent == .withdraw ? withdrawal() : provision()
    }

    /// "No", "several" and "somebody else's" are different answers.
    private func refusal() -> ConnectorFailure? {
        switch situation.actual {
        case .looked(.ambiguous(let names), _):
            return ConnectorFailure(
                .permanent, "several entries of \(situation.map.system) correlate to this user: \(listed(names)); leave one of them")
        case .looked(.unreadable(let names), _):
            return ConnectorFailure(
                .permanent,
                "an entry of \(situation.map.system) correlates to this user, and its id cannot be read (\(listed(names))): "
                    + "give the service account the right to read it")
        case .looked(.found(let entry), let owner?)
        where owner != AccountOwner(user: situation.change.user.id, system: situation.map.system):
            guard owner.system != situation.map.system else {
                return ConnectorFailure(.permanent, "the entry \(entry.name) correlates to this user but belongs to user \(owner.user)")
            }
            let whose = owner.user == situation.change.user.id ? "this user's" : "user \(owner.user)'s"
            return ConnectorFailure(
                .permanent,
                "the entry \(entry.name) correlates to this user but is \(whose) account on \(owner.system), which is the same server; "
                    + "give the two policy maps bases that do not overlap, or another correlation")
        case .notAsked, .looked: return nil
        }
    }

    private func listed(_ names: [AccountName]) -> String { names.map(\.text).joined(separator: "; ") }

    // MARK: Somebody is entitled

    private func provision() -> ProvisioningOrder? {
        let failures = evaluation.outcomes.compactMap { outcome -> String? in
            if case .failed(let message)? = outcome { message } else { nil }
        }
        if !failures.isEmpty {
            return failed(ConnectorFailure(.permanent, "the policy map could not be evaluated: \(failures.joined(separator: "; "))"))
        }
        let name = desiredName
        // Half an account is never sent.
        if case .lost(let why) = secrets, hasSecrets { return failed(ConnectorFailure(.permanent, "its secrets cannot be sent: \(why)")) }
        if let living = situation.living { return change(living, name) }
        if let failure = situation.correlationFailure { return failed(ConnectorFailure(.permanent, failure)) }
        let creating = attributeRequests() + membershipRequests()
        if let entry = situation.entry { return adopting(entry, .modify, name, creating) }
        if situation.isRecreation && !situation.mayRecreate { return nil }
        var order = order(.create, id: nil, nameBefore: nil, nameAfter: name, requests: creating)
        order.recreates = situation.isRecreation
        return order
    }

    private func change(_ living: Account, _ name: AccountName?) -> ProvisioningOrder? {
        let requests = attributeRequests() + membershipRequests()
        let isReactivation = living.state == .deprovisioned || living.isSwitchedOff
        let present = situation.presentName
        if requests.isEmpty && !isReactivation && !living.isUnknown && (name == nil || name == present) { return nil }
        return order(
            isReactivation ? .enable : .modify, id: living.id, nameBefore: present, nameAfter: name ?? present, requests: requests)
    }

    private func adopting(
        _ entry: ActualAccount, _ operation: Operation, _ name: AccountName?, _ creating: [AttributeRequest]
    ) -> ProvisioningOrder {
        let decision = Adoption(situation.map).decision(creating: creating, isOwn: situation.isOwnCreate) { entry.values($0) }
        var order = order(
            operation, id: entry.id, nameBefore: entry.name, nameAfter: operation == .delete ? nil : name ?? entry.name,
            requests: decision.requests)
        order.takenOver = decision.takenOver
        return order
    }

    // MARK: Nobody is entitled any more

    /// Never fails as a whole: what cannot be computed is left alone, with a warning, and without a name the account is disabled where it stands.
    private func withdrawal() -> ProvisioningOrder? {
        let map = situation.map
        if let living = situation.living { return withdrawal(of: living) }
        if let entry = situation.entry {
            if map.onDelete == .delete { return adopting(entry, .delete, nil, membershipRequests()) }
            var order = adopting(entry, disabling, desiredName, attributeRequests() + membershipRequests())
            order.usesDialectDisabling = usesDialectDisabling
            return order
        }
        // Whoever never had an entry, or has none any more, has nothing to lose but memberships that still bear the old name.
        guard let known = situation.known else { return nil }
        return unnamed(order(.modify, id: nil, nameBefore: known.name, nameAfter: known.name, requests: membershipRequests()))
    }

    /// Of an order that writes no values: what names would be now does not matter.
    private func unnamed(_ order: ProvisioningOrder) -> ProvisioningOrder {
        var order = order
        order.nameBases = [:]
        order.claims = []
        order.warnings = []
        return order
    }

    private func withdrawal(of living: Account) -> ProvisioningOrder {
        if situation.map.onDelete == .delete {
            return order(.delete, id: living.id, nameBefore: situation.presentName, nameAfter: nil, requests: membershipRequests())
        }
        if living.state == .deprovisioned && !living.isUnknown {
            return unnamed(order(disabling, id: living.id, nameBefore: living.name, nameAfter: living.name, requests: membershipRequests()))
        }
        var order = order(
            disabling, id: living.id, nameBefore: situation.presentName, nameAfter: desiredName ?? situation.presentName,
            requests: attributeRequests() + membershipRequests())
        order.usesDialectDisabling = usesDialectDisabling
        return order
    }

    private var disabling: Operation { situation.map.onDelete == .disable ? .disable : .modify }

    /// The map would switch the account off by itself, if its rule had an answer.
    private var usesDialectDisabling: Bool {
        guard situation.map.onDelete == .disable, situation.map.traits.switchesOffByItself else { return false }
        return situation.map.disablingAttributes.contains { attribute in
            if case .failed? = evaluation.outcome(of: attribute) { true } else { false }
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
        let outcomes = evaluation.outcomes
        let living = situation.living
        for (index, rule) in situation.map.attributes.enumerated() where rule.name != situation.map.accountName {
            guard let values = outcomes[index]?.visibleValues, let desired = kept(values, of: rule) else { continue }
            if let request = request(rule, desired, of: living) { requests.append(request) }
        }
        return requests
    }

    /// Of an account that is not ours yet: what a Create would write (`Adoption` makes of it what an entry that is there needs).
    private func request(_ rule: AttributeRule, _ desired: [AccountValue], of living: Account?) -> AttributeRequest? {
        guard let living else {
            return desired.isEmpty ? nil : asking(rule, .add, before: [], after: desired)
        }
        let before = valuesBefore(rule, living)
        if rule.enforce == .ifEmpty && !before.isEmpty { return nil }
        let isInDoubt = living.doubt?.attributes.contains(rule.name) == true
        if desired.isEmpty {
            // What we wrote is removed, what we never wrote is untouched.
            guard !before.isEmpty || isInDoubt else { return nil }
            return asking(rule, .remove, before: isInDoubt ? [] : before, after: [])
        }
        guard isInDoubt || !same(before, desired) || pointsFromBefore(desired) else { return nil }
        return asking(rule, .set, before: before, after: desired)
    }

    /// Whoever comes back points at accounts that may have been renamed, or made anew, meanwhile: nothing was sent to the withdrawn account then.
    private func pointsFromBefore(_ desired: [AccountValue]) -> Bool {
        guard situation.intent == .provide, situation.living?.state == .deprovisioned else { return false }
        return desired.contains { if case .reference = $0 { true } else { false } }
    }

    private func asking(
        _ rule: AttributeRule, _ operation: RequestOperation, before: [AccountValue], after: [AccountValue]
    ) -> AttributeRequest {
        AttributeRequest(name: rule.name, operation: operation, before: before, after: after, isMarkedSensitive: rule.isMarkedSensitive)
    }

    private func kept(_ values: [AccountValue], of rule: AttributeRule) -> [AccountValue]? {
        secrets.kept(values, of: rule.name, in: situation.map, user: situation.change.user.id)
    }

    /// Something secret is to be given, or compared with what was given.
    private var hasSecrets: Bool {
        zip(situation.map.attributes, evaluation.outcomes).contains { rule, outcome in
            guard situation.map.secrets.contains(rule.name), case .values(let values)? = outcome else { return false }
            return !values.isEmpty
        }
    }

    /// Last written; for `ifEmpty`, what the system shows.
    private func valuesBefore(_ rule: AttributeRule, _ living: Account) -> [AccountValue] {
        // What was written before its rule was called sensitive may still be there as it was.
        if let written = living.written[rule.name] { return kept(written, of: rule) ?? written }
        guard rule.enforce == .ifEmpty, let entry = situation.entry else { return [] }
        let values = entry.values(rule.name).map(AccountValue.text)
        return kept(values, of: rule) ?? values
    }

    /// Attribute values are a set.
    private func same(_ first: [AccountValue], _ second: [AccountValue]) -> Bool {
        first == second || first.count == second.count && first.sorted() == second.sorted()
    }

    // MARK: Memberships

    /// What was given or taken without an answer is given or taken again. A group is the same however its name is spelled, and keeps the spelling that is known.
    private func membershipRequests() -> [AttributeRequest] {
        let names = situation.map.traits.names
        let inDoubt = situation.known?.doubt?.memberships ?? []
        let given = situation.known?.memberships ?? []
        let desired: Set<String> = situation.intent == .provide ? situation.entitlement?.groups ?? [] : []
        // As nearly always: what is due is what is known for certain.
        if situation.living != nil, inDoubt.isEmpty, given == desired { return [] }
        let wanted = Dictionary(desired.sorted().map { (names.groupKey($0), $0) }, uniquingKeysWith: { first, _ in first })
        let known = Dictionary(given.union(inDoubt).sorted().map { (names.groupKey($0), $0) }, uniquingKeysWith: { first, _ in first })
        // An entry that is new to us, or new altogether, is in no group of ours, whatever its predecessor was in.
        let certain = situation.living == nil ? [] : Set(given.map(names.groupKey)).subtracting(inDoubt.map(names.groupKey))
        let isCreation = situation.living == nil && situation.entry == nil && situation.intent == .provide
        // What is made anew under the name of an entry that was deleted is in that one's groups, where the server does not keep them right; and so is what
        // is made after a withdrawal of which a group was left.
        let isFirst = isCreation && !situation.isRecreation && situation.known?.state != .deleted
        var requests: [AttributeRequest] = []
        for group in isFirst ? [] : given.union(inDoubt).filter({ wanted[names.groupKey($0)] == nil }).sorted() {
            requests.append(.membership(.remove, before: [.text(group)], after: [], on: situation.map.traits))
        }
        for (key, group) in wanted.sorted(by: { $0.value < $1.value }) where !certain.contains(key) {
            let name = isCreation ? group : known[key] ?? group
            requests.append(.membership(.add, before: [], after: [.text(name)], on: situation.map.traits))
        }
        return requests
    }

    // MARK: Orders

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
        return ProvisioningOrder(
            id: OrderID(plan: PlanID(row: 0), sequence: 0), user: change.user.id, userKey: change.user.key,
            userName: change.user.displayName,
            system: situation.map.system, operation: operation, state: .planned, change: change.change, reasons: reasons,
            warnings: warnings, accountID: id, nameBefore: nameBefore, nameAfter: nameAfter, requests: requests,
            correlation: operation == .create || situation.isFound ? situation.correlation ?? [:] : [:],
            adopts: situation.isAdoption, becomes: becomes(operation), nameBases: evaluation.bases, claims: evaluation.claims,
            userVersion: change.user.version, accountVersion: situation.known?.version ?? 0)
    }

    private func becomes(_ operation: Operation) -> AccountState {
        guard operation != .delete else { return .deleted }
        guard situation.intent == .withdraw else { return .enabled }
        if situation.living != nil || situation.entry != nil { return .deprovisioned }
        return situation.known?.state == AccountState.none ? .none : .deleted
    }

    private var reasons: [String] {
        var reasons = situation.change.reasons + (situation.entitlement?.reasons ?? [])
        let map = situation.map
        if situation.intent == .withdraw {
            reasons.append("no role gives \(map.system) any more (onDelete: \(map.onDelete.rawValue))")
            if situation.living?.state == .deprovisioned || situation.known?.state == .deleted {
                reasons.append("the withdrawal was not completed")
            }
        }
        if situation.isGone { reasons.append("the entry \(situation.known?.name?.text ?? "") was deleted or replaced by hand") }
        if situation.isOwnCreate { reasons.append("created already, although the answer was lost") }
        if situation.isAdoption { reasons.append("adopted: the entry existed before") }
        if situation.known?.doubt?.isUncertain == true {
            reasons.append("an earlier answer was lost: what it may have left undone is sent again")
        }
        return reasons
    }

    private var warnings: [String] {
        evaluation.outcomes.compactMap { outcome in
            switch outcome {
            case .leftAlone(let warning?)?: "left alone: " + warning
            case .failed(let message)? where situation.intent == .withdraw: "left alone: " + message
            case .leftAlone, .values, .stored, .failed, nil: nil
            }
        }
    }
}
