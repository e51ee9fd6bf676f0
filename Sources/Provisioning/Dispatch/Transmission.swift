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
    /// Requests that a missing account keeps from being sent now, by index into `order.requests`.
    var deferred: [Int: String] = [:]
    /// The account's id and name, where a lookup told them.
    var found: ActualAccount?
    /// Values an adopted entry has already: ours from now on.
    var alreadyThere: [String: [AccountValue]] = [:]
    /// Sends what is deferred once the awaited accounts are there.
    var followUp: ProvisioningOrder?
    /// A reference points at nobody's account: the next run looks again.
    var planAgain = false

    /// The target shows everything that was ordered.
    var hasNothingLeft: Bool {
        guard let operation else { return true }
        return operation.requests.isEmpty && operation.newName == nil
    }
}

/// An order that may or may not have happened.
struct LostOrder: Sendable {
    let order: ProvisioningOrder
    /// How its answer was lost; nil: its run died.
    let failure: ConnectorFailure?
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
    /// Names of accounts that references were resolved to, for the events.
    var accountNames: [UserReference: AccountName] = [:]

    var orders: [ProvisioningOrder] { transmissions.map(\.order) + held + refused.map(\.order) }
}

extension Transmission {
    /// What the order's success, whole or in part, makes of the account. `order` carries the outcomes.
    func accountAfterwards(_ order: ProvisioningOrder, result: OperationResult?, at now: Instant) -> Account {
        (known ?? Account(user: order.user, system: order.system)).after(
            order, id: result?.accountID ?? found?.id ?? order.accountID,
            name: result?.name ?? order.nameAfter ?? found?.name ?? order.nameBefore, alreadyThere: alreadyThere, at: now)
    }
}
