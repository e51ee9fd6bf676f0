internal import Contracts
internal import IdentityModel

/// A batch's results, turned into what the store keeps.
struct SettledBatch: Sendable {
    let lease: LeaseTerm
    var settlement = Settlement()
    var accountNames: [UserReference: AccountName] = [:]
    /// Still transmitted: their answers were lost.
    var lost: [LostOrder] = []
    /// The system went away.
    var outage: ConnectorFailure?
    var substituted = 0

    var system: SystemName { lease.system }

    /// Orders that left the run, by how they ended.
    var settledStates: [OrderState] { settlement.entries.map(\.order.state).filter(\.isSettled) }
}

/// Decides what becomes of orders; the only question it asks is for another name.
struct Settling: Sendable {
    let system: ManagedSystem
    let wave: Int
    let now: Instant
    let policy: RetryPolicy
    let substitutes: any SubstitutesNames

    /// Before anything is sent: orders held back, and orders refused.
    func settle(unsent batch: DispatchBatch, into settled: inout SettledBatch) async throws {
        for order in batch.held {
            let transition = try order.receiving(.notSent, at: now, policy: policy, jitter: 0)
            settled.settlement.entries.append(Settlement.Entry(order: transition.order, account: nil, wave: wave + 1))
        }
        for (order, failure) in batch.refused {
            let transition = try receive(.failed(failure), order)
            if case .substituteName(let failure) = transition.next {
                try await substitute(transition.order, failure, into: &settled)
            } else {
                try fold(transition, account: batch.gone[order.id], into: &settled)
            }
        }
    }

    /// One order that nothing was written for. `account`: where something became known of it all the same.
    func settle(
        _ order: ProvisioningOrder, _ outcome: OperationOutcome, account: Account? = nil, into settled: inout SettledBatch
    ) throws {
        try fold(receive(outcome, order), account: account, into: &settled)
    }

    /// After the system answered. `results` by order; a transmission without an operation has none.
    func settle(_ transmissions: [Transmission], _ results: [OrderID: OperationResult], into settled: inout SettledBatch) async throws {
        for transmission in transmissions {
            let result = results[transmission.order.id]
            var transition = try receive(outcome(transmission, result), transmission.order.having(transmission.shown))
            if case .substituteName(let failure) = transition.next {
                try await taken(transition.order, failure, transmission, result, into: &settled)
                continue
            }
            guard result?.failure == nil, result != nil || transmission.operation == nil else {
                try fold(transition, account: halfway(transition, transmission, result), result: result, into: &settled)
                continue
            }
            transition.order.accountID = result?.accountID ?? transmission.found?.id ?? transition.order.accountID
            let account = transmission.accountAfterwards(transition.order, result: result, at: now)
            try fold(transition, account: account, result: result, into: &settled)
            if let followUp = transmission.followUp { settled.settlement.followUps.append((order: followUp, wave: wave + 1)) }
            if transmission.planAgain { settled.settlement.planAgain.append(transmission.order.user) }
        }
    }

    private func halfway(_ transition: OrderTransition, _ transmission: Transmission, _ result: OperationResult?) -> Account? {
        guard let result, result.failure?.errorClass != .unknown else { return nil }
        #if PLANTED_BUGS
        if PlantedBug.planted == .halfDoneIsForgotten { return nil }
        #endif
        return transmission.accountHalfway(transition.order, result, isOver: transition.order.state == .errored)
    }

    /// A name is taken. Of a Create that was sent before, perhaps by itself: its answer was lost, and it arrived late.
    private func taken(
        _ order: ProvisioningOrder, _ failure: ConnectorFailure, _ transmission: Transmission, _ result: OperationResult?,
        into settled: inout SettledBatch
    ) async throws {
        if order.operation == .create, order.attempts > 0, !order.correlation.isEmpty, transmission.found == nil {
            settled.lost.append(LostOrder(order: order, failure: failure))
            return
        }
        let account = result.flatMap { transmission.accountHalfway(order, $0, isOver: false) }
        try await substitute(order, failure, account: account, into: &settled)
    }

