package import IdentityModel

/// One user under two configurations.
package struct UserComparison: Sendable {
    /// What a configuration makes of the user.
    package struct Outcome: Sendable {
        package let assignments: [RoleAssignment]
        /// A business rule could not be decided: the user stays as they are.
        package let ruleFailure: String?
        /// One order per account that has to change.
        package let orders: [ProvisioningOrder]

        package init(assignments: [RoleAssignment], ruleFailure: String?, orders: [ProvisioningOrder]) {
            self.assignments = assignments
            self.ruleFailure = ruleFailure
            self.orders = orders
        }
    }

    package let user: User
    /// Under the present configuration: what is still to be done is not the other one's doing.
    package let present: Outcome
    /// Under the other one, from where the present one leaves user and accounts.
    package let other: Outcome
    /// As they are when the present configuration has nothing left to do.
    package let accounts: [Account]

    package init(user: User, present: Outcome, other: Outcome, accounts: [Account]) {
        self.user = user
        self.present = present
        self.other = other
        self.accounts = accounts
    }

    /// The other configuration fails where the present one does not.
    package var failsNewly: Bool {
        if other.ruleFailure != nil { return present.ruleFailure == nil }
        return other.orders.contains { $0.failure != nil && !failsAlready($0.system) }
    }

    /// The account could not be computed under the present configuration either.
    func failsAlready(_ system: SystemName) -> Bool { present.orders.contains { $0.system == system && $0.failure != nil } }
}

/// Somebody, as lists of people name them.
package struct PersonName: Sendable, Hashable {
    package let key: UserKey
    /// First and last name, or the key.
    package let name: String

    package init(_ user: User) {
        key = user.key
        name = user.displayName
    }
}

/// A count with the first few of what was counted.
package struct Tally<Example: Sendable>: Sendable {
    package private(set) var count = 0
    package private(set) var examples: [Example] = []

    package init() {}

    mutating func add(_ example: @autoclosure () -> Example, limit: Int) {
        count += 1
        if examples.count < limit { examples.append(example()) }
    }
}
