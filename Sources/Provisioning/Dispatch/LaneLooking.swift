internal import Contracts
internal import IdentityModel
internal import Logging

extension BatchFacts {
    /// A rename that happened and was not answered: the store knows the name of before, and whoever still points at that points at nobody, themselves too.
    fileprivate mutating func nameWhoWasRenamed(_ orders: [ProvisioningOrder], _ names: NameSyntax) {
        guard !references.isEmpty else { return }
        var renamed: [UserID: AccountName] = [:]
        for order in orders where order.renames {
            guard case .found(let account)? = found[order.id], let wanted = order.nameAfter, names.isNamed(account.name, wanted) else {
                continue
            }
            renamed[order.user] = account.name
        }
        for (reference, meant) in references {
            guard case .account = meant.target, let name = meant.user.flatMap({ renamed[$0] }) else { continue }
            references[reference]?.target = .account(name)
        }
    }
}

/// What may or may not have happened is looked up, never repeated blindly.
extension Lane {
    /// Executed where the system shows everything that was ordered, else pending again. When the system cannot be asked they stay as they are.
    func look(_ lost: [LostOrder], _ head: LaneHead) async throws -> LookReport {
        var report = LookReport(left: lost)
        let size = system.connector.capabilities.batchSize
        while !report.left.isEmpty {
            let lost = Array(report.left.prefix(size))
            let orders = lost.map(\.order)
            var facts = BatchFacts()
            facts.isLooking = true
            facts.known = try await store.accounts(system.name, users: orders.map(\.user))
            let asked = orders.compactMap { order in lookingQuery(order, facts.known[order.user]).map { (order.id, $0) } }
            do throws(ConnectorFailure) {
                let answers = asked.isEmpty ? [] : try await system.connector.find(asked.map(\.1))
                for ((id, _), lookup) in zip(asked, answers) { facts.found[id] = lookup }
            } catch {
                log.warning("\(system.name): orders that may have happened could not be looked up: \(error)")
                report.outage = error
                return report
            }
            report.wasReached = true
            facts.realm = head.realm
            try await findOwners(orders, &facts)
            var batch = DispatchBatch(wave: head.wave)
            try await resolveReferences(orders, head, &facts, &batch)
            facts.moving = []
            facts.nameWhoWasRenamed(orders, system.traits.names)
            try await keep(lost, facts, batch, &report)
            report.left.removeFirst(lost.count)
        }
        return report
    }

    private func lookingQuery(_ order: ProvisioningOrder, _ known: Account?) -> AccountQuery? {
        #if PLANTED_BUGS
        if PlantedBug.planted == .lostCreateIsSentBlind, order.operation == .create { return nil }
        #endif
        if let id = known?.id ?? order.accountID, order.operation != .create { return .id(id, name: known?.name ?? order.nameBefore) }
        return order.correlation.isEmpty ? nil : .correlation(order.correlation)
    }

    private func keep(_ lost: [LostOrder], _ facts: BatchFacts, _ batch: DispatchBatch, _ report: inout LookReport) async throws {
        let settling = Settling(
            system: system, wave: batch.wave, now: options.clock.now(), policy: options.retry, substitutes: substitutes)
        var settled = SettledBatch(lease: lease)
        settled.accountNames = batch.accountNames
        var happened: [Transmission] = []
        for lost in lost {
            let verdict = verdict(lost.order, facts)
            if case .happened(let transmission) = verdict {
                try await settling.settle([transmission], [:], into: &settled)
                happened.append(transmission)
            } else if let failure = lost.failure, failure.errorClass == .conflict, verdict == .nothing {
                try await settling.substitute(lost.order, failure, into: &settled)
            } else {
                try keepUnknown(lost, verdict, facts, settling, &settled)
            }
        }
        try await planReferers(happened, [:], wave: batch.wave, &settled)
        report.events += try await committer.commit(settled)
        report.settled += settled.settledStates
    }

    /// It goes back to be sent again, and until that is answered nobody knows how the account stands.
    private func keepUnknown(
        _ lost: LostOrder, _ verdict: Verdict, _ facts: BatchFacts, _ settling: Settling, _ settled: inout SettledBatch
    ) throws {
        var order = lost.order
        if case .begun(let shown) = verdict { order = order.having(shown) }
        let account = unknown(order, lost.result, verdict, facts)
        guard let failure = lost.failure else {
            return try settling.settle(order, .notShown(begun: verdict != .nothing), account: account, into: &settled)
        }
        // Counted and retried with a pause: an order that kills its connection must not do so for ever.
        let transient = ConnectorFailure(.transient, failure.message, serverText: failure.serverText, attribute: failure.attribute)
        try settling.settle(order, .failed(transient), account: account, into: &settled)
    }

    private func unknown(_ order: ProvisioningOrder, _ result: OperationResult?, _ verdict: Verdict, _ facts: BatchFacts) -> Account? {
        let known = facts.known[order.user]
        var transmission = Transmission(order: order, known: known)
        transmission.realm = facts.realm
        transmission.carries = system.leavesReferencesToUs
        if case .found(let found)? = facts.found[order.id], verdict != .nothing { transmission.found = found }
        // A Create that left nothing behind: it may be sent like any other.
        if order.operation == .create, transmission.found == nil, facts.found[order.id] == .absent { return known?.certain }
        return transmission.accountInDoubt(order, result)
    }

    private enum Verdict: Equatable {
        case happened(Transmission)
        /// The entry shows these requests done, by index.
        case begun(Set<Int>)
        case nothing
    }

    private func verdict(_ order: ProvisioningOrder, _ facts: BatchFacts) -> Verdict {
        guard case .found(let account)? = facts.found[order.id] else {
            // That the entry is gone says nothing of the groups it was in.
            let isLeft = order.requests.contains { $0.kind == .membership && $0.outcome != .done }
            let isGone = facts.found[order.id] == .absent && order.operation == .delete && !isLeft
            return isGone ? .happened(Transmission(order: order, known: facts.known[order.user])) : .nothing
        }
        if order.operation == .delete { return .nothing }
        var facts = facts
        facts.isForced = order.operation == .create
        let preparation = Preparation(system: system, facts: facts, wave: 0)
        var transmitted = order
        if order.operation == .create {
            if let owner = facts.owners[account.id], owner != AccountOwner(user: order.user, system: order.system) { return .nothing }
            guard preparation.showsOwnCreate(order, Sighting(account, system.traits.names)) else { return .nothing }
            transmitted.attempts = max(order.attempts, 1)
        }
        var transmission = Transmission(order: transmitted, known: facts.known[order.user])
        transmission.found = account
        switch preparation.rest(Sighting(account, system.traits.names), transmission) {
        case .ready(var ready) where ready.hasNothingLeft:
            ready.order = order
            ready.operation = nil
            return .happened(ready)
        case .ready(let ready): return .begun(ready.shown)
        case .refused: return .begun([])
        case .held: return .nothing
        }
    }
}
