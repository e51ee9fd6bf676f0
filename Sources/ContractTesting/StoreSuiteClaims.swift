internal import Contracts
internal import IdentityModel
internal import Testing

extension StoreSuite {
    private static let badges = SourceName("badges")

    /// A claim on a person of the sample company, by any source, with what its row says.
    private static func claim(
        _ source: SourceName, _ key: String, on number: Int, row: UInt64 = 1, presence: SourceClaim.Presence = .present,
        values: [String: UserValue]?, kept: [String: String]? = nil
    ) -> SourceClaim {
        SourceClaim(
            source: source, key: UserKey(key), user: Sample.userID(number), keyHash: StableHash.hash(key), rowHash: row,
            position: SourcePosition(file: "\(source)/1.csv", line: 2), presence: presence,
            values: values.map { SourceValues(status: .active, attributes: $0) }, row: kept)
    }

    private static func change(_ number: Int, version: Int, _ claim: SourceClaim?, ended: [SourceClaim] = []) -> UserChange {
        let user = Sample.user(number, version: version)
        return UserChange(
            change: version == 0 ? .joiner : .unchanged, user: user, before: version == 0 ? nil : user, assignments: [Sample.everyone],
            assignmentsBefore: version == 0 ? [] : [Sample.everyone], claim: claim, ended: ended, due: nil, reasons: [])
    }

    private static func chunk(_ changes: [UserChange], correlating keys: [CorrelationKey] = []) -> PlanChunk {
        var chunk = PlanChunk()
        chunk.changes = changes
        for change in changes where change.claim != nil && !keys.isEmpty { chunk.correlations[change.user.id] = keys }
        return chunk
    }

    private static func correlated(_ key: CorrelationKey, _ store: any Store) async throws -> [UserID] {
        var request = KnowledgeRequest()
        request.correlations = [key]
        return try await store.knowledge(request).correlated[key] ?? []
    }

    static var claims: [Check] { claimsThemselves + claimsThatSayTheUser + claimsEnding + rowsThatWait }

    private static var claimsThemselves: [Check] {
        [
            Check("a claim keeps what its row said, and the row where it is kept") { store in
                let same = claim(Sample.hr, "E1", on: 1, values: Sample.user(1).attributes)
                let own = claim(badges, "B1", on: 1, values: ["phone": .string("åse \"7\" 𝔊")], kept: ["PHONE": "åse \"7\""])
                try await store.applied(chunk([change(1, version: 0, same)]))
                try await store.applied(chunk([change(1, version: 1, own)]), .source(badges))
                #expect(try await store.claims(user: Sample.userID(1)) == [own, same])
                var request = KnowledgeRequest()
                request.users = [Sample.userID(1)]
                #expect(try await store.knowledge(request).claimsOfUsers[Sample.userID(1)] == [own, same])
            },
            Check("what a row says anew is not asked for, what stands is") { store in
                let hr = claim(Sample.hr, "E1", on: 1, values: ["title": .string("Clerk")])
                let badge = claim(badges, "E1", on: 1, values: ["phone": .string("1")])
                try await store.applied(chunk([change(1, version: 0, hr)]))
                try await store.applied(chunk([change(1, version: 1, badge)]), .source(badges))
                var request = KnowledgeRequest(source: Sample.hr)
                request.keys = [UserKey("E1")]
                let replaced = try await store.knowledge(request).claimsOfUsers[Sample.userID(1)]
                #expect(replaced?.map(\.values?.attributes) == [["phone": .string("1")], nil])
                request.standing = request.keys
                request.keys = []
                #expect(try await store.knowledge(request).claimsOfUsers[Sample.userID(1)] == [badge, hr])
            },
            Check("a row correlates by the values of each claim, and by its latest only") { store in
                let email = CorrelationKey(attribute: "email", folded: "a@example.com")
                let phone = CorrelationKey(attribute: "phone", folded: "1")
                try await store.applied(chunk([change(1, version: 0, claim(Sample.hr, "E1", on: 1, values: [:]))], correlating: [email]))
                let badge = claim(badges, "B1", on: 1, values: [:])
                try await store.applied(chunk([change(1, version: 1, badge)], correlating: [phone]), .source(badges))
                #expect(try await correlated(email, store) == [Sample.userID(1)])
                #expect(try await correlated(phone, store) == [Sample.userID(1)])
                let later = CorrelationKey(attribute: "phone", folded: "2")
                try await store.applied(chunk([change(1, version: 1, badge)], correlating: [later]), .source(badges))
                #expect(try await correlated(phone, store) == [])
                #expect(try await correlated(email, store) == [Sample.userID(1)])
            },
            Check("equal keys of two sources are two people, and each source finds its own") { store in
                try await store.applied(
                    chunk([
                        change(1, version: 0, claim(Sample.hr, "E1", on: 1, values: [:])),
                        change(2, version: 0, claim(badges, "E1", on: 2, values: [:])),
                        change(3, version: 0, claim(badges, "B3", on: 3, values: [:])),
                    ]))
                let key = UserKey("E1")
                #expect(Set(try await store.users(key: key, of: nil).map(\.id)) == [Sample.userID(1), Sample.userID(2)])
                #expect(try await store.users(key: key, of: badges).map(\.id) == [Sample.userID(2)])
                let other = UserReference(UserKey("B3"), in: Sample.hr)
                let ambiguous = UserReference(key, in: SourceName("students"))
                let asked = [UserReference(key, in: Sample.hr), UserReference(key, in: badges), other, ambiguous]
                let found = try await store.references(Sample.directory, to: asked, plan: PlanID(row: 1))
                #expect(asked.map { found[$0]?.user } == [Sample.userID(1), Sample.userID(2), Sample.userID(3), nil])
            },
        ]
    }

