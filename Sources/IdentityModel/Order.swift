/// One operation on one account. Rename and move are Modify.
public enum Operation: String, Sendable, CaseIterable {
    case create = "Create"
    case modify = "Modify"
    case enable = "Enable"
    case disable = "Disable"
    case unlock = "Unlock"
    case delete = "Delete"
}

public enum RequestOperation: String, Sendable {
    case add = "Add"
    case set = "Set"
    case remove = "Remove"
}

/// One attribute of an order. A membership request carries single values and is written to the group, never replaced.
public struct AttributeRequest: Hashable, Sendable {
    public enum Kind: String, Sendable { case attribute, membership }
    public enum Outcome: Hashable, Sendable {
        case open
        case done
        /// The reference had no account yet; it is sent later as a Modify of its own.
        case deferred(String)
        indirect case failed(ConnectorFailure)
    }

    public internal(set) var kind: Kind
    public internal(set) var name: String
    public internal(set) var operation: RequestOperation
    public internal(set) var before: [AccountValue]
    public internal(set) var after: [AccountValue]
    public var outcome: Outcome
    /// The configuration calls the attribute `sensitive`. It stands in the order, so that whoever shows it needs no configuration.
    public internal(set) var isMarkedSensitive: Bool

    public init(
        kind: Kind = .attribute, name: String, operation: RequestOperation, before: [AccountValue], after: [AccountValue],
        outcome: Outcome = .open, isMarkedSensitive: Bool = false
    ) {
        self.isMarkedSensitive = isMarkedSensitive
        self.kind = kind
        self.name = name
        self.operation = operation
        self.before = before
        self.after = after
        self.outcome = outcome
    }
}

extension AttributeRequest {
    public static func membership(
        _ operation: RequestOperation, before: [AccountValue], after: [AccountValue], on system: SystemTraits
    ) -> AttributeRequest {
        AttributeRequest(kind: .membership, name: system.membershipAttribute, operation: operation, before: before, after: after)
    }

    /// Its values are dots wherever they are shown.
    public var isSensitive: Bool { isMarkedSensitive || SensitiveAttributes.contains(name) }
    public var shownBefore: [AccountValue] { SensitiveAttributes.shown(before, isSensitive: isSensitive) }
    public var shownAfter: [AccountValue] { SensitiveAttributes.shown(after, isSensitive: isSensitive) }

    /// A secret of which only the digest is known: the value is made when it is sent.
    public var holdsDigest: Bool { effective.contains(where: \.isDigest) }

    /// The same attribute, to be brought from other values to others.
    public func asking(
        _ operation: RequestOperation, before: [AccountValue], after: [AccountValue], outcome: Outcome = .open
    ) -> AttributeRequest {
        AttributeRequest(
            kind: kind, name: name, operation: operation, before: before, after: after, outcome: outcome,
            isMarkedSensitive: isMarkedSensitive)
    }

    func asksForTheSame(as other: AttributeRequest) -> Bool {
        kind == other.kind && name == other.name && operation == other.operation && before == other.before && after == other.after
    }
}

/// Where an order stands (product.md section 3).
public enum OrderState: Int, Sendable, CaseIterable, Comparable {
    case planned = 0
    case pending = 1
    case transmitted = 2
    case errored = 3
    case verified = 4
    case awaitingApproval = 5
    case withdrawn = 6
    case evaluationFailed = 7
    case executed = 8

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The label people see.
    public var label: String {
        switch self {
        case .planned: "None"
        case .pending: "Pending"
        case .transmitted: "Transmitted"
        case .errored: "Errored"
        case .verified: "Verified"
        case .awaitingApproval: "Awaiting Approval"
        case .withdrawn: "Inactive"
        case .evaluationFailed: "Error"
        case .executed: "Executed"
        }
    }

    /// Nothing more happens to the order in this run by itself.
    public var isSettled: Bool {
        switch self {
        case .errored, .verified, .withdrawn, .evaluationFailed, .executed: true
        case .planned, .pending, .transmitted, .awaitingApproval: false
        }
    }

    /// The user is planned again by the next run although the row is the same (product.md section 1).
    public var leavesUserUnsettled: Bool {
        switch self {
        case .errored, .awaitingApproval, .evaluationFailed: true
        case .planned, .pending, .transmitted, .verified, .withdrawn, .executed: false
        }
    }
}

extension ProvisioningOrder {
    /// The account gets another name: a rename, a move, or both in one.
    public var renames: Bool {
        guard let nameBefore, let nameAfter else { return false }
        return nameBefore != nameAfter
    }

    /// Memberships that we gave are taken away.
    public var removesMemberships: Bool {
        requests.indices.contains { requests[$0].kind == .membership && requests[$0].operation == .remove }
    }

