import IdentityModel
import Testing

/// What an answer makes of an order (product.md section 3).
struct OrderTransitionTests {
    private let now = Instant(milliseconds: 1_000_000)
    private let policy = RetryPolicy(maxAttempts: 3, baseDelayMilliseconds: 100, maxDelayMilliseconds: 1_000, maxSubstitutions: 2)

    private func order(_ state: OrderState = .transmitted, attempts: Int = 0, warnings: [String] = []) -> ProvisioningOrder {
        ProvisioningOrder(
            id: OrderID(plan: PlanID(row: 1), sequence: 7), user: UserID("u1"), userKey: UserKey("E0001"), userName: "Anna Berg",
            system: SystemName("Corp Directory"), operation: .create, state: state, change: .joiner, reasons: ["row 2"], warnings: warnings,
            nameAfter: AccountName("cn=Anna Berg"),
            requests: [
                AttributeRequest(name: "sn", operation: .add, before: [], after: [.text("Berg")]),
                AttributeRequest(name: "manager", operation: .add, before: [], after: [.reference(UserKey("E0002"))]),
                AttributeRequest(kind: .membership, name: "memberOf", operation: .add, before: [], after: [.text("cn=Staff")]),
            ],
            becomes: .enabled, userVersion: 1, accountVersion: 0, attempts: attempts)
    }

    private func receive(_ outcome: OperationOutcome, _ order: ProvisioningOrder) throws -> OrderTransition {
        try order.receiving(outcome, at: now, policy: policy, jitter: 3)
    }

    @Test func `an order whose entry was written is executed and every request is done`() throws {
        let transition = try receive(.written(), order())
        #expect(transition.next == .settled)
        #expect(transition.order.state == .executed)
        #expect(transition.order.requests.map(\.outcome) == [.done, .done, .done])
        #expect(transition.order.attempts == 1)
        #expect(transition.order.failure == nil)
    }

    @Test func `a reference left for later does not fail the order`() throws {
        let transition = try receive(.written(deferred: [1: "no account yet"]), order())
        #expect(transition.order.state == .executed)
        #expect(transition.order.requests.map(\.outcome) == [.done, .deferred("no account yet"), .done])
    }

    @Test func `an order with a failed request is errored and lists it, the others are done`() throws {
        let failure = ConnectorFailure(.permanent, "cn=Staff refused the member", serverText: "LDAP 50")
        let transition = try receive(.written(failed: [2: failure]), order())
        #expect(transition.next == .settled)
        #expect(transition.order.state == .errored)
        #expect(transition.order.requests.map(\.outcome) == [.done, .done, .failed(failure)])
        #expect(transition.order.failure?.message == "1 of 3 requests failed: cn=Staff refused the member (LDAP 50)")
    }

    @Test func `a membership that may succeed later is tried again, and what is done stays done`() throws {
        let transition = try receive(.written(failed: [2: ConnectorFailure(.transient, "busy")]), order())
        #expect(transition.next == .again)
        #expect(transition.order.state == .pending)
        #expect(transition.order.requests.map(\.outcome) == [.done, .done, .open])
        #expect(transition.order.notBefore != nil)
    }

    @Test func `a membership that stays busy is errored in the end`() throws {
        let transition = try receive(.written(failed: [2: ConnectorFailure(.transient, "busy")]), order(attempts: 2))
        #expect(transition.order.state == .errored)
    }

    @Test func `a transient failure brings the order back later, twice as late each time`() throws {
        let failure = ConnectorFailure(.transient, "busy")
        let first = try receive(.failed(failure), order())
        #expect(first.next == .again)
        #expect(first.order.state == .pending)
        #expect(first.order.attempts == 1)
        #expect(first.order.failure == failure)
        #expect(first.order.notBefore == now.adding(milliseconds: 53))
        let second = try receive(.failed(failure), order(attempts: 1))
        #expect(second.order.notBefore == now.adding(milliseconds: 103))
    }

    @Test func `the last attempt that fails is an error with the server's own words`() throws {
        let failure = ConnectorFailure(.transient, "timed out", serverText: "LDAP 51: busy")
        let transition = try receive(.failed(failure), order(attempts: 2))
        #expect(transition.next == .settled)
        #expect(transition.order.state == .errored)
        #expect(transition.order.attempts == 3)
        #expect(transition.order.notBefore == nil)
        #expect(transition.order.failure == failure)
    }

    @Test func `a permanent failure is an error at once`() throws {
        let transition = try receive(.failed(ConnectorFailure(.permanent, "no rights")), order())
        #expect(transition.order.state == .errored)
        #expect(transition.next == .settled)
    }

    @Test func `an order of a system that is away waits and does not count as tried`() throws {
        let failure = ConnectorFailure(.unavailable, "connection refused")
        let transition = try receive(.failed(failure), order())
        #expect(transition.next == .waitForSystem(failure))
        #expect(transition.order.state == .pending)
        #expect(transition.order.attempts == 0)
        #expect(transition.order.notBefore == nil)
    }

