import IdentityModel

/// Nouns for the texts under test.
enum Samples {
    static let system = SystemName("Corp Directory")
    static let anna = UserID("u-anna")

    static func plan(
        _ state: PlanState = .ready, origin: Origin = .source(SourceName("hr")), totals: PlanTotals = totals(),
        verdicts: [GuardVerdict] = [],
        warnings: [String] = []
    ) -> Plan {
        Plan(
            id: PlanID(row: 41), origin: origin, state: state, ordinal: 7, seal: "9f2ac0ffee1234567890", configurationHash: "c0de",
            asOf: CivilDate("2026-03-03") ?? CivilDate(days: 0), totals: totals, verdicts: verdicts, warnings: warnings)
    }

    static func totals() -> PlanTotals {
        var totals = PlanTotals()
        totals.rowsRead = 1_312
        totals.rowsUnchanged = 1_296
        totals.rowsQuarantined = 2
        totals.changes = [.joiner: 3, .mover: 12, .leaver: 1]
        totals.effects = [
            system: [.create: 3, .modify: 12, .rename: 1, .disable: 1, .removeAccess: 4], SystemName("Mail"): [.create: 1_003],
        ]
        totals.orders = 16
        return totals
    }

    static func order(
        _ operation: Operation = .modify, state: OrderState = .planned, requests: [AttributeRequest] = requests(),
        nameBefore: String? = salesName,
        nameAfter: String? = financeName, warnings: [String] = [], attempts: Int = 0, notBefore: Instant? = nil,
        failure: ConnectorFailure? = nil
    ) -> ProvisioningOrder {
        ProvisioningOrder(
            id: OrderID(plan: PlanID(row: 41), sequence: 12), user: anna, userKey: UserKey("E0042"), userName: "Anna Berg", system: system,
            operation: operation, state: state, change: .mover,
            reasons: ["mover: hr/2026-03-03.csv:17 (department)", "role Finance (rule:finance)"],
            warnings: warnings, accountID: AccountID("1f7c"), nameBefore: nameBefore.map { AccountName($0) },
            nameAfter: nameAfter.map { AccountName($0) }, requests: requests, becomes: .enabled, userVersion: 1, accountVersion: 1,
            attempts: attempts, notBefore: notBefore, failure: failure)
    }

    static let salesName = "cn=Anna Berg,ou=Sales,dc=example,dc=com"
    static let financeName = "cn=Anna Berg,ou=Finance,dc=example,dc=com"

    static func requests() -> [AttributeRequest] {
        [
            AttributeRequest(name: "departmentNumber", operation: .set, before: [.text("Sales")], after: [.text("Finance")]),
            AttributeRequest(name: "title", operation: .add, before: [], after: [.text("Controller")]),
            AttributeRequest(name: "mobile", operation: .remove, before: [.text("+47 912 34 567")], after: []),
            AttributeRequest(
                name: "manager", operation: .set, before: [.text("cn=Bo Lund,ou=Sales,dc=example,dc=com")],
                after: [.reference(UserKey("E0007"))]),
            AttributeRequest(name: "userPassword", operation: .set, before: [.text("old secret")], after: [.text("new secret")]),
            AttributeRequest(kind: .membership, name: "memberOf", operation: .remove, before: [.text("cn=Sales,ou=Groups")], after: []),
            AttributeRequest(kind: .membership, name: "memberOf", operation: .add, before: [], after: [.text("cn=Finance,ou=Groups")]),
        ]
    }

    static func user(_ attributes: [String: UserValue], status: UserStatus = .active) -> User {
        User(id: anna, key: UserKey("E0042"), source: SourceName("hr"), status: status, attributes: attributes, version: 3)
    }
}
