internal import Contracts
internal import IdentityModel
internal import Logging

/// Memberships are taken away under the name we know, and a group that holds nobody of that name may hold the account under another: somebody renamed or moved
/// the entry by hand. So those accounts are looked up by their ids, all of a batch in one question.
extension Lane {
    /// Where the account still has its name, the removal is done. Where it has another one, or could not be looked up, nobody knows: the order is sent again,
    /// under every name. Of an entry that is gone nothing is left to be taken away; that it is gone is kept with the account.
    func confirm(_ batch: inout DispatchBatch, _ results: inout [OrderID: OperationResult]) async throws {
        try await lookAgainAtGroups(&batch, results)
        for transmission in batch.transmissions where transmission.groupsUnseen != nil {
            results[transmission.order.id] = results[transmission.order.id].map(transmission.doubtingGroups)
        }
        let suspects = batch.transmissions.indices.compactMap { index -> (index: Int, query: AccountQuery)? in
            let transmission = batch.transmissions[index]
            // Who was seen right before, or is known to be gone, needs no look.
            guard transmission.found == nil, transmission.order.becomes != .deleted else { return nil }
            guard let operation = transmission.operation, let id = operation.accountID, let result = results[transmission.order.id],
                !result.notThere.isEmpty
            else { return nil }
            return (index, .id(id, name: operation.newName == nil ? operation.name : result.name ?? operation.name))
        }
        guard !suspects.isEmpty else { return }
        var lookups: [Lookup?] = Array(repeating: nil, count: suspects.count)
        do throws(ConnectorFailure) {
            lookups = try await system.connector.find(suspects.map(\.query))
        } catch {
            log.warning(
                "\(system.name): groups did not hold \(suspects.count) accounts by their names, which could not be looked up: \(error)")
        }
        for (suspect, lookup) in zip(suspects, lookups) {
            let order = batch.transmissions[suspect.index].order.id
            results[order] = results[order].map { result in
                let other = batch.transmissions[suspect.index].operation.map { mayBeInAnother($0, result) } ?? false
                return batch.transmissions[suspect.index].confirmed(result, by: lookup, system.traits.names, mayBeInAnother: other)
            }
        }
    }
}

extension Lane {
    /// A leaver's entry that is not there any more may have been made anew by hand. Where something correlates, nothing is done with: whoever plans the account
    /// decides about that entry. What a Delete of before has deleted is not asked for.
    func correlateGone(_ batch: DispatchBatch, _ results: inout [OrderID: OperationResult]) async {
        let suspects = batch.transmissions.compactMap { transmission in
            results[transmission.order.id].flatMap { transmission.doubts($0, correlatingBy: system.correlation) }.map { (transmission, $0) }
        }
        guard !suspects.isEmpty else { return }
        var lookups: [Lookup?] = Array(repeating: nil, count: suspects.count)
        do throws(ConnectorFailure) {
            lookups = try await system.connector.find(suspects.map(\.1))
        } catch {
            log.warning("\(system.name): \(suspects.count) entries to be deleted are gone, and could not be looked for otherwise: \(error)")
        }
        for ((transmission, _), lookup) in zip(suspects, lookups) {
            let order = transmission.order.id
            results[order] = results[order].map { transmission.correlated($0, by: lookup) }
        }
    }
}

extension Transmission {
    /// A Delete that met nobody, and was not sent before: what else may be the account is asked for. Nil: nothing is to be asked.
    func doubts(_ result: OperationResult, correlatingBy attributes: [String]) -> AccountQuery? {
        guard order.operation == .delete, order.attempts == 0, let known, result.isGone, result.failure == nil else { return nil }
        return known.values(of: attributes).map(AccountQuery.correlation)
    }

