internal import Contracts
internal import IdentityModel

/// What the world answered about a batch: asked for in a handful of questions, whatever the batch's size.
struct BatchFacts: Sendable {
    var known: [UserID: Account] = [:]
    var found: [OrderID: Lookup] = [:]
    /// Lookups that could not be made.
    var unanswered: [OrderID: ConnectorFailure] = [:]
    var owners: [AccountID: UserID] = [:]
    /// For owners who are not the order's own user.
    var ownerKeys: [UserID: UserKey] = [:]
    var references: [UserReference: ReferencedAccount] = [:]
    /// Accounts whose names change while this batch is under way: what points at them waits.
    var renaming: Set<UserID> = []
    /// The last wave got nowhere: nothing is held back any more.
    var isForced = false
    /// Users whose orders wait for each other.
    var knots: Set<UserID> = []

    func isRenaming(_ referenced: ReferencedAccount) -> Bool { referenced.user.map(renaming.contains) ?? false }
}

/// Decides what is sent for an order. Pure.
struct Preparation {
    let system: ManagedSystem
    let facts: BatchFacts
    let wave: Int

    func readiness(_ order: ProvisioningOrder) -> Readiness {
        if let failure = facts.unanswered[order.id] { return .refused(order, failure) }
        let known = facts.known[order.user]
        let transmission = Transmission(order: order, known: known)
        switch facts.found[order.id] {
        case .ambiguous(let names)?:
            return .refused(order, Preparation.ambiguous(order, names))
        case .unreadable(let names)?:
            let entries = names.map(\.text).joined(separator: "; ")
            return .refused(
                order,
                ConnectorFailure(
                    .permanent,
                    "the id of \(entries) cannot be read, so it is not known whose account it is; give the service account the right"))
        case .found(let actual)?:
            return found(Sighting(actual), transmission)
        case .absent?, nil:
            return order.operation == .create ? create(transmission) : change(transmission)
        }
    }

    private static func ambiguous(_ order: ProvisioningOrder, _ names: [AccountName]) -> ConnectorFailure {
        let correlation = order.correlation.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
        let entries = names.map(\.text).sorted().joined(separator: "; ")
        return ConnectorFailure(.permanent, "several entries of \(order.system) have \(correlation): \(entries); leave one of them")
    }

    // MARK: Nothing is known to be there

    private func create(_ transmission: Transmission) -> Readiness {
        guard let name = transmission.order.nameAfter else {
            return .refused(transmission.order, ConnectorFailure(.permanent, "the order has no account name"))
        }
        return complete(transmission, sighting: nil) { requests in
            operation(transmission.order, .create, id: nil, name: name, newName: nil, requests)
        }
    }

    // MARK: An account we know

    private func change(_ transmission: Transmission) -> Readiness {
        let order = transmission.order
        guard let name = transmission.known?.name ?? order.nameBefore else {
            // Never created, or never confirmed: a Delete has nothing to do.
            if order.operation == .delete { return .ready(transmission) }
            return .refused(order, ConnectorFailure(.permanent, "no account of \(order.userKey) on \(order.system) is known"))
        }
        let newName = order.nameAfter.flatMap { $0 == name ? nil : $0 }
        return complete(transmission, sighting: nil) { requests in
            if requests.isEmpty, newName == nil, order.operation == .modify { return nil }
            return operation(order, order.operation, id: transmission.known?.id ?? order.accountID, name: name, newName: newName, requests)
        }
    }

    // MARK: The system shows an entry

