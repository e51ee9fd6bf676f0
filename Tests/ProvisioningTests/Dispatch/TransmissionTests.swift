import Contracts
import IdentityModel
import Testing

@testable import Provisioning

/// What the store keeps of an account when an order is settled.
struct TransmissionTests {
    @Test(arguments: [false, true])
    func `an order that has nothing to send leaves the account the entry that was adopted since it was planned`(_ adopts: Bool) {
        let planned = Account(
            user: UserID("u-E1"), system: DispatchWorld.directory, state: .enabled, id: AccountID("first"), name: AccountName("cn=E1"),
            version: 3)
        var order = changes(planned, key: "E1", [])
        order.adopts = adopts
        var known = planned
        known.id = AccountID("second")
        known.version = 4
        let after = Transmission(order: order, known: known).accountAfterwards(order, result: nil, at: DispatchWorld.start)
        // What is to be adopted now is what the order says.
        #expect(after.id == AccountID(adopts ? "first" : "second"))
    }
}