    /// The account is taken out of use: whoever had it is not entitled any more. Such an order is never held back for another's sake (law.md).
    public var isWithdrawal: Bool { operation == .delete || operation == .disable || becomes == .deprovisioned || becomes == .deleted }

    /// What the order counts as when guards count; nothing when it cannot be sent, or when it was counted before (`keeps`).
    public var effects: [Effect] {
        guard keeps == nil, state != .evaluationFailed, failure == nil || state != .planned else { return [] }
        var effects: [Effect] =
            switch operation {
            case .create: [recreates ? .recreate : .create]
            case .modify, .unlock: [.modify]
            case .enable: [.enable]
            case .disable: [.disable]
            case .delete: [.delete]
            }
        // `onDelete: UPDATE` is called Modify, and it withdraws the account all the same.
        if becomes == .deprovisioned { effects = [.disable] }
        if adopts { effects.append(.adopt) }
        if renames { effects.append(.rename) }
        if removesMemberships && !isWithdrawal { effects.append(.removeAccess) }
        if dereferences { effects.append(.dereference) }
        return effects
    }

    /// Asks for the same as another order of the same account: what came of either until now does not count. Secrets are compared by their digests.
    public func asksForTheSame(as other: ProvisioningOrder) -> Bool {
        user == other.user && system == other.system && operation == other.operation && becomes == other.becomes && adopts == other.adopts
            && accountID == other.accountID && nameBefore == other.nameBefore && nameAfter == other.nameAfter
            && correlation == other.correlation && Set(claims) == Set(other.claims) && nameBases == other.nameBases
            && requests.count == other.requests.count
            && zip(requests, other.requests).allSatisfy { $0.asksForTheSame(as: $1) }
    }

    /// The same order when it turns out that there can be no such account: it is to make nothing, and says why.
    public func impossible(because failure: ConnectorFailure) -> ProvisioningOrder {
        var order = self
        order.operation = .create
        order.requests = []
        order.claims = []
        order.adopts = false
        order.takenOver = [:]
        order.accountID = nil
        order.nameBefore = nil
        order.nameAfter = nil
        order.keeps = nil
        order.failure = failure
        return order
    }

    /// Attributes and memberships whose values are users' accounts, not resolved yet.
    public var references: [UserReference] {
        requests.flatMap { request in
            request.after.compactMap { value in
                if case .reference(let user) = value { user } else { nil }
            }
        }
    }
}

extension ProvisioningOrder {
    /// Says once more what was written (`pointingAgain`): what it points at may have changed, the account's own values have not.
    public var isRepetition: Bool {
        operation == .modify && nameAfter == nil
            && requests.allSatisfy { request in
                request.operation == .set && request.before.map(\.pointingNow) == request.after
                    && request.after.contains { if case .reference = $0 { true } else { false } }
            }
    }

    /// Born of another order while its plan is applied: it writes references and nothing else, and leaves the account where it stands. A repetition that has
    /// nothing left to say is one, too.
    public var isFollowUp: Bool {
        operation == .modify && nameAfter == nil && requests.allSatisfy { $0.kind == .attribute && $0.isReference }
    }

    /// Every reference of the account once more, as it is written by then: it is resolved, or taken away, when it is sent. It says no name, because the
    /// account may get another one meanwhile.
    public static func pointingAgain(_ account: Account, _ user: User, in plan: PlanID, because reason: String) -> ProvisioningOrder {
        let references = account.written.filter { $0.value.contains { if case .reference = $0 { true } else { false } } }
        let requests = references.sorted { $0.key < $1.key }.map { name, values in
            AttributeRequest(name: name, operation: .set, before: values, after: values.map(\.pointingNow))
        }
        return ProvisioningOrder(
            id: OrderID(plan: plan, sequence: 0), user: account.user, userKey: user.key, userName: user.displayName, system: account.system,
            operation: .modify, state: .pending, change: .unchanged, reasons: [reason], accountID: account.id, nameBefore: account.name,
            nameAfter: nil, requests: requests, becomes: account.state, userVersion: user.version, accountVersion: account.version)
    }

    /// A repetition, as of what is known of its account by now: it says what is written now, and leaves the account as it is. Where another order has withdrawn
    /// it, nothing.
    public func repeated(for account: Account) -> ProvisioningOrder {
        var order = self
        order.becomes = account.state
        guard account.state == .enabled else {
            order.requests = []
            return order
        }
        order.requests = requests.compactMap { request in
            guard let values = account.written[request.name] else { return nil }
            let meant = values.map(\.pointingNow)
            return meant == request.after ? request : request.asking(.set, before: values, after: meant)
        }
        return order
    }
}
