package import IdentityModel

/// What becomes of an account.
package enum AccountFate: String, Sendable, CaseIterable {
    case created
    /// An account that was withdrawn is in use again.
    case enabled
    /// To another container, perhaps under another name.
    case moved
    case renamed
    case disabled, deleted

    /// Nil when only attributes or memberships change.
    init?(_ order: ProvisioningOrder, names: NameSyntax) {
        switch order.operation {
        case .create: self = .created
        case .delete: self = .deleted
        case .enable: self = .enabled
        case .disable: self = .disabled
        case .modify, .unlock:
            if order.becomes == .deprovisioned {
                self = .disabled
            } else if order.renames {
                self = order.nameBefore.map(names.container) == order.nameAfter.map(names.container) ? .renamed : .moved
            } else {
                return nil
            }
        }
    }
}

/// What a configuration would do to the accounts of one system.
package struct SystemDiff: Sendable {
    package struct AccountChange: Sendable {
        package let person: PersonName
        package let before: AccountName?
        package let after: AccountName?
    }

    package struct ValueChange: Sendable {
        package let person: PersonName
        package let before: [AccountValue]
        package let after: [AccountValue]
    }

    /// One attribute: how many accounts get it, have it changed, lose it.
    package struct AttributeCounts: Sendable {
        package fileprivate(set) var added = 0
        package fileprivate(set) var changed = 0
        package fileprivate(set) var removed = 0
        /// Every account whose value is another one.
        package fileprivate(set) var accounts = Tally<ValueChange>()
    }

    package struct MembershipCounts: Sendable {
        package fileprivate(set) var added = Tally<PersonName>()
        package fileprivate(set) var removed = Tally<PersonName>()
    }

    /// Somebody who does not get the name their rule asks for first.
    package struct Collision: Sendable {
        package let person: PersonName
        /// The first candidate, folded as names are compared.
        package let wanted: NameClaim
        package let given: String
    }

    package struct Failure: Sendable {
        package let person: PersonName
        package let message: String
    }

    let names: NameSyntax
    package internal(set) var operations: [Operation: Int] = [:]
    package internal(set) var effects: [Effect: Int] = [:]
    package internal(set) var accounts: [AccountFate: Tally<AccountChange>] = [:]
    /// By name. Values of accounts that are created are not counted: all of them are new.
    package internal(set) var attributes: [String: AttributeCounts] = [:]
    /// By group.
    package internal(set) var memberships: [String: MembershipCounts] = [:]
    /// By attribute.
    package internal(set) var collisions: [String: Tally<Collision>] = [:]
    /// Accounts that could not be computed, and can be today.
    package internal(set) var failures = Tally<Failure>()
    /// Accounts that can be computed, and cannot be today.
    package internal(set) var recovered = Tally<PersonName>()
    /// Accounts whose value stays as it is although its rule differs, by attribute (`enforce: onCreate`).
    package internal(set) var kept: [String: Int] = [:]
    /// Enabled accounts before the change.
    package internal(set) var enabledAccounts = 0

    mutating func add(_ order: ProvisioningOrder, of person: PersonName, failedBefore: Bool, limit: Int) {
        if let failure = order.failure {
            if !failedBefore { failures.add(Failure(person: person, message: failure.message), limit: limit) }
            return
        }
        if failedBefore { recovered.add(person, limit: limit) }
        operations[order.operation, default: 0] += 1
        for effect in order.effects { effects[effect, default: 0] += 1 }
        if let fate = AccountFate(order, names: names) {
            accounts[fate, default: Tally()].add(
                AccountChange(person: person, before: order.nameBefore, after: order.nameAfter), limit: limit)
        }
        for request in order.requests { add(request, order, person, limit) }
        for claim in order.claims { addCollision(claim, order, person, limit) }
    }

    private mutating func add(_ request: AttributeRequest, _ order: ProvisioningOrder, _ person: PersonName, _ limit: Int) {
        switch request.kind {
        case .membership:
            for value in request.operation == .remove ? request.before : request.after {
                if request.operation == .remove {
                    memberships[value.text, default: MembershipCounts()].removed.add(person, limit: limit)
                } else {
                    memberships[value.text, default: MembershipCounts()].added.add(person, limit: limit)
                }
            }
        case .attribute:
            guard order.operation != .create else { return }
            attributes[request.name, default: AttributeCounts()].add(request, person, limit)
        }
    }

    /// A name that is given anew, and is not the first that its rule asks for.
    private mutating func addCollision(_ claim: NameClaim, _ order: ProvisioningOrder, _ person: PersonName, _ limit: Int) {
        guard let given = order.newName(claim.attribute), let base = order.nameBases[claim.attribute] else { return }
        // The name base: container and first candidate, as `AccountEvaluation` writes it.
        let parts = base.split(separator: "\u{0}", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, claim.folded != parts[1] else { return }
        let wanted = NameClaim(system: claim.system, attribute: claim.attribute, scope: parts[0].lowercased(), folded: String(parts[1]))
        collisions[claim.attribute, default: Tally()].add(Collision(person: person, wanted: wanted, given: given), limit: limit)
    }
}

extension SystemDiff.AttributeCounts {
    fileprivate mutating func add(_ request: AttributeRequest, _ person: PersonName, _ limit: Int) {
        switch (request.before.isEmpty, request.after.isEmpty) {
        case (_, true): removed += 1
        case (true, false): added += 1
        case (false, false): changed += 1
        }
        let after = request.operation == .add ? request.shownBefore + request.shownAfter : request.shownAfter
        accounts.add(SystemDiff.ValueChange(person: person, before: request.shownBefore, after: after), limit: limit)
    }
}

extension ProvisioningOrder {
    /// The unique value that the order gives the account; nil when it keeps the one it has.
    fileprivate func newName(_ attribute: String) -> String? {
        requests.first { $0.kind == .attribute && $0.name == attribute }?.after.first?.text
    }
}
