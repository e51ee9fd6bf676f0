internal import Contracts
internal import IdentityModel
internal import Logging

/// What may or may not have happened is looked up, never repeated blindly.
extension Lane {
    /// Resolves `course.lost`: executed where the system shows everything that was ordered, else pending again. When the system cannot be asked
    /// they stay as they are, and the lane is closed.
    func look(_ course: inout Course) async throws {
        let size = system.connector.capabilities.batchSize
        while !course.lost.isEmpty {
            let lost = Array(course.lost.prefix(size))
            let orders = lost.map(\.order)
            var facts = BatchFacts()
            facts.known = try await store.accounts(system.name, users: orders.map(\.user))
            let asked = orders.compactMap { order in lookingQuery(order, facts.known[order.user]).map { (order.id, $0) } }
            do throws(ConnectorFailure) {
                let answers = asked.isEmpty ? [] : try await system.connector.find(asked.map(\.1))
                for ((id, _), lookup) in zip(asked, answers) { facts.found[id] = lookup }
            } catch {
                log.warning("\(system.name): orders that may have happened could not be looked up: \(error)")
                course.summary.outage = error
                return
            }
            course.summary.outage = nil
            course.wasReached = true
            try await findOwners(orders, &facts)
            var batch = DispatchBatch(wave: course.wave)
            try await resolveReferences(orders, course, &facts, &batch)
            facts.renaming = []
            try await keep(lost, facts, batch, &course)
            course.lost.removeFirst(lost.count)
        }
    }

    private func lookingQuery(_ order: ProvisioningOrder, _ known: Account?) -> AccountQuery? {
        if let id = order.accountID ?? known?.id, order.operation != .create { return .id(id) }
        return order.correlation.isEmpty ? nil : .correlation(order.correlation)
    }

    private func keep(_ lost: [LostOrder], _ facts: BatchFacts, _ batch: DispatchBatch, _ course: inout Course) async throws {
        let settling = Settling(
            system: system, wave: course.wave, now: options.clock.now(), policy: options.retry, substitutes: substitutes)
        var settled = SettledBatch(system: system.name)
        settled.accountNames = batch.accountNames
        for lost in lost {
            let verdict = verdict(lost.order, facts)
            if case .happened(let transmission) = verdict {
                try await settling.settle([transmission], [:], into: &settled)
            } else if let failure = lost.failure {
                // Counted and retried with a pause: an order that kills its connection must not do so for ever.
                let transient = ConnectorFailure(.transient, failure.message, serverText: failure.serverText, attribute: failure.attribute)
                try settling.settle(lost.order, .failed(transient), into: &settled)
            } else {
                try settling.settle(lost.order, .notShown(begun: verdict == .begun), into: &settled)
            }
        }
        course.events += try await committer.commit(settled)
        count(settled.settledStates, &course)
    }

    private enum Verdict: Equatable {
        case happened(Transmission)
        case begun
        case nothing
    }

    private func verdict(_ order: ProvisioningOrder, _ facts: BatchFacts) -> Verdict {
        guard case .found(let account)? = facts.found[order.id] else {
            let isGone = facts.found[order.id] == .absent && order.operation == .delete
            return isGone ? .happened(Transmission(order: order, known: facts.known[order.user])) : .nothing
        }
        if order.operation == .delete { return .nothing }
        if order.operation == .disable && system.leavesDisablingToConnector { return .begun }
        var facts = facts
        facts.isForced = order.operation == .create
        let preparation = Preparation(system: system, facts: facts, wave: 0)
        var transmitted = order
        if order.operation == .create {
            if let owner = facts.owners[account.id], owner != order.user { return .nothing }
            guard preparation.showsOwnCreate(order, Sighting(account)) else { return .nothing }
            transmitted.attempts = max(order.attempts, 1)
        }
        var transmission = Transmission(order: transmitted, known: facts.known[order.user])
        transmission.found = account
        switch preparation.rest(Sighting(account), transmission) {
        case .ready(var ready) where ready.hasNothingLeft:
            ready.order = order
            ready.operation = nil
            return .happened(ready)
        case .ready, .refused: return .begun
        case .held: return .nothing
        }
    }

    // MARK: Coming back

    /// Asks a system that was there and went away whether it is back; false when it is not, or was never there.
    func reconnect(_ course: inout Course) async throws -> Bool {
        guard course.wasReached, course.fruitlessReconnects < options.reconnectAttempts else { return false }
        for attempt in 1...max(options.reconnectAttempts, 1) {
            try await options.clock.sleep(options.retry.delayMilliseconds(attempts: attempt, jitter: StableHash.hash(system.name.text)))
            do throws(ConnectorFailure) {
                _ = try await system.connector.test()
            } catch {
                course.summary.outage = error
                continue
            }
            course.fruitlessReconnects += 1
            course.summary.outage = nil
            log.info("\(system.name): is back")
            try await look(&course)
            if course.summary.outage == nil { return true }
        }
        return false
    }
}
