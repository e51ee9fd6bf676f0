import Contracts
import IdentityModel
import Testing

/// What a plan that starts makes of orders that wait.
extension StoreSuite {
    static var takingOver: [Check] {
        [
            Check("a plan that starts withdraws what waits of its users, of any plan and on every system, and nothing else") { store in
                var first = Sample.joinerChunk(1...3)
                first.orders.append(Sample.create(1, sequence: 4, system: Sample.other))
                let older = try await store.started(first)
                let claimed = try await store.claim(older.id, system: Sample.directory, wave: 0, limit: 1, at: Sample.moment(3))
                var settlement = Settlement()
                settlement.entries = [.failed(claimed[0])]
                try await store.commit(settlement, plan: older.id, at: Sample.moment(3))
                let newer = try await store.planned(
                    chunk([Sample.again(1, version: 1, department: "Legal")], [Sample.create(1, sequence: 1, userVersion: 1)]), .due)
                let started = try await store.startApplying(newer.id, at: Sample.moment(4))
                #expect(started.superseded == 2 && !started.takesOver)
                let states = try await store.orders(OrderFilter(), after: nil, limit: 9).filter { $0.id.plan == older.id }.map(\.state)
                #expect(states == [.withdrawn, .pending, .pending, .withdrawn])
                #expect(try await store.pending(newer.id)[Sample.directory]?.count == 1)
                #expect(try await store.pending(older.id).mapValues(\.count) == [Sample.directory: 2])
            },
            Check("an order that the plan asks for again is kept: the same order, which the new plan carries out") { store in
                let older = try await store.started(Sample.joinerChunk(1...2))
                let claimed = try await store.claim(older.id, system: Sample.directory, wave: 0, limit: 1, at: Sample.moment(3))
                var failed = claimed[0]
                failed.attempts = 4
                var settlement = Settlement()
                settlement.entries = [.failed(failed)]
                try await store.commit(settlement, plan: older.id, at: Sample.moment(3))
                var again = chunk(
                    [Sample.again(1, version: 1), Sample.again(2, version: 1)],
                    [Sample.create(1, sequence: 1, userVersion: 1), Sample.create(2, sequence: 2, userVersion: 1)])
                again.orders[0].keeps = OrderID(plan: older.id, sequence: 1)
                again.orders[1].keeps = OrderID(plan: older.id, sequence: 2)
                let newer = try await store.planned(again)
                let totals = try await store.totals(of: newer.id)
                #expect(totals.kept == 2 && totals.orders == 2 && totals.effects == [:])
                var started = PlanStarted()
                started.takesOver = true
                #expect(try await store.startApplying(newer.id, at: Sample.moment(4)) == started)
                #expect(try await store.plan(ordinal: 1)?.state == .applied)
                let taken = try await store.claim(newer.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(5))
                #expect(taken.map(\.id) == [OrderID(plan: older.id, sequence: 1), OrderID(plan: older.id, sequence: 2)])
                // Tried before, and tried anew as often as any other.
                #expect(taken.map(\.attempts) == [1, 0])
                #expect(try await store.order(ordinal: 2, sequence: 1)?.state == .withdrawn)
            },
            Check("who is asked for an order that was withdrawn since the plan was made is left out, and planned again") { store in
                let older = try await store.started(Sample.joinerChunk(1...2))
                var again = chunk(
                    [Sample.again(1, version: 1), Sample.again(2, version: 1)],
                    [Sample.create(1, sequence: 1, userVersion: 1), Sample.create(2, sequence: 2, userVersion: 1)])
                again.orders[0].keeps = OrderID(plan: older.id, sequence: 1)
                again.orders[1].keeps = OrderID(plan: older.id, sequence: 2)
                let newer = try await store.planned(again)
                let waiting = try #require(try await store.order(ordinal: 1, sequence: 1))
                var settlement = Settlement()
                settlement.entries = [.failed(waiting, .withdrawn)]
                settlement.planAgain = [waiting.user]
                try await store.commit(settlement, plan: older.id, at: Sample.moment(3))
                let started = try await store.startApplying(newer.id, at: Sample.moment(4))
                #expect(started.leftOut.count == 1 && started.takesOver)
                let taken = try await store.claim(newer.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(5))
                #expect(taken.map(\.id) == [OrderID(plan: older.id, sequence: 2)])
                #expect(try await store.mustPlan() == [Sample.key(1), Sample.key(2)])
            },
            Check("what waits of other users goes on under the next plan of the same origin") { store in
                let older = try await store.started(Sample.joinerChunk(1...3))
                let newer = try await store.planned(
                    chunk([Sample.again(1, version: 1)], [Sample.create(1, sequence: 1, userVersion: 1)]))
                #expect(try await store.startApplying(newer.id, at: Sample.moment(4)).superseded == 1)
                #expect(try await store.pending(older.id).isEmpty)
                #expect(try await store.pending(newer.id)[Sample.directory]?.count == 3)
                #expect(try await store.plan(ordinal: 1)?.state == .applied)
            },
            Check("a waiting withdrawal stays where the plan could not look, unless its user is due an account there") { store in
                try await store.applied(Sample.joinerChunk(1...2))
                var leavers = PlanChunk()
                leavers.orders = [1, 2].map { Sample.order($0, sequence: $0, .disable, becomes: .deprovisioned) }
                let older = try await store.started(leavers, .due)
                var next = chunk([Sample.again(1, version: 1), Sample.again(2, version: 1)])
                next.leftAside = [
                    AccountLeftAside(user: Sample.userID(1), system: Sample.directory, isDue: false),
                    AccountLeftAside(user: Sample.userID(2), system: Sample.directory, isDue: true),
                ]
                let newer = try await store.planned(next)
                _ = try await store.startApplying(newer.id, at: Sample.moment(4))
                let states = try await store.orders(OrderFilter(), after: nil, limit: 9).filter { $0.id.plan == older.id }.map(\.state)
                #expect(states == [.pending, .withdrawn])
            },
            Check("an order that was sent before its user changed is withdrawn once it turns out not to have happened, and done if it has")
            { store in
                let older = try await store.started(Sample.joinerChunk(1...3))
                let sent = try await store.claim(older.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(3))
                let newer = try await store.planned(chunk([1, 2].map { Sample.again($0, version: 1, department: "Legal") }))
                #expect(try await store.startApplying(newer.id, at: Sample.moment(4)).superseded == 0)
                #expect(try await store.transmitted(newer.id).count == 3)
                var settlement = Settlement()
                settlement.entries = try [
                    Settlement.Entry(order: sent[0].moved(to: .pending), account: nil),
                    Settlement.Entry(order: sent[1].moved(to: .executed), account: nil),
                    Settlement.Entry(order: sent[2].moved(to: .pending), account: nil),
                ]
                try await store.commit(settlement, plan: newer.id, at: Sample.moment(5))
                let states = try await store.orders(OrderFilter(), after: nil, limit: 9).map(\.state)
                #expect(states == [.withdrawn, .executed, .pending])
                #expect(try await store.pending(newer.id)[Sample.directory]?.count == 1)
                let steps = try await store.audit(after: 0, limit: 99).map(\.entry).filter { $0.plan == older.id && $0.order == 1 }
                #expect(steps.suffix(2).map(\.text) == ["Transmitted -> Pending", "Pending -> Inactive: superseded by a later plan"])
            },
            Check("the row of a joiner whom another source brought meanwhile is that person's, and planned with them") { store in
                let waiting = try await store.planned(joinerWithNumber())
                try await store.applied(studentWithNumber(), .source(students))
                try await expectOnePerson(store, waiting)
            },
            Check("so is that of a joiner whom a run at the same time brought: what it made real was not there to be seen") { store in
                let underWay = try await store.begin(.source(Sample.hr))
                #expect(try await store.save(joinerWithNumber(), to: underWay.id) == [])
                try await store.applied(studentWithNumber(), .source(students))
                try await expectOnePerson(store, try await store.sealed(underWay))
            },
            Check("whoever was given a row since a plan was made is planned again after it") { store in
                let waiting = try await store.planned(joinerWithNumber())
                try await store.applied(studentWithNumber(), .source(students))
                let other = try await store.planned(chunk([Sample.again(9, version: 1, hasClaim: false)]), .due)
                try await expectOnePerson(store, waiting)
                _ = try await store.startApplying(other.id, at: Sample.moment(9))
                #expect(try await store.unsettledUsers(ofAllSources: false, after: nil, limit: 9).map(\.id) == [Sample.userID(9)])
            },
            Check("a plan that was begun after another one had started knows whom that one brought") { store in
                try await store.applied(studentWithNumber(), .source(students))
                let plan = try await store.planned(joinerWithNumber())
                #expect(try await store.startApplying(plan.id, at: Sample.moment(8)).leftOut == [])
            },
            Check("orders are held back from a run, and the next run has them again") { store in
                try await store.applied(Sample.joinerChunk(1...1))
                let plan = try await store.started(
                    chunk(
                        [Sample.joiner(2), Sample.joiner(3), Sample.again(1, version: 1)],
                        [
                            Sample.create(2, sequence: 1), Sample.create(3, sequence: 2),
                            Sample.order(1, sequence: 3, .disable, becomes: .deprovisioned),
                        ]))
                func next() async throws -> Int? { try await store.pending(plan.id)[Sample.directory]?.wave }
                #expect(try await store.resume(plan.id, holding: .operations([.create, .enable]), at: Sample.moment(5)) == 2)
                let now = try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(5))
                #expect(now.map(\.operation) == [.disable])
                #expect(try await next() == OrdersHeldBack.distance)
                #expect(try await store.resume(plan.id, holding: .none, at: Sample.moment(6)) == 0)
                #expect(try await next() == 0)
            },
            Check("who says once more where they point is sent behind all others") { store in
                try await store.applied(Sample.joinerChunk(1...1))
                let manager = [AccountValue.reference(UserReference(Sample.key(2)))]
                let again = ProvisioningOrder(
                    id: OrderID(plan: PlanID(row: 0), sequence: 1), user: Sample.userID(1), userKey: Sample.key(1), userName: "Person 1",
                    system: Sample.directory, operation: .modify, state: .planned, change: .unchanged, reasons: [],
                    nameBefore: Sample.name(1),
                    nameAfter: nil, requests: [AttributeRequest(name: "manager", operation: .set, before: manager, after: manager)],
                    becomes: .enabled, userVersion: 1, accountVersion: 1)
                #expect(again.isRepetition)
                let plan = try await store.started(
                    chunk([Sample.joiner(2), Sample.again(1, version: 1)], [again, Sample.create(2, sequence: 2)]))
                #expect(try await store.resume(plan.id, holding: .none, at: Sample.moment(5)) == 0)
                let first = try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(5))
                #expect(first.map(\.operation) == [.create])
                #expect(try await store.pending(plan.id)[Sample.directory]?.wave == 1)
                let second = try await store.claim(plan.id, system: Sample.directory, wave: 1, limit: 9, at: Sample.moment(5))
                #expect(second.map(\.operation) == [.modify])
            },
        ]
    }

    private static func chunk(_ changes: [UserChange], _ orders: [ProvisioningOrder] = []) -> PlanChunk {
        var chunk = PlanChunk()
        chunk.changes = changes
        chunk.orders = orders
        return chunk
    }
}

