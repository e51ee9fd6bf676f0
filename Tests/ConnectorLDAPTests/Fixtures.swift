import ConnectorLDAP
import Contracts
import IdentityModel

/// A generator with a seed, so that a test that fails fails again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return StableHash.hash(String(state))
    }
}

let people = "ou=Finance,ou=People,dc=example,dc=com"
let disabled = "ou=Disabled,ou=People,dc=example,dc=com"
let allStaff = "cn=All Staff,ou=Groups,dc=example,dc=com"

func attribute(_ name: String, _ values: String..., as operation: RequestOperation = .set) -> AccountOperation.Request {
    AccountOperation.Request(kind: .attribute, name: name, operation: operation, values: values)
}

func membership(_ operation: RequestOperation, _ group: String) -> AccountOperation.Request {
    AccountOperation.Request(kind: .membership, name: "memberOf", operation: operation, values: [group])
}

func operation(
    _ operation: Operation, _ sequence: Int, _ name: String, id: AccountID? = nil, to newName: String? = nil,
    _ requests: [AccountOperation.Request] = [], disabling: Bool = false, direction: AccountOperation.Direction = .steady,
    uncertainSince formerNames: [String]? = nil, carrying groups: [String] = []
) -> AccountOperation {
    AccountOperation(
        id: OrderID(plan: PlanID(row: 7), sequence: sequence), operation: operation, accountID: id, name: AccountName(name),
        newName: newName.map { AccountName($0) }, requests: requests, appliesDialectDisabling: disabling, direction: direction,
        isUncertain: formerNames != nil, formerNames: (formerNames ?? []).map { AccountName($0) }, carriedMemberships: groups)
}

/// A person with the least that inetOrgPerson wants.
func create(_ sequence: Int, _ name: String, _ more: [AccountOperation.Request] = []) -> AccountOperation {
    operation(.create, sequence, name, [attribute("objectClass", "inetOrgPerson", "adAccount"), attribute("sn", "Test")] + more)
}

func found(_ lookup: Lookup?) -> ActualAccount? {
    if case .found(let account)? = lookup { account } else { nil }
}
