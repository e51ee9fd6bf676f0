internal import Contracts
internal import Foundation
internal import IdentityModel

/// One operation under way, step by step, and what has come of it.
struct AccountWork<Service: AccountService>: Sendable {
    let operation: AccountOperation
    private(set) var id: AccountID?
    private(set) var failure: ConnectorFailure?
    var failedRequests: [Int: ConnectorFailure] = [:]
    private var done: Set<Int> = []
    private var isSwitched = false
    private var isGone = false
    private var isDeleted = false
    private var wasElsewhere = false
    /// The account as it is, as far as we know.
    private var seen: Service.Record?
    /// Under a name of our own for a moment.
    private(set) var isAside = false
    /// Accounts that the operation points at, by name.
    private var pointedAt: [String: Service.Record] = [:]
    /// What was refused while withdrawing: it stops nothing.
    private var refusal: ConnectorFailure?

    init(_ operation: AccountOperation) {
        self.operation = operation
        id = operation.accountID
    }

    private var isWithdrawing: Bool { operation.direction == .withdrawing }
    var nameNow: AccountName { seen?.name ?? operation.name }
    var wantedName: AccountName { operation.newName ?? operation.name }

    var result: OperationResult {
        let failure = failure ?? refusal
        var result = OperationResult(
            id: operation.id, accountID: id, name: isGone || isDeleted ? nil : seen?.name ?? operation.name,
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

    mutating func look(_ service: Service) async {
        guard operation.operation != .create else { return }
        do throws(ConnectorFailure) {
            if id == nil {
                let holders = try await AccountLookups(service: service).holders(of: [probe(operation.name, service)])
                if case .account(let holder)? = holders[0].first, holders[0].count == 1 { id = holder }
            }
            seen = if let id { try await service.read(id) } else { nil }
            if let seen {
                wasElsewhere = seen.name.text.lowercased() != operation.name.text.lowercased()
            } else {
                try await gone(service)
            }
        } catch {
            failure = error
        }
    }

    private func probe(_ name: AccountName, _ service: Service) -> NameProbe {
        NameProbe(attribute: service.nameAttribute, value: name.text, container: nil, accountName: name)
    }

    /// Of an account that is gone only memberships are left to be taken away. Whoever has the name by now may be the account made anew.
    private mutating func gone(_ service: Service) async throws(ConnectorFailure) {
        isGone = true
        let removals = operation.requests.indices.filter {
            operation.requests[$0].kind == .membership && operation.requests[$0].operation == .remove
        }
        if !operation.isGone, try await !AccountLookups(service: service).holders(of: [probe(operation.name, service)])[0].isEmpty {
            failure = ConnectorFailure(.permanent, "another account has the name of the account, which is gone")
        } else if operation.operation != .delete, removals.count != operation.requests.count {
            // Said at the end: the removals come first.
            refusal = ConnectorFailure(.permanent, "the account is gone")
        }
    }

    // MARK: Changing

    /// A service points at accounts by id. Who they are is asked once, and late: they may be made or renamed in the same batch.
    private mutating func identify(
        _ isMeant: (AccountOperation.Request) -> Bool, _ service: Service
    ) async throws(ConnectorFailure) {
        let meant = operation.requests.filter { $0.kind == .attribute && $0.type == .reference && isMeant($0) }
        let names = Set(meant.flatMap(\.values)).subtracting(pointedAt.keys).sorted()
        guard !names.isEmpty else { return }
        let found = try await AccountLookups(service: service).records(named: names)
        for (name, records) in zip(names, found) {
            guard records.count == 1 else {
                let attribute = meant.first { $0.values.contains(name) }?.name
                throw ConnectorFailure(
                    .transient, "the account '\(name)', which \(attribute ?? "") points at, is not found", attribute: attribute)
            }
            pointedAt[name] = records[0]
        }
    }

    private func changes(
        _ isMeant: (AccountOperation.Request) -> Bool, _ service: Service
    ) throws(ConnectorFailure) -> [(index: Int, change: Service.Change)] {
        var changes: [(Int, Service.Change)] = []
        for (index, request) in operation.requests.enumerated() where request.kind == .attribute && isMeant(request) {
            changes.append((index, try service.change(request, pointingAt: pointedAt)))
        }
        return changes
    }

    /// The service's own switch, where the map writes none.
    private func own(_ isOn: Bool, _ service: Service) -> Service.Change? {
        operation.appliesDialectDisabling ? service.switching(on: isOn) : nil
    }

    /// Sends them together; refused, it is not known which of several it was.
    private mutating func send(_ changes: [(index: Int, change: Service.Change)], and own: Service.Change? = nil, _ service: Service)
        async throws(ConnectorFailure)
    {
        guard let seen else { return }
        do throws(ConnectorFailure) {
            let all = changes.map(\.change) + (own.map { [$0] } ?? [])
            guard !all.isEmpty else { return }
            guard let now = try await service.change(seen, all) else {
                isGone = true
                throw ConnectorFailure(.permanent, "the account is gone")
            }
            self.seen = now
            done.formUnion(changes.map(\.index))
        } catch {
            throw blaming(changes, error)
        }
    }

    /// With the attribute that was refused: the only one, or the only one that the service speaks of.
    private func blaming(_ changes: [(index: Int, change: Service.Change)], _ failure: ConnectorFailure) -> ConnectorFailure {
        guard failure.errorClass == .permanent, failure.attribute == nil else { return failure }
        let names = changes.map { operation.requests[$0.index].name }
        let named = names.count == 1 ? names : names.filter { failure.serverText?.localizedCaseInsensitiveContains($0) == true }
        guard named.count == 1 else { return failure }
        return ConnectorFailure(.permanent, failure.message, serverText: failure.serverText, attribute: named[0])
    }

    /// Together; and what is refused together each by itself, so that one value keeps no other from being written. The first refusal is told.
    private mutating func sendEach(_ changes: [(index: Int, change: Service.Change)], and own: Service.Change? = nil, _ service: Service)
        async
    {
        do throws(ConnectorFailure) {
            return try await send(changes, and: own, service)
        } catch {
            guard error.errorClass == .permanent, changes.count + (own == nil ? 0 : 1) > 1 else {
                refusal = refusal ?? error
                return
            }
        }
        if let own { await sendEach([], and: own, service) }
        for change in changes { await sendEach([change], service) }
    }

    mutating func switchOff(_ service: Service) async {
        guard isWithdrawing, !isOver, operation.operation != .delete else { return }
        do throws(ConnectorFailure) {
            let refused = refusal
            try await identify(\.switches, service)
            let switching = try changes(\.switches, service)
            await sendEach(switching, and: own(false, service), service)
            isSwitched = refusal == refused || isOff(switching, service)
        } catch {
            refusal = refusal ?? error
            await sendEach([], and: own(false, service), service)
        }
    }

    private func isOff(_ switching: [(index: Int, change: Service.Change)], _ service: Service) -> Bool {
        if let seen, service.isOff(seen) { return true }
        return !switching.isEmpty && switching.allSatisfy { done.contains($0.index) }
    }

    /// Makes the account, or gives it its new name. A conflict is no failure yet: the name may be free a moment later.
    mutating func name(_ service: Service) async {
        failure = nil
        do throws(ConnectorFailure) {
            if operation.operation == .create { return try await create(service) }
            guard let seen, let newName = operation.newName else { return }
            guard let now = try await service.change(seen, [service.naming(newName)]) else {
                isGone = true
                throw ConnectorFailure(.permanent, "the account is gone")
            }
            self.seen = now
            isAside = false
        } catch {
            failure = await explained(error, service)
        }
    }

    private mutating func create(_ service: Service) async throws(ConnectorFailure) {
        try await identify({ _ in true }, service)
        let all = try changes({ _ in true }, service)
        if operation.isUncertain { try await lookOnceMore(service) }
        do throws(ConnectorFailure) {
            id = try await service.create(operation.name, all.map(\.change), for: operation.id)
            await service.attempts.forget(operation.id)
        } catch {
            if error.errorClass == .unknown { await service.attempts.note(operation.id) }
            throw blaming(all, error)
        }
        done.formUnion(all.map(\.index))
    }

    /// An earlier attempt was not answered. Whoever sends this has looked, and perhaps too early.
    private func lookOnceMore(_ service: Service) async throws(ConnectorFailure) {
        try await service.attempts.settle(operation.id)
        let values = operation.requests.filter { $0.kind == .attribute && service.correlation.contains($0.name) && $0.values.count == 1 }
        let query = Dictionary(values.map { ($0.name, $0.values[0]) }, uniquingKeysWith: { first, _ in first })
        guard !query.isEmpty, query.count == service.correlation.count else { return }
        guard try await AccountLookups(service: service).find([.correlation(query)]) != [.absent] else { return }
        throw ConnectorFailure(.unknown, "an earlier attempt has made the account, as it turns out")
    }

    /// A conflict is about the name if somebody has it.
    private func explained(_ failure: ConnectorFailure, _ service: Service) async -> ConnectorFailure {
        guard failure.errorClass == .conflict, failure.attribute == nil else { return failure }
        let holders = try? await AccountLookups(service: service).holders(of: [probe(wantedName, service)])
        guard holders?.first?.isEmpty == false else {
            // Somebody has the name who is not found yet: perhaps ourselves, by an attempt that was not answered.
            let isPerhapsOurs = operation.operation == .create && operation.isUncertain
            return isPerhapsOurs ? ConnectorFailure(.unknown, failure.message, serverText: failure.serverText) : failure
        }
        return ConnectorFailure(.conflict, failure.message, serverText: failure.serverText, attribute: service.nameAttribute)
    }

    mutating func stepAside(_ service: Service) async {
        guard let seen else { return }
        let aside = service.naming(AccountName("birthright-\(seen.id.text)"))
        guard let now = try? await service.change(seen, [aside]) else { return }
        self.seen = now
        isAside = true
    }

    /// Whoever could not get the new name gets the old one back.
    mutating func comeBack(_ service: Service) async {
        guard let seen, let now = try? await service.change(seen, [service.naming(operation.name)]) else { return }
        self.seen = now
        isAside = false
    }

    /// All that is no switch of somebody who is withdrawn or enabled.
    mutating func change(_ service: Service) async {
        guard operation.operation != .create, operation.operation != .delete, !isGone, failure == nil || isWithdrawing else { return }
        do throws(ConnectorFailure) {
            let isSteady = operation.direction == .steady
            try await identify({ isSteady || !$0.switches }, service)
            let rest = try changes({ isSteady || !$0.switches }, service)
            if isWithdrawing { return await sendEach(rest, service) }
            try await send(rest, and: operation.direction == .steady ? own(operation.operation != .disable, service) : nil, service)
        } catch {
            if isWithdrawing { refusal = refusal ?? error } else { failure = error }
        }
    }

    mutating func switchOn(_ service: Service) async {
        guard operation.direction == .enabling, !isOver, operation.operation != .create else { return }
        do throws(ConnectorFailure) {
            try await identify(\.switches, service)
            try await send(try changes(\.switches, service), and: own(true, service), service)
            isSwitched = true
        } catch {
            failure = error
        }
    }

    mutating func delete(_ service: Service) async {
        guard operation.operation == .delete, !isOver, let id else { return }
        do throws(ConnectorFailure) {
            try await service.delete(id)
            isDeleted = true
            note(Array(operation.requests.indices))
        } catch {
            failure = error
        }
    }
}