extension StoreSuite {
    private static let students = SourceName("students")
    private static let number = CorrelationKey(attribute: "employeeId", folded: "n1")

    /// E1, who correlates by a number.
    private static func joinerWithNumber() -> PlanChunk {
        var chunk = chunk([Sample.joiner(1)], [Sample.create(1, sequence: 1)])
        chunk.correlations[Sample.userID(1)] = [number]
        return chunk
    }

    /// S9, who has the same number.
    private static func studentWithNumber() -> PlanChunk {
        let row = SourceClaim(
            source: students, key: UserKey("S9"), user: Sample.userID(9), keyHash: StableHash.hash("S9"), rowHash: 5,
            position: SourcePosition(file: "students.csv", line: 2))
        var chunk = chunk([
            UserChange(
                change: .joiner, user: Sample.user(9), before: nil, assignments: [], assignmentsBefore: [], claim: row, due: nil,
                reasons: [])
        ])
        chunk.correlations[Sample.userID(9)] = [number]
        return chunk
    }

    private static func expectOnePerson(_ store: any Store, _ plan: Plan) async throws {
        let started = try await store.startApplying(plan.id, at: Sample.moment(8))
        #expect(started.leftOut == ["user E1 was brought by another source since the plan was made"])
        #expect(try await store.pending(plan.id).isEmpty)
        #expect(Set(try await store.claims(user: Sample.userID(9)).map(\.key)) == [Sample.key(1), UserKey("S9")])
        #expect(try await store.allMarks()[StableHash.hash("E1")]?.again == .reference)
    }
}
