package import IdentityModel

/// What another configuration would do to everybody, counted: the difference it makes, not what is still to be done under the present one.
///
/// Memory grows with what the configurations name (systems, attributes, groups, roles), not with the number of users.
package struct ConfigurationDiff: Sendable {
    package struct RoleChange: Sendable {
        package let person: PersonName
        package let origin: RoleOrigin
    }

    package struct RoleCounts: Sendable {
        package fileprivate(set) var gained = Tally<RoleChange>()
        package fileprivate(set) var lost = Tally<RoleChange>()
    }

    package let differences: [ConfigurationDifference]
    package private(set) var users = 0
    /// Users for whom anything is different.
    package private(set) var affected = 0
    package private(set) var roles: [RoleName: RoleCounts] = [:]
    /// Users for whom a business rule could be decided, and cannot be any more.
    package private(set) var ruleFailures = Tally<SystemDiff.Failure>()
    package private(set) var ruleRecoveries = Tally<PersonName>()
    /// Systems of the other configuration, whether anything happens there or not.
    package private(set) var systems: [SystemName: SystemDiff]
    /// Enabled accounts on systems that have no policy map any more: nothing is done with them.
    package private(set) var abandoned: [SystemName: Int] = [:]

    private let limit: Int
    private let roleNames: (present: Set<RoleName>, other: Set<RoleName>)
    /// Attributes whose rule differs and that keep what the account was created with.
    private let keeping: [SystemName: [String]]

    /// `examples`: how many of each kind are kept.
    package init(_ present: Configuration, _ other: Configuration, examples: Int) {
        differences = ConfigurationDifference.between(present, other)
        limit = examples
        roleNames = (Set(present.roles.map(\.name)), Set(other.roles.map(\.name)))
        systems = Dictionary(
            other.policyMaps.map { ($0.system, SystemDiff(names: $0.traits.names)) }, uniquingKeysWith: { first, _ in first })
        keeping = other.policyMaps.reduce(into: [:]) { result, map in
            guard let old = present.policyMap(map.system) else { return }
            result[map.system] = map.attributes.filter { $0.enforce == .onCreate }.map(\.name).filter { name in
                old.attributes.contains { $0.name == name } && old.deepText(of: name) != map.deepText(of: name)
            }
        }
    }

    package mutating func add(_ user: UserComparison) {
        users += 1
        let person = PersonName(user.user)
        for account in user.accounts where account.state == .enabled { count(account, of: user) }
        let isChanged = addRoles(user, person)
        addRuleFailures(user, person)
        for order in user.other.orders {
            systems[order.system, default: SystemDiff(names: .flat)].add(
                order, of: person, failedBefore: user.failsAlready(order.system), limit: limit)
        }
        let hasOrders = user.other.orders.contains { $0.failure == nil }
        if isChanged || hasOrders || user.failsNewly { affected += 1 }
    }

    private mutating func count(_ account: Account, of user: UserComparison) {
        guard systems[account.system] != nil else {
            abandoned[account.system, default: 0] += 1
            return
        }
        systems[account.system]?.enabledAccounts += 1
        for name in keeping[account.system] ?? [] where account.written[name]?.isEmpty == false {
            systems[account.system]?.kept[name, default: 0] += 1
        }
    }

    /// A role counts as held once, whatever the number of its origins, and only where the configuration has it.
    private mutating func addRoles(_ user: UserComparison, _ person: PersonName) -> Bool {
        let before = Dictionary(
            user.present.assignments.filter { roleNames.present.contains($0.role) }.map { ($0.role, $0.origin) },
            uniquingKeysWith: { first, _ in first })
        let after = Dictionary(
            user.other.assignments.filter { roleNames.other.contains($0.role) }.map { ($0.role, $0.origin) },
            uniquingKeysWith: { first, _ in first })
        var isChanged = false
        for (role, origin) in after where before[role] == nil {
            roles[role, default: RoleCounts()].gained.add(RoleChange(person: person, origin: origin), limit: limit)
            isChanged = true
        }
        for (role, origin) in before where after[role] == nil {
            roles[role, default: RoleCounts()].lost.add(RoleChange(person: person, origin: origin), limit: limit)
            isChanged = true
        }
        return isChanged
    }

    private mutating func addRuleFailures(_ user: UserComparison, _ person: PersonName) {
        switch (user.present.ruleFailure, user.other.ruleFailure) {
        case (nil, let message?): ruleFailures.add(SystemDiff.Failure(person: person, message: message), limit: limit)
        case (.some, nil): ruleRecoveries.add(person, limit: limit)
        case (nil, nil), (.some, .some): break
        }
    }

    /// The guards of the other configuration that its effects would trip. `recent`: effects executed within the last days, by the length of the window.
    package func verdicts(recent: [Int: [SystemName: [Effect: Int]]], settings: GuardSettings) -> [GuardVerdict] {
        var facts = Guards.Facts()
        facts.effects = systems.mapValues(\.effects)
        facts.enabled = systems.mapValues(\.enabledAccounts)
        facts.recent = recent
        return Guards.verdicts(facts, settings)
    }
}
