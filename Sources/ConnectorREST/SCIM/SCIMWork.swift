internal import Contracts
internal import Foundation
internal import IdentityModel

/// One operation under way, step by step, and what has come of it.
struct SCIMWork: Sendable {
    let operation: AccountOperation
    private(set) var id: AccountID?
    private(set) var failure: ConnectorFailure?
    var failedRequests: [Int: ConnectorFailure] = [:]
    private var done: Set<Int> = []
    private var isSwitched = false
    private var isGone = false
    private var isDeleted = false
    private var wasElsewhere = false
    /// The user as it is, as far as we know.
    private var seen: SCIMUsers.Seen?
    /// Under a name of our own for a moment.
    private(set) var isAside = false
    /// Of users that the operation points at, by name.
    private var ids: [String: AccountID] = [:]
    /// What was refused while withdrawing: it stops nothing.
    private var refusal: ConnectorFailure?

    init(_ operation: AccountOperation) {
        self.operation = operation
        id = operation.accountID
    }

    private var isWithdrawing: Bool { operation.direction == .withdrawing }
    var nameNow: AccountName { seen?.resource.userName ?? operation.name }
    var wantedName: AccountName { operation.newName ?? operation.name }

    var result: OperationResult {
        let failure = failure ?? refusal
        var result = OperationResult(
            id: operation.id, accountID: id, name: isGone || isDeleted ? nil : seen.map(\.resource.userName) ?? operation.name,
            failure: failure,
            failedRequests: failedRequests, doneRequests: failure == nil ? [] : done.subtracting(failedRequests.keys),
            isSwitched: failure != nil && isSwitched)
        result.wasElsewhere = wasElsewhere
        result.isGone = isGone
        return result
    }

    // MARK: What may be done

    /// Failed for good, or there is nobody any more.
    private var isOver: Bool { failure != nil || isGone }
    var mayLeaveGroups: Bool { id != nil && (isGone ? failure == nil : failure == nil || isWithdrawing) }
    var mayJoinGroups: Bool { id != nil && !isOver && operation.operation != .delete }
    var writesName: Bool { !isOver && operation.operation != .delete && (operation.operation == .create || renames) }
    private var renames: Bool { operation.newName != nil && operation.newName != nameNow }

    mutating func note(_ requests: [Int]) { done.formUnion(requests) }

    // MARK: Looking

    mutating func look(_ users: SCIMUsers) async {
        guard operation.operation != .create else { return }
        do throws(ConnectorFailure) {
            if id == nil {
                let holders = try await SCIMLookups(users: users).holders(of: [probe(operation.name)])
                if case .account(let holder)? = holders[0].first, holders[0].count == 1 { id = holder }
            }
            seen = if let id { try await users.read(id) } else { nil }
            if let seen {
                wasElsewhere = seen.resource.userName.text.lowercased() != operation.name.text.lowercased()
            } else {
                try await gone(users)
            }
        } catch {
            failure = error
        }
    }

    private func probe(_ name: AccountName) -> NameProbe {
        NameProbe(attribute: "userName", value: name.text, container: nil, accountName: name)
    }

    /// Of a user who is gone only memberships are left to be taken away. Whoever has the name by now may be the user made anew.
    private mutating func gone(_ users: SCIMUsers) async throws(ConnectorFailure) {
        isGone = true
        let removals = operation.requests.indices.filter {
            operation.requests[$0].kind == .membership && operation.requests[$0].operation == .remove
        }
        if !operation.isGone, try await !SCIMLookups(users: users).holders(of: [probe(operation.name)])[0].isEmpty {
            failure = ConnectorFailure(.permanent, "another user has the name of the account, which is gone")
        } else if operation.operation != .delete, removals.count != operation.requests.count {
            // Said at the end: the removals come first.
            refusal = ConnectorFailure(.permanent, "the user is gone")
        }
    }

    // MARK: Changing

