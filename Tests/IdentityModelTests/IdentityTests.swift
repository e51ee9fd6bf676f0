import IdentityModel
import Testing

@Suite("Nouns and their laws")
struct IdentityTests {
    @Test func originsComeBackFromTheirText() {
        for origin in [Origin.source(SourceName("hr")), .due, .command("users disable E1")] {
            #expect(Origin(origin.description) == origin)
        }
        #expect(Origin("hr") == nil)
        for origin in [RoleOrigin.rule("finance"), .manual("anna:x"), .imported("2026")] {
            #expect(RoleOrigin(origin.description) == origin)
        }
        #expect(RoleOrigin("finance") == nil && RoleOrigin("other:x") == nil)
    }

    @Test func identifiersAreOrderedByBytesInEveryLocale() {
        #expect(["z", "é", "Z", "a"].map { UserKey($0) }.sorted().map(\.text) == ["Z", "a", "z", "é"])
        #expect(OrderID(plan: PlanID(row: 1), sequence: 9) < OrderID(plan: PlanID(row: 2), sequence: 1))
    }

    @Test func aSecretIsNeverPrinted() {
        let secret = Sensitive("hunter2")
        #expect(!"\(secret)".contains("hunter2") && !String(reflecting: secret).contains("hunter2") && secret.reveal() == "hunter2")
    }

    @Test func aHashIsTheSameInEveryProcess() {
        #expect(StableHash.hash("") == 0xEFD0_1F60_BA99_2926)
        #expect(StableHash.hash("E0042") != StableHash.hash("E0043"))
    }

    @Test func aRenameIsAChangeOfNameOfAnAccountThatHasOne() {
        var order = Samples.fresh
        #expect(!order.renames)
        order.nameAfter = AccountName("cn=b")
        #expect(!order.renames)
        order.nameBefore = AccountName("cn=a")
        #expect(order.renames)
        order.nameBefore = AccountName("cn=b")
        #expect(!order.renames)
    }

    @Test func onlyErroredWaitingAndFailedOrdersLeaveTheUserUnsettled() {
        #expect(OrderState.allCases.filter(\.leavesUserUnsettled) == [.errored, .awaitingApproval, .evaluationFailed])
        #expect(OrderState.allCases.filter(\.isSettled) == [.errored, .verified, .withdrawn, .evaluationFailed, .executed])
    }
}

extension Samples {
    static var fresh: ProvisioningOrder {
        ProvisioningOrder(
            id: OrderID(plan: PlanID(row: 0), sequence: 1), user: UserID("u"), userKey: UserKey("k"), userName: "n",
            system: SystemName("s"),
            operation: .modify, state: .planned, change: .mover, reasons: [], becomes: .enabled, userVersion: 1, accountVersion: 1)
    }
}
