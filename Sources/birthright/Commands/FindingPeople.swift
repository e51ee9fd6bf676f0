import Contracts
import IdentityModel

extension Person {
    /// By any of their keys, or `SOURCE:KEY`. Ends the command when nobody has it, or several people have.
    static func find(_ text: String, _ store: any Store) async throws -> Person {
        let key = UserKey(text)
        if let user = try await only(named: text, store) {
            var request = KnowledgeRequest()
            request.users = [user.id]
            let knowledge = try await store.knowledge(request)
            return Person(
                user: user, assignments: knowledge.assignments[user.id] ?? [],
                accounts: (knowledge.accounts[user.id] ?? []).sorted { $0.system < $1.system },
                claims: try await store.claims(user: user.id))
        }
        for plan in try await store.waitingPlans() {
            guard let change = try await store.change(of: key, in: plan.id) else { continue }
            return Person(user: change.user, assignments: change.assignments, claims: change.claim.map { [$0] } ?? [], plan: plan)
        }
        throw Named.unknownUser(text)
    }

    private static func only(named text: String, _ store: any Store) async throws -> User? {
        var users = try await store.users(key: UserKey(text), of: nil)
        if users.isEmpty, let colon = text.firstIndex(of: ":") {
            users = try await store.users(key: UserKey(String(text[text.index(after: colon)...])), of: SourceName(String(text[..<colon])))
        }
        guard users.count > 1 else { return users.first }
        var people: [String] = []
        for user in users {
            let keys = try await store.claims(user: user.id).map { "\($0.source):\($0.key)" }
            let named = keys.filter { $0.hasSuffix(":" + text) }
            people.append(
                "\(named.first ?? keys.first ?? user.key.text) is \(DisplayText.visible(user.displayName)) (\(user.status.rawValue))")
        }
        throw Stop(
            .configuration,
            "the key '\(text)' is that of \(users.count) people: \(people.sorted().joined(separator: ", ")); write SOURCE:KEY")
    }

    /// The same person as a plan that waits would have them, where one changes them.
    func asPlanned(_ store: any Store) async throws -> Person {
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