    /// A service points at users by id. Who they are is asked once, and late: they may be made or renamed in the same batch.
    private mutating func identify(_ isMeant: (AccountOperation.Request) -> Bool, _ users: SCIMUsers) async throws(ConnectorFailure) {
        let meant = operation.requests.filter { $0.kind == .attribute && $0.type == .reference && isMeant($0) }
        let names = Set(meant.flatMap(\.values)).subtracting(ids.keys).sorted()
        guard !names.isEmpty else { return }
        let holders = try await SCIMLookups(users: users).holders(of: names.map { probe(AccountName($0)) })
        for (name, holders) in zip(names, holders) {
            guard case .account(let id)? = holders.first, holders.count == 1 else {
                let attribute = meant.first { $0.values.contains(name) }?.name
                throw ConnectorFailure(
                    .transient, "the user '\(name)', whom \(attribute ?? "") points at, is not found", attribute: attribute)
            }
            ids[name] = id
        }
    }

    private func changes(_ isMeant: (AccountOperation.Request) -> Bool) throws(ConnectorFailure) -> [(index: Int, change: SCIMChange)] {
        var changes: [(Int, SCIMChange)] = []
        for (index, request) in operation.requests.enumerated() where request.kind == .attribute && isMeant(request) {
            do throws(SCIMPath.Malformed) {
                changes.append((index, try SCIMChange(request, ids: ids)))
            } catch {
                throw ConnectorFailure(.permanent, error.description, attribute: request.name)
            }
        }
        return changes
    }

    /// The service's own switch, where the map writes none.
    private func active(_ isActive: Bool) -> SCIMChange? {
        guard operation.appliesDialectDisabling else { return nil }
        let request = AccountOperation.Request(
            kind: .attribute, name: "active", operation: .set, values: [isActive ? "true" : "false"], type: .flag)
        return try? SCIMChange(request)
    }

    /// Sends them together; refused, it is not known which of several it was.
    private mutating func send(_ changes: [(index: Int, change: SCIMChange)], and own: SCIMChange? = nil, _ users: SCIMUsers)
        async throws(ConnectorFailure)
    {
        guard let id, let seen else { return }
        do throws(ConnectorFailure) {
            let all = changes.map(\.change) + (own.map { [$0] } ?? [])
            guard !all.isEmpty else { return }
            guard let now = try await users.change(id, seen, all) else {
                isGone = true
                throw ConnectorFailure(.permanent, "the user is gone")
            }
            self.seen = now
            done.formUnion(changes.map(\.index))
        } catch {
            throw blaming(changes, error)
        }
    }

    /// With the attribute that was refused: the only one, or the only one that the service speaks of.
    private func blaming(_ changes: [(index: Int, change: SCIMChange)], _ failure: ConnectorFailure) -> ConnectorFailure {
        guard failure.errorClass == .permanent, failure.attribute == nil else { return failure }
        let names = changes.map { operation.requests[$0.index].name }
        let named = names.count == 1 ? names : names.filter { failure.serverText?.localizedCaseInsensitiveContains($0) == true }
        guard named.count == 1 else { return failure }
        return ConnectorFailure(.permanent, failure.message, serverText: failure.serverText, attribute: named[0])
    }

    /// Together; and what is refused together each by itself, so that one value keeps no other from being written. The first refusal is told.
    private mutating func sendEach(_ changes: [(index: Int, change: SCIMChange)], and own: SCIMChange? = nil, _ users: SCIMUsers) async {
        do throws(ConnectorFailure) {
            return try await send(changes, and: own, users)
        } catch {
            guard error.errorClass == .permanent, changes.count + (own == nil ? 0 : 1) > 1 else {
                refusal = refusal ?? error
                return
            }
        }
        if let own { await sendEach([], and: own, users) }
        for change in changes { await sendEach([change], users) }
    }

    mutating func switchOff(_ users: SCIMUsers) async {
        guard isWithdrawing, !isOver, operation.operation != .delete else { return }
        do throws(ConnectorFailure) {
            let refused = refusal
            try await identify(\.switches, users)
            let switching = try changes(\.switches)
            await sendEach(switching, and: active(false), users)
            isSwitched = refusal == refused || isOff(switching)
        } catch {
            refusal = refusal ?? error
            await sendEach([], and: active(false), users)
        }
    }