    private func found(_ sighting: Sighting, _ transmission: Transmission) -> Readiness {
        let order = transmission.order
        var transmission = transmission
        transmission.found = sighting.account
        guard order.operation == .create else { return rest(sighting, transmission) }
        switch facts.owners[sighting.account.id] {
        case order.user?: return rest(sighting, transmission)
        case let owner?:
            let who = facts.ownerKeys[owner]?.text ?? owner.text
            return .refused(
                order, ConnectorFailure(.permanent, "the entry \(sighting.account.name) correlates to this user but belongs to \(who)"))
        case nil:
            // Transmitted before and it shows what we sent: our own Create, whose answer was lost.
            if order.attempts > 0, showsOwnCreate(order, sighting) { return rest(sighting, transmission) }
            return adopt(sighting, transmission)
        }
    }

    /// The order goes on where it was interrupted: sends what the entry does not show yet.
    func rest(_ sighting: Sighting, _ transmission: Transmission) -> Readiness {
        let order = transmission.order
        let newName = order.nameAfter.flatMap { sighting.isNamed($0) ? nil : $0 }
        return complete(transmission, sighting: sighting) { requests in
            let kind: Operation = order.operation == .create ? .modify : order.operation
            if requests.isEmpty, newName == nil, kind == .modify { return nil }
            return operation(order, kind, id: sighting.account.id, name: sighting.account.name, newName: newName, requests)
        }
    }

    /// The order becomes a Modify against what is there.
    private func adopt(_ sighting: Sighting, _ transmission: Transmission) -> Readiness {
        var adopting = transmission
        var order = transmission.order
        order.operation = .modify
        order.adopts = true
        order.accountID = sighting.account.id
        order.nameBefore = sighting.account.name
        order.reasons.append("adopted: the entry existed before")
        order.requests = []
        for request in transmission.order.requests {
            let actual = sighting.values(request.name).map(AccountValue.text)
            if request.kind == .attribute, !actual.isEmpty, system.onCreateAttributes.contains(request.name) {
                adopting.alreadyThere[request.name] = actual
            } else if let differing = difference(request, actual, sighting) {
                order.requests.append(differing)
                if differing.operation == .add, !actual.isEmpty {
                    adopting.alreadyThere[request.name] = request.after.filter(actual.contains)
                }
            } else {
                adopting.alreadyThere[request.name] = request.after
            }
        }
        adopting.order = order
        return rest(sighting, adopting)
    }

    /// What is left of a request when an entry has `actual` already; nil: nothing.
    private func difference(_ request: AttributeRequest, _ actual: [AccountValue], _ sighting: Sighting) -> AttributeRequest? {
        guard request.kind == .attribute else { return request }
        if !request.isReference, request.operation != .remove {
            let wanted = request.after.map(\.text)
            let missing = sighting.missing(request, wanted)
            if system.literalAttributes.contains(request.name) || actual.isEmpty {
                return missing.isEmpty
                    ? nil : AttributeRequest(name: request.name, operation: .add, before: actual, after: missing.map(AccountValue.text))
            }
            if missing.isEmpty, Set(request.after) == Set(actual) { return nil }
        }
        return AttributeRequest(name: request.name, operation: .set, before: actual, after: request.after)
    }

    /// Name, and every value that is no reference: what one add writes at once.
    func showsOwnCreate(_ order: ProvisioningOrder, _ sighting: Sighting) -> Bool {
        guard let name = order.nameAfter, sighting.isNamed(name) else { return false }
        return order.requests.allSatisfy { request in
            request.kind == .membership || request.isReference || sighting.shows(request, request.effective.map(\.text))
        }
    }

    // MARK: Requests

    private func operation(
        _ order: ProvisioningOrder, _ kind: Operation, id: AccountID?, name: AccountName, newName: AccountName?,
        _ requests: [AccountOperation.Request]
    ) -> AccountOperation {
        AccountOperation(
            id: order.id, operation: kind, accountID: id, name: name, newName: newName, requests: requests,
            appliesDialectDisabling: kind == .disable && system.leavesDisablingToConnector)
    }

