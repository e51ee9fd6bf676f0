import IdentityModel
import Planning
import Testing

@Suite("What is worth a line of the plan")
struct PlanLinesTests {
    private static let directory = SystemName("Directory")
    private static let library = SystemName("Library")
    private static let archive = SystemName("Archive")
    private let anna = PlannedAccounts.user("E1", "Berg")
    private let bo = PlannedAccounts.user("E2", "Moe")
    private let today = CivilDate(days: 20_000)

    private func change(
        _ user: User, _ change: LifecycleChange = .unchanged, roles: [String] = [], before: [String] = [], claim: SourceClaim? = nil,
        ended: [SourceClaim] = [], due: CivilDate? = nil
    ) -> UserChange {
        let assignments = { (names: [String]) in names.map { RoleAssignment(role: RoleName($0), origin: .manual("test")) } }
        return UserChange(
            change: change, user: user, before: user, assignments: assignments(roles), assignmentsBefore: assignments(before), claim: claim,
            ended: ended, due: due, reasons: ["row"])
    }

    private func drafts(_ changes: [(UserChange, ReplanReasons?)]) -> ChunkDrafts {
        var drafts = ChunkDrafts()
        for (change, again) in changes {
            drafts.add(change, because: again.map { .again($0) } ?? .removed, person: nil)
        }
        return drafts
    }

    private func lines(
        _ changes: [(UserChange, ReplanReasons?)], dues: [UserID: CivilDate] = [:], open: [ProvisioningOrder] = [],
        requires: [SystemName: [SystemName]] = [:]
    ) -> PlanLines {
        PlanLines(drafts(changes), dues: dues, openOrders: Dictionary(grouping: open, by: \.user), requires: requires)
    }

    private func order(
        _ user: User, _ operation: Operation = .modify, on system: SystemName = directory, plan: Int64 = 2, at sequence: Int = 1,
        state: OrderState = .planned, title: String = "Chief", failing: String? = nil
    ) -> ProvisioningOrder {
        var order = ProvisioningOrder(
            id: OrderID(plan: PlanID(row: plan), sequence: sequence), user: user.id, userKey: user.key, userName: user.displayName,
            system: system, operation: operation, state: state, change: .unchanged, reasons: [], nameBefore: nil, nameAfter: nil,
            requests: [AttributeRequest(name: "title", operation: .set, before: [], after: [.text(title)])],
            becomes: operation == .disable ? .deprovisioned : .enabled, userVersion: 1, accountVersion: 1)
        order.failure = failing.map { ConnectorFailure(.permanent, $0) }
        return order
    }

    /// Who stands in the plan when there is nothing to be done for them.
    private func listed(
        _ change: UserChange, _ again: ReplanReasons?, dues: [UserID: CivilDate] = [:],
        _ outcome: (inout PlanLines.Outcome) -> Void = { _ in }
    ) -> Bool {
        var result = PlanLines.Outcome()
        outcome(&result)
        return !lines([(change, again)], dues: dues).changes(ordered: [], result).isEmpty
    }

    // MARK: Changes

