import IdentityModel
import Planning
import Testing

@Suite("What a row, a missing row and a date make of a person and their claims")
struct RecordPlanningTests {
    private func planning(_ source: SourceName?) throws -> RecordPlanning {
        let campus = try Campus()
        return RecordPlanning(
            configuration: campus.configuration, source: try source.map { try campus.source($0) },
            rules: RuleEvaluation(rules: [], schema: campus.configuration.schema), days: SourceDays(Campus.today))
    }

    private func change(
        _ cause: PlanningCause, in source: SourceName?, person: KnownPerson?, bornBefore: Int = 0
    ) throws -> UserChange {
        guard case .change(let change)? = try planning(source).plan(cause, person: person, bornBefore: bornBefore) else {
            throw NoChange()
        }
        return change
    }

    private struct NoChange: Error {}

    private func record(_ key: String, _ attributes: [String: UserValue] = [:], status: UserStatus? = .active, isClaimed: Bool = true)
        -> SourceRecord
    {
        SourceRecord(
            key: UserKey(key), position: SourcePosition(file: "f", line: 2), rowHash: 42, status: status, attributes: attributes,
            isClaimed: isClaimed, row: ["ID": key])
    }

    private func person(_ status: UserStatus, _ claims: [SourceClaim]) -> KnownPerson {
        KnownPerson(user: Campus.user(status), assignments: [], claims: claims)
    }

    @Test("a newcomer's claim holds what the row said, and the row where the source keeps it")
    func newcomer() throws {
        let staff = try change(.record(record("1", ["lastName": .string("Berg")])), in: Campus.staff, person: nil)
        #expect(staff.change == .joiner && staff.user.id == ChangeDetection.userID(source: Campus.staff, key: UserKey("1")))
        #expect(staff.claim?.values == SourceValues(status: .active, attributes: ["lastName": .string("Berg")]))
        #expect(staff.claim?.row == nil && staff.claim?.generation == 1)
        let badge = try change(.record(record("b")), in: Campus.badges, person: person(.active, [Campus.claim(Campus.staff, .active)]))
        #expect(badge.claim?.row == ["ID": "b"] && badge.claim?.keepsAlive == false)
    }

    @Test("whoever is born with a key that others had is another user")
    func generations() throws {
        let second = try change(.record(record("1")), in: Campus.staff, person: nil, bornBefore: 1)
        #expect(second.user.id == ChangeDetection.userID(source: Campus.staff, key: UserKey("1"), generation: 2))
        #expect(second.claim?.generation == 2)
    }

    @Test("a new key ends the old one with it, and the person stays who they are")
    func renumbered() throws {
        let old = Campus.claim(Campus.staff, key: "1", .active)
        let badge = Campus.claim(Campus.badges, key: "b", keepsAlive: false)
        let change = try change(.record(record("77")), in: Campus.staff, person: person(.active, [old, badge]))
        #expect(change.user.id == Campus.person && change.user.key == UserKey("77") && change.user.status == .active)
        #expect(change.ended == [old.ended(.forgotten)])
        #expect(change.claim?.generation == 0, "nobody was born with this key")
    }

    @Test("a row that is gone takes the last rank, and what it said stays with the claim")
    func missing() throws {
        let staff = Campus.claim(Campus.staff, .active, ["lastName": .string("Berg")])
        let student = Campus.claim(Campus.students, .active, presence: .gone(rank: 3))
        let change = try change(.missing(staff), in: Campus.staff, person: person(.active, [staff, student]))
        #expect(change.change == .leaver && change.claim?.presence == .gone(rank: 4))
        #expect(change.claim?.values == staff.values && change.claim?.rowHash == 0)
        #expect(change.user.attributes["lastName"] == .string("Berg"))
    }

    @Test("a row that did not count before it went missing went when it ceased to count")
    func missingTwice() throws {
        let staff = Campus.claim(Campus.staff, .active, presence: .gone(rank: 1))
        let student = Campus.claim(Campus.students, .active, presence: .gone(rank: 3))
        let change = try change(.missing(staff), in: Campus.staff, person: person(.terminated, [staff, student]))
        #expect(change.claim?.presence == .gone(rank: 1))
    }

    @Test("a row that claims nobody is as if it were absent, once")
    func unclaimed() throws {
        let staff = Campus.claim(Campus.staff, .active, ["lastName": .string("Berg")])
        let first = try change(.record(record("1", isClaimed: false)), in: Campus.staff, person: person(.active, [staff]))
        #expect(first.change == .leaver && first.claim?.presence == .gone(rank: 1) && first.claim?.rowHash == 42)
        #expect(first.claim?.values == staff.values)
        let again = try change(
            .record(record("1", isClaimed: false)), in: Campus.staff, person: person(.terminated, [try #require(first.claim)]))
        #expect(again.claim?.presence == .gone(rank: 1))
    }

    @Test("a row of a lower source leaves who is terminated terminated; it is the merge that decides")
    func lowerSource() throws {
        let staff = Campus.claim(Campus.staff, .terminated)
        let change = try change(
            .record(record("b", ["phone": .string("1")], status: nil)), in: Campus.badges, person: person(.terminated, [staff]))
        #expect(change.user.status == .terminated && change.user.attributes["phone"] == .string("1"))
    }

    @Test("sources that left the configuration claim nobody any more")
    func removed() throws {
        let old = Campus.claim(SourceName("old hr"), .active)
        let change = try change(.removed, in: nil, person: person(.active, [old, Campus.claim(Campus.staff, .active)]))
        #expect(change.change == .unchanged && change.ended == [old.ended(.gone(rank: 1))])
    }

    /// Badge before HR, HR before badge: the person ends equally.
    @Test("sources that meet in the other order end with the same attributes and status")
    func order() throws {
        let hr = record("1", ["lastName": .string("Berg"), "email": .string("a@example.com")], status: .leave)
        let student = record("s", ["lastName": .string("B."), "phone": .string("1")], status: .active)
        let first = try change(.record(hr), in: Campus.staff, person: nil)
        let second = try change(
            .record(student), in: Campus.students,
            person: KnownPerson(user: first.user, assignments: [], claims: [try #require(first.claim)]))
        let otherFirst = try change(.record(student), in: Campus.students, person: nil)
        let otherSecond = try change(
            .record(hr), in: Campus.staff,
            person: KnownPerson(user: otherFirst.user, assignments: [], claims: [try #require(otherFirst.claim)]))
        #expect(second.user.attributes == otherSecond.user.attributes && second.user.status == otherSecond.user.status)
        #expect(second.user.key == otherSecond.user.key && second.user.source == otherSecond.user.source)
    }
}
