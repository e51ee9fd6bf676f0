import Contracts
import IdentityModel
import Testing

@testable import Provisioning

/// A leaver's entry that is gone: what is asked, and what the answer makes of the Delete.
struct GoneTests {
    private static let name = AccountName("cn=Berg,ou=People")

    private func transmission(
        _ operation: IdentityModel.Operation = .delete, attempts: Int = 0, written: [String: [AccountValue]] = ["number": [.text("E1")]],
        doubt: AccountDoubt? = nil
    ) -> Transmission {
        let system = SystemName("Directory")
        let order = ProvisioningOrder(
            id: OrderID(plan: PlanID(row: 1), sequence: 1), user: UserID("u1"), userKey: UserKey("E1"), userName: "Ann Berg",
            system: system,
            operation: operation, state: .transmitted, change: .leaver, reasons: [], nameBefore: Self.name,
            requests: [AttributeRequest(kind: .membership, name: "groups", operation: .remove, before: [.text("Staff")], after: [])],
            becomes: .deleted, userVersion: 1, accountVersion: 1, attempts: attempts)
        let known = Account(
            user: UserID("u1"), system: system, state: .enabled, id: AccountID("7"), name: Self.name, written: written, doubt: doubt)
        return Transmission(order: order, known: known, operation: nil)
    }

    private func result(isGone: Bool = true, failure: ConnectorFailure? = nil) -> OperationResult {
        var result = OperationResult(
            id: OrderID(plan: PlanID(row: 1), sequence: 1), accountID: AccountID("7"), name: nil, failure: failure)
        result.isGone = isGone
        return result
    }

    @Test func `only a first Delete is asked about, by what its account correlates by`() {
        #expect(transmission().doubts(result(), correlatingBy: ["number"]) == .correlation(["number": "E1"]))
        #expect(transmission(.modify).doubts(result(), correlatingBy: ["number"]) == nil)
        #expect(transmission(attempts: 1).doubts(result(), correlatingBy: ["number"]) == nil)
        // An earlier order met another entry under its name.
        #expect(
            transmission(doubt: AccountDoubt()).doubts(result(), correlatingBy: ["number"]) == .correlation(["number": "E1"]))
        #expect(transmission().doubts(result(isGone: false), correlatingBy: ["number"]) == nil)
        #expect(transmission().doubts(result(failure: ConnectorFailure(.permanent, "no")), correlatingBy: ["number"]) == nil)
        #expect(transmission(written: [:]).doubts(result(), correlatingBy: ["number"]) == nil)
        #expect(transmission().doubts(result(), correlatingBy: []) == nil)
    }

    @Test func `it is done where nothing correlates, and nowhere else`() {
        #expect(transmission().correlated(result(), by: .absent) == result())
        let other = ActualAccount(id: AccountID("8"), name: AccountName("cn=B. Berg,ou=People"), attributes: [:], memberships: [])
        let answers: [(Lookup?, String)] = [
            (.found(other), "cn=B. Berg,ou=People correlates"), (.ambiguous([Self.name, other.name]), "may be it"),
            (.unreadable([other.name]), "may be it"), (nil, "the system cannot be asked"),
        ]
        for (lookup, words) in answers {
            let found = transmission().correlated(result(), by: lookup)
            #expect(found.failure?.errorClass == .permanent && found.failure?.message.contains(words) == true)
            // Its memberships are gone all the same.
            #expect(found.doneRequests == [0] && found.isGone)
        }
    }
}
