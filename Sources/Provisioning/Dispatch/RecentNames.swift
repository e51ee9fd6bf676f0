internal import Contracts
internal import Foundation
internal import IdentityModel

/// Accounts that batches under way have created and the store does not hold yet: references to them need not wait for it.
final class RecentNames: @unchecked Sendable {
    private let lock = NSLock()
    /// By the number of the batch.
    private var names: [Int: [UserID: AccountName]] = [:]

    func note(_ batch: DispatchBatch, _ number: Int, _ results: [OrderID: OperationResult]) {
        var made: [UserID: AccountName] = [:]
        made.reserveCapacity(batch.transmissions.count)
        for index in batch.transmissions.indices {
            let order = batch.transmissions[index].order
            guard let result = results[order.id], result.failure == nil, order.operation != .delete else { continue }
            made[order.user] = result.name ?? order.nameAfter
        }
        lock.withLock { names[number] = made }
    }

    func forget(_ number: Int) { lock.withLock { names[number] = nil } }

    func known(_ users: Set<UserID>) -> [UserID: AccountName] {
        let names = lock.withLock { self.names }
        guard !names.isEmpty else { return [:] }
        var known: [UserID: AccountName] = [:]
        // No two batches under way have orders of one user.
        for user in users { for made in names.values { if let name = made[user] { known[user] = name } } }
        return known
    }
}

/// On a system that repairs by itself what points at renamed accounts: which got another name while the plan is carried out. And, on every system, who was
/// told to say again where they point.
final class Renames: @unchecked Sendable {
    private let lock = NSLock()
    private var users: Set<UserID> = []
    private var elsewhere: Set<UserID> = []
    private var told: [UserID: Int] = [:]

    func note(_ renamed: [UserID]) {
        guard !renamed.isEmpty else { return }
        lock.withLock { users.formUnion(renamed) }
    }

    func contains(_ user: UserID) -> Bool { lock.withLock { users.contains(user) } }

    /// Who was met where somebody had moved them: whoever was made to point at them meanwhile points at the name that the store had.
    func noteElsewhere(_ met: [UserID]) {
        guard !met.isEmpty else { return }
        lock.withLock { elsewhere.formUnion(met) }
    }

    var metElsewhere: Set<UserID> { lock.withLock { elsewhere } }

    /// False: they are already told in this wave, which is not sent before the one under way has ended.
    func tell(_ user: UserID, wave: Int) -> Bool { lock.withLock { told.updateValue(wave, forKey: user) != wave } }
}
