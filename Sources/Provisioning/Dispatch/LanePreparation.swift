internal import Contracts
internal import IdentityModel
internal import Planning

extension Lane {
    /// Asks the store and the system, in one question each, what has to be known of these orders; and decides what is sent.
    func prepare(_ orders: [ProvisioningOrder], _ head: LaneHead) async throws -> DispatchBatch {
        var batch = DispatchBatch(wave: head.wave)
        let (taken, later) = apart(orders, head)
        batch.held = later
        var facts = BatchFacts()
        facts.isForced = head.isForced
        facts.known = try await store.accounts(system.name, users: taken.map(\.user))
        let first = taken.map { order in facts.known[order.user].map { order.restated(by: $0, on: system.traits) } ?? order }
        facts.realm = head.realm
        try await findNamesOfOthers(first, &facts)
        await lookUp(first, &facts)
        await probeNames(first, &facts)
        try await findOwners(first, &facts)
        try await resolveReferences(first, head, &facts, &batch)
        try await makeSecrets(first, &facts)
        let preparation = Preparation(system: system, facts: facts, wave: head.wave)
        for order in first {
            switch preparation.readiness(order) {
            case .ready(let transmission): batch.transmissions.append(transmission)
            case .held(let order): batch.held.append(order)
            case .refused(let order, let failure):
                batch.refused.append((order, failure))
                if facts.found[order.id] == .absent { batch.gone[order.id] = facts.known[order.user]?.toBeLookedAt }
            }
        }
        try await followRenamedGroups(&batch)
        for transmission in batch.transmissions {
            batch.users.insert(transmission.order.user)
            if let entry = EntryKey(transmission.order) { batch.entries.insert(entry) }
            if let found = transmission.found { batch.entries.insert(.id(found.id)) }
        }
        return batch
    }

    private func makeSecrets(_ orders: [ProvisioningOrder], _ facts: inout BatchFacts) async throws {
        guard let secrets else { return }
        let asked = orders.filter { order in
            let requests = order.requests
            return requests.indices.contains { requests[$0].isSecretToSend }
        }
        guard !asked.isEmpty else { return }
        facts.secrets = try await secrets.secrets(of: asked, known: facts.known)
    }

    /// Never two orders of one account at a time, never two that would make or take one entry, and none that moves an account while others are made to point
    /// at it: the second waits for the next wave, and finds what the first has made of it.
    private func apart(_ orders: [ProvisioningOrder], _ head: LaneHead) -> (first: [ProvisioningOrder], later: [ProvisioningOrder]) {
        let underWay = Array(head.underWay.values)
        var users: Set<UserID> = []
        var entries: Set<EntryKey> = []
        func isFree(_ order: ProvisioningOrder) -> Bool {
            if let entry = EntryKey(order), underWay.contains(where: { $0.entries.contains(entry) }) || !entries.insert(entry).inserted {
                return false
            }
            // Who points at an account that moves is found in the store: not before the batch that writes it is kept. What is looked at may be met elsewhere.
            let mayMove = order.moves || order.attempts > 0
            if mayMove, underWay.contains(where: { $0.pointsAt.contains(order.user) }) { return false }
            return !underWay.contains { $0.users.contains(order.user) } && users.insert(order.user).inserted
        }
        var first: [ProvisioningOrder] = []
        var later: [ProvisioningOrder] = []
        for order in orders { if isFree(order) { first.append(order) } else { later.append(order) } }
        return (first, later)
    }

    /// A Create is looked up before it is sent; an order that was transmitted before, too: it may have happened, in part or whole.
    private func lookUp(_ orders: [ProvisioningOrder], _ facts: inout BatchFacts) async {
        let asked = orders.compactMap { order in query(order, facts.known[order.user]).map { (order, $0) } }
        guard !asked.isEmpty else { return }
        do throws(ConnectorFailure) {
            let lookups = try await system.connector.find(asked.map(\.1))
            for ((order, _), lookup) in zip(asked, lookups) { facts.found[order.id] = lookup }
        } catch {
            let failure = error.asUnsent
            for (order, _) in asked { facts.unanswered[order.id] = failure }
        }
    }