    @Test func `an order whose answer was lost stays transmitted until somebody has looked`() throws {
        let failure = ConnectorFailure(.unknown, "connection lost")
        let transition = try receive(.failed(failure), order())
        #expect(transition.next == .look(failure))
        #expect(transition.order == order())
    }

    @Test func `an order that the target does not show is pending again; having begun counts as an attempt`() throws {
        let absent = try receive(.notShown(begun: false), order())
        #expect(absent.order.state == .pending)
        #expect(absent.order.attempts == 0)
        let begun = try receive(.notShown(begun: true), order())
        #expect(begun.order.attempts == 1)
        #expect(begun.next == .again)
    }

    @Test func `an order that was taken but not sent is pending again as if nothing had been`() throws {
        let transition = try receive(.notSent, order())
        var expected = order()
        expected.state = .pending
        #expect(transition.order == expected)
    }

    @Test func `a taken name asks for another one, and the substitution stands in the order`() throws {
        let failure = ConnectorFailure(.conflict, "taken", attribute: "sAMAccountName")
        let transition = try receive(.failed(failure), order())
        #expect(transition.next == .substituteName(failure))
        var other = order()
        other.nameAfter = AccountName("cn=Anna Berg (berga2)")
        other.nameBases = ["sAMAccountName": "berga"]
        let renamed = try transition.order.substituted(by: other, taken: "sAMAccountName berga")
        #expect(renamed.state == .pending)
        #expect(renamed.nameAfter == other.nameAfter)
        #expect(renamed.nameBases == other.nameBases)
        #expect(renamed.warnings == ["taken on the target, another name was chosen: sAMAccountName berga"])
        #expect(renamed.substitutions == 1)
    }

    @Test func `after so many taken names "taken" is an error`() throws {
        let note = "taken on the target, another name was chosen: x"
        let transition = try receive(.failed(ConnectorFailure(.conflict, "taken")), order(warnings: [note, note]))
        #expect(transition.next == .settled)
        #expect(transition.order.state == .errored)
    }

    @Test func `the pause never exceeds its maximum and never falls below half of it`() {
        for attempts in 1...200 {
            for jitter in [0, 1, 17, UInt64.max] {
                let pause = policy.delayMilliseconds(attempts: attempts, jitter: jitter)
                #expect(pause >= 50 && pause <= 1_000)
            }
        }
        #expect(policy.delayMilliseconds(attempts: 200, jitter: 0) == 500)
        #expect(
            RetryPolicy(maxAttempts: 1, baseDelayMilliseconds: 0, maxDelayMilliseconds: 0, maxSubstitutions: 0).delayMilliseconds(
                attempts: 1, jitter: 9) == 0)
    }

    @Test func `states lead exactly where product md section 3 says`() {
        let expected: [OrderState: Set<OrderState>] = [
            .planned: [.pending, .awaitingApproval, .evaluationFailed, .withdrawn], .pending: [.transmitted, .withdrawn],
            .transmitted: [.pending, .errored, .executed], .errored: [.pending, .withdrawn], .verified: [],
            .awaitingApproval: [.pending, .awaitingApproval, .withdrawn], .withdrawn: [], .evaluationFailed: [.withdrawn],
            .executed: [.verified, .errored],
        ]
        for from in OrderState.allCases {
            for to in OrderState.allCases {
                let order = order(from)
                if expected[from]?.contains(to) == true {
                    #expect(throws: Never.self) { try order.moved(to: to) }
                } else {
                    #expect(throws: IllegalTransition(order: order.id, from: from, to: to)) { try order.moved(to: to) }
                }
            }
        }
    }

    @Test(arguments: OrderState.allCases.filter { $0 != .transmitted })
    func `only a transmitted order receives an answer`(state: OrderState) {
        let outcomes: [OperationOutcome] = [
            .written(), .failed(ConnectorFailure(.permanent, "x")), .failed(ConnectorFailure(.conflict, "x")),
            .failed(ConnectorFailure(.unknown, "x")),
        ]
        for outcome in outcomes { #expect(throws: IllegalTransition.self) { try receive(outcome, order(state)) } }
    }

    @Test func `an order that nothing was sent for can be withdrawn with its reason, a transmitted one cannot`() throws {
        let reason = ConnectorFailure(.permanent, "what it requires failed")
        let withdrawn = try order(.pending).withdrawn(because: reason)
        #expect(withdrawn.state == .withdrawn)
        #expect(withdrawn.failure == reason)
        #expect(throws: IllegalTransition.self) { try order(.transmitted).withdrawn(because: reason) }
    }

    @Test func `an order that is changed leaves those as they were that it was handed on to`() {
        let planned = order(.planned)
        var changed = planned
        changed.state = .pending
        changed.requests[0].outcome = .done
        #expect(planned.state == .planned && planned.requests[0].outcome == .open)
        #expect(changed.state == .pending && changed.requests[0].outcome == .done)
        #expect(changed != planned)
        var back = changed
        back.state = .planned
        back.requests[0].outcome = .open
        #expect(back == planned && back.hashValue == planned.hashValue)
    }
}
