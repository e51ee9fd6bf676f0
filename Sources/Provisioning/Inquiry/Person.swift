package import Contracts
package import IdentityModel

/// A user as the store holds them or, when no plan has made them real yet, as a plan that waits would.
package struct Person: Sendable {
    package var user: User
    package var assignments: [RoleAssignment]
    package var accounts: [Account]
    package var claims: [SourceClaim]
    /// The plan that waits and says all this; nil: the store does.
    package var plan: Plan?

    package init(
        user: User, assignments: [RoleAssignment], accounts: [Account] = [], claims: [SourceClaim] = [], plan: Plan? = nil
    ) {
        self.user = user
        self.assignments = assignments
        self.accounts = accounts
        self.claims = claims
        self.plan = plan
    }

    /// The same person as a plan that waits would have them, where one changes them.
    package func asPlanned(_ store: any Store) async throws -> Person {
        guard plan == nil else { return self }
        for plan in try await store.waitingPlans() {
            var filter = OrderFilter()
            filter.plan = plan.id
            filter.user = user.id
            // A plan has few users with orders and is read by its index; its changes are only searched when this user is among them.
            guard try await !store.orders(filter, after: nil, limit: 1).isEmpty,
                let change = try await store.change(of: user.key, in: plan.id)
            else {
                continue
            }
            var person = self
            person.user = change.user
            person.assignments = change.assignments
            if let claim = change.claim { person.claims = claims.filter { $0.source != claim.source } + [claim] }
            person.plan = plan
            return person
        }
        return self
    }

    /// Orders that wait, run, failed, or stand in a plan that waits; with their plans' numbers.
    func openOrders(_ store: any Store) async throws -> [(ordinal: Int?, order: ProvisioningOrder)] {
        let waiting = Set(try await store.waitingPlans().map(\.id))
        let numbers = try await store.ordinals()
        var filter = OrderFilter()
        filter.user = user.id
        filter.states = [.planned, .pending, .transmitted, .errored, .awaitingApproval, .evaluationFailed]
        var open: [(ordinal: Int?, order: ProvisioningOrder)] = []
        try await store.eachOrder(filter) { page in
            for order in page where order.state != .planned || waiting.contains(order.id.plan) {
                open.append((numbers[order.id.plan], order))
            }
        }
        return open
    }
}
