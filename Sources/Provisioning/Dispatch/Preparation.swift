internal import Contracts
internal import IdentityModel
internal import Planning

/// What the world answered about a batch: asked for in a handful of questions, whatever the batch's size.
struct BatchFacts: Sendable {
    var known: [UserID: Account] = [:]
    var found: [OrderID: Lookup] = [:]
    /// Lookups that could not be made.
    var unanswered: [OrderID: ConnectorFailure] = [:]
    var owners: [AccountID: AccountOwner] = [:]
    /// Names of the orders' accounts, of now or of before, that other accounts of the system have.
    var namesOfOthers: [UserID: Set<AccountName>] = [:]
    var realm: Realm?
    /// Names of Creates that somebody has by now.
    var taken: [OrderID: NameProbe] = [:]
    /// For owners who are not the order's own user.
    var ownerKeys: [UserID: UserKey] = [:]
    var references: [UserReference: ReferencedAccount] = [:]
    /// Accounts that get another name, or go, while this batch is under way: what points at them waits.
    var moving: Set<UserID> = []
    /// The last wave got nowhere: nothing is held back any more.
    var isForced = false
    /// What is sent in place of digests.
    var secrets = MadeSecrets.made([:])
    /// The orders are only looked at: nothing is sent, so no secret is needed.
    var isLooking = false
    /// Users whose orders wait for each other.
    var knots: Set<UserID> = []

    func isMoving(_ referenced: ReferencedAccount) -> Bool { referenced.user.map(moving.contains) ?? false }
}

/// Decides what is sent for an order. Pure.
struct Preparation {
    let system: ManagedSystem
    let facts: BatchFacts
    let wave: Int