    /// Where a claim says what its user is, a store may keep that once: every way in which the user becomes something else has to leave what the row said.
    private static var claimsThatSayTheUser: [Check] {
        let was = Sample.user(1, version: 1)
        let row = claim(Sample.hr, "E1", on: 1, values: was.attributes)
        let said = SourceValues(status: .active, attributes: was.attributes)
        return [
            Check("what a row said stays what it said when another source changes its user, also when the row goes with it") { store in
                try await store.applied(chunk([change(1, version: 0, row)]))
                let badge = claim(badges, "B1", on: 1, values: ["department": .string("Sales")])
                try await store.applied(chunk([moved(to: "Sales", from: "Finance", version: 1, badge)]), .source(badges))
                #expect(try await store.claims(user: was.id).map(\.values) == [badge.values, said])
                try await store.applied(chunk([moved(to: "Finance", from: "Sales", version: 2, row)]))
                let gone = row.ended(.gone(rank: 1))
                try await store.applied(chunk([moved(to: "Sales", from: "Finance", version: 3, badge, ended: [gone])]), .source(badges))
                #expect(try await store.claims(user: was.id).map(\.values) == [badge.values, said])
                #expect(try await store.claims(user: was.id).map(\.presence) == [.present, gone.presence])
            },
            Check("so it does when its own row is gone, and its user is something else") { store in
                try await store.applied(chunk([change(1, version: 0, row)]))
                let gone = claim(Sample.hr, "E1", on: 1, row: 0, presence: .gone(rank: 1), values: nil)
                try await store.applied(chunk([moved(to: "Sales", from: "Finance", version: 1, gone)]))
                #expect(try await store.claims(user: was.id).map(\.values) == [said])
            },
            Check("who is left out of a plan stays as they were, and their row says what it says now") { store in
                try await store.applied(chunk([change(1, version: 0, row)]))
                let new = claim(Sample.hr, "E1", on: 1, row: 7, values: Sample.user(1, department: "Sales").attributes)
                let waiting = try await store.planned(chunk([moved(to: "Sales", from: "Finance", version: 1, new)]), .due)
                let legal = claim(Sample.hr, "E1", on: 1, row: 5, values: Sample.user(1, department: "Legal").attributes)
                try await store.applied(chunk([moved(to: "Legal", from: "Finance", version: 1, legal)]))
                let started = try await store.startApplying(waiting.id, at: Sample.moment(8))
                #expect(started.leftOut.count == 1)
                #expect(try await store.user(key: was.key)?.attributes["department"] == .string("Legal"))
                #expect(try await store.claims(user: was.id).map(\.values) == [new.values])
            },
            Check("a key that comes to be somebody else's takes along what its row said") { store in
                try await store.applied(chunk([change(1, version: 0, row), change(2, version: 0, nil)]))
                try await store.applied(chunk([change(2, version: 1, claim(Sample.hr, "E1", on: 2, row: 3, values: nil))]))
                #expect(try await store.claims(user: was.id) == [])
                #expect(try await store.claims(user: Sample.userID(2)).map(\.values) == [said])
            },
            Check("a row that is somebody else's than the change it came with says what it said") { store in
                try await store.applied(chunk([change(2, version: 0, nil)]))
                try await store.applied(chunk([change(1, version: 0, claim(Sample.hr, "E1", on: 2, values: was.attributes))]))
                #expect(try await store.claims(user: Sample.userID(2)).map(\.values) == [said])
            },
        ]
    }

