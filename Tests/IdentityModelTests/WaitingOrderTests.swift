import IdentityModel
import Testing

/// What becomes of orders that are not settled when a plan starts that changes their users.
struct WaitingOrderTests {
    private typealias Fate = WaitingOrder.Fate

    private func fate(
        _ state: OrderState, _ operation: IdentityModel.Operation = .modify, isPlannedAgain: Bool = false, isDue: Bool? = nil
    ) -> WaitingOrder.Fate {
        let becomes: AccountState = operation == .disable ? .deprovisioned : operation == .delete ? .deleted : .enabled
        return WaitingOrder(state: state, operation: operation, becomes: becomes)
            .fate(isPlannedAgain: isPlannedAgain, leftAside: isDue.map { WaitingOrder.LeftAside(isDue: $0) })
    }

    @Test(arguments: [OrderState.pending, .errored, .awaitingApproval, .evaluationFailed])
    func `what waits is kept where it is planned again, and withdrawn otherwise`(state: OrderState) {
        #expect(fate(state, isPlannedAgain: true) == .kept)
        #expect(fate(state) == .withdrawn && fate(state, .disable) == .withdrawn)
        #expect(fate(state, .unlock) == .stays)
        // Where nobody could look, a withdrawal goes on for whoever is still not due the account.
        #expect(fate(state, .disable, isDue: false) == .stays && fate(state, .disable, isDue: true) == .withdrawn)
        #expect(fate(state, .create, isDue: false) == .withdrawn)
    }

    @Test func `what was sent is withdrawn unless it was done, but for withdrawals of whom nobody is due`() {
        #expect(fate(.transmitted, .create) == .withdrawnUnlessDone && fate(.transmitted, isDue: true) == .withdrawnUnlessDone)
        #expect(fate(.transmitted, .delete) == .stays && fate(.transmitted, .disable, isDue: false) == .stays)
        #expect(fate(.transmitted, .disable, isDue: true) == .withdrawnUnlessDone)
        #expect(fate(.transmitted, .unlock) == .stays)
    }

    @Test func `what was written is said once more, whatever plans come between, unless the account is taken away`() {
        let fate: (OrderState, Bool?, Bool) -> WaitingOrder.Fate = { state, isDue, isTakenAway in
            WaitingOrder(state: state, operation: .modify, becomes: .enabled, isRepetition: true)
                .fate(isPlannedAgain: false, leftAside: isDue.map { WaitingOrder.LeftAside(isDue: $0) }, isTakenAway: isTakenAway)
        }
        for state in [OrderState.pending, .errored] {
            #expect(fate(state, nil, false) == .kept && fate(state, true, false) == .kept)
            #expect(fate(state, false, false) == .withdrawn && fate(state, nil, true) == .withdrawn)
        }
        #expect(fate(.transmitted, nil, false) == .stays && fate(.transmitted, nil, true) == .withdrawnUnlessDone)
    }

    @Test func `what is settled or not begun stays`() {
        for state in [OrderState.planned, .verified, .withdrawn, .executed] { #expect(fate(state) == .stays) }
    }
}
