internal import Contracts
internal import IdentityModel
internal import Testing

extension StoreSuite {
    static var dispatch: [Check] {
        [
            Check("orders are claimed in sequence, each once") { store in
                let plan = try await store.started(Sample.joinerChunk(1...5))
                let first = try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 2, at: Sample.moment(3))
                #expect(first.map(\.id.sequence) == [1, 2] && first.allSatisfy { $0.state == .transmitted && $0.id.plan == plan.id })
                let pending = try await store.pending(plan.id)
                #expect(pending[Sample.directory]?.count == 3 && pending[Sample.directory]?.wave == 0)
                #expect(try await store.claim(plan.id, system: SystemName("Other"), wave: 0, limit: 9, at: Sample.moment(3)) == [])
                #expect(try await store.claim(plan.id, system: Sample.directory, wave: 1, limit: 9, at: Sample.moment(3)) == [])
                let rest = try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(3))
                #expect(rest.map(\.id.sequence) == [3, 4, 5])
                #expect(try await store.transmitted(plan.id).map(\.id.sequence) == [1, 2, 3, 4, 5])
                #expect(try await store.pending(plan.id).isEmpty)
            },
            Check("an order that must wait is left until its moment has come") { store in
                let plan = try await store.started(Sample.joinerChunk(1...2))
                let orders = try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(3))
                var settlement = Settlement()
                settlement.entries = orders.map { .failed($0, .pending, notBefore: Sample.moment(60 + $0.id.sequence)) }
                try await store.commit(settlement, plan: plan.id, at: Sample.moment(4))
                let pending = try await store.pending(plan.id)[Sample.directory]
                #expect(pending?.notBefore == Sample.moment(61) && pending?.count == 2)
                #expect(try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(5)) == [])
                let due = try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(61))
                #expect(due.map(\.id.sequence) == [1] && due.first?.attempts == 1 && due.first?.failure?.message == "refused")
            },
            Check("a commit writes order, account, version, audit and event together") { store in
                let plan = try await store.started(Sample.joinerChunk(1...1))
                let orders = try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(3))
                let settlement = Settlement.announced(orders[0])
                try await store.commit(settlement, plan: plan.id, at: Sample.moment(4))
                let order = try await store.order(ordinal: 1, sequence: 1)
                #expect(order?.state == .executed && order?.requests.map(\.outcome) == [.done, .done, .done])
                var account = try #require(settlement.entries[0].account)
                account.version = 1
                #expect(
                    try await store.accounts(Sample.directory, users: [Sample.userID(1), Sample.userID(2)]) == [Sample.userID(1): account])
                #expect(
                    try await store.owners(Sample.directory, realm: nil, ids: [AccountID("id-E1"), AccountID("id-E9")]) == [
                        AccountID("id-E1"): AccountOwner(user: Sample.userID(1), system: Sample.directory)
                    ])
                let trail = try await store.audit(after: 0, limit: 99).map(\.entry).filter { $0.order == 1 }
                #expect(trail.map(\.text) == ["None -> Pending", "Pending -> Transmitted", "Transmitted -> Executed"])
                #expect(trail.allSatisfy { $0.user == Sample.userID(1) && $0.plan == plan.id && $0.kind == "order transition" })
                #expect(try await store.eventHistory(["t1", "t2"]).mapValues(\.count) == ["t1": 1])
            },
            Check("a commit that cannot be kept whole is not kept at all") { store in
                let plan = try await store.started(Sample.joinerChunk(1...1))
                let orders = try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(3))
                var settlement = Settlement()
                settlement.entries = [.executed(orders[0])]
                let event = OutboxEvent(trackingNumber: "t1", sequence: 1, user: Sample.userID(1), userKey: Sample.key(1), body: "{}")
                settlement.events = [event, event]
                await #expect(throws: StoreError.self) { try await store.commit(settlement, plan: plan.id, at: Sample.moment(4)) }
                #expect(try await store.transmitted(plan.id).count == 1)
                #expect(try await store.accounts(Sample.directory, users: [Sample.userID(1)]).isEmpty)
                #expect(try await store.eventHistory(["t1"]).isEmpty)
            },
            Check("an event whose number another run gave away meanwhile is not kept, nor anything that was settled with it") { store in
                let plan = try await store.started(Sample.joinerChunk(1...1))
                let orders = try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(3))
                var other = Settlement()
                other.events = [
                    OutboxEvent(
                        trackingNumber: "t1", sequence: 1, user: Sample.userID(1), userKey: Sample.key(1), body: "other", signature: "s")
                ]
                try await store.commit(other, plan: plan.id, at: Sample.moment(4))
                let settlement = Settlement.announced(orders[0])
                await #expect(throws: StoreError.toldMeanwhile) { try await store.commit(settlement, plan: plan.id, at: Sample.moment(5)) }
                #expect(try await store.transmitted(plan.id).count == 1)
                #expect(try await store.accounts(Sample.directory, users: [Sample.userID(1)]).isEmpty)
                #expect(try await store.eventHistory(["t1"])["t1"]?.signature == "s")
            },
            Check("the account's version grows with every commit that carries it") { store in
                try await store.applied(Sample.joinerChunk(1...1))
                var chunk = PlanChunk()
                chunk.orders = [Sample.order(1, sequence: 1, .modify)]
                try await store.applied(chunk)
                #expect(try await store.accounts(Sample.directory, users: [Sample.userID(1)])[Sample.userID(1)]?.version == 2)
            },
            Check("orders born of others follow in a later wave with the next sequences") { store in
                let plan = try await store.started(Sample.joinerChunk(1...2))
                let orders = try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(3))
                var settlement = Settlement()
                settlement.entries = [
                    .executed(orders[0]),
                    Settlement.Entry(order: Settlement.Entry.failed(orders[1], .pending).order, account: nil, wave: 2),
                ]
                settlement.followUps = [(Sample.order(1, sequence: 77, .modify), 1)]
                try await store.commit(settlement, plan: plan.id, at: Sample.moment(4))
                let pending = try await store.pending(plan.id)[Sample.directory]
                #expect(pending?.wave == 1 && pending?.notBefore == nil && pending?.count == 2)
                let followUp = try await store.claim(plan.id, system: Sample.directory, wave: 1, limit: 9, at: Sample.moment(5))
                #expect(followUp.map(\.id.sequence) == [3] && followUp.first?.operation == .modify)
                #expect(try await store.pending(plan.id)[Sample.directory]?.wave == 2)
                let ofUser = try await store.orders(plan.id, users: [Sample.userID(1), Sample.userID(9)])
                #expect(ofUser.keys.count == 1 && ofUser[Sample.userID(1)]?.map(\.id.sequence) == [1, 3])
            },
            Check("a reference is an account, awaited, expected where a Create failed, or none") { store in
                let plan = try await store.started(Sample.joinerChunk(1...3))
                let orders = try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(3))
                var settlement = Settlement()
                settlement.entries = [.executed(orders[0]), .failed(orders[2])]
                try await store.commit(settlement, plan: plan.id, at: Sample.moment(4))
                let asked = (1...4).map { UserReference(Sample.key($0), in: Sample.hr) }
                let found = try await store.references(Sample.directory, to: asked, plan: plan.id)
                #expect(asked.map { found[$0]?.target } == [.account(Sample.name(1)), .awaited, .expected, ReferenceTarget.none])
                #expect(asked.map { found[$0]?.user } == [Sample.userID(1), Sample.userID(2), Sample.userID(3), nil])
            },
            Check("a reference is to whom the open plan's rows give the key, and awaits the account that the plan brings") { store in
                let plan = try await store.begin()
                var chunk = Sample.joinerChunk(1...3)
                chunk.orders[1].failure = ConnectorFailure(.permanent, "no value")
                chunk.orders[1].state = .evaluationFailed
                #expect(try await store.save(chunk, to: plan.id) == [])
                let asked = (1...4).map { UserReference(Sample.key($0), in: Sample.hr) }
                let found = try await store.references(Sample.directory, to: asked, plan: plan.id)
                #expect(asked.map { found[$0]?.target } == [.awaited, .expected, .awaited, ReferenceTarget.none])
                #expect(asked.map { found[$0]?.user } == [Sample.userID(1), Sample.userID(2), Sample.userID(3), nil])
                try await store.retract([Sample.key(3)], of: Sample.hr, from: plan.id)
                let retracted = try await store.references(Sample.directory, to: [asked[2]], plan: plan.id)
                #expect(retracted[asked[2]] == ReferencedAccount())
            },
            Check("enabled accounts and the effects of applied plans are counted for guards") { store in
                try await store.applied(Sample.joinerChunk(1...3))
                var leaver = PlanChunk()
                leaver.orders = [Sample.order(2, sequence: 1, .disable, becomes: .deprovisioned)]
                try await store.applied(leaver, .due)
                _ = try await store.planned(leaver, .command("waits"))
                #expect(try await store.enabledAccounts() == [Sample.directory: 2])
                #expect(try await store.executedEffects(since: Sample.moment(0)) == [Sample.directory: [.create: 3, .disable: 1]])
                #expect(try await store.executedEffects(since: Sample.moment(1_000)) == [:])
            },
            Check("effects of a plan that a person approved are not held against the next one, nor are those that failed") { store in
                let plan = try await store.planned(Sample.joinerChunk(1...2), .due)
                try await store.decide(plan.id, .approved, by: "anna", reason: "right", at: Sample.moment(2))
                _ = try await store.startApplying(plan.id, at: Sample.moment(2))
                let orders = try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(3))
                var settlement = Settlement()
                settlement.entries = [.executed(orders[0]), .failed(orders[1])]
                try await store.commit(settlement, plan: plan.id, at: Sample.moment(4))
                #expect(try await store.executedEffects(since: Sample.moment(0)) == [:])
                let other = try await store.started(Sample.joinerChunk(3...4))
                let others = try await store.claim(other.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(5))
                settlement.entries = [.executed(others[0]), .failed(others[1])]
                try await store.commit(settlement, plan: other.id, at: Sample.moment(6))
                #expect(try await store.executedEffects(since: Sample.moment(0)) == [Sample.directory: [.create: 1]])
            },
        ]
    }
}
