internal import Contracts
internal import Foundation
internal import IdentityModel
internal import Logging

/// Groups that somebody renamed by hand. Who is taken out of a group by the name that a role gave it would stay in it under the one it has by now: a group that
/// is not there counts as gone, and everybody with it.
extension Lane {
    /// Whoever is taken out of a group, or carried over in it, is so under every name that the group has by now as well.
    func followRenamedGroups(_ batch: inout DispatchBatch) async throws {
        guard let connector = system.connector as? any IdentifiesGroups else { return }
        let concerned = batch.transmissions.indices.filter { batch.transmissions[$0].operation?.concernsGroups == true }
        let operations = concerned.compactMap { batch.transmissions[$0].operation }
        do {
            try await learn(Set(operations.flatMap(\.groups)), connector)
            try await findNames(Set(operations.flatMap(\.groupsToFollow)), connector)
        } catch let failure as ConnectorFailure {
            return postpone(concerned, failure, &batch)
        }
        for index in concerned {
            let transmission = batch.transmissions[index]
            batch.transmissions[index].operation?.follow(
                groups, keeping: transmission.known?.memberships ?? [], wasSeen: transmission.found != nil, system.traits.names)
        }
    }

    /// Notes the ids of groups that are there, once in a run.
    private func learn(_ names: Set<String>, _ connector: any IdentifiesGroups) async throws {
        let keys = groups.unseen(names.sorted(), by: system.traits.names.groupKey)
        guard !keys.isEmpty else { return }
        let ids = try await connector.groupIDs(of: keys.map(\.name))
        let found = zip(keys, ids).compactMap { group, id in id.map { KnownGroup(key: group.key, id: $0) } }
        if !found.isEmpty { try await store.remember(found, on: system.name) }
        groups.saw(keys.map(\.key), are: found)
    }

    /// Asks for the names that groups of before have now, once in a run: of those that are not what has the name, and so of none as a rule. (Servers need not
    /// have an index for it.)
    private func findNames(_ names: Set<String>, _ connector: any IdentifiesGroups) async throws {
        let keys = groups.unasked(names.map(system.traits.names.groupKey))
        guard !keys.isEmpty else { return }
        let known = try await store.groups(keys, on: system.name).filter { !groups.isStill($0) }
        let found = known.isEmpty ? [:] : try await connector.groupNames(of: Set(known.map(\.id)).sorted())
        for group in known {
            guard let name = found[group.id], system.traits.names.groupKey(name) != group.key else { continue }
            log.warning("\(system.name): the group \(group.key) is named \(name) by now; whoever leaves it is taken out there as well")
            groups.note(group.key, isNow: name)
        }
        groups.asked(keys)
    }

    /// A refusal will not change: then groups go by the names that roles give them.
    private func postpone(_ concerned: [Int], _ failure: ConnectorFailure, _ batch: inout DispatchBatch) {
        guard failure.errorClass != .permanent else {
            return log.warning("\(system.name): it cannot be seen whether groups have other names by now: \(failure)")
        }
        for index in concerned { batch.refused.append((batch.transmissions[index].order, failure.asUnsent)) }
        let postponed = Set(concerned)
        batch.transmissions = batch.transmissions.indices.filter { !postponed.contains($0) }.map { batch.transmissions[$0] }
    }
}

extension AccountOperation {
    fileprivate var concernsGroups: Bool { !carriedMemberships.isEmpty || requests.contains { $0.kind == .membership } }

    fileprivate var groups: [String] { requests.filter { $0.kind == .membership }.flatMap(\.values) + carriedMemberships }

    fileprivate var groupsToFollow: [String] {
        requests.filter { $0.kind == .membership && $0.operation == .remove }.flatMap(\.values) + carriedMemberships
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
        carriedMemberships += carriedMemberships.flatMap { groups.names(syntax.groupKey($0), alsoOfReplaced: false) }
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
        AccountOperation.Request(kind: kind, name: name, operation: operation, values: values, switches: switches)
    }
}

/// What a run has learnt of the names of groups.
final class GroupNames: @unchecked Sendable {
    private let lock = NSLock()
    private var seen: Set<String> = []
    private var present: Set<KnownGroup> = []
    private var looked: Set<String> = []
    /// By the key of the name that a role gives: names that the group has now.
    private var now: [String: [String]] = [:]

    func unseen(_ names: [String], by key: (String) -> String) -> [(key: String, name: String)] {
        let seen = lock.withLock { self.seen }
        var unseen: [String: String] = [:]
        for name in names where !seen.contains(key(name)) { unseen[key(name)] = name }
        return unseen.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    func saw(_ keys: [String], are groups: [KnownGroup]) {
        lock.withLock {
            seen.formUnion(keys)
            present.formUnion(groups)
        }
    }

    /// It has the name that it had.
    func isStill(_ group: KnownGroup) -> Bool { lock.withLock { present.contains(group) } }

    func unasked(_ keys: [String]) -> [String] { lock.withLock { Set(keys).subtracting(looked).sorted() } }

    func asked(_ keys: [String]) { lock.withLock { looked.formUnion(keys) } }

    func note(_ key: String, isNow name: String) { lock.withLock { now[key, default: []].append(name) } }

    /// `alsoOfReplaced`: also where another group has the name by now.
    func names(_ key: String, alsoOfReplaced: Bool) -> [String] {
        lock.withLock { alsoOfReplaced || !present.contains { $0.key == key } ? now[key] ?? [] : [] }
    }
}
