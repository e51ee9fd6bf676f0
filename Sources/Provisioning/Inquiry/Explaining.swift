internal import Contracts
internal import IdentityModel
package import Planning

extension Inquiry {
    /// Why an account, or one value of it, is as it is; of a plan that waits, as it would be.
    package func explain(
        _ person: String, on system: String, _ attribute: String?, _ configuration: Configuration, _ clock: RunClock
    ) async throws -> Explanation {
        let map = try Inquiry.system(system, configuration)
        let index = try attribute.map { try Inquiry.attribute($0, of: map) }
        return try await Explaining(
            configuration: configuration, map: map, person: try await self.person(person).asPlanned(store), store: store, clock: clock
        ).explain(index)
    }
}

/// Puts an explanation together: asks the store what is known, and the core to evaluate once more.
private struct Explaining {
    let configuration: Configuration
    let map: PolicyMap
    let person: Person
    let store: any Store
    let clock: RunClock

    private var account: Account? { person.accounts.first { $0.system == map.system } }
    private var isEntitled: Bool { configuration.entitlements(of: person.assignments)[map.system] != nil }

    /// `index`: of the attribute that is asked for; nil: all of them, in short.
    func explain(_ index: Int?) async throws -> Explanation {
        var explanation = Explanation(person: person, system: map.system, attribute: index.map { map.attributes[$0].name })
        explanation.isEntitled = isEntitled
        explanation.account = account
        explanation.inputs = inputs(index)
        explanation.grants = RoleExplaining(
            configuration: configuration, user: person.user, assignments: person.assignments, today: today
        ).grants(on: map.system)
        let orders = try await orders()
        explanation.order = lastOrder(orders, index)
        if let index { explanation.order?.order.requests.removeAll { $0.name != map.attributes[index].name } }
        // Whoever never had an account and is not to have one has no values either.
        if isEntitled || account?.state == .enabled || account?.state == .deprovisioned {
            explanation.attributes = try await attributes(index, planned: orders.last { $0.order.state == .planned }?.order)
        }
        if let last = explanation.order, let ordinal = last.ordinal, last.order.state != .planned {
            let tracking = CompletionEvent.trackingNumber(ordinal: ordinal, user: person.user.id)
            let count = try await store.eventHistory([tracking])[tracking]?.count ?? 0
            explanation.event = Explanation.Event(trackingNumber: tracking, count: count)
        }
        return explanation
    }

    /// The day in the zone of the source that decides the person's status; of somebody whom a plan brings, the plan's.
    private var today: CivilDate {
        if let plan = person.plan { return plan.asOf }
        let merge = UserMerge(sources: configuration.sources, days: clock.days(of: configuration.sources))
        return merge.merge(person.claims, id: person.user.id, before: person.user).today
    }

    // MARK: What the user is made of

    private func inputs(_ index: Int?) -> [Explanation.Input] {
        let read = index.map { map.userAttributes(readFor: map.attributes[$0].name, of: configuration.schema) }
        let user = person.user
        var inputs: [Explanation.Input] = []
        for name in configuration.schema.attributes.map(\.name) where read.map({ $0.contains(name) }) ?? (user.attributes[name] != nil) {
            inputs.append(input(name, user.attributes[name].map { MaskedAttributes.shown($0, of: name) } ?? "(none)"))
        }
        if read?.contains("status") ?? true { inputs.append(input("status", user.status.rawValue)) }
        return inputs
    }

    private func input(_ name: String, _ value: String) -> Explanation.Input {
        for claim in person.claims {
            guard let source = configuration.source(claim.source), source.owns.contains(name) || name == "status" else { continue }
            guard let mapping = source.mappings.first(where: { $0.attribute == name }) else { continue }
            return Explanation.Input(
                name: name, value: value, expression: mapping.expression.text, position: mapping.expression.position)
        }
        return Explanation.Input(name: name, value: value, expression: "", position: nil)
    }

    // MARK: Orders

    /// The user's orders on the system, without those of plans that were never applied.
    private func orders() async throws -> [(ordinal: Int?, order: ProvisioningOrder)] {
        let numbers = try await store.ordinals()
        var filter = OrderFilter()
        filter.user = person.user.id
        filter.system = map.system
        var orders: [(ordinal: Int?, order: ProvisioningOrder)] = []
        try await store.eachOrder(filter) { page in
            for order in page where order.state != .planned || order.id.plan == person.plan?.id {
                orders.append((numbers[order.id.plan], order))
            }
        }
        return orders
    }

    /// The last one that touched the attribute, else the last one.
    private func lastOrder(
        _ orders: [(ordinal: Int?, order: ProvisioningOrder)], _ index: Int?
    ) -> (ordinal: Int?, order: ProvisioningOrder)? {
        guard let index else { return orders.last }
        let name = map.attributes[index].name
        return orders.last { _, order in
            if name == map.accountName { return order.operation == .create || order.renames }
            return order.requests.contains { $0.kind == .attribute && $0.name == name }
        } ?? orders.last
    }

    // MARK: Values

    private func attributes(_ index: Int?, planned: ProvisioningOrder?) async throws -> [Explanation.Attribute] {
        let evaluator = AccountExplaining(
            configuration: configuration, map: map, user: person.user, isEnabled: isEntitled, known: account, planned: planned, store: store
        )
        guard let index else {
            let evaluation = try await evaluator.evaluate().evaluation
            return map.attributes.indices.map { evaluator.attribute($0, evaluation) }
        }
        return [try await evaluator.explained(index)]
    }
}
