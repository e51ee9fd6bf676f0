import Contracts
import Foundation
import IdentityModel
import Planning

/// What reading commands ask the store, page by page: memory does not grow with the plan.
extension Store {
    private static var pageSize: Int { 500 }

    /// In plan and sequence.
    func eachOrder(_ filter: OrderFilter, _ body: ([ProvisioningOrder]) async throws -> Void) async throws {
        var after: OrderID?
        while true {
            let page = try await orders(filter, after: after, limit: Self.pageSize)
            guard let last = page.last else { return }
            try await body(page)
            after = last.id
        }
    }

    func eachChange(of plan: PlanID, _ body: (UserChange) throws -> Void) async throws {
        var after = 0
        while true {
            let page = try await changes(of: plan, after: after, limit: Self.pageSize)
            guard let last = page.last else { return }
            for (_, change) in page { try body(change) }
            after = last.sequence
        }
    }

    /// The change of one user in a plan; nil when the plan has none.
    func change(of user: UserKey, in plan: PlanID) async throws -> UserChange? {
        var after = 0
        while true {
            let page = try await changes(of: plan, after: after, limit: Self.pageSize)
            if let found = page.first(where: { $0.change.user.key == user }) { return found.change }
            guard let last = page.last else { return nil }
            after = last.sequence
        }
    }

    /// The plans that are sealed and neither applied nor refused.
    func waitingPlans() async throws -> [Plan] { try await plans(limit: Int.max).filter(\.state.isWaiting) }

    func knowledge(of users: Set<UserID>) async throws -> Knowledge {
        guard !users.isEmpty else { return Knowledge() }
        var request = KnowledgeRequest()
        request.users = users.sorted()
        return try await knowledge(request)
    }
}

/// Finds what an argument names, or ends the command with what to run to see what there is.
enum Named {
    static func plan(_ ordinal: Int, _ store: any Store) async throws -> Plan {
        if let plan = try await store.plan(ordinal: ordinal) { return plan }
        let known = try await store.plans(limit: Int.max).compactMap(\.ordinal)
        let range = known.max().map { "the newest is \($0)" } ?? "there is none yet"
        throw Stop(.configuration, "there is no plan \(ordinal): \(range) (birthright plans list)")
    }

    static func order(_ text: String, _ store: any Store) async throws -> (ordinal: Int, order: ProvisioningOrder) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let ordinal = parts[0], let sequence = parts[1] else {
            throw Stop(
                .configuration, "'\(text)' is no order; an order is its plan and its number in it, such as 7-12 (birthright orders list)")
        }
        if let order = try await store.order(ordinal: ordinal, sequence: sequence) { return (ordinal, order) }
        let plan = try await plan(ordinal, store)
        let orders = plan.totals.orders
        if sequence > 0, sequence <= orders, let fate = fate(of: plan) {
            throw Stop(.configuration, "order \(text) was never sent: \(fate)")
        }
        throw Stop(
            .configuration,
            "there is no order \(text): plan \(ordinal) has \(DisplayText.count(orders, "order")) (birthright orders list --plan \(ordinal))"
        )
    }

    /// What became of a plan whose orders are not kept; nil for any other.
    static func fate(of plan: Plan) -> String? {
        let number = PlanText.number(plan)
        switch plan.state {
        case .superseded:
            return
                "plan \(number) was superseded before it was applied, and its \(DisplayText.count(plan.totals.orders, "order")) went with it; "
                + "birthright audit --plan \(number) says when"
        case .discarded: return "plan \(number) was discarded before it was applied, and its orders went with it"
        case .open, .ready, .held, .approved, .rejected, .applying, .applied, .abandoned: return nil
        }
    }

    static func system(_ name: String, _ configuration: Configuration) throws -> PolicyMap {
        if let map = configuration.policyMap(SystemName(name)) { return map }
        let known = configuration.policyMaps.map(\.system.text)
        throw Stop(.configuration, "there is no managed system '\(name)'" + hint(name, known))
    }

    static func attribute(_ name: String, of map: PolicyMap) throws -> Int {
        if let index = map.attributes.firstIndex(where: { $0.name == name }) { return index }
        // Directories do not care about the case of attribute names, nor do the people who type them.
        if let index = map.attributes.firstIndex(where: { $0.name.lowercased() == name.lowercased() }) { return index }
        throw Stop(.configuration, "\(map.file) has no rule for '\(name)'" + hint(name, map.attributes.map(\.name)))
    }

    static func state(_ name: String) throws -> OrderState {
        let folded = name.lowercased().filter { $0 != " " && $0 != "-" }
        for state in OrderState.allCases {
            let label = state.label.lowercased().filter { $0 != " " }
            if folded == "\(state)".lowercased() || folded == label || folded == String(state.rawValue) { return state }
        }
        throw Stop(.configuration, "there is no order state '\(name)'" + hint(folded, OrderState.allCases.map { "\($0)" }))
    }

    static func unknownUser(_ key: String) -> Stop {
        Stop(
            .configuration,
            "no user has the key '\(key)', in the store or in a plan that waits; a key is what the source's `key` gives, and spelled as there"
                + " (birthright orders list shows users)")
    }

    private static func hint(_ name: String, _ known: [String]) -> String {
        if let near = nearestName(name, in: known) { return "; did you mean '\(near)'?" }
        return known.isEmpty ? "; there is none" : "; there is: \(known.joined(separator: ", "))"
    }
}

/// Who sits at the keyboard, for the audit.
func operatorName() -> String {
    let environment = ProcessInfo.processInfo.environment
    return [environment["USER"], environment["LOGNAME"]].compactMap { $0 }.first { !$0.isEmpty } ?? NSUserName()
}
