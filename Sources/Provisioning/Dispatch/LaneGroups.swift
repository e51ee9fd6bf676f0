internal import Contracts
internal import Foundation
internal import IdentityModel
internal import Logging

/// Groups that somebody renamed by hand. Who is taken out of a group by the name that a role gave it would stay in it under the one it has by now: a group that
/// is not there counts as gone, and everybody with it.
extension Lane {
    /// Whoever is taken out of a group, or carried over in it, is so under every name that the group has by now as well. While it cannot be seen which those are,
    /// withdrawals go on (what they take away is in doubt until it can), and everything else waits.
    func followRenamedGroups(_ batch: inout DispatchBatch) async throws {
        guard let connector = system.connector as? any IdentifiesGroups else { return }
        let concerned = batch.transmissions.indices.filter { batch.transmissions[$0].operation?.concernsGroups == true }
        do {
            var names: Set<String> = []
            for index in concerned { batch.transmissions[index].operation?.addGroups(to: &names) }
            try await learn(groups.unseen(names.sorted(), by: system.traits.names.groupKey), connector)
        } catch let failure as ConnectorFailure where failure.errorClass == .permanent {
            // It will not change: then groups go by the names that roles give them.
            log.warning("\(system.name): it cannot be seen whether groups have other names by now: \(failure)")
        } catch let failure as ConnectorFailure {
            return postpone(concerned, failure, &batch)
        }
        if groups.haveTheirNames { return }
        for index in concerned {
            let transmission = batch.transmissions[index]
            batch.transmissions[index].operation?.follow(
                groups, keeping: transmission.known?.memberships ?? [], wasSeen: transmission.found != nil, system.traits.names)
        }
    }

    /// Notes the ids of groups that are there, and the names that those have now which had such a name before: once in a run. Only the latter are searched for,
    /// and so none as a rule. (Servers need not have an index for it.)
    private func learn(_ keys: [NamedGroup], _ connector: any IdentifiesGroups) async throws {
        guard !keys.isEmpty else { return }
        let ids = try await connector.groupIDs(of: keys.map(\.name))
        let present = Set(zip(keys, ids).compactMap { group, id in id.map { KnownGroup(key: group.key, id: $0) } })
        if !present.isEmpty { try await store.remember(present.sorted { $0.key < $1.key }, on: system.name) }
        let others = try await store.groups(keys.map(\.key), on: system.name).filter { !present.contains($0) }
        let found = others.isEmpty ? [:] : try await connector.groupNames(of: Set(others.map(\.id)).sorted())
        var now: [String: [String]] = [:]
        for group in others {
            guard let name = found[group.id], system.traits.names.groupKey(name) != group.key else { continue }
            log.warning("\(system.name): the group \(group.key) is named \(name) by now; whoever leaves it is taken out there as well")
            now[group.key, default: []].append(name)
        }
        groups.saw(keys.map(\.key), present: Set(present.map(\.key)), now: now)
    }

    /// A group that was there when this run began, and did not hold somebody who was taken out of it, may have got another name since. It is asked once more
    /// before that counts as done; while it cannot be, what was taken away is in doubt.
    func lookAgainAtGroups(_ batch: inout DispatchBatch, _ results: [OrderID: OperationResult]) async throws {
        guard let connector = system.connector as? any IdentifiesGroups else { return }
        let concerned = batch.transmissions.indices.filter { results[batch.transmissions[$0].order.id]?.notThere.isEmpty == false }
        var names: Set<String> = []
        for index in concerned {
            let (operation, order) = (batch.transmissions[index].operation, batch.transmissions[index].order.id)
            for request in results[order]?.notThere ?? [] { names.formUnion(operation?.requests[request].values ?? []) }
        }
        let asked = groups.presentOnes(names.sorted(), by: system.traits.names.groupKey)
        do {
            try await learn(asked, connector)
        } catch let failure as ConnectorFailure where failure.errorClass == .permanent {
            log.warning("\(system.name): it cannot be seen whether groups have other names by now: \(failure)")
        } catch let failure as ConnectorFailure {
            // Whoever sends it again asks first: to an operation in doubt no group says that it held nobody.
            groups.forget(asked.map(\.key))
            for index in concerned { batch.transmissions[index].groupsUnseen = failure.message }
        }
    }

    private func postpone(_ concerned: [Int], _ failure: ConnectorFailure, _ batch: inout DispatchBatch) {
        var postponed: Set<Int> = []
        for index in concerned {
            if batch.transmissions[index].operation?.direction == .withdrawing {
                batch.transmissions[index].groupsUnseen = failure.message
            } else {
                batch.refused.append((batch.transmissions[index].order, failure.asUnsent))
                postponed.insert(index)
            }
        }
        batch.transmissions = batch.transmissions.indices.filter { !postponed.contains($0) }.map { batch.transmissions[$0] }
    }
}

