internal import Contracts
internal import IdentityModel

/// An order taken from the store and made ready: what is sent for it, and what its success means.
struct Transmission: Hashable, Sendable {
    var order: ProvisioningOrder
    /// The account as the store holds it.
    let known: Account?
    /// Nil: there is nothing to send, the target is as ordered.
    var operation: AccountOperation?
    /// `operation.requests[i]` is `order.requests[requestIndexes[i]]`.
    var requestIndexes: [Int] = []
    /// Requests that a look at the entry showed to be done, by index: nothing is sent for them.
    var shown: Set<Int> = []
    /// Requests that a missing account keeps from being sent now, by index into `order.requests`.
    var deferred: [Int: String] = [:]
    /// The account's id and name, where a lookup told them.
    var found: ActualAccount?
    /// The entry that was found has the name that is ordered.
    var isNamed = false
    /// The system that `found` and the answers are from.
    var realm: Realm?
    /// Nobody but us takes memberships along to another name.
    var carries = false
    /// Sends what is deferred once the awaited accounts are there.
    var followUp: ProvisioningOrder?
    /// A reference points at nobody's account: the next run looks again.
    var planAgain = false
    /// Why it could not be seen which names its groups have by now: what is taken out of them may stay in there.
    var groupsUnseen: String?
    /// The entry was not found by its id after the order was carried out.
    var isGone = false

    /// Looked at again once there may be somebody to point at. Nothing more is sent to whoever is withdrawn: they wait for nobody.
    mutating func waitForSomebody() { if !order.isWithdrawal { planAgain = true } }

    /// The target shows everything that was ordered.
    var hasNothingLeft: Bool {
        guard let operation else { return true }
        return operation.hasNothingToWrite && operation.operation != .delete
    }
}

extension AccountOperation {
    /// No value, no name and no switch is left to be written.
    var hasNothingToWrite: Bool {
        requests.isEmpty && newName == nil && !appliesDialectDisabling && !carriesMemberships
    }

    /// Not worth sending.
    var isNothing: Bool { operation == .modify && hasNothingToWrite }
}

extension ProvisioningOrder {
    /// Values that we gave, or took over, of attributes that the order leaves as they are.
    func staying(of known: Account?) -> [String: [String]] {
        let asked = Set(requests.lazy.filter { $0.kind == .attribute }.map { $0.name.lowercased() })
        // What was written before is another entry's, where one is adopted.
        let values = adopts ? takenOver : (known?.written ?? [:]).merging(takenOver) { $1 }
        return values.filter { !asked.contains($0.key.lowercased()) }.mapValues { $0.map(\.text) }
    }
}

/// An order that may or may not have happened.
struct LostOrder: Sendable {
    let order: ProvisioningOrder
    /// How its answer was lost; nil: its run died. A name that is taken: perhaps by the very entry that this Create made when its first answer was lost.
    let failure: ConnectorFailure?
    /// What the connector knows to have been done all the same.
    var result: OperationResult?
}

/// What became of making an order ready.
enum Readiness: Sendable {
    case ready(Transmission)
    /// An account that a reference needs is still to be created: the next wave.
    case held(ProvisioningOrder)
    /// Cannot be sent as it stands.
    case refused(ProvisioningOrder, ConnectorFailure)
}

/// Orders made ready together.
struct DispatchBatch: Sendable {
    let wave: Int
    var transmissions: [Transmission] = []
    var held: [ProvisioningOrder] = []
    var refused: [(order: ProvisioningOrder, failure: ConnectorFailure)] = []
    /// Accounts of refused orders whose entry was not found where it should be.
    var gone: [OrderID: Account] = [:]
    /// Names of accounts that references were resolved to, for the events.
    var accountNames: [UserReference: AccountName] = [:]
    /// Whose accounts those are.
    var pointsAt: Set<UserID> = []
    /// Users and entries of the transmissions: nothing else is sent about them meanwhile.
    var users: Set<UserID> = []
    var entries: Set<EntryKey> = []

    var orders: [ProvisioningOrder] { transmissions.map(\.order) + held + refused.map(\.order) }
}

extension Transmission {
    private var before: Account { known ?? Account(user: order.user, system: order.system) }

    /// What the order's success, whole or with single requests refused, makes of the account. `order` carries the outcomes.
    func accountAfterwards(_ order: ProvisioningOrder, result: OperationResult?, at now: Instant) -> Account {
        let name = isNamed || result == nil ? order.nameAfter ?? found?.name : result?.name ?? order.nameAfter ?? found?.name
        // Nothing was sent, and nobody looked: another order may have renamed it since the plan was made.
        let last = before.version == order.accountVersion ? order.nameBefore : before.name ?? order.nameBefore
        var account = before.after(order, id: result?.accountID ?? found?.id ?? entry(order), name: name ?? last, at: now)
        if operation?.direction == .withdrawing, operation?.appliesDialectDisabling == true { account.isDisabledByDialect = true }
        if operation?.direction == .enabling { account.isDisabledByDialect = false }
        account.realm = realm ?? account.realm
        if isGone || isGone(result, order) { account = account.toBeLookedAt }
        if staysElsewhere(account, result) { account = account.toBeMovedBack }
        let failed = (result?.failedRequests ?? [:]).filter { requestIndexes.indices.contains($0.key) }
        let open = Set(failed.filter { $0.value.errorClass == .unknown }.keys.map { requestIndexes[$0] }).union(
            leftBehind(order, account.name))
        if !open.isEmpty { account = account.doubting(order, requests: open.sorted(), known: before.name) }
        return account
    }