    func query(_ order: ProvisioningOrder, _ known: Account?) -> AccountQuery? {
        #if PLANTED_BUGS
        if PlantedBug.planted == .lostCreateIsSentBlind, order.operation == .create, order.attempts > 0 { return nil }
        #endif
        if order.operation == .create { return order.correlation.isEmpty ? nil : .correlation(order.correlation) }
        if order.adopts, let id = order.accountID { return .id(id) }
        guard order.attempts > 0 || known?.isUnknown == true, let id = known?.id ?? order.accountID else { return nil }
        return .id(id, name: known?.name ?? order.nameBefore)
    }

    /// A name that was free when the plan was made may be taken by now. Those that stand in the account's own name the system refuses by itself.
    private func probeNames(_ orders: [ProvisioningOrder], _ facts: inout BatchFacts) async {
        guard !system.probedNames.isEmpty, let connector = system.connector as? any ProbesNames else { return }
        var asked: [(order: ProvisioningOrder, probe: NameProbe)] = []
        for order in orders where order.operation == .create && facts.unanswered[order.id] == nil {
            if let found = facts.found[order.id], found != .absent { continue }
            for name in system.probedNames {
                let request = order.requests.first { $0.kind == .attribute && $0.name == name.attribute }
                guard case .text(let value)? = request?.after.first else { continue }
                let container = name.isPerContainer ? order.nameAfter.map(system.traits.names.container) : nil
                asked.append((order, NameProbe(attribute: name.attribute, value: value, container: container)))
            }
        }
        guard !asked.isEmpty else { return }
        do throws(ConnectorFailure) {
            let holders = try await connector.holders(of: asked.map(\.probe))
            for ((order, probe), holders) in zip(asked, holders) where facts.taken[order.id] == nil {
                if holders.contains(where: { !$0.isAccount(facts.known[order.user]?.id) }) { facts.taken[order.id] = probe }
            }
            try await lookAgain(asked.map(\.order).filter { facts.taken[$0.id] != nil }, &facts)
        } catch {
            let failure = error.asUnsent
            for (order, _) in asked { facts.unanswered[order.id] = failure }
        }
    }

    /// Whoever has the name may be the entry of this very Create, which was carried out long after its answer was given up for lost.
    private func lookAgain(_ orders: [ProvisioningOrder], _ facts: inout BatchFacts) async throws(ConnectorFailure) {
        let asked = orders.compactMap { order in query(order, facts.known[order.user]).map { (order, $0) } }
        guard !asked.isEmpty else { return }
        for ((order, _), lookup) in zip(asked, try await system.connector.find(asked.map(\.1))) where lookup != .absent {
            facts.found[order.id] = lookup
            facts.taken[order.id] = nil
        }
    }

    /// A name that an account had once, or may turn out to have no more, may be another's by now: nothing is taken away under it.
    private func findNamesOfOthers(_ orders: [ProvisioningOrder], _ facts: inout BatchFacts) async throws {
        var former: [AccountName: [UserID]] = [:]
        for order in orders {
            guard let account = facts.known[order.user], query(order, account) != nil else { continue }
            let names = [account.name, order.nameBefore].compactMap { $0 } + (account.doubt?.formerNames ?? [])
            for name in Set(names) { former[name, default: []].append(order.user) }
        }
        guard !former.isEmpty else { return }
        for (name, holders) in try await store.holders(of: former.keys.sorted(), on: system.name) {
            for user in former[name] ?? [] where holders.contains(where: { $0 != user }) {
                facts.namesOfOthers[user, default: []].insert(name)
            }
        }
    }

    func findOwners(_ orders: [ProvisioningOrder], _ facts: inout BatchFacts) async throws {
        let ids = facts.found.values.compactMap { lookup in
            if case .found(let account) = lookup { account.id } else { nil }
        }
        guard !ids.isEmpty else { return }
        facts.owners = try await store.owners(system.name, realm: facts.realm, ids: ids.sorted())
        let strangers = orders.compactMap { order -> UserID? in
            guard case .found(let account)? = facts.found[order.id], let owner = facts.owners[account.id]?.user, owner != order.user else {
                return nil
            }
            return owner
        }
        guard !strangers.isEmpty else { return }
        var request = KnowledgeRequest()
        request.users = Set(strangers).sorted()
        facts.ownerKeys = try await store.knowledge(request).users.mapValues(\.key)
    }

