/// An order that is not settled when a plan starts that changes its user.
public struct WaitingOrder: Hashable, Sendable {
    /// What becomes of it.
    public enum Fate: Hashable, Sendable {
        /// The new plan takes it over and sends it: the same order, with its id and tracking number.
        case kept
        case withdrawn
        /// It goes on as it is, because nothing was decided about its account.
        case stays
        /// It may have happened, so it is looked at. What has not is withdrawn, and never sent again: its user is another by now.
        case withdrawnUnlessDone
    }

    public let state: OrderState
    public let operation: Operation
    public let becomes: AccountState
    /// Says once more what was written (`ProvisioningOrder.isRepetition`).
    public let isRepetition: Bool

    public init(state: OrderState, operation: Operation, becomes: AccountState, isRepetition: Bool = false) {
        self.state = state
        self.operation = operation
        self.becomes = becomes
        self.isRepetition = isRepetition
    }

    /// An account that a plan could not look at: its system could not be asked.
    public struct LeftAside: Hashable, Sendable {
        /// The user is due an account there.
        public let isDue: Bool
        public init(isDue: Bool) { self.isDue = isDue }
    }

    private var isWithdrawal: Bool {
        operation == .delete || operation == .disable || becomes == .deprovisioned || becomes == .deleted
    }

    /// Starting a plan withdraws every waiting order of every user it changes, on every system, whoever planned it; an order that the plan
    /// contains unchanged is kept (law.md, starting a plan).
    ///
    /// - Parameters:
    ///   - isPlannedAgain: the new plan holds an order that asks for the same.
    ///   - leftAside: the new plan could not look at the account.
    ///   - isTakenAway: the new plan withdraws the account.
    public func fate(isPlannedAgain: Bool, leftAside: LeftAside?, isTakenAway: Bool = false) -> Fate {
        // No plan asks for it again, because its account's own values are as they should be.
        let isWantedStill = isRepetition && !isTakenAway && leftAside?.isDue != false
        switch state {
        case .transmitted:
            if isWantedStill { return .stays }
            if operation == .unlock || isWithdrawal && leftAside?.isDue != true { return .stays }
            return .withdrawnUnlessDone
        case .pending, .errored, .awaitingApproval, .evaluationFailed:
            // What somebody asked for by hand is not the planner's to take back.
            if operation == .unlock { return .stays }
            if isPlannedAgain || isWantedStill { return .kept }
            if let leftAside, isWithdrawal, !leftAside.isDue { return .stays }
            return .withdrawn
        case .planned, .verified, .withdrawn, .executed:
            return .stays
        }
    }

    /// Where a kept order goes on from: a failed one is tried again, the others stay where they are.
    public var stateWhenKept: OrderState { state == .errored ? .pending : state }
}
