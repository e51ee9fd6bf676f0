internal import Contracts
internal import IdentityModel

/// References to an account are values of other accounts: where the system does not keep them right, they are written again when the account gets another name,
/// and everywhere when it comes anew or goes.
extension Lane {
    /// `wave`: in which these were sent, or looked at.
    func planReferers(
        _ transmissions: [Transmission], _ results: [OrderID: OperationResult], wave: Int, _ settled: inout SettledBatch
    ) async throws {
        let changed = transmissions.filter { $0.movesReferences(results[$0.order.id], repairedByServer: !system.leavesReferencesToUs) }
        guard !changed.isEmpty else { return }
        let referers = try await store.referers(to: changed.map(\.order.user), on: system.name)
        guard !referers.isEmpty else { return }
        var request = KnowledgeRequest()
        request.users = Set(referers.values.joined().map(\.user)).sorted()
        let users = try await store.knowledge(request).users
        // Whoever went with this batch points at nobody any more; whom something kept may be due the account again before it is withdrawn.
        var seen = Set(transmissions.filter { $0.order.isWithdrawal && results[$0.order.id]?.failure == nil }.map(\.order.user))
        for transmission in changed {
            for account in referers[transmission.order.user] ?? [] {
                guard let user = users[account.user], seen.insert(account.user).inserted else { continue }
                let order = ProvisioningOrder.pointingAgain(
                    account, user, in: plan, because: "the account of \(transmission.order.userKey), which it points at, changed")
                if !order.requests.isEmpty { settled.settlement.followUps.append((order: order, wave: wave + 1)) }
            }
        }
    }
}

extension Transmission {
    /// What was written of this account elsewhere is wrong now: it is gone, it is another entry, or it has another name and the server leaves that to us.
    /// The answer may have been lost, and the name be known from a look, of now or of before.
    fileprivate func movesReferences(_ result: OperationResult?, repairedByServer: Bool) -> Bool {
        let isDone = result.map { $0.failure == nil } ?? (operation == nil)
        // Nobody pointed at an account that never was; by a key that was somebody else's, the start of the plan says so.
        if order.becomes == .deleted || order.operation == .create && known != nil { return isDone }
        // Of what an order left in doubt, those who point at the account were told with that order.
        guard !order.isFollowUp, isDone || result?.name != nil, let name = result?.name ?? found?.name, let known else { return false }
        if let id = known.id, let now = result?.accountID ?? found?.id, id != now { return true }
        guard order.operation != .create else { return false }
        // A server repairs what had the name that the entry had, which was not the one that we wrote.
        let met = [operation?.name, found?.name].compactMap { $0 }
        let wasElsewhere = result?.wasElsewhere == true || known.name.map { written in met.contains { $0 != written } } ?? false
        // While its name was in doubt others may have been made to point at the one that it had lost by then.
        let wasInDoubt = known.doubt?.formerNames.contains { $0 != name } ?? false
        guard !repairedByServer || wasElsewhere || wasInDoubt else { return false }
        return wasInDoubt || [known.name, order.nameBefore].contains { $0 != nil && $0 != name }
    }
}

extension ProvisioningOrder {
    /// Born of another order while its plan is applied: it writes references and nothing else, and leaves the account where it stands.
    var isFollowUp: Bool {
        operation == .modify && nameAfter == nil && !requests.isEmpty && requests.allSatisfy { $0.kind == .attribute && $0.isReference }
    }
}
