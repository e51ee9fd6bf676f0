internal import Contracts
internal import Foundation
internal import IdentityModel

/// Accounts that batches under way have created and the store does not hold yet: references to them need not wait for it.
final class RecentNames: @unchecked Sendable {
    private let lock = NSLock()
    private var names: [UserID: AccountName] = [:]

    func note(_ batch: DispatchBatch, _ results: [OrderID: OperationResult]) {
        lock.withLock {
            for transmission in batch.transmissions {
                guard let result = results[transmission.order.id], result.failure == nil, transmission.order.operation != .delete else {
                    continue
                }
                names[transmission.order.user] = result.name ?? transmission.order.nameAfter
            }
        }
    }

    func forget(_ batch: DispatchBatch) {
        lock.withLock {
            for transmission in batch.transmissions { names[transmission.order.user] = nil }
        }
    }

    func known(_ users: some Sequence<UserID>) -> [UserID: AccountName] {
        lock.withLock {
            guard !names.isEmpty else { return [:] }
            return Dictionary(users.compactMap { user in names[user].map { (user, $0) } }, uniquingKeysWith: { first, _ in first })
        }
    }
}

/// On a system that repairs by itself what points at renamed accounts: which got another name while the plan is carried out. And, on every system, who was
/// told to say again where they point.
final class Renames: @unchecked Sendable {
    private let lock = NSLock()
    private var users: Set<UserID> = []
    private var told: [UserID: Int] = [:]

    func note(_ renamed: [UserID]) {
        guard !renamed.isEmpty else { return }
        lock.withLock { users.formUnion(renamed) }
    }

    func contains(_ user: UserID) -> Bool { lock.withLock { users.contains(user) } }

    /// False: they are already told in this wave, which is not sent before the one under way has ended.
    func tell(_ user: UserID, wave: Int) -> Bool { lock.withLock { told.updateValue(wave, forKey: user) != wave } }
}