    @Test func `who changed is listed, and whoever was merely looked at is not`() {
        for lifecycle in [LifecycleChange.joiner, .mover, .leaver, .rehire] { #expect(listed(change(anna, lifecycle), .configuration)) }
        #expect(listed(change(anna), nil))
        for again in [ReplanReasons.configuration, .date, [.configuration, .date]] { #expect(!listed(change(anna), again)) }
        // An order, an account or a system asked for a look, and the plan says that it was taken.
        for again in [ReplanReasons.order, .account, .leftAside, .quarantine, .reference] { #expect(listed(change(anna), again)) }
    }

    @Test func `other roles, another day, and a claim that ended are news`() {
        #expect(listed(change(anna, roles: ["Staff"]), .configuration))
        #expect(listed(change(anna, due: today), .date))
        #expect(!listed(change(anna, due: today), .date, dues: [anna.id: today]))
        #expect(listed(change(anna), .date, dues: [anna.id: today]))
        #expect(listed(change(anna, ended: [Campus.claim(Campus.staff)]), .configuration))
    }

    @Test func `a claim that says something else since the edit is news, and one that says the same is not`() {
        let claim = Campus.claim(Campus.staff, .active, ["title": .string("Chief")])
        let person = KnownPerson(user: anna, assignments: [], claims: [claim])
        var same = ChunkDrafts()
        same.add(change(anna, claim: claim), because: .again(.configuration), person: person)
        #expect(same.restated.isEmpty)
        var other = ChunkDrafts()
        other.add(change(anna, claim: Campus.claim(Campus.staff, .active)), because: .again(.configuration), person: person)
        #expect(other.restated == [anna.id])
        // Only an edit makes a row say something else without being another row.
        var dated = ChunkDrafts()
        dated.add(change(anna, claim: Campus.claim(Campus.staff, .active)), because: .again(.date), person: person)
        #expect(dated.restated.isEmpty)
        let lines = PlanLines(other, dues: [:], openOrders: [:], requires: [:])
        #expect(lines.changes(ordered: [], PlanLines.Outcome()).count == 1)
    }

    @Test func `whoever waits for an account is listed once, when an edit says so`() {
        let waits = { (outcome: inout PlanLines.Outcome) in outcome.waiting = [anna.id] }
        #expect(listed(change(anna), .configuration, waits))
        #expect(!listed(change(anna), [.configuration, .reference], waits))
        #expect(!listed(change(anna), .reference, waits))
        #expect(!listed(change(anna), .date, waits))
        #expect(listed(change(anna, due: today), .reference, waits))
        // Who waits no longer is listed, so that the mark goes.
        #expect(listed(change(anna), .reference))
    }

    @Test func `a system that is still away makes no plan`() {
        let away = { (outcome: inout PlanLines.Outcome) in outcome.leftAside = [anna.id] }
        for again in [ReplanReasons.account, .order, .reference, .date, .configuration] {
            #expect(!listed(change(anna), [.leftAside, again], away))
        }
        #expect(!listed(change(anna), .leftAside, away))
        #expect(!listed(change(anna), [.leftAside, .order, .configuration], away))
        #expect(listed(change(anna), [.leftAside, .quarantine], away))
        #expect(listed(change(anna, due: today), .leftAside, away))
    }

    @Test func `an order that fails as it did makes no plan`() {
        let again = { (outcome: inout PlanLines.Outcome) in outcome.failingAgain = [anna.id] }
        for reason in [ReplanReasons.account, .reference, .date, .configuration] {
            #expect(!listed(change(anna), [.order, reason], again))
        }
        #expect(!listed(change(anna), .order, again))
        #expect(listed(change(anna), [.order, .leftAside], again))
    }

    @Test func `who is planned elsewhere is not listed, and who has an order always is`() {
        var outcome = PlanLines.Outcome()
        outcome.elsewhere = [anna.id]
        let both = lines([(change(anna, .mover), nil), (change(bo), .configuration)])
        #expect(both.changes(ordered: [anna.id, bo.id], outcome).map(\.user.id) == [bo.id])
    }

    // MARK: Orders

    @Test func `orders are numbered on`() {
        let numbered = lines([]).orders([order(anna), order(bo, at: 7)], from: 5)
        #expect(numbered.map(\.id.sequence) == [5, 6])
        #expect(
            lines([], open: [order(bo, plan: 1, at: 3, state: .pending, title: "Clerk")]).orders([order(anna, at: 9)], from: 2).map(
                \.id.sequence)
                == [2])
    }

    @Test func `an order that waits and asks for the same is kept, the newest of them`() {
        let open = [order(anna, plan: 1, at: 1, state: .errored), order(anna, plan: 1, at: 4, state: .pending)]
        #expect(lines([], open: open).orders([order(anna)], from: 1)[0].keeps == OrderID(plan: PlanID(row: 1), sequence: 4))
        #expect(lines([], open: open).orders([order(anna, title: "Clerk")], from: 1)[0].keeps == nil)
        #expect(lines([], open: open).orders([order(bo)], from: 1)[0].keeps == nil)
    }

    @Test func `what was sent and not answered is not kept, nor one that failed for another reason`() {
        #expect(lines([], open: [order(anna, plan: 1, state: .transmitted)]).orders([order(anna)], from: 1)[0].keeps == nil)
        let failed = order(anna, plan: 1, state: .evaluationFailed, failing: "no name is free")
        #expect(lines([], open: [failed]).orders([order(anna)], from: 1)[0].keeps == nil)
        let changes = [(change(anna, .mover), ReplanReasons?.none)]
        #expect(lines(changes, open: [failed]).orders([order(anna, failing: "no name is free")], from: 1)[0].keeps == failed.id)
        #expect(lines(changes, open: [failed]).orders([order(anna, failing: "no title")], from: 1)[0].keeps == nil)
        // One that could be made once and cannot any more is another one.
        #expect(
            lines(changes, open: [order(anna, plan: 1, state: .errored)]).orders([order(anna, failing: "no title")], from: 1)[0].keeps
                == nil)
    }

    @Test func `what fails as before is left out, with what it would have come before`() {
        let failed = order(anna, plan: 1, state: .evaluationFailed, failing: "no title")
        let requires = [Self.library: [Self.archive], Self.archive: [Self.directory, Self.library]]
        let asked = [
            order(anna, failing: "no title"), order(anna, on: Self.library, at: 2), order(anna, .disable, on: Self.library, at: 3),
            order(bo, at: 4),
        ]
        let changes = [(change(anna), ReplanReasons?.some(.order)), (change(bo, .mover), nil)]
        // A withdrawal waits for nothing; with it, somebody's other orders stand as well.
        #expect(lines(changes, open: [failed], requires: requires).orders(asked, from: 1).count == 4)
        let left = lines(changes, open: [failed], requires: requires).orders([asked[0], asked[1], asked[3]], from: 1)
        #expect(left.map(\.user) == [bo.id] && left[0].id.sequence == 1)
        // What is required by nobody who fails goes on.
        #expect(lines(changes, open: [failed]).orders([asked[0], asked[1], asked[3]], from: 1).count == 3)
        // Whatever else asked for a look that is no news.
        for reason in [ReplanReasons.account, .reference, .date, .configuration] {
            #expect(lines([(change(anna), [.order, reason])], open: [failed]).orders([asked[0]], from: 1).isEmpty)
        }
        #expect(lines([(change(anna), [.order, .leftAside])], open: [failed]).orders([asked[0]], from: 1).count == 1)
        // A failure that nobody was told of is told, whatever asked for the look.
        #expect(lines([(change(anna), .order)], open: [failed]).orders([order(anna, failing: "no name")], from: 1).count == 1)
        #expect(lines([(change(anna), .order)], open: [order(anna, plan: 1, state: .errored)]).orders([asked[0]], from: 1).count == 1)
        // News of the person is told with the old failure.
        let news = [(change(anna, .mover), ReplanReasons?.none), (change(bo, .mover), nil)]
        #expect(lines(news, open: [failed], requires: requires).orders([asked[0], asked[1]], from: 1).count == 2)
    }

    @Test func `systems that require each other in a circle end the question`() {
        let failed = order(anna, plan: 1, state: .evaluationFailed, failing: "no title")
        let circle = [Self.library: [Self.archive], Self.archive: [Self.library]]
        let asked = [order(anna, failing: "no title"), order(anna, on: Self.library, at: 2)]
        #expect(lines([(change(anna), .order)], open: [failed], requires: circle).orders(asked, from: 1).count == 2)
    }

    @Test func `users of an approved plan are left to it, except who loses an account`() {
        let both = lines([(change(anna, .mover), nil), (change(bo, .leaver), nil)])
        let orders = [order(anna), order(bo, .disable, at: 2)]
        #expect(both.leftToOthers([], orders).isEmpty)
        #expect(both.leftToOthers([anna.id, bo.id, UserID("nobody here")], orders) == [anna.id])
    }
}
