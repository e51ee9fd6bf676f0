internal import Contracts
internal import Foundation
internal import IdentityModel

/// Accounts that batches under way have created and the store does not hold yet: references to them need not wait for it.
final class RecentNames: @unchecked Sendable {
    private let lock = NSLock()
    private var names: [UserKey: AccountName] = [:]

    func note(_ batch: DispatchBatch, _ results: [OrderID: OperationResult]) {
        lock.withLock {
            for transmission in batch.transmissions {
                guard let result = results[transmission.order.id], result.failure == nil, transmission.order.operation != .delete else {
                    continue
                }
                names[transmission.order.userKey] = result.name ?? transmission.order.nameAfter
            }
        }
    }

    func forget(_ batch: DispatchBatch) {
        lock.withLock {
            for transmission in batch.transmissions { names[transmission.order.userKey] = nil }
        }
    }

    func known(_ keys: some Sequence<UserKey>) -> [UserKey: AccountName] {
        lock.withLock {
            guard !names.isEmpty else { return [:] }
            return Dictionary(keys.compactMap { key in names[key].map { (key, $0) } }, uniquingKeysWith: { first, _ in first })
        }
    }
}