    private static func moved(
        to department: String, from old: String, version: Int, _ claim: SourceClaim, ended: [SourceClaim] = []
    ) -> UserChange {
        UserChange(
            change: .mover, user: Sample.user(1, department: department, version: version),
            before: Sample.user(1, department: old, version: version), assignments: [Sample.everyone],
            assignmentsBefore: [Sample.everyone], claim: claim, ended: ended, due: nil, reasons: [])
    }

    private static var claimsEnding: [Check] {
        [
            Check("a row that is gone leaves what it said, and correlates on") { store in
                let email = CorrelationKey(attribute: "email", folded: "a@example.com")
                let row = claim(Sample.hr, "E1", on: 1, values: ["title": .string("Clerk")])
                try await store.applied(chunk([change(1, version: 0, row)], correlating: [email]))
                let gone = claim(Sample.hr, "E1", on: 1, row: 0, presence: .gone(rank: 1), values: nil)
                try await store.applied(chunk([change(1, version: 1, gone)]))
                #expect(try await store.claims(user: Sample.userID(1)) == [row.ended(.gone(rank: 1))])
                #expect(try await store.allMarks()[row.keyHash] == SourceMark(keyHash: row.keyHash, rowHash: 0, isGone: true))
                #expect(try await correlated(email, store) == [Sample.userID(1)])
            },
            Check("a key that was renumbered away is no row any more, but finds its person until another row has it") { store in
                let email = CorrelationKey(attribute: "email", folded: "a@example.com")
                let old = claim(Sample.hr, "E1", on: 1, values: ["title": .string("Clerk")])
                try await store.applied(chunk([change(1, version: 0, old)], correlating: [email]))
                let new = claim(Sample.hr, "E77", on: 1, row: 5, values: ["title": .string("Clerk")])
                try await store.applied(chunk([change(1, version: 1, new, ended: [old.ended(.forgotten)])]))
                #expect(try await store.allMarks().keys.sorted() == [new.keyHash])
                #expect(try await store.users(key: UserKey("E1"), of: Sample.hr).map(\.id) == [Sample.userID(1)])
                #expect(try await correlated(email, store) == [])
                var request = KnowledgeRequest(source: Sample.hr)
                request.keys = [UserKey("E1")]
                #expect(try await store.knowledge(request).claims[UserKey("E1")]?.presence == .forgotten)
                try await store.applied(chunk([change(2, version: 0, claim(Sample.hr, "E1", on: 2, row: 9, values: [:]))]))
                #expect(try await store.users(key: UserKey("E1"), of: Sample.hr).map(\.id) == [Sample.userID(2)])
            },
            Check("whoever is not settled is paged, with the reasons") { store in
                let plan = try await store.started(Sample.joinerChunk(1...3))
                let orders = try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(3))
                var settlement = Settlement()
                settlement.entries = [.executed(orders[0]), .failed(orders[1]), .failed(orders[2])]
                try await store.commit(settlement, plan: plan.id, at: Sample.moment(4))
                let both = [2, 3].map { UnsettledUser(Sample.userID($0), .order) }
                #expect(try await store.unsettledUsers(ofAllSources: false, after: nil, limit: 9) == both)
                #expect(try await store.unsettledUsers(ofAllSources: false, after: nil, limit: 1) == [both[0]])
                #expect(try await store.unsettledUsers(ofAllSources: false, after: both[0].id, limit: 9) == [both[1]])
                #expect(try await store.unsettledUsers(ofAllSources: false, after: both[1].id, limit: 9) == [])
            },
            Check("people of a source that is no longer asked for are counted and paged, until its claims end") { store in
                let plan = try await store.begin()
                _ = try await store.save(chunk([change(1, version: 0, claim(Sample.hr, "E1", on: 1, values: [:]))]), to: plan.id)
                let sealed = try await store.sealed(plan, profile: Sample.profile)
                #expect(try await store.startApplying(sealed.id, at: Sample.moment(2)).leftOut == [])
                #expect(try await store.claimants(besides: [Sample.hr]) == [:])
                #expect(try await store.claimants(besides: [badges]) == [Sample.hr: 1])
                #expect(try await store.users(claimedBy: Sample.hr, orOnce: false, after: nil, limit: 9) == [Sample.userID(1)])
                #expect(try await store.users(claimedBy: Sample.hr, orOnce: false, after: Sample.userID(1), limit: 9) == [])
                let ended = claim(Sample.hr, "E1", on: 1, values: [:]).ended(.gone(rank: 1))
                try await store.applied(chunk([change(1, version: 1, nil, ended: [ended])]), .due)
                #expect(try await store.claimants(besides: [badges]) == [:])
                #expect(try await store.users(claimedBy: Sample.hr, orOnce: false, after: nil, limit: 9) == [])
                #expect(try await store.users(claimedBy: Sample.hr, orOnce: true, after: nil, limit: 9) == [Sample.userID(1)])
            },
        ]
    }

    private static func row(_ key: String, _ hash: UInt64, _ values: [String: String]?) -> WaitingRow {
        WaitingRow(source: badges, key: UserKey(key), position: SourcePosition(file: "b/1.csv", line: 3), rowHash: hash, values: values)
    }

    private static var rowsThatWait: [Check] {
        [
            Check("the latest row of a key waits, until its person is there") { store in
                var waiting = PlanChunk()
                waiting.waiting = [row("B1", 1, ["PHONE": "1"]), row("B2", 2, ["PHONE": "2"]), row("B3", 3, ["PHONE": "3"])]
                let rejected = try await store.planned(waiting, .source(badges))
                try await store.decide(rejected.id, .rejected, by: "test", reason: "", at: Sample.moment(2))
                #expect(try await store.waitingRows(of: badges) == [])
                try await store.applied(waiting, .source(badges))
                waiting.waiting = [row("B2", 4, ["PHONE": "22"]), row("B3", 5, nil)]
                try await store.applied(waiting, .source(badges))
                #expect(try await store.waitingRows(of: badges) == [row("B1", 1, ["PHONE": "1"]), row("B2", 4, ["PHONE": "22"])])
                let found = claim(badges, "B1", on: 1, values: [:], kept: ["PHONE": "1"])
                try await store.applied(chunk([change(1, version: 0, found)]), .source(badges))
                #expect(try await store.waitingRows(of: badges).map(\.key.text) == ["B2"])
                #expect(try await store.waitingRows(of: Sample.hr) == [])
            },
            Check("quarantined rows that say that a known person has left are counted") { store in
                try await store.applied(chunk([change(1, version: 0, Sample.claim(1))]))
                var set = PlanChunk()
                set.quarantines = [Sample.quarantine(1), Sample.quarantine(2), Sample.quarantine(3)]
                set.quarantinedLeavers = [Sample.key(1), Sample.key(2)]
                try await store.applied(set)
                #expect(try await store.quarantinedLeavers(of: Sample.hr) == 1)
                #expect(try await store.quarantinedLeavers(of: badges) == 0)
            },
            Check("whoever never came to be leaves quarantine with the complete file that lacks them") { store in
                var set = PlanChunk()
                set.quarantines = [Sample.quarantine(7)]
                try await store.applied(set)
                try await store.applied(chunk([change(1, version: 0, Sample.claim(1))]))
                #expect(try await store.quarantines(plan: nil).count == 1)
                let plan = try await store.begin()
                var whole = Sample.profile
                whole.isComplete = true
                let sealed = try await store.sealed(plan, profile: whole)
                #expect(try await store.startApplying(sealed.id, at: Sample.moment(2)).leftOut == [])
                #expect(try await store.quarantines(plan: nil).isEmpty)
            },
        ]
    }
}
