internal import Contracts
internal import IdentityModel

/// References to an account are values of other accounts: where the system does not keep them right, they are written again when the account gets another name,
/// and everywhere when it comes anew or goes.
///
/// A system that keeps them right may do so after its answer: it looks for who points at the name of before, and writes them one by one. Whoever gets another
/// name between the two is missed. So where both got one in this run, the one that points says so again.
extension Lane {
    /// `wave`: in which these were sent, or looked at.
    func planReferers(
        _ transmissions: [Transmission], _ results: [OrderID: OperationResult], wave: Int, _ settled: inout SettledBatch
    ) async throws {
        let isRepairing = !system.leavesReferencesToUs
        var changed: Set<UserID> = []
        var renamed: [Transmission] = []
        // Nearly all are neither, and a transmission is much to copy.
        for index in transmissions.indices {
            let result = results[transmissions[index].order.id]
            if transmissions[index].movesReferences(result, repairedByServer: isRepairing) {
                changed.insert(transmissions[index].order.user)
            }
            if isRepairing, transmissions[index].isRenamed(result) { renamed.append(transmissions[index]) }
        }
        // Before anybody is asked: of two batches that are kept at the same time, one at least sees the other's.
        renames.note(renamed.map(\.order.user))
        renames.noteElsewhere(
            changed.filter { user in transmissions.contains { $0.order.user == user && $0.isElsewhere(results[$0.order.id]) } })
        let elsewhere = renames.metElsewhere
        guard !changed.isEmpty || !renamed.isEmpty || !elsewhere.isEmpty else { return }
        var pointing = try await pointing(at: elsewhere, transmissions, results, settled)
        // Whoever went with this batch points at nobody any more; whom something kept may be due the account again before it is withdrawn.
        let withdrawn = Set(transmissions.filter { $0.order.isWithdrawal && results[$0.order.id]?.failure == nil }.map(\.order.user))
        let targets = transmissions.filter { changed.contains($0.order.user) } + renamed.filter { !changed.contains($0.order.user) }
        let referers = try await store.referers(to: targets.map(\.order.user), on: system.name)
        for target in targets {
            let accounts = referers[target.order.user] ?? []
            let isEveryone = changed.contains(target.order.user) || target.wasSentBefore
            let missed = isEveryone ? accounts : accounts.filter { renames.contains($0.user) }
            pointing += missed.map { ($0, at: target.order.userKey) }
        }
        pointing += try await pointingAtRenamed(renamed)
        try await pointAgain(pointing.filter { !withdrawn.contains($0.account.user) }, wave: wave + 1, &settled)
    }

    /// Whoever was just made to point at somebody whose name turned out to be another one.
    private func pointing(
        at elsewhere: Set<UserID>, _ transmissions: [Transmission], _ results: [OrderID: OperationResult], _ settled: SettledBatch
    ) async throws -> [(account: Account, at: UserKey)] {
        guard !elsewhere.isEmpty else { return [] }
        let wanted = transmissions.lazy.map(\.order).filter { !$0.isFollowUp && results[$0.id]?.failure == nil }.flatMap { order in
            order.references.map { (user: order.user, reference: $0) }
        }
        guard !wanted.isEmpty else { return [] }
        let meant = try await store.references(system.name, to: Set(wanted.map(\.reference)).sorted(), plan: plan)
        let accounts = Dictionary(settled.settlement.entries.compactMap(\.account).map { ($0.user, $0) }, uniquingKeysWith: { $1 })
        return wanted.compactMap { user, reference in
            guard let target = meant[reference]?.user, elsewhere.contains(target), let account = accounts[user] else { return nil }
            return (account, reference.key)
        }
    }

    /// Those of the accounts, which got another name, that point at somebody who did.
    private func pointingAtRenamed(_ renamed: [Transmission]) async throws -> [(account: Account, at: UserKey)] {
        var wanted: [(account: Account, reference: UserReference)] = []
        let sentBefore = Set(renamed.filter(\.wasSentBefore).map(\.order.user))
        for account in renamed.filter({ $0.order.becomes == .enabled }).compactMap(\.known) {
            for value in account.written.sorted(by: { $0.key < $1.key }).flatMap(\.value) {
                if case .reference(let reference) = value.pointingNow { wanted.append((account, reference)) }
            }
        }
        guard !wanted.isEmpty else { return [] }
        let meant = try await store.references(system.name, to: Set(wanted.map(\.reference)).sorted(), plan: plan)
        return wanted.compactMap { account, reference in
            guard let user = meant[reference]?.user, renames.contains(user) || sentBefore.contains(account.user) else { return nil }
            return (account, reference.key)
        }
    }

    private func pointAgain(_ pointing: [(account: Account, at: UserKey)], wave: Int, _ settled: inout SettledBatch) async throws {
        guard !pointing.isEmpty else { return }
        var request = KnowledgeRequest()
        request.users = Set(pointing.map(\.account.user)).sorted()
        let users = try await store.knowledge(request).users
        for (account, key) in pointing {
            guard let user = users[account.user] else { continue }
            let order = ProvisioningOrder.pointingAgain(
                account, user, in: plan, because: "the account of \(key), which it points at, changed")
            guard !order.requests.isEmpty, renames.tell(account.user, wave: wave) else { continue }
            settled.settlement.followUps.append((order: order, wave: wave))
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

    /// Written where somebody had moved it.
    fileprivate func isElsewhere(_ result: OperationResult?) -> Bool {
        if result?.wasElsewhere == true { return true }
        guard let name = found?.name, let written = known?.name else { return false }
        return name != written
    }

    /// Perhaps by a run that died: what that one renamed nobody remembers.
    fileprivate var wasSentBefore: Bool { order.attempts > 0 || operation == nil }

    /// It had another name when the plan was made, or may have had.
    fileprivate func isRenamed(_ result: OperationResult?) -> Bool {
        guard let known, order.operation != .create, order.becomes != .deleted, !order.isFollowUp else { return false }
        let formerNames = [known.name, order.nameBefore].compactMap { $0 } + (known.doubt?.formerNames ?? [])
        return [result?.name, found?.name, operation?.newName].contains { name in
            name.map { name in formerNames.contains { $0 != name } } ?? false
        }
    }
}