    /// Resolves the references and leaves out what is done; `make` builds the operation from the rest.
    private func complete(
        _ transmission: Transmission, sighting: Sighting?, _ make: ([AccountOperation.Request]) -> AccountOperation?
    ) -> Readiness {
        var transmission = transmission
        var requests: [AccountOperation.Request] = []
        var awaited: [Int] = []
        for (index, request) in transmission.order.requests.enumerated() where request.outcome != .done {
            switch resolve(request) {
            case .values(let values):
                if let sighting, sighting.shows(request, values) { continue }
                if isOwnCreateWithoutReference(transmission, sighting, request) {
                    awaited.append(index)
                    continue
                }
                requests.append(sent(request, values, onto: sighting, transmission.order))
                transmission.requestIndexes.append(index)
            case .awaited:
                guard facts.isForced || facts.knots.contains(transmission.order.user) else { return .held(transmission.order) }
                awaited.append(index)
            case .nobody(let user):
                transmission.deferred[index] = "\(user) has no account on \(system.name)"
                transmission.planAgain = true
            }
        }
        for index in awaited { transmission.deferred[index] = "sent once the account it points at is there" }
        if !awaited.isEmpty { transmission.followUp = followUp(transmission.order, awaited) }
        transmission.operation = make(requests)
        return .ready(transmission)
    }

    /// A Create adds; onto an entry that is there already its values are set, but literals beside ours stay.
    private func sent(
        _ request: AttributeRequest, _ values: [String], onto sighting: Sighting?, _ order: ProvisioningOrder
    ) -> AccountOperation.Request {
        guard let sighting, order.operation == .create, request.kind == .attribute, request.operation == .add else {
            return AccountOperation.Request(kind: request.kind, name: request.name, operation: request.operation, values: values)
        }
        if system.literalAttributes.contains(request.name) {
            return AccountOperation.Request(
                kind: .attribute, name: request.name, operation: .add, values: sighting.missing(request, values))
        }
        return AccountOperation.Request(kind: .attribute, name: request.name, operation: .set, values: values)
    }

    /// The answer to our own Create was lost, and it had been sent without a reference (a cycle): that one still follows as a Modify.
    private func isOwnCreateWithoutReference(_ transmission: Transmission, _ sighting: Sighting?, _ request: AttributeRequest) -> Bool {
        sighting != nil && transmission.order.operation == .create && transmission.order.attempts > 0 && request.isReference
            && facts.owners[sighting?.account.id ?? AccountID("")] == nil
    }

    private enum Resolution {
        case values([String])
        case awaited
        case nobody(UserReference)
    }

    private func resolve(_ request: AttributeRequest) -> Resolution {
        // A removed reference: the system may have renamed or removed the value itself, so the whole attribute goes.
        if request.operation == .remove && request.isReference { return .values([]) }
        var values: [String] = []
        for value in request.effective {
            switch value {
            case .text(let text): values.append(text)
            case .reference(let user):
                guard let found = facts.references[user] else { return .nobody(user) }
                switch found.target {
                case .account(let name):
                    if facts.isRenaming(found) { return .awaited }
                    values.append(name.text)
                case .awaited: return .awaited
                case .none: return .nobody(user)
                }
            }
        }
        return .values(values)
    }

    private func followUp(_ order: ProvisioningOrder, _ awaited: [Int]) -> ProvisioningOrder {
        let requests = awaited.map { index in
            let request = order.requests[index]
            return AttributeRequest(name: request.name, operation: .set, before: [], after: request.after)
        }
        let names = requests.map(\.name).joined(separator: ", ")
        return ProvisioningOrder(
            id: OrderID(plan: order.id.plan, sequence: 0), user: order.user, userKey: order.userKey, userName: order.userName,
            system: order.system,
            operation: .modify, state: .pending, change: order.change,
            reasons: ["\(names): sent after the account it points at was created"],
            nameBefore: order.nameAfter, nameAfter: order.nameAfter, requests: requests, becomes: order.becomes,
            userVersion: order.userVersion,
            accountVersion: order.accountVersion + 1)
    }
}