    func resolveReferences(
        _ orders: [ProvisioningOrder], _ head: LaneHead, _ facts: inout BatchFacts, _ batch: inout DispatchBatch
    ) async throws {
        var wanted: Set<UserReference> = []
        for order in orders { for request in order.requests where request.operation != .remove { wanted.formUnion(request.references) } }
        guard !wanted.isEmpty else { return }
        facts.references = try await store.references(system.name, to: wanted.sorted(), plan: plan)
        // What batches under way have made is newer than what the store holds.
        let recent = recent.known(Set(facts.references.values.compactMap(\.user)))
        for (reference, found) in facts.references {
            if let name = found.user.flatMap({ recent[$0] }) { facts.references[reference]?.target = .account(name) }
        }
        for order in orders where order.nameBefore != nil && facts.known[order.user]?.version == order.accountVersion {
            // The plan has looked last.
            guard let name = order.nameBefore, facts.known[order.user]?.name != name else { continue }
            for (reference, found) in facts.references where found.user == order.user {
                facts.references[reference]?.target = .account(name)
            }
        }
        facts.moving = Set(orders.filter { $0.moves || $0.isMet(elsewhere: facts.found[$0.id]) }.map(\.user))
        for transmission in head.underWay.values.flatMap(\.transmissions) where transmission.moves {
            facts.moving.insert(transmission.order.user)
        }
        for (reference, found) in facts.references {
            guard case .account(let name) = found.target else { continue }
            batch.accountNames[reference] = name
            if let user = found.user { batch.pointsAt.insert(user) }
        }
        if !facts.moving.isEmpty || facts.references.values.contains(where: { $0.target == .awaited }) {
            facts.knots = knots(orders, facts)
        }
    }

    private func knots(_ orders: [ProvisioningOrder], _ facts: BatchFacts) -> Set<UserID> {
        var edges: [UserID: Set<UserID>] = [:]
        for order in orders {
            let awaited = order.references.compactMap { facts.references[$0] }
                .filter { $0.target == .awaited || facts.isMoving($0) }.compactMap(\.user)
            if !awaited.isEmpty { edges[order.user] = Set(awaited) }
        }
        return edges.isEmpty ? [] : Knots.among(edges)
    }
}

/// The entry that an order may make or take, as far as one can tell before it is looked up.
enum EntryKey: Hashable {
    case correlation(String)
    case id(AccountID)

    init?(_ order: ProvisioningOrder) {
        if order.operation == .create, !order.correlation.isEmpty {
            let values = order.correlation.count == 1 ? Array(order.correlation) : order.correlation.sorted { $0.key < $1.key }
            self = .correlation(values.map { $0.key + "\0" + $0.value }.joined(separator: "\0"))
        } else if order.adopts, let id = order.accountID {
            self = .id(id)
        } else {
            return nil
        }
    }
}

extension Transmission {
    fileprivate var moves: Bool { order.moves || operation?.newName != nil }
}

extension AttributeRequest {
    /// Users whose accounts the wanted values are.
    var references: [UserReference] {
        after.compactMap { value in
            if case .reference(let user) = value { user } else { nil }
        }
    }
}

extension ProvisioningOrder {
    /// Whoever points at the account by its present name will be wrong.
    fileprivate var moves: Bool { renames || becomes == .deleted }

    /// Somebody moved the entry, or an order whose answer was lost: this one gives it its name back.
    fileprivate func isMet(elsewhere lookup: Lookup?) -> Bool {
        guard case .found(let account)? = lookup, let nameAfter else { return false }
        return account.name != nameAfter
    }

    /// The order as of what is known of its account by now: another one may have come between.
    fileprivate func restated(by account: Account, on system: SystemTraits) -> ProvisioningOrder {
        if isRepetition { return repeated(for: account) }
        return becomes == .deprovisioned || becomes == .deleted ? takingBack(account, on: system) : self
    }

    /// Who is withdrawn keeps no membership of ours, whoever gave it since the plan was made.
    private func takingBack(_ account: Account, on system: SystemTraits) -> ProvisioningOrder {
        let asked = requests.filter { $0.kind == .membership }.flatMap(\.effective)
        let left = account.memberships.union(account.doubt?.memberships ?? []).filter { !asked.contains(.text($0)) }
        guard !left.isEmpty else { return self }
        var order = self
        order.requests += left.sorted().map { group in
            .membership(.remove, before: [.text(group)], after: [], on: system)
        }
        return order
    }
}
