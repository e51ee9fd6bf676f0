import IdentityModel
import Planning

/// Why an account is as it is: from the line of a file, through roles and rules, to the last order and its event.
struct Explanation {
    /// A value of the user, and the expression of the source that gave it.
    struct Input: Sendable {
        let name: String
        let value: String
        let expression: String
        let position: TextPosition?
    }

    /// A role that gives (or would give) the account.
    struct Grant: Sendable {
        let role: RoleName
        let groups: [String]
        let position: TextPosition
        /// Nil: the user does not hold it.
        let origin: RoleOrigin?
        let rule: Rule?
    }

    struct Rule: Sendable {
        let name: String
        let position: TextPosition
        /// `when` and `unless` as written.
        let condition: String
        /// What they come to for this user: "matches", "does not match", or why that cannot be said.
        let verdict: String
        /// What `when`, and where it was asked for `unless`, came to part by part.
        let parts: [TracedExpression.Part]
    }

    struct Candidate: Sendable {
        let value: String
        let isChosen: Bool
        /// The user who holds it, where it is one of ours.
        let holder: String?
    }

    struct Attribute: Sendable {
        let name: String
        let position: TextPosition
        /// `enforce: onCreate, maxLength: 20`.
        let settings: String
        /// "computed", "kept", "left alone", "failed": with the reason behind a colon.
        let outcome: String
        let values: [AccountValue]
        /// What was last written, where it differs.
        let written: [AccountValue]?
        var steps: [TracedExpression] = []
        var candidates: [Candidate] = []
    }

    struct Event: Sendable {
        let trackingNumber: String
        let count: Int
    }

    let person: Person
    let system: SystemName
    /// The attribute that was asked for.
    let attribute: String?
    var inputs: [Input] = []
    var grants: [Grant] = []
    var isEntitled = false
    var account: Account?
    var attributes: [Attribute] = []
    var order: (ordinal: Int?, order: ProvisioningOrder)?
    var event: Event?
}
