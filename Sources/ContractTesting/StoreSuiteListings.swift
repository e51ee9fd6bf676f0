internal import Contracts
internal import IdentityModel
internal import Testing

/// Long lists, and what is written down beside plans.
extension StoreSuite {
    private static func event(_ number: Int, of user: Int) -> OutboxEvent {
        OutboxEvent(
            trackingNumber: "t\(number)", sequence: 1, user: Sample.userID(user), userKey: Sample.key(user), body: "{\"n\":\(number)}")
    }

    static var listings: [Check] {
        [
            Check("the newest events come first, page by page, of one user and since a moment") { store in
                let plan = try await store.started(PlanChunk())
                for number in 1...5 {
                    var settlement = Settlement()
                    settlement.events = [event(number, of: number % 2)]
                    try await store.commit(settlement, plan: plan.id, at: Sample.moment(number))
                }
                var filter = RecordFilter()
                let first = try await store.newestEvents(filter, before: nil, limit: 2)
                #expect(first.map(\.event.trackingNumber) == ["t5", "t4"])
                let rest = try await store.newestEvents(filter, before: first.last?.row, limit: 9)
                #expect(rest.map(\.event.trackingNumber) == ["t3", "t2", "t1"])
                filter.since = Sample.moment(3)
                #expect(try await store.newestEvents(filter, before: nil, limit: 9).count == 3)
                filter.user = Sample.userID(0)
                #expect(try await store.newestEvents(filter, before: nil, limit: 9).map(\.event.trackingNumber) == ["t4"])
            },
            Check("the newest of the audit trail comes first, of one plan, of one user and since a moment") { store in
                let first = try await store.applied(Sample.joinerChunk(1...2))
                let second = try await store.applied(Sample.joinerChunk(3...3), .due)
                var filter = RecordFilter()
                let all = try await store.audit(after: 0, limit: 999)
                let newest = try await store.newestAudit(filter, before: nil, limit: 999)
                #expect(newest.map(\.row) == all.map(\.row).reversed())
                #expect(newest.map(\.entry) == all.map(\.entry).reversed())
                #expect(try await store.newestAudit(filter, before: newest[2].row, limit: 2).map(\.row) == newest[3...4].map(\.row))
                filter.plan = first.id
                #expect(try await store.newestAudit(filter, before: nil, limit: 999).allSatisfy { $0.entry.plan == first.id })
                filter.plan = second.id
                filter.user = Sample.userID(3)
                let theirs = try await store.newestAudit(filter, before: nil, limit: 999).map(\.entry)
                #expect(theirs.contains { $0.kind == "order transition" } && theirs.allSatisfy { $0.user == Sample.userID(3) })
                filter.since = Sample.moment(1_000_000)
                #expect(try await store.newestAudit(filter, before: nil, limit: 9).isEmpty)
            },
            Check("the newest orders come first, since a moment at which plans were sealed") { store in
                let first = try await store.started(Sample.joinerChunk(1...2))
                let second = try await store.planned(Sample.joinerChunk(3...4), .due)
                let all = try await store.newestOrders(OrderFilter(), since: nil, before: nil, limit: 9)
                #expect(all.map(\.id.plan) == [second.id, second.id, first.id, first.id])
                #expect(all.map(\.id.sequence) == [4, 3, 2, 1])
                #expect(try await store.newestOrders(OrderFilter(), since: nil, before: all[1].id, limit: 1).map(\.id) == [all[2].id])
                #expect(try await store.newestOrders(OrderFilter(), since: Sample.moment(1_000_000), before: nil, limit: 9).isEmpty)
                #expect(try await store.newestOrders(OrderFilter(), since: Instant(milliseconds: 0), before: nil, limit: 9).count == 4)
                var filter = OrderFilter()
                filter.states = [.pending]
                #expect(try await store.newestOrders(filter, since: nil, before: nil, limit: 9).map(\.id.plan) == [first.id, first.id])
            },
            Check("plans are known by their numbers, and users by their keys") { store in
                let plan = try await store.applied(Sample.joinerChunk(1...2))
                #expect(try await store.ordinals()[plan.id] == plan.ordinal)
                let keys = try await store.keys(of: [Sample.userID(1), Sample.userID(1), Sample.userID(99)])
                #expect(keys == [Sample.userID(1): Sample.key(1)])
                #expect(try await store.keys(of: []).isEmpty)
            },
            Check("what a person decided is in the audit") { store in
                let plan = try await store.planned(Sample.joinerChunk(1...1))
                let entry = AuditEntry(at: Sample.moment(9), kind: "breach accepted", plan: plan.id, text: "by ann: it is right")
                try await store.record([entry])
                try await store.record([])
                #expect(try await store.newestAudit(RecordFilter(), before: nil, limit: 1).map(\.entry) == [entry])
            },
            Check("digests of values from outside are kept by configuration") { store in
                try await store.keepValues(["env A": "1", "env B": "2"], ofConfiguration: "c1")
                try await store.keepValues(["env A": "1", "env B": "2"], ofConfiguration: "c1")
                try await store.keepValues(["env A": "3"], ofConfiguration: "c2")
                try await store.keepValues([:], ofConfiguration: "c3")
                #expect(try await store.values(ofConfiguration: "c1") == ["env A": "1", "env B": "2"])
                #expect(try await store.values(ofConfiguration: "c2") == ["env A": "3"])
                #expect(try await store.values(ofConfiguration: "c3").isEmpty)
            },
        ]
    }
}
