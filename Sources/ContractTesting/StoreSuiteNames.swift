internal import Contracts
internal import IdentityModel
internal import Testing

extension StoreSuite {
    private static func chunk(_ reservations: NameReservation...) -> PlanChunk {
        var chunk = PlanChunk()
        chunk.reservations = reservations
        return chunk
    }

    private static let anna = Sample.claim(of: "mail", "anna@example.com")
    private static func anna(for number: Int) -> NameReservation { NameReservation(claim: anna, user: Sample.userID(number)) }

    static var names: [Check] { oneHolder + whileAPlanLives }

    private static var oneHolder: [Check] {
        [
            Check("a chunk that lost a name to another run is not saved, and says which") { store in
                let first = try await store.begin(.due)
                #expect(try await store.save(chunk(anna(for: 1)), to: first.id) == [])
                let second = try await store.begin()
                var late = Sample.joinerChunk(2...2)
                late.reservations.append(anna(for: 2))
                #expect(try await store.save(late, to: second.id) == [anna])
                #expect(try await store.changes(of: second.id, after: 0, limit: 9).isEmpty)
                #expect(try await store.holders(of: [anna, late.reservations[0].claim]) == [anna: Sample.userID(1)])
            },
            Check("two users of one chunk cannot both have a name") { store in
                let plan = try await store.begin()
                #expect(try await store.save(chunk(anna(for: 1), anna(for: 2)), to: plan.id) == [anna])
                #expect(try await store.holders(of: [anna]) == [:])
            },
            Check("names differ by system, attribute, scope and value") { store in
                let plan = try await store.begin()
                let claims = [
                    anna, NameClaim(system: SystemName("Other"), attribute: "mail", scope: "", folded: anna.folded),
                    NameClaim(system: Sample.directory, attribute: "cn", scope: "", folded: anna.folded),
                    NameClaim(system: Sample.directory, attribute: "mail", scope: "ou=people", folded: anna.folded),
                ]
                var chunk = PlanChunk()
                for (number, claim) in claims.enumerated() {
                    chunk.reservations.append(NameReservation(claim: claim, user: Sample.userID(number)))
                }
                #expect(try await store.save(chunk, to: plan.id) == [])
                #expect(try await store.holders(of: claims).count == 4)
            },
        ]
    }

    private static var whileAPlanLives: [Check] {
        [
            Check("a user takes over their own provisional name, and it survives the plan that is superseded") { store in
                let old = try await store.planned(chunk(anna(for: 1), Sample.reservation("old@example.com", for: 1)))
                let plan = try await store.begin()
                #expect(try await store.save(chunk(anna(for: 1)), to: plan.id) == [])
                _ = try await store.sealed(plan, superseding: old.id)
                #expect(try await store.holders(of: [anna, Sample.claim(of: "mail", "old@example.com")]) == [anna: Sample.userID(1)])
                try await store.decide(plan.id, .rejected, by: "a", reason: "", at: Sample.moment(3))
                #expect(try await store.holders(of: [anna]) == [:])
            },
            Check("a name that only the plan before it holds is free for the next plan of the origin, which has it once it is sealed") {
                store in
                let old = try await store.planned(chunk(anna(for: 1)))
                let plan = try await store.begin()
                #expect(try await store.holders(of: [anna], planning: plan.id) == [:])
                #expect(try await store.save(chunk(anna(for: 2)), to: plan.id) == [])
                #expect(try await store.holders(of: [anna], planning: plan.id) == [anna: Sample.userID(2)])
                // One user has it, also in chunks to come; and for everybody else it is whose it was.
                #expect(try await store.save(chunk(anna(for: 1)), to: plan.id) == [anna])
                #expect(try await store.save(chunk(anna(for: 2)), to: plan.id) == [])
                #expect(try await store.holders(of: [anna]) == [anna: Sample.userID(1)])
                _ = try await store.sealed(plan, superseding: old.id)
                #expect(try await store.holders(of: [anna]) == [anna: Sample.userID(2)])
                // Whoever is planned by neither does not get it in between, and one that comes to nothing leaves it where it was.
                let third = try await store.begin()
                #expect(try await store.save(chunk(anna(for: 3)), to: third.id) == [])
                let other = try await store.begin(.due)
                #expect(try await store.holders(of: [anna], planning: other.id) == [anna: Sample.userID(2)])
                #expect(try await store.save(chunk(anna(for: 4)), to: other.id) == [anna])
                let fourth = try await store.begin()
                #expect(try await store.holders(of: [anna]) == [anna: Sample.userID(2)])
                #expect(try await store.holders(of: [anna], planning: fourth.id) == [:])
            },
            Check("a name that another origin's plan holds as well is not free for the next plan") { store in
                _ = try await store.planned(chunk(anna(for: 1)))
                _ = try await store.planned(chunk(anna(for: 1)), .due)
                let plan = try await store.begin()
                #expect(try await store.holders(of: [anna], planning: plan.id) == [anna: Sample.userID(1)])
                #expect(try await store.save(chunk(anna(for: 2)), to: plan.id) == [anna])
            },
            Check("names are held for good once their plan is applied") { store in
                let applied = try await store.started(chunk(anna(for: 1)))
                try await store.finish(applied.id, at: Sample.moment(3))
                let plan = try await store.planned(chunk(anna(for: 1)))
                try await store.decide(plan.id, .rejected, by: "a", reason: "", at: Sample.moment(4))
                #expect(try await store.holders(of: [anna]) == [anna: Sample.userID(1)])
                let other = try await store.begin(.due)
                #expect(try await store.save(chunk(anna(for: 2)), to: other.id) == [anna])
            },
            Check("a name that is taken on the target belongs to nobody of ours, and the name taken instead is kept") { store in
                let plan = try await store.started(chunk(anna(for: 1)))
                var settlement = Settlement()
                settlement.reservations = [NameReservation(claim: anna, user: UserID("")), Sample.reservation("anna2@example.com", for: 1)]
                try await store.commit(settlement, plan: plan.id, at: Sample.moment(3))
                let second = Sample.claim(of: "mail", "anna2@example.com")
                #expect(try await store.holders(of: [anna, second]) == [anna: UserID(""), second: Sample.userID(1)])
            },
            Check("a joiner who was brought by another source meanwhile leaves no names behind, and no marks") { store in
                let mail = Sample.claim(of: "mail", "person1@example.com")
                var joiner = Sample.joinerChunk(1...1)
                joiner.leftAside = [AccountLeftAside(user: Sample.userID(1), system: Sample.other, isDue: true)]
                let late = try await store.planned(joiner)
                var brought = Sample.joinerChunk(2...2)
                brought.correlations[Sample.userID(2)] = [CorrelationKey(attribute: "employeeId", folded: "e1")]
                try await store.applied(brought, .source(SourceName("students")))
                #expect(try await store.startApplying(late.id, at: Sample.moment(6)).leftOut.count == 1)
                #expect(try await store.holders(of: [mail]) == [:])
                #expect(try await store.openWork().leftAside == [:])
            },
            Check("thousands of names are asked for at once") { store in
                let plan = try await store.begin()
                var chunk = PlanChunk()
                chunk.reservations = (1...1_500).map { Sample.reservation("n\($0)@example.com", for: $0) }
                #expect(try await store.save(chunk, to: plan.id) == [])
                let claims = (1...3_000).map { Sample.claim(of: "mail", "n\($0)@example.com") }
                let holders = try await store.holders(of: claims)
                #expect(holders.count == 1_500 && holders[claims[1_499]] == Sample.userID(1_500))
            },
        ]
    }
}