    private func outcome(_ transmission: Transmission, _ result: OperationResult?) -> OperationOutcome {
        guard let result else {
            if transmission.operation == nil { return .written(deferred: transmission.deferred) }
            return .failed(ConnectorFailure(.unknown, "the connector gave no answer for this order"))
        }
        if let failure = result.failure {
            let done = result.doneRequests.filter(transmission.requestIndexes.indices.contains).map { transmission.requestIndexes[$0] }
            return .failed(failure, done: Set(done))
        }
        var failed: [Int: ConnectorFailure] = [:]
        for (index, failure) in result.failedRequests where transmission.requestIndexes.indices.contains(index) {
            failed[transmission.requestIndexes[index]] = failure
        }
        var deferred = transmission.deferred
        for index in result.leftAlone where transmission.requestIndexes.indices.contains(index) {
            deferred[transmission.requestIndexes[index]] = "the account is gone, and its name is another entry's: what that one is in stays"
        }
        return .written(failed: failed, deferred: deferred)
    }

    private func receive(_ outcome: OperationOutcome, _ order: ProvisioningOrder) throws -> OrderTransition {
        var jitter: UInt64 = 0
        if case .failed = outcome { jitter = StableHash.hash("\(order.user)|\(order.system)|\(order.attempts)") }
        return try order.receiving(outcome, at: now, policy: policy, jitter: jitter)
    }

    private func fold(
        _ transition: OrderTransition, account: Account?, result: OperationResult? = nil, into settled: inout SettledBatch
    ) throws {
        switch transition.next {
        case .settled, .again:
            settled.settlement.entries.append(Settlement.Entry(order: transition.order, account: account))
        case .waitForSystem(let failure):
            settled.settlement.entries.append(Settlement.Entry(order: transition.order, account: account))
            settled.outage = failure
        case .look(let failure):
            settled.lost.append(LostOrder(order: transition.order, failure: failure, result: result))
        case .substituteName(let failure):
            settled.settlement.entries.append(Settlement.Entry(order: try transition.order.refused(failure), account: nil))
        }
    }

    // MARK: Names

    func substitute(
        _ order: ProvisioningOrder, _ failure: ConnectorFailure, account: Account? = nil, into settled: inout SettledBatch
    ) async throws {
        let taken = takenName(order, failure)
        let other: ProvisioningOrder?
        do {
            other = try await substitutes.substitute(for: order, taken: taken)
        } catch let outage as ConnectorFailure {
            // Which name is free could not be asked: the order waits as it is.
            return try fold(try receive(.failed(outage.asUnsent), order), account: account, into: &settled)
        }
        guard let other else {
            settled.settlement.entries.append(Settlement.Entry(order: try order.refused(failure), account: account))
            return
        }
        let what = taken.map { "\($0.attribute) \($0.value)" } ?? failure.description
        let renamed = try order.substituted(by: other, taken: what)
        settled.settlement.entries.append(Settlement.Entry(order: renamed, account: account))
        settled.substituted += 1
        for claim in renamed.claims where !order.claims.contains(claim) {
            settled.settlement.reservations.append(NameReservation(claim: claim, user: order.user))
        }
        for claim in order.claims where !renamed.claims.contains(claim) {
            settled.settlement.reservations.append(NameReservation(claim: claim, user: .nobodyOfOurs))
        }
    }

    private func takenName(_ order: ProvisioningOrder, _ failure: ConnectorFailure) -> NameProbe? {
        guard let attribute = failure.attribute else { return nil }
        if attribute == system.accountName {
            return order.nameAfter.map { NameProbe(attribute: attribute, value: $0.text, container: nil) }
        }
        let request = order.requests.first { $0.kind == .attribute && $0.name.lowercased() == attribute.lowercased() }
        guard case .text(let value)? = request?.after.first else { return nil }
        return NameProbe(attribute: request?.name ?? attribute, value: value, container: nil)
    }
}

extension UserID {
    /// Holds names that the target said are taken although no account of ours has them.
    static let nobodyOfOurs = UserID("")
}