extension AccountOperation {
    fileprivate var concernsGroups: Bool { !carriedMemberships.isEmpty || requests.contains { $0.kind == .membership } }

    fileprivate func addGroups(to names: inout Set<String>) {
        for index in requests.indices where requests[index].kind == .membership { names.formUnion(requests[index].values) }
        names.formUnion(carriedMemberships)
    }

    /// Each group that has another name by now is named by that one, too; but nobody is taken out of what they are to stay in, or to join, by its new name.
    /// `known`: memberships that we gave. Where another group has the name now, it may be that one they are in: it is asked first, and where the answer does not
    /// tell (`OperationResult.notThere`), because the operation is not `Lane.confirm`'s to judge (`wasSeen`) or is sent again, both are left.
    fileprivate mutating func follow(_ groups: GroupNames, keeping known: Set<String>, wasSeen: Bool, _ syntax: NameSyntax) {
        let removed = Set(requests.filter { $0.kind == .membership && $0.operation == .remove }.flatMap(\.values).map(syntax.groupKey))
        let joined = requests.filter { $0.kind == .membership && $0.operation != .remove }.flatMap(\.values)
        let stays = Set((joined + known).map(syntax.groupKey)).subtracting(removed)
        let leavesBoth = wasSeen || isUncertain || operation == .delete || !formerNames.isEmpty
        requests = requests.map { request in
            guard request.kind == .membership, request.operation == .remove else { return request }
            let names = request.values.flatMap { groups.names(syntax.groupKey($0), alsoOfReplaced: leavesBoth) }
                .filter { !stays.contains(syntax.groupKey($0)) }
            return names.isEmpty ? request : request.with(values: request.values + names)
        }
        let carried = Set(carriedMemberships.map(syntax.groupKey))
        func others(_ isWanted: (String) -> Bool) -> [String] {
            carriedMemberships.map(syntax.groupKey).filter(isWanted).flatMap { groups.names($0, alsoOfReplaced: true) }
                .filter { !carried.contains(syntax.groupKey($0)) }
        }
        carriedByNewName = others { !groups.isReplaced($0) }
        replacedGroups = others(groups.isReplaced)
    }
}

extension Lane {
    /// Whoever was not in the group that has the name now may be in the one that had it before.
    func mayBeInAnother(_ operation: AccountOperation, _ result: OperationResult) -> Bool {
        result.notThere.contains { index in
            operation.requests[index].values.contains { !groups.names(system.traits.names.groupKey($0), alsoOfReplaced: true).isEmpty }
        }
    }
}

extension AccountOperation.Request {
    fileprivate func with(values: [String]) -> AccountOperation.Request {
        AccountOperation.Request(kind: kind, name: name, operation: operation, values: values, type: type, switches: switches)
    }
}

/// A group by the key of its name, and the name as it was spelled.
typealias NamedGroup = (key: String, name: String)

/// What a run has learnt of the names of groups.
final class GroupNames: @unchecked Sendable {
    private let lock = NSLock()
    private var seen: Set<String> = []
    private var present: Set<String> = []
    /// By the key of the name that a role gives: the names by now of groups that had it.
    private var now: [String: [String]] = [:]

    func unseen(_ names: [String], by key: (String) -> String) -> [NamedGroup] {
        let seen = lock.withLock { self.seen }
        return Self.named(names, by: key) { !seen.contains($0) }
    }

    /// Those that were there when they were last asked.
    func presentOnes(_ names: [String], by key: (String) -> String) -> [NamedGroup] {
        let present = lock.withLock { self.present }
        return Self.named(names, by: key, where: present.contains)
    }

    private static func named(_ names: [String], by key: (String) -> String, where isWanted: (String) -> Bool) -> [NamedGroup] {
        var wanted: [String: String] = [:]
        for name in names {
            let key = key(name)
            if isWanted(key) { wanted[key] = name }
        }
        return wanted.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// `present`: those of the keys by which a group goes now.
    func saw(_ keys: [String], present: Set<String>, now: [String: [String]]) {
        lock.withLock {
            seen.formUnion(keys)
            self.present.subtract(keys)
            self.present.formUnion(present)
            for key in keys { self.now[key] = now[key] }
        }
    }

    /// They count as never asked.
    func forget(_ keys: [String]) { lock.withLock { seen.subtract(keys) } }

    /// None goes by another name than the one that a role gives.
    var haveTheirNames: Bool { lock.withLock { now.isEmpty } }

    /// A group had the name, and another one has it now.
    func isReplaced(_ key: String) -> Bool { lock.withLock { present.contains(key) && now[key] != nil } }

    /// `alsoOfReplaced`: also where another group has the name by now.
    func names(_ key: String, alsoOfReplaced: Bool) -> [String] {
        lock.withLock { alsoOfReplaced || !present.contains(key) ? now[key] ?? [] : [] }
    }
}
