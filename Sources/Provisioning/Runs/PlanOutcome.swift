package import IdentityModel
package import Planning

/// What a planning run found and made.
package struct PlanReport: Sendable {
    package var plan: Plan?
    /// There was nothing to plan: what was looked at, with its totals. Then there is no plan.
    package var nothing: Plan?
    /// The same plan was waiting already and kept its number.
    package var isKept = false
    package var file: String?
    /// Somebody named the file; it is not the one the source takes by itself.
    package var isHandPicked = false
    package var format: String?
    package var breaches: [ContractBreach] = []
    package var warnings: [String] = []
    package var quarantined = 0
    /// Systems that could not be asked, with the number of accounts that were not planned, and why.
    package var leftAside: [SystemName: LeftAside] = [:]
    /// Users of approved plans of other origins that have not started: nobody else changes them meanwhile.
    package var approvedElsewhere = 0
    /// Accounts for which a person has to decide something.
    package var findings = AccountFindings()
    package init() {}

    package struct LeftAside: Sendable, Hashable {
        package var accounts = 0
        package var reason: String
        /// It answers, and is not the system it was: a person has to say that this is right.
        package var isAnotherSystem: Bool
        package init(accounts: Int = 0, reason: String, isAnotherSystem: Bool = false) {
            self.accounts = accounts
            self.reason = reason
            self.isAnotherSystem = isAnotherSystem
        }
    }
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
    /// What may be gone past, and who says so.
    package let acceptance: Acceptance

    package init(source: SourceName, file: String? = nil, acceptance: Acceptance = .nothing) {
        self.source = source
        self.file = file
        self.acceptance = acceptance
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