    func readiness(_ order: ProvisioningOrder) -> Readiness {
        if let failure = facts.unanswered[order.id] { return .refused(order, failure) }
        let known = facts.known[order.user]
        var transmission = Transmission(order: order, known: known)
        transmission.realm = facts.realm
        transmission.carries = system.leavesReferencesToUs
        if order.isFollowUp && order.requests.isEmpty { return .ready(transmission) }
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
            return found(Sighting(actual, system.traits.names), transmission)
        case .absent?:
            if order.operation == .create { return create(transmission) }
            guard order.operation == .delete || order.becomes == .deleted else { return .refused(order, Preparation.gone(order)) }
            return change(transmission)
        case nil:
            return order.operation == .create ? create(transmission) : change(transmission)
        }
    }

    private static func ambiguous(_ order: ProvisioningOrder, _ names: [AccountName]) -> ConnectorFailure {
        let correlation = order.correlation.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
        let entries = names.map(\.text).sorted().joined(separator: "; ")
        return ConnectorFailure(.permanent, "several entries of \(order.system) have \(correlation): \(entries); leave one of them")
    }

    private static func gone(_ order: ProvisioningOrder) -> ConnectorFailure {
        ConnectorFailure(.permanent, "the account \(order.nameBefore?.text ?? "of \(order.userKey)") no longer exists on \(order.system)")
    }

    // MARK: Nothing is known to be there

    private func create(_ transmission: Transmission) -> Readiness {
        guard let name = transmission.order.nameAfter else {
            return .refused(transmission.order, ConnectorFailure(.permanent, "the order has no account name"))
        }
        if let taken = facts.taken[transmission.order.id] {
            let what = "\(taken.attribute) \(taken.value) was taken on \(system.name) since the plan was made"
            return .refused(transmission.order, ConnectorFailure(.conflict, what, attribute: taken.attribute))
        }
        // What an earlier attempt did, it did to an entry that is not there any more.
        var transmission = transmission
        transmission.order.forgetOutcomes()
        // Of an entry that is made anew, or that comes after one that was withdrawn, groups may still hold the name of the one before: some did not let go of it.
        let isHeld = !(transmission.known?.memberships.isEmpty ?? true)
        let leaves = transmission.order.recreates || transmission.order.removesMemberships || isHeld
        let isElsewhere = leaves && transmission.known?.name.map { $0 != name } ?? false
        return complete(transmission, sighting: nil) { requests in
            operation(transmission.order, .create, id: nil, name: name, newName: nil, isElsewhere: isElsewhere, requests)
        }
    }

    // MARK: An account we know

    private func change(_ transmission: Transmission) -> Readiness {
        let order = transmission.order
        let known = transmission.known
        // Unless something was written since, the plan has looked last.
        let isAsPlanned = known.map { $0.version == order.accountVersion } ?? true
        let names = isAsPlanned ? [order.nameBefore, known?.name] : [known?.name, order.nameBefore]
        guard let name = names.compactMap({ $0 }).first ?? known?.doubt?.formerNames.min() else {
            // Never created, or never confirmed: there is nothing to withdraw.
            if order.operation == .delete || order.becomes == .none && order.requests.isEmpty { return .ready(transmission) }
            return .refused(order, ConnectorFailure(.permanent, "no account of \(order.userKey) on \(order.system) is known"))
        }
        let newName = order.nameAfter.flatMap { $0 == name ? nil : $0 }
        let isElsewhere = known?.name.map { $0 != name } ?? false
        return complete(transmission, sighting: nil) { requests in
            // By now the name may be somebody else's: of an entry that is gone, only the groups are written.
            let isGone = facts.found[order.id] == .absent
            var operation = operation(
                order, isGone && order.operation == .delete ? .modify : order.operation, id: known?.id ?? order.accountID, name: name,
                newName: newName, isElsewhere: isElsewhere, requests)
            operation.isGone = isGone
            return operation
        }
    }

    // MARK: The system shows an entry

    private func found(_ sighting: Sighting, _ transmission: Transmission) -> Readiness {
        let order = transmission.order
        var transmission = transmission
        transmission.found = sighting.account
        let own = AccountOwner(user: order.user, system: order.system)
        guard order.operation == .create else {
            if order.adopts, let owner = facts.owners[sighting.account.id], owner != own {
                return .refused(order, conflict(order, sighting, owner))
            }
            return rest(sighting, transmission)
        }
        switch facts.owners[sighting.account.id] {
        case own?: return rest(sighting, transmission)
        case let owner?: return .refused(order, conflict(order, sighting, owner))
        case nil:
            // Ours, and its answer was lost: this order's, or that of an earlier Create.
            if transmission.known?.doubt?.correlation.isEmpty == false { return rest(sighting, transmission) }
            if order.attempts > 0, showsOwnCreate(order, sighting) { return rest(sighting, transmission) }
            return adopt(sighting, transmission)
        }
    }

    private func conflict(_ order: ProvisioningOrder, _ sighting: Sighting, _ owner: AccountOwner) -> ConnectorFailure {
        let who = facts.ownerKeys[owner.user]?.text ?? owner.user.text
        guard owner.system != order.system else {
            return ConnectorFailure(.permanent, "the entry \(sighting.account.name) correlates to this user but belongs to \(who)")
        }
        return ConnectorFailure(
            .permanent,
            "the entry \(sighting.account.name) correlates to this user but is the account of \(owner.user == order.user ? "the same user" : who) "
                + "on \(owner.system), which is the same server; give the two policy maps bases that do not overlap, or another correlation"
        )
    }

    /// The order goes on where it was interrupted: sends what the entry does not show yet.
    func rest(_ sighting: Sighting, _ transmission: Transmission) -> Readiness {
        let order = transmission.order
        let newName = order.nameAfter.flatMap { sighting.isNamed($0) ? nil : $0 }
        var transmission = transmission
        transmission.isNamed = newName == nil
        let isElsewhere = transmission.known?.name.map { !sighting.isNamed($0) } ?? false
        return complete(transmission, sighting: sighting) { requests in
            operation(
                order, order.operation == .create ? .modify : order.operation, id: sighting.account.id, name: sighting.account.name,
                newName: newName, isElsewhere: isElsewhere, requests)
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
        let decision = system.adoption.decision(creating: order.requests) { sighting.values($0) }
        order.requests = decision.requests
        order.takenOver = decision.takenOver
        adopting.order = order
        return rest(sighting, adopting)
    }

    /// Name, and every value that is no reference: what one add writes at once.
    func showsOwnCreate(_ order: ProvisioningOrder, _ sighting: Sighting) -> Bool {
        guard let name = order.nameAfter, sighting.isNamed(name) else { return false }
        return order.requests.allSatisfy { request in
            request.kind == .membership || request.isReference || request.holdsDigest
                || sighting.shows(request, request.effective.map(\.text))
        }
    }

    // MARK: Requests

    /// `isElsewhere`: the entry has another name than the store knows (a rename that was not answered, or by hand), and groups may hold it under that.
    private func operation(
        _ order: ProvisioningOrder, _ kind: Operation, id: AccountID?, name: AccountName, newName: AccountName?, isElsewhere: Bool = false,
        _ requests: [AccountOperation.Request]
    ) -> AccountOperation {
        let known = facts.known[order.user]
        let names = [known?.name, order.nameBefore].compactMap { $0 } + (known?.doubt?.formerNames.sorted() ?? [])
        let others = facts.namesOfOthers[order.user] ?? []
        let isUncertain = known?.doubt?.isUncertain ?? false
        #if PLANTED_BUGS
        if PlantedBug.planted == .removalsUnderOldNameOnly, isUncertain,
            let old = known?.doubt?.formerNames.min() ?? order.nameBefore ?? known?.name
        {
            return AccountOperation(
                id: order.id, operation: kind, accountID: id, name: old, newName: newName, requests: requests,
                appliesDialectDisabling: switchesByDialect(order, known), direction: direction(order))
        }
        #endif
        var operation = AccountOperation(
            id: order.id, operation: kind, accountID: id, name: name, newName: newName, requests: requests,
            appliesDialectDisabling: switchesByDialect(order, known), direction: direction(order), isUncertain: isUncertain,
            formerNames: isUncertain || isElsewhere ? Set(names).subtracting(others).subtracting([name]).sorted() : [],
            carriedMemberships: carried(
                order, known, isRenamed: newName != nil || isUncertain || isElsewhere || system.leavesReferencesToUs))
        if newName != nil { operation.staying = order.staying(of: known) }
        return operation
    }

    private func direction(_ order: ProvisioningOrder) -> AccountOperation.Direction {
        if order.isWithdrawal { return .withdrawing }
        // Whoever adopts an entry for somebody wants it to be in use, however it was left.
        return order.operation == .enable || order.adopts ? .enabling : .steady
    }

    private func switchesByDialect(_ order: ProvisioningOrder, _ known: Account?) -> Bool {
        #if PLANTED_BUGS
        if PlantedBug.planted == .enablingLeavesDialectDisabling, direction(order) == .enabling { return false }
        #endif
        return switch direction(order) {
        case .steady: false
        case .withdrawing: order.operation == .disable && (system.leavesDisablingToConnector || order.usesDialectDisabling)
        case .enabling: system.leavesDisablingToConnector || known?.isDisabledByDialect == true
        }
    }

    /// Memberships that stay when the account gets another name: carried over by us, or by the system, whose connector then sees to it that it has. Those
    /// too that are given again because nobody knows whether they were given under the name of before. Where it is for us, every order names them: its
    /// entry may be met under another name.
    private func carried(_ order: ProvisioningOrder, _ known: Account?, isRenamed: Bool) -> [String] {
        guard let known, isRenamed, !order.isWithdrawal else { return [] }
        let asked = order.requests.filter { $0.kind == .membership }
        let given = asked.filter { $0.operation != .remove }.flatMap { $0.effective.map(\.text) }
        let removed = asked.filter { $0.operation == .remove }.flatMap { $0.effective.map(\.text) }
        return known.memberships.union(known.doubt?.memberships.intersection(given) ?? []).subtracting(removed).sorted()
    }

    /// Resolves the references and leaves out what is done; `make` builds the operation from the rest.
    private func complete(
        _ transmission: Transmission, sighting: Sighting?, _ make: ([AccountOperation.Request]) -> AccountOperation
    ) -> Readiness {
        var transmission = transmission
        var requests: [AccountOperation.Request] = []
        var awaited: [Int] = []
        for (index, request) in transmission.order.requests.enumerated() where request.outcome != .done {
            switch resolve(request, transmission.order) {
            case .values(let values):
                if let sighting, sighting.shows(request, values) {
                    transmission.shown.insert(index)
                    continue
                }
                if isOwnCreateWithoutReference(transmission, sighting, request) {
                    awaited.append(index)
                    continue
                }
                requests.append(sent(request, values, onto: sighting, transmission.order))
                transmission.requestIndexes.append(index)
            case .expected(let user):
                transmission.deferred[index] = "the account of \(user) on \(system.name) is still to come"
                transmission.waitForSomebody()
            case .awaited where !facts.isForced && transmission.order.isFollowUp:
                // It comes of a knot that was undone: that its target is still to come is no knot once more, or orders would come of orders without end.
                return .held(transmission.order)
            case .awaited where transmission.order.isFollowUp:
                // It has waited for a wave of its own already: the account does not come in this run.
                transmission.deferred[index] = "the account it points at is still to come"
                transmission.waitForSomebody()
            case .awaited:
                guard facts.isForced || facts.knots.contains(transmission.order.user) else { return .held(transmission.order) }
                awaited.append(index)
            case .withheld(let why):
                // Who is withdrawn is withdrawn whatever befell a secret.
                guard transmission.order.isWithdrawal else {
                    return .refused(transmission.order, ConnectorFailure(.permanent, why, attribute: request.name))
                }
                transmission.deferred[index] = why
                transmission.planAgain = true
            case .nobody(let user) where request.operation == .set && !request.before.isEmpty:
                // What we wrote points at nobody: it goes, until there is somebody.
                transmission.order.requests[index] = request.asking(.remove, before: request.before, after: [])
                transmission.order.dereferences = true
                transmission.order.warnings.append("\(request.name): \(absence(of: user))")
                transmission.waitForSomebody()
                requests.append(sent(transmission.order.requests[index], [], onto: sighting, transmission.order))
                transmission.requestIndexes.append(index)
            case .nobody(let user):
                transmission.deferred[index] = absence(of: user)
                transmission.waitForSomebody()
            }
        }
        for index in awaited { transmission.deferred[index] = "sent once the account it points at is there" }
        if !awaited.isEmpty { transmission.followUp = transmission.order.followUp(saying: awaited) }
        let operation = make(requests)
        if !operation.isNothing { transmission.operation = operation }
        return .ready(transmission)
    }

    /// A Create adds; onto an entry that is there already its values are set, but literals beside ours stay.
    private func sent(
        _ request: AttributeRequest, _ values: [String], onto sighting: Sighting?, _ order: ProvisioningOrder
    ) -> AccountOperation.Request {
        let isAttribute = request.kind == .attribute
        let type = request.isReference ? .reference : isAttribute ? system.types[request.name] ?? .text : .text
        let switches = isAttribute && system.switchingAttributes.contains(request.name)
        let isOntoEntry = order.operation == .create && isAttribute && request.operation == .add
        if let sighting, isOntoEntry, system.adoption.literals.contains(request.name) {
            return AccountOperation.Request(
                kind: .attribute, name: request.name, operation: .add, values: sighting.missing(request, values))
        }
        let operation: RequestOperation = sighting != nil && isOntoEntry ? .set : request.operation
        return AccountOperation.Request(
            kind: request.kind, name: request.name, operation: operation, values: values, type: type, switches: switches)
    }

    /// The answer to our own Create was lost, and it had been sent without a reference (a cycle): that one still follows as a Modify.
    private func isOwnCreateWithoutReference(_ transmission: Transmission, _ sighting: Sighting?, _ request: AttributeRequest) -> Bool {
        guard let sighting, transmission.order.operation == .create, request.isReference else { return false }
        if transmission.known?.doubt?.correlation.isEmpty == false { return true }
        return transmission.order.attempts > 0 && facts.owners[sighting.account.id] == nil
    }

    private enum Resolution {
        case values([String])
        case awaited
        /// Somebody is to get an account, but not in this run: what is written is left alone.
        case expected(UserReference)
        case nobody(UserReference)
        /// A secret that is not sent: why.
        case withheld(String)
    }

    private func resolve(_ request: AttributeRequest, _ order: ProvisioningOrder) -> Resolution {
        // A removed reference: the system may have renamed or removed the value itself, so the whole attribute goes. A removed secret is known to nobody.
        if request.operation == .remove && (request.isReference || request.holdsDigest) { return .values([]) }
        var values: [String] = []
        for value in request.effective {
            switch value {
            case .text(let text): values.append(text)
            case .digest(let digest):
                switch secret(digest, of: request, order) {
                case .value(let text): values.append(text)
                case .withheld(let why): return .withheld(why)
                }
            case .reference(let user):
                guard let found = facts.references[user] else { return .nobody(user) }
                switch found.target {
                case .account(let name):
                    if facts.isMoving(found) { return .awaited }
                    values.append(name.text)
                case .awaited: return .awaited
                case .expected: return .expected(user)
                case .none: return .nobody(user)
                }
            }
        }
        return .values(values)
    }

    private enum Secret {
        case value(String)
        case withheld(String)
    }

    private func secret(_ digest: String, of request: AttributeRequest, _ order: ProvisioningOrder) -> Secret {
        if facts.isLooking { return .value("") }
        switch facts.secrets {
        case .lost(let why): return .withheld("\(request.name) is a secret, and nothing secret is sent: \(why)")
        case .made(let values):
            if let value = values[order.id]?[digest] { return .value(value) }
            return .withheld("\(request.name) is not what it was when this was planned, and is a secret: it is not sent; plan again")
        }
    }

    private func absence(of user: UserReference) -> String {
        guard facts.references[user]?.isAmbiguous == true else { return "\(user) has no account on \(system.name)" }
        return "several people have the key \(user), so it gives no value"
    }
}