    /// The result, once somebody has looked (`lookup`; nil: the system could not be asked): done only where nothing correlates.
    func correlated(_ result: OperationResult, by lookup: Lookup?) -> OperationResult {
        let what: String
        switch lookup {
        case .absent: return result
        case .found(let account): what = "\(account.name) correlates"
        case .ambiguous(let names), .unreadable(let names): what = "\(names.map(\.text).joined(separator: "; ")) may be it"
        case nil: what = "the system cannot be asked"
        }
        var result = result
        result.doneRequests = Set(order.requests.indices).subtracting(result.failedRequests.keys)
        result.failure = ConnectorFailure(.permanent, "the entry is gone, and it is not sure that the account is: \(what)")
        return result
    }
}

extension Account {
    /// What was last written of these attributes; nil where one has no text, or several.
    fileprivate func values(of attributes: [String]) -> [String: String]? {
        var values: [String: String] = [:]
        for attribute in attributes {
            guard let written = written[attribute], written.count == 1, case .text(let text)? = written.first else { return nil }
            values[attribute] = text
        }
        return values.isEmpty ? nil : values
    }
}

extension Transmission {
    /// The result, once somebody has looked (`lookup`; nil: it could not be asked) where the account stands that a group did not hold by its name.
    /// `mayBeInAnother`: a group that did not hold it has its name from another one.
    mutating func confirmed(
        _ result: OperationResult, by lookup: Lookup?, _ names: NameSyntax, mayBeInAnother: Bool = false
    ) -> OperationResult {
        guard let operation else { return result }
        // Who was renamed by this very operation left the groups before that.
        let name = operation.newName == nil ? operation.name : result.name ?? operation.name
        switch lookup {
        case .found(let account)? where names.isNamed(account.name, name):
            return mayBeInAnother
                ? result.doubting(result.notThere, "the group that had the name has another one by now", name: nil) : result
        case .found(let account)?:
            let why = "the account has another name by now, \(account.name)"
            return result.doubting(memberships(of: operation, result), why, name: account.name)
        case .absent? where operation.requests.contains { $0.kind == .membership && $0.operation != .remove }:
            return result.doubting(memberships(of: operation, result), "the account \(operation.name) is not there any more", name: nil)
        case .absent?:
            isGone = true
            return result
        case .ambiguous?, .unreadable?, nil:
            return result.doubting(result.notThere, "it could not be seen whether the account is still named \(operation.name)", name: nil)
        }
    }

    /// Removals count for nothing while a group may have another name by now.
    func doubtingGroups(_ result: OperationResult) -> OperationResult {
        guard let why = groupsUnseen, let operation else { return result }
        let removals = operation.requests.indices.filter {
            operation.requests[$0].kind == .membership && operation.requests[$0].operation == .remove
                && (result.failure == nil || result.doneRequests.contains($0))
        }
        var doubted = result
        for request in removals where doubted.failedRequests[request] == nil {
            doubted.failedRequests[request] = ConnectorFailure(.unknown, "it could not be seen which names the groups have by now: \(why)")
        }
        doubted.doneRequests.subtract(removals)
        return doubted
    }

    /// What was written under a name that is not the account's.
    private func memberships(of operation: AccountOperation, _ result: OperationResult) -> Set<Int> {
        let joined = operation.requests.indices.filter {
            operation.requests[$0].kind == .membership && operation.requests[$0].operation != .remove
        }
        return result.notThere.union(joined)
    }
}

extension OperationResult {
    /// The same, with these requests neither done nor not done as far as anybody knows.
    fileprivate func doubting(_ requests: Set<Int>, _ why: String, name: AccountName?) -> OperationResult {
        let doubt = ConnectorFailure(.unknown, "the memberships may be another's: \(why)")
        var failed = failedRequests
        for request in requests where failed[request] == nil { failed[request] = doubt }
        return OperationResult(
            id: id, accountID: accountID, name: name ?? self.name, failure: failure, failedRequests: failed,
            doneRequests: doneRequests.subtracting(requests), isSwitched: isSwitched)
    }
}
