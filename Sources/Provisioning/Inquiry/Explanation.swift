package import IdentityModel
package import Planning

/// Why an account is as it is: from the line of a file, through roles and rules, to the last order and its event.
package struct Explanation {
    /// A value of the user, and the expression of the source that gave it.
    package struct Input: Sendable {
        package let name: String
        package let value: String
        package let expression: String
        package let position: TextPosition?
    }

    package struct Candidate: Sendable {
        package let value: String
        package let isChosen: Bool
        /// The user who holds it, where it is one of ours.
        package let holder: String?
    }

    package struct Attribute: Sendable {
        package let name: String
        package let position: TextPosition
        /// `enforce: onCreate, maxLength: 20`.
        package let settings: String
        /// "computed", "kept", "left alone", "failed": with the reason behind a colon.
        package let outcome: String
        package let values: [AccountValue]
        /// What was last written, where it differs.
        package let written: [AccountValue]?
        package var steps: [TracedExpression] = []
        package var candidates: [Candidate] = []
    }

    package struct Event: Sendable {
        package let trackingNumber: String
        package let count: Int
    }

    package let person: Person
    package let system: SystemName
    /// The attribute that was asked for.
    package let attribute: String?
    package var inputs: [Input] = []
    package var grants: [RoleGrant] = []
    package var isEntitled = false
    package var account: Account?
    package var attributes: [Attribute] = []
    package var order: (ordinal: Int?, order: ProvisioningOrder)?
    package var event: Event?
}
