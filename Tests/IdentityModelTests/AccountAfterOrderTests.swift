import IdentityModel
import Testing

/// What an order that failed on its way leaves of an account.
struct AccountAfterOrderTests {
    private let before = AccountID("first")
    private let there = AccountID("second")

    private var account: Account {
        Account(
            user: UserID("u1"), system: SystemName("Corp"), state: .enabled, id: before, name: AccountName("cn=E1"), version: 3,
            written: ["title": [.text("Boss")]], memberships: ["cn=Staff", "cn=Sales"])
    }

    private func order(adopts: Bool, becomes: AccountState = .enabled) -> ProvisioningOrder {
        let groups = ["cn=Staff", "cn=Sales"].map { group in
            AttributeRequest(kind: .membership, name: "memberOf", operation: .add, before: [], after: [.text(group)])
        }
        var order = ProvisioningOrder(
            id: OrderID(plan: PlanID(row: 1), sequence: 1), user: UserID("u1"), userKey: UserKey("E1"), userName: "Ann",
            system: SystemName("Corp"), operation: .modify, state: .transmitted, change: .mover, reasons: [], requests: groups,
            adopts: adopts, becomes: becomes, userVersion: 1, accountVersion: 3)
        order.requests[1].outcome = .done
        return order
    }

    @Test func `another entry than before holds nothing of what that one was given, but groups may hold its name`() {
        var account = account
        account.memberships.insert("cn=Former")
        let halfway = account.partly(order(adopts: true), id: there, name: AccountName("cn=E1"))
        #expect(halfway.id == there && halfway.memberships == ["cn=Staff", "cn=Sales"] && halfway.written == [:])
        #expect(halfway.doubt == AccountDoubt(memberships: ["cn=Staff"]) && halfway.version == 4)
        var order = order(adopts: true)
        order.requests[0].outcome = .failed(ConnectorFailure(.permanent, "the group refuses it"))
        let answered = account.after(order, id: there, name: AccountName("cn=E1"), at: Instant(milliseconds: 0))
        #expect(answered.id == there && answered.memberships == ["cn=Sales"] && answered.written == [:])
    }

    @Test(arguments: [true, false])
    func `of another entry what was to be given, and was not answered, may be so or not`(adopts: Bool) {
        var order = order(adopts: adopts)
        order.requests[0].outcome = .failed(ConnectorFailure(.unavailable, "away"))
        let after = account.after(order, id: adopts ? there : before, name: AccountName("cn=E1"), at: Instant(milliseconds: 0))
        // The same entry has what it was given before.
        #expect(after.memberships == ["cn=Staff", "cn=Sales"])
        #expect(after.doubt == (adopts ? AccountDoubt(memberships: ["cn=Staff"]) : nil))
        // A group that keeps a leaver whose entry is another one by now says nothing of that one.
        var leaver = self.order(adopts: adopts, becomes: .deprovisioned)
        leaver.requests = ["cn=Staff", "cn=Sales"].map { group in
            AttributeRequest(kind: .membership, name: "memberOf", operation: .remove, before: [.text(group)], after: [])
        }
        leaver.requests[0].outcome = .failed(ConnectorFailure(.permanent, "refused"))
        leaver.requests[1].outcome = .done
        let left = account.after(leaver, id: adopts ? there : before, name: AccountName("cn=E1"), at: Instant(milliseconds: 0))
        #expect(left.memberships == ["cn=Staff"] && left.doubt == (adopts ? AccountDoubt(memberships: ["cn=Staff"]) : nil))
    }

    @Test func `a membership that is left to whoever has the name now is ours no longer`() {
        var order = order(adopts: false, becomes: .deleted)
        order.requests = ["cn=Staff", "cn=Sales"].map { group in
            AttributeRequest(kind: .membership, name: "memberOf", operation: .remove, before: [.text(group)], after: [])
        }
        order.requests[0].outcome = .deferred("another entry has the name")
        order.requests[1].outcome = .failed(ConnectorFailure(.transient, "busy"))
        let after = account.after(order, id: nil, name: nil, at: Instant(milliseconds: 0))
        #expect(after.state == .deleted && after.memberships == ["cn=Sales"])
    }

    @Test func `who was met elsewhere is looked at until an order gives the name again`() throws {
        let met = account.toBeMovedBack
        func after(_ becomes: AccountState = .enabled, to due: AccountName? = nil, named name: AccountName? = nil) -> Account {
            var order = order(adopts: false, becomes: becomes)
            for index in order.requests.indices { order.requests[index].outcome = .done }
            (order.nameBefore, order.nameAfter) = (due, due)
            return met.after(order, id: before, name: name, at: Instant(milliseconds: 0))
        }
        #expect(met.isUnknown && after().isUnknown && after().doubt?.isUncertain == false)
        #expect(try after().documentBytes.withUnsafeBytes { try Account(documentBytes: $0) } == after())
        let (due, elsewhere) = (AccountName("cn=E1,ou=IT"), AccountName("cn=E1,ou=Annex"))
        #expect(after(to: due, named: elsewhere).isUnknown && !after(to: due, named: due).isUnknown)
        // Of whoever is withdrawn nothing more is sent.
        #expect(!after(.deprovisioned).isUnknown)
    }

    @Test func `the same entry keeps what it was given`() {
        #expect(account.partly(order(adopts: true), id: before, name: nil).memberships == ["cn=Staff", "cn=Sales"])
        #expect(account.partly(order(adopts: false), id: before, name: nil).written == ["title": [.text("Boss")]])
    }

    @Test func `what was to be said once more, and was not, stands for whoever had the key before`() throws {
        var account = account
        account.written["manager"] = [.reference(UserKey("E5"), in: SourceName("hr"))]
        let user = User(id: UserID("u1"), key: UserKey("E1"), source: SourceName("hr"), status: .active, attributes: [:], version: 1)
        var order = ProvisioningOrder.pointingAgain(account, user, in: PlanID(row: 1), because: "test")
        #expect(order.isRepetition)
        order.requests[0].outcome = .deferred("still to come")
        let after = account.after(order, id: before, name: nil, at: Instant(milliseconds: 0))
        let former = UserReference(UserKey("E5"), in: SourceName("hr"), isFormer: true)
        #expect(after.written["manager"] == [.reference(former)] && after.written["manager"] != account.written["manager"])
        #expect(try after.documentBytes.withUnsafeBytes { try Account(documentBytes: $0) }.written == after.written)
        // Of somebody whose withdrawal failed on its way it switches nothing on.
        var leaving = account
        leaving.isSwitchedOff = true
        #expect(leaving.after(order, id: before, name: nil, at: Instant(milliseconds: 0)).isSwitchedOff)
        // Of somebody who is withdrawn there is nothing to say again, then and later, and nothing changes.
        leaving.state = .deprovisioned
        let emptied = order.repeated(for: leaving)
        #expect(emptied.requests.isEmpty && emptied.isRepetition && emptied.repeated(for: account).becomes == .enabled)
        #expect(account.toBeLookedAt.after(emptied, id: nil, name: nil, at: Instant(milliseconds: 0)) == account.toBeLookedAt)
        // The key goes back to whoever had it: said once more, it is right again.
        var again = ProvisioningOrder.pointingAgain(after, user, in: PlanID(row: 2), because: "test")
        #expect(again.isRepetition && again.references == [UserReference(UserKey("E5"), in: SourceName("hr"))])
        again.requests[0].outcome = .done
        #expect(after.after(again, id: before, name: nil, at: Instant(milliseconds: 0)).written == account.written)
    }
}
