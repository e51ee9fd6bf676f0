package import IdentityModel
package import Planning

/// What a planning run found and made.
package struct PlanReport: Sendable {
    package var plan: Plan?
    /// The same plan was waiting already and kept its number.
    package var isKept = false
    package var file: String?
    package var format: String?
    package var breaches: [ContractBreach] = []
    package var warnings: [String] = []
    package var quarantined = 0
    /// There was no new file, and nobody had to be planned.
    package var isEmpty = false
    package init() {}
}

/// A file contract broken without leave; ends the reading.
struct ContractBroken: Error {
    let breaches: [ContractBreach]
}

/// What a planning run is asked to do.
package struct PlanRequest: Sendable {
    package let source: SourceName
    /// One file instead of those the source takes.
    package let file: String?
    /// Contract checks that are overridden, and why.
    package let accepted: Set<ContractBreach.Check>
    package let reason: String?

    package init(source: SourceName, file: String? = nil, accepted: Set<ContractBreach.Check> = [], reason: String? = nil) {
        self.source = source
        self.file = file
        self.accepted = accepted
        self.reason = reason
    }
}

/// How far a planning run is.
package struct PlanProgress: Sendable, Hashable {
    package let rows: Int
    package let users: Int
    package let orders: Int
    package init(rows: Int, users: Int, orders: Int) {
        self.rows = rows
        self.users = users
        self.orders = orders
    }
}
