internal import Contracts
internal import IdentityModel
internal import Testing

extension StoreSuite {
    private static func chunk(_ changes: [UserChange], _ orders: [ProvisioningOrder] = []) -> PlanChunk {
        var chunk = PlanChunk()
        chunk.changes = changes
        chunk.orders = orders
        return chunk
    }

    static var starting: [Check] {
        [
            Check("starting a plan makes its users, roles, claims and profile real") { store in
                let plan = try await store.planned(Sample.joinerChunk(1...2), profile: Sample.profile)
                #expect(try await store.user(key: Sample.key(1)) == nil)
                #expect(try await store.profile(of: Sample.hr) == nil)
                #expect(try await store.startApplying(plan.id, at: Sample.moment(2)) == PlanStarted())
                #expect(try await store.user(key: Sample.key(1)) == Sample.user(1, version: 1))
                #expect(try await store.claims(user: Sample.userID(2)) == [Sample.claim(2)])
                #expect(try await store.profile(of: Sample.hr) == Sample.profile)
                #expect(try await store.hasApplied(source: Sample.hr, contentDigest: "abc"))
                #expect(try await store.hasApplied(source: Sample.hr, contentDigest: "abd") == false)
                #expect(try await store.plan(ordinal: 1)?.state == .applying)
                #expect(try await store.orders(OrderFilter(), after: nil, limit: 9).map(\.state) == [.pending, .pending])
            },
            Check("files are known by name and content once the profile says so, and what is noted of them leaves their content") { store in
                var profile = Sample.profile
                _ = try await store.startApplying(store.planned(Sample.joinerChunk(1...1), profile: profile).id, at: Sample.moment(2))
                #expect(try await store.applied(files: [profile.file], of: Sample.hr) == [:])
                profile.knowsFiles = true
                for (file, digest) in [("hr/day2.csv", "two"), ("hr/day3.csv", "three"), ("hr/day2.csv", "other")] {
                    profile.file = file
                    profile.contentDigest = digest
                    profile.signature = digest + "!"
                    let plan = try await store.begin()
                    try await store.accept(plan.id, profile: (Sample.hr, profile), at: Sample.moment(3))
                }
                try await store.note(signatures: ["hr/day1.csv": "passed", "hr/day3.csv": "touched"], of: Sample.hr)
                let asked = ["hr/day1.csv", "hr/day2.csv", "hr/day3.csv", "hr/day4.csv"]
                #expect(
                    try await store.applied(files: asked, of: Sample.hr) == [
                        "hr/day1.csv": TakenFile(contentDigest: "", signature: "passed"),
                        "hr/day2.csv": TakenFile(contentDigest: "other", signature: "other!"),
                        "hr/day3.csv": TakenFile(contentDigest: "three", signature: "touched"),
                    ])
                #expect(try await store.applied(files: asked, of: SourceName("badges")) == [:])
                #expect(try await store.profile(of: Sample.hr) == profile)
            },
            Check("knowledge finds users by key, by hash of the key, by correlation and by id") { store in
                try await store.applied(Sample.joinerChunk(1...4))
                var request = KnowledgeRequest(source: Sample.hr)
                request.keys = [Sample.key(1), Sample.key(99)]
                request.keyHashes = [Sample.claim(2).keyHash]
                request.correlations = [
                    CorrelationKey(attribute: "employeeId", folded: "e3"), CorrelationKey(attribute: "email", folded: "e3"),
                ]
                request.users = [Sample.userID(4)]
                let knowledge = try await store.knowledge(request)
                #expect(Set(knowledge.users.keys) == Set((1...4).map(Sample.userID)))
                #expect(knowledge.users[Sample.userID(3)] == Sample.user(3, version: 1))
                #expect(knowledge.claims == [Sample.key(1): Sample.claim(1), Sample.key(2): Sample.claim(2)])
                #expect(knowledge.correlated == [request.correlations[0]: [Sample.userID(3)]])
                #expect(knowledge.assignments[Sample.userID(4)] == [Sample.everyone, Sample.finance])
                #expect(knowledge.accounts[Sample.userID(1)]?.map(\.version) == [1])
                #expect(knowledge.claimsOfUsers[Sample.userID(4)]?.map(\.key) == [Sample.key(4)])
            },
            Check("claims of other sources are known, and a command finds a user by key alone") { store in
                try await store.applied(Sample.joinerChunk(1...1))
                var byOther = KnowledgeRequest(source: SourceName("badges"))
                byOther.users = [Sample.userID(1)]
                let knowledge = try await store.knowledge(byOther)
                #expect(knowledge.claimsOfUsers[Sample.userID(1)]?.map(\.source) == [Sample.hr] && knowledge.claims.isEmpty)
                var byKey = KnowledgeRequest()
                byKey.keys = [Sample.key(1)]
                #expect(try await Array(store.knowledge(byKey).users.keys) == [Sample.userID(1)])
            },
            Check("users that changed since a plan was made are left out of its start, the others are not") { store in
                try await store.applied(Sample.joinerChunk(1...2))
                let waiting = try await store.planned(
                    chunk(
                        [
                            Sample.again(1, version: 1, department: "Sales", row: 7),
                            Sample.again(2, version: 1, department: "Sales", row: 8),
                        ],
                        [Sample.order(1, sequence: 1, .modify), Sample.order(2, sequence: 2, .modify)]), .due)
                try await store.applied(chunk([Sample.again(1, version: 1, department: "Legal", row: 2)]))
                let started = try await store.startApplying(waiting.id, at: Sample.moment(8))
                #expect(started.leftOut == ["user E1 changed since the plan was made (version 2, planned on 1)"])
                #expect(try await store.user(key: Sample.key(1)) == Sample.user(1, department: "Legal", version: 2))
                #expect(try await store.user(key: Sample.key(2)) == Sample.user(2, department: "Sales", version: 2))
                // What the row said counts, so that the next run makes of it what is to be made.
                #expect(try await store.claims(user: Sample.userID(1)) == [Sample.claim(1, row: 7)])
                #expect(try await store.order(ordinal: 2, sequence: 1)?.state == .withdrawn)
                #expect(try await store.order(ordinal: 2, sequence: 2)?.state == .pending)
                #expect(try await store.mustPlan().contains(Sample.key(1)))
            },
            Check("who is planned under another configuration than their source knows is planned again by that source") { store in
                let first = try await store.planned(Sample.joinerChunk(1...3), profile: Sample.profile)
                _ = try await store.startApplying(first.id, at: Sample.moment(2))
                try await store.finish(first.id, at: Sample.moment(3))
                for (number, configuration, orders) in [(1, "c2", 1), (2, "c1", 0), (3, "c2", 0)] {
                    let due = try await store.begin(.due, configurationHash: configuration, asOf: Sample.today, at: Sample.moment(4))
                    let order = Sample.order(number, sequence: 1, .modify)
                    _ = try await store.save(
                        chunk([Sample.again(number, version: 1, hasClaim: false)], Array(repeating: order, count: orders)), to: due.id)
                    _ = try await store.startApplying(try await store.sealed(due).id, at: Sample.moment(5))
                    for entry in try await store.claim(due.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(6)) {
                        var settlement = Settlement()
                        settlement.entries = [.executed(entry)]
                        try await store.commit(settlement, plan: due.id, at: Sample.moment(7))
                    }
                }
                let marks = try await store.allMarks()
                #expect([1, 2, 3].map { marks[StableHash.hash("E\($0)")]?.again.contains(.reference) } == [true, false, false])
            },
            Check("who was planned on accounts that an older plan changed before the start is planned again") { store in
                try await store.applied(Sample.joinerChunk(1...2))
                let older = try await store.started(chunk([], [Sample.order(1, sequence: 1, .modify)]), .due)
                var next = chunk([
                    Sample.again(1, version: 1, department: "Sales", row: 7), Sample.again(2, version: 1, department: "Sales", row: 8),
                ])
                next.accountVersions = [Sample.userID(1): 1, Sample.userID(2): 1]
                let plan = try await store.planned(next)
                var settlement = Settlement()
                settlement.entries = try await store.claim(older.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(6))
                    .map { .executed($0) }
                try await store.commit(settlement, plan: older.id, at: Sample.moment(7))
                let started = try await store.startApplying(plan.id, at: Sample.moment(8))
                #expect(started.leftOut == ["an account of user E1 changed since the plan was made, and is planned again"])
                #expect(try await store.user(key: Sample.key(1)) == Sample.user(1, department: "Sales", version: 2))
                #expect(try await store.mustPlan() == [Sample.key(1)])
            },
            Check("orders are overtaken when one of another plan was under way and changed the account, but never a withdrawal") { store in
                try await store.applied(Sample.joinerChunk(1...3))
                let older = try await store.started(
                    chunk([], (1...2).map { Sample.order($0, sequence: $0, .disable, becomes: .deprovisioned) }), .due)
                let underWay = try await store.claim(older.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(3))
                let people = (1...3).map { Sample.again($0, version: 1, department: "Sales", row: UInt64($0)) }
                let plan = try await store.planned(
                    chunk(
                        people,
                        [
                            Sample.order(1, sequence: 1, .modify), Sample.order(2, sequence: 2, .disable, becomes: .deprovisioned),
                            Sample.order(3, sequence: 3, .modify),
                        ]))
                #expect(try await store.startApplying(plan.id, at: Sample.moment(4)).meetsOthers)
                #expect(try await store.overtaken(plan.id, on: Sample.directory) == [])
                var settlement = Settlement()
                settlement.entries = underWay.map { .executed($0) }
                try await store.commit(settlement, plan: older.id, at: Sample.moment(5))
                #expect(try await store.overtaken(plan.id, on: Sample.directory).map(\.id.sequence) == [1])
                #expect(try await store.overtaken(plan.id, on: Sample.other) == [])
                // What was sent has changed the account itself.
                let sent = try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 1, at: Sample.moment(6))
                var back = Settlement()
                back.entries = try sent.map { Settlement.Entry(order: try $0.moved(to: .pending), account: nil) }
                try await store.commit(back, plan: plan.id, at: Sample.moment(7))
                #expect(try await store.overtaken(plan.id, on: Sample.directory) == [])
            },
            Check("users are left out when an account changed meanwhile or came to be, but never a withdrawal") { store in
                try await store.applied(Sample.joinerChunk(1...1))
                let waiting = try await store.planned(chunk([], [Sample.order(1, sequence: 1, .modify)]), .due)
                let create = try await store.planned(chunk([], [Sample.create(1, sequence: 1, userVersion: 1)]), .command("x"))
                let leaver = try await store.planned(
                    chunk([], [Sample.order(1, sequence: 1, .disable, becomes: .deprovisioned)]), .command("y"))
                try await store.applied(chunk([], [Sample.order(1, sequence: 1, .modify)]))
                let words = "the account of E1 on Corp Directory changed since the plan was made (version 2, planned on "
                #expect(try await store.startApplying(waiting.id, at: Sample.moment(8)).leftOut == [words + "1)"])
                #expect(try await store.startApplying(create.id, at: Sample.moment(8)).leftOut == [words + "0)"])
                for plan in [waiting, create] { #expect(try await store.pending(plan.id).isEmpty) }
                #expect(try await store.startApplying(leaver.id, at: Sample.moment(8)).leftOut == [words + "1)"])
                #expect(try await store.pending(leaver.id)[Sample.directory]?.count == 1)
            },
            Check("a plan that was started is resumed, not checked again") { store in
                let plan = try await store.started(Sample.joinerChunk(1...1))
                #expect(try await store.startApplying(plan.id, at: Sample.moment(9)) == PlanStarted())
                #expect(try await store.user(key: Sample.key(1))?.version == 1)
                #expect(try await store.orders(OrderFilter(), after: nil, limit: 9).count == 1)
            },
            Check("a user planned again without a difference keeps their version and gets the new row") { store in
                try await store.applied(Sample.joinerChunk(1...1))
                try await store.applied(chunk([Sample.again(1, version: 1, row: 5, due: CivilDate(days: 30_000))]))
                #expect(try await store.user(key: Sample.key(1))?.version == 1)
                #expect(try await store.claims(user: Sample.userID(1)) == [Sample.claim(1, row: 5)])
                try await store.applied(chunk([Sample.again(1, version: 1, department: "Sales", row: 6)]))
                #expect(try await store.user(key: Sample.key(1))?.version == 2)
            },
            Check("a change of roles alone is a difference") { store in
                try await store.applied(Sample.joinerChunk(1...1))
                let user = Sample.user(1, version: 1)
                let change = UserChange(
                    change: .unchanged, user: user, before: user, assignments: [Sample.everyone],
                    assignmentsBefore: [Sample.everyone, Sample.finance],
                    claim: nil, due: nil, reasons: ["rule edited"])
                try await store.applied(chunk([change]))
                var request = KnowledgeRequest()
                request.users = [user.id]
                let knowledge = try await store.knowledge(request)
                #expect(knowledge.users[user.id]?.version == 2 && knowledge.assignments[user.id] == [Sample.everyone])
            },
            Check("what correlates to a user is replaced by their next change that says so") { store in
                try await store.applied(Sample.joinerChunk(1...1))
                let old = CorrelationKey(attribute: "employeeId", folded: "e1")
                let new = CorrelationKey(attribute: "email", folded: "one@example.com")
                var request = KnowledgeRequest(source: Sample.hr)
                request.correlations = [old, new]
                try await store.applied(chunk([Sample.again(1, version: 1)]))
                #expect(try await store.knowledge(request).correlated == [old: [Sample.userID(1)]])
                var next = chunk([Sample.again(1, version: 1)])
                next.correlations[Sample.userID(1)] = [new]
                try await store.applied(next)
                #expect(try await store.knowledge(request).correlated == [new: [Sample.userID(1)]])
            },
            Check("an order whose evaluation failed is in state 7, and the next plan of the user withdraws it") { store in
                var failing = Sample.joinerChunk(1...2)
                failing.orders[0].failure = ConnectorFailure(.permanent, "title: no such key")
                failing.orders[1].state = .evaluationFailed
                let first = try await store.started(failing)
                var filter = OrderFilter()
                filter.plan = first.id
                filter.states = [.evaluationFailed]
                #expect(try await store.orders(filter, after: nil, limit: 9).count == 2)
                #expect(try await store.pending(first.id).isEmpty)
                #expect(try await store.mustPlan() == [Sample.key(1), Sample.key(2)])
                try await store.finish(first.id, at: Sample.moment(5))
                try await store.applied(chunk([Sample.again(1, version: 1)], [Sample.create(1, sequence: 1, userVersion: 1)]))
                #expect(try await store.orders(filter, after: nil, limit: 9).map(\.user) == [Sample.userID(2)])
                #expect(try await store.order(ordinal: 1, sequence: 1)?.state == .withdrawn)
                #expect(try await store.mustPlan() == [Sample.key(2)])
            },
        ]
    }
}
