internal import Contracts
internal import IdentityModel
internal import Testing

extension StoreSuite {
    private static func chunk(_ changes: [UserChange] = [], quarantines: [Quarantine] = []) -> PlanChunk {
        var chunk = PlanChunk()
        chunk.changes = changes
        chunk.quarantines = quarantines
        return chunk
    }

    static var marks: [Check] {
        [
            Check("marks hold the applied rows and their hashes") { store in
                try await store.applied(Sample.joinerChunk(1...3))
                let marks = try await store.allMarks()
                #expect(marks.count == 3)
                let claim = Sample.claim(2)
                #expect(marks[claim.keyHash] == SourceMark(keyHash: claim.keyHash, rowHash: claim.rowHash))
            },
            Check("marks come in batches when there are many") { store in
                let plan = try await store.begin()
                for start in stride(from: 0, to: 20_000, by: 5_000) {
                    _ = try await store.save(chunk((start + 1...start + 5_000).map { Sample.joiner($0) }), to: plan.id)
                }
                let sealed = try await store.sealed(plan)
                #expect(try await store.startApplying(sealed.id, at: Sample.moment(2)) == PlanStarted())
                #expect(try await store.allMarks().count == 20_000)
            },
            Check("a user with a date due is planned again, until the plan gives the next date") { store in
                let due = chunk([
                    Sample.joiner(1, due: Sample.today), Sample.joiner(2, due: Sample.today.adding(days: 1)), Sample.joiner(3),
                    Sample.joiner(4, due: Sample.today.adding(days: -3)),
                ])
                try await store.applied(due)
                #expect(try await store.mustPlan() == [Sample.key(1), Sample.key(4)])
                #expect(try await store.dueUsers(asOf: RunDays(Sample.today), after: nil, limit: 1) == [Sample.userID(1)])
                #expect(try await store.dueUsers(asOf: RunDays(Sample.today), after: Sample.userID(1), limit: 9) == [Sample.userID(4)])
                try await store.applied(chunk([Sample.again(1, version: 1, hasClaim: false)]), .due)
                #expect(try await store.mustPlan() == [Sample.key(4)])
            },
            Check("whom a plan of a later day changed is planned again, where the day goes back") { store in
                try await store.applied(chunk([Sample.joiner(1), Sample.joiner(2, due: Sample.today)]))
                let yesterday = Sample.today.adding(days: -1)
                #expect(try await store.dueUsers(asOf: RunDays(Sample.today), after: nil, limit: 9) == [Sample.userID(2)])
                #expect(try await store.dueUsers(asOf: RunDays(yesterday), after: nil, limit: 1) == [Sample.userID(1)])
                #expect(try await store.dueUsers(asOf: RunDays(yesterday), after: Sample.userID(1), limit: 9) == [Sample.userID(2)])
                #expect(try await store.mustPlan(asOf: yesterday) == [Sample.key(1), Sample.key(2)])
                // Not of one that waits, or that nobody carried out.
                let waiting = try await store.begin(.due)
                _ = try await store.save(chunk([Sample.again(1, version: 1, hasClaim: false)]), to: waiting.id)
                _ = try await store.sealed(waiting)
                #expect(try await store.dueUsers(asOf: RunDays(Sample.today), after: nil, limit: 9) == [Sample.userID(2)])
            },
            Check(
                "the day goes back although it is not the same in every zone: what was planned for a day that is not there yet in the first one"
            ) { store in
                try await store.applied(chunk([Sample.joiner(1)]))
                let yesterday = Sample.today.adding(days: -1)
                func days(own: CivilDate, earliest: CivilDate) -> RunDays { RunDays(latest: Sample.today, earliest: earliest, own: own) }
                // Where it is today everywhere, nothing went back.
                #expect(try await store.dueUsers(asOf: days(own: Sample.today, earliest: Sample.today), after: nil, limit: 9).isEmpty)
                #expect(try await store.mustPlan(asOf: days(own: Sample.today, earliest: Sample.today)).isEmpty)
                #expect(
                    try await store.dueUsers(asOf: days(own: Sample.today, earliest: yesterday), after: nil, limit: 9) == [Sample.userID(1)]
                )
                #expect(try await store.mustPlan(asOf: days(own: Sample.today, earliest: yesterday)) == [Sample.key(1)])
                #expect(try await store.mustPlan(asOf: days(own: yesterday, earliest: yesterday)) == [Sample.key(1)])
            },
            Check("everybody is listed by key, page by page") { store in
                try await store.applied(Sample.joinerChunk(1...3))
                let all = try await store.users(after: nil, limit: 9)
                #expect(all.map(\.key) == [Sample.key(1), Sample.key(2), Sample.key(3)].sorted())
                #expect(Set(all.map(\.id)) == [Sample.userID(1), Sample.userID(2), Sample.userID(3)])
                let first = try await store.users(after: nil, limit: 2)
                #expect(first.map(\.id) == all.prefix(2).map(\.id))
                #expect(try await store.users(after: first.last, limit: 2).map(\.id) == all.suffix(1).map(\.id))
                #expect(try await store.users(after: all.last, limit: 2).isEmpty)
            },
            Check("a user whose order waits is planned again") { store in
                _ = try await store.started(Sample.joinerChunk(1...2))
                #expect(try await store.mustPlan() == [Sample.key(1), Sample.key(2)])
            },
            Check("a user whose system could not be asked is planned again, until it can be") { store in
                try await store.applied(Sample.joinerChunk(1...2))
                var aside = chunk([])
                aside.leftAside = [AccountLeftAside(user: Sample.userID(2), system: Sample.directory, isDue: true)]
                try await store.applied(aside)
                #expect(try await store.mustPlan() == [Sample.key(2)])
                #expect(try await store.allMarks()[StableHash.hash(Sample.key(2).text)]?.again == .leftAside)
                #expect(try await store.openWork().leftAside == [Sample.directory: 1])
                try await store.applied(chunk([Sample.again(2, version: 1)]))
                #expect(try await store.mustPlan() == [])
                #expect(try await store.openWork() == OpenWork())
            },
            Check("a user with a failed order is planned again, until it succeeds") { store in
                let plan = try await store.started(Sample.joinerChunk(1...2))
                let orders = try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(3))
                // What is sent and not answered is not settled either.
                #expect(try await store.mustPlan() == [Sample.key(1), Sample.key(2)])
                #expect(try await store.allMarks()[StableHash.hash(Sample.key(2).text)]?.again == .order)
                var settlement = Settlement()
                settlement.entries = [.failed(orders[0]), .executed(orders[1])]
                try await store.commit(settlement, plan: plan.id, at: Sample.moment(4))
                #expect(try await store.mustPlan() == [Sample.key(1)])
                settlement.entries = [.failed(orders[0], .pending)]
                try await store.commit(settlement, plan: plan.id, at: Sample.moment(5))
                let again = try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(6))
                settlement.entries = again.map { .executed($0) }
                try await store.commit(settlement, plan: plan.id, at: Sample.moment(7))
                #expect(again.count == 1)
                #expect(try await store.mustPlan() == [])
            },
            Check("a user with an unresolved reference is planned again once") { store in
                let plan = try await store.applied(Sample.joinerChunk(1...2))
                var settlement = Settlement()
                settlement.planAgain = [Sample.userID(2)]
                try await store.commit(settlement, plan: plan.id, at: Sample.moment(3))
                try await store.finish(plan.id, at: Sample.moment(3))
                #expect(try await store.mustPlan() == [Sample.key(2)])
                #expect(try await store.allMarks()[StableHash.hash(Sample.key(2).text)]?.again == .reference)
                try await store.applied(chunk([Sample.again(2, version: 1)]))
                #expect(try await store.mustPlan() == [])
            },
            Check("a quarantined row counts once its plan is applied, and leaves when it is read well") { store in
                try await store.applied(Sample.joinerChunk(1...2))
                let plan = try await store.planned(
                    chunk(quarantines: [Sample.quarantine(1), Sample.quarantine(50), Sample.quarantine(nil, line: 12)]))
                #expect(try await store.quarantines(plan: nil).isEmpty)
                #expect(try await store.mustPlan() == [])
                #expect(try await store.startApplying(plan.id, at: Sample.moment(2)) == PlanStarted())
                #expect(try await store.quarantines(plan: nil).map(\.quarantine.key) == [Sample.key(1), Sample.key(50), nil])
                #expect(
                    try await store.quarantines(plan: plan.id).map(\.quarantine) == [
                        Sample.quarantine(1), Sample.quarantine(50), Sample.quarantine(nil, line: 12),
                    ])
                #expect(try await store.mustPlan() == [Sample.key(1)])
                #expect(try await store.allMarks()[StableHash.hash(Sample.key(1).text)]?.again == .quarantine)
                try await store.finish(plan.id, at: Sample.moment(3))
                try await store.applied(chunk([Sample.again(1, version: 1)], quarantines: [Sample.quarantine(50, line: 13)]))
                #expect(try await store.quarantines(plan: nil).map(\.quarantine) == [Sample.quarantine(50, line: 13)])
                #expect(try await store.mustPlan() == [])
            },
            Check("a plan of rows that are kept leaves other rows in quarantine") { store in
                try await store.applied(Sample.joinerChunk(1...2))
                try await store.applied(chunk(quarantines: [Sample.quarantine(1), Sample.quarantine(50), Sample.quarantine(nil)]))
                let plan = try await store.begin()
                #expect(try await store.save(chunk([Sample.again(1, version: 1)]), to: plan.id) == [])
                let sealed = try await store.sealed(plan, profile: Sample.profile, ofFile: false)
                #expect(try await store.startApplying(sealed.id, at: Sample.moment(2)) == PlanStarted())
                #expect(try await store.quarantines(plan: nil).count == 3)
            },
            Check("a plan of another origin leaves rows without a key in quarantine") { store in
                try await store.applied(chunk(quarantines: [Sample.quarantine(nil)]))
                try await store.applied(chunk([]), .due)
                #expect(try await store.quarantines(plan: nil).count == 1)
                try await store.applied(chunk([]))
                #expect(try await store.quarantines(plan: nil).isEmpty)
            },
        ]
    }
}