    private func isOff(_ switching: [(index: Int, change: SCIMChange)]) -> Bool {
        guard let seen else { return false }
        let path = SCIMPath(attribute: "active")
        if seen.resource.values(path).first?.flag == false { return true }
        return !switching.isEmpty && switching.allSatisfy { done.contains($0.index) }
    }

    /// Makes the user, or gives it its new name. A conflict is no failure yet: the name may be free a moment later.
    mutating func name(_ users: SCIMUsers) async {
        failure = nil
        do throws(ConnectorFailure) {
            if operation.operation == .create { return try await create(users) }
            guard let id, let seen, let newName = operation.newName else { return }
            let request = AccountOperation.Request(kind: .attribute, name: "userName", operation: .set, values: [newName.text])
            guard let change = try? SCIMChange(request) else { return }
            guard let now = try await users.change(id, seen, [change]) else {
                isGone = true
                throw ConnectorFailure(.permanent, "the user is gone")
            }
            self.seen = now
            isAside = false
        } catch {
            failure = await explained(error, users)
        }
    }

    private mutating func create(_ users: SCIMUsers) async throws(ConnectorFailure) {
        try await identify({ _ in true }, users)
        let all = try changes { _ in true }
        do throws(ConnectorFailure) {
            id = try await users.create(operation.name, all.map(\.change))
        } catch {
            throw blaming(all, error)
        }
        done.formUnion(all.map(\.index))
    }

    /// A conflict is about the name if somebody has it.
    private func explained(_ failure: ConnectorFailure, _ users: SCIMUsers) async -> ConnectorFailure {
        guard failure.errorClass == .conflict, failure.attribute == nil else { return failure }
        let holders = try? await SCIMLookups(users: users).holders(of: [probe(wantedName)])
        guard holders?.first?.isEmpty == false else { return failure }
        return ConnectorFailure(.conflict, failure.message, serverText: failure.serverText, attribute: "userName")
    }

    mutating func stepAside(_ users: SCIMUsers) async {
        guard let id, let seen else { return }
        let request = AccountOperation.Request(
            kind: .attribute, name: "userName", operation: .set, values: ["birthright-\(id.text)"])
        guard let change = try? SCIMChange(request), let now = try? await users.change(id, seen, [change]) else { return }
        self.seen = now
        isAside = true
    }

    /// Whoever could not get the new name gets the old one back.
    mutating func comeBack(_ users: SCIMUsers) async {
        guard let id, let seen else { return }
        let request = AccountOperation.Request(kind: .attribute, name: "userName", operation: .set, values: [operation.name.text])
        guard let change = try? SCIMChange(request), let now = try? await users.change(id, seen, [change]) else { return }
        self.seen = now
        isAside = false
    }

    /// All that is no switch of somebody who is withdrawn or enabled.
    mutating func change(_ users: SCIMUsers) async {
        guard operation.operation != .create, operation.operation != .delete, !isGone, failure == nil || isWithdrawing else { return }
        do throws(ConnectorFailure) {
            let isSteady = operation.direction == .steady
            try await identify({ isSteady || !$0.switches }, users)
            let rest = try changes { isSteady || !$0.switches }
            if isWithdrawing { return await sendEach(rest, users) }
            try await send(rest, and: operation.direction == .steady ? active(operation.operation != .disable) : nil, users)
        } catch {
            if isWithdrawing { refusal = refusal ?? error } else { failure = error }
        }
    }

    mutating func switchOn(_ users: SCIMUsers) async {
        guard operation.direction == .enabling, !isOver, operation.operation != .create else { return }
        do throws(ConnectorFailure) {
            try await identify(\.switches, users)
            try await send(try changes(\.switches), and: active(true), users)
            isSwitched = true
        } catch {
            failure = error
        }
    }

    mutating func delete(_ users: SCIMUsers) async {
        guard operation.operation == .delete, !isOver, let id else { return }
        do throws(ConnectorFailure) {
            try await users.delete(id)
            isDeleted = true
            note(Array(operation.requests.indices))
        } catch {
            failure = error
        }
    }
}