    /// Nothing was left to be done, and whoever plans the account looks.
    private func isGone(_ result: OperationResult?, _ order: ProvisioningOrder) -> Bool {
        result?.isGone == true && order.becomes != .deleted
    }

    /// Met where somebody had moved it, and left there: the next plan, which guards look at, moves it back, and until then this is not done.
    private func staysElsewhere(_ account: Account, _ result: OperationResult?) -> Bool {
        result?.wasElsewhere == true && operation?.newName == nil && account.state == .enabled && account.name != before.name
    }

    /// The entry that the order is about. Another order may have adopted one since this was planned.
    private func entry(_ order: ProvisioningOrder) -> AccountID? {
        order.adopts ? order.accountID ?? before.id : before.id ?? order.accountID
    }

    /// Memberships that a group did not give back while the account got another name: it holds them under the name of before.
    private func leftBehind(_ order: ProvisioningOrder, _ name: AccountName?) -> [Int] {
        guard carries, name != nil, [before.name, operation?.name].contains(where: { $0 != nil && $0 != name }) else { return [] }
        return order.requests.indices.filter { index in
            order.requests[index].kind == .membership && order.requests[index].operation == .remove
                && order.requests[index].outcome != .done
        }
    }

    /// What is left of an order that failed on its way; nil when the account is as it was, and nothing asks for a look at it.
    func accountHalfway(_ order: ProvisioningOrder, _ result: OperationResult, isOver: Bool) -> Account? {
        let isRenamed = order.operation != .create && result.name != nil && result.name != operation?.name
        let hasBegun = !result.doneRequests.isEmpty || isRenamed || result.isSwitched
        // An entry that refuses for good may be another one by now, or gone.
        guard hasBegun || isOver && order.operation != .create && !order.adopts else { return nil }
        var account = before
        // The new name is the one of before until the system says otherwise; what a rename left in groups is not known.
        let left = leftBehind(order, result.name)
        if !left.isEmpty || isRenamed && operation?.carriedMemberships.isEmpty == false {
            account = account.doubting(order, requests: left, known: before.name)
            account.doubt?.memberships.formUnion(operation?.carriedMemberships ?? [])
        }
        let name = isRenamed ? result.name : account.name ?? found?.name ?? result.name ?? order.nameBefore
        // Refused as a whole, the modify was sent again with the dialect's own disabling alone.
        let byDialect = operation?.appliesDialectDisabling == true || !hasSwitched(order)
        account = account.partly(
            order, id: result.accountID ?? found?.id ?? (hasBegun ? entry(order) : nil), name: name, isSwitched: result.isSwitched,
            byDialect: byDialect)
        account.realm = realm ?? account.realm
        if isOver {
            // Sent again with the next order, whatever it is about.
            let refused = order.requests.filter { $0.kind == .attribute && $0.outcome != .done && $0.before == $0.after }
            account.doubt?.attributes.formUnion(refused.map(\.name))
        }
        return account
    }

    /// The account after an answer that was lost: what was not answered, and what a look did not show, may be so or not.
    func accountInDoubt(_ order: ProvisioningOrder, _ result: OperationResult?) -> Account {
        let open = order.requests.indices.filter { order.requests[$0].outcome != .done }
        var account = before.doubting(order, requests: open)
        if carries, order.renames, !order.isWithdrawal { account.doubt?.memberships.formUnion(before.memberships) }
        if let name = result?.name { account.doubt?.formerNames.insert(name) }
        // Whoever is due the account again has it switched on, rather than left off because nobody knows.
        let isSwitched = result?.isSwitched ?? false || order.becomes == .deprovisioned
        account = account.partly(order, id: found?.id ?? account.id, name: found?.name ?? account.name, isSwitched: isSwitched)
        account.realm = found == nil ? account.realm : realm ?? account.realm
        return account
    }

    /// Everything by which the map switches the account was answered.
    private func hasSwitched(_ order: ProvisioningOrder) -> Bool {
        guard let requests = operation?.requests else { return true }
        return zip(requests, requestIndexes).allSatisfy { !$0.switches || order.requests[$1].outcome == .done }
    }
}

extension ProvisioningOrder {
    /// Says these references once the accounts that they point at are there.
    func followUp(saying awaited: [Int]) -> ProvisioningOrder {
        let waiting = awaited.map { requests[$0].asking(.set, before: [], after: requests[$0].after) }
        let names = waiting.map(\.name).joined(separator: ", ")
        return ProvisioningOrder(
            id: OrderID(plan: id.plan, sequence: 0), user: user, userKey: userKey, userName: userName, system: system, operation: .modify,
            state: .pending, change: change, reasons: ["\(names): sent after the account it points at was created"], nameBefore: nameAfter,
            nameAfter: nil, requests: waiting, becomes: becomes, userVersion: userVersion, accountVersion: accountVersion + 1)
    }
}

extension ConnectorFailure {
    /// Of a question: nothing was sent, so nothing can have happened, whatever the failure's class says.
    var asUnsent: ConnectorFailure {
        errorClass == .unknown || errorClass == .conflict ? ConnectorFailure(.transient, message, serverText: serverText) : self
    }
}

extension ProvisioningOrder {
    /// As if nothing of it had been sent. Most orders are as they were planned, and are not copied for it.
    mutating func forgetOutcomes() {
        guard requests.contains(where: { $0.outcome != .open }) else { return }
        for index in requests.indices { requests[index].outcome = .open }
    }
}
