import IdentityModel
import Planning
import Testing

@Suite("A user is what their claims say together")
struct UserMergeTests {
    private static let today = Campus.today

    // MARK: One source

    @Test(
        "on the first day somebody is there, on the last day still, and the day after no more",
        arguments: [
            (start: 0, end: nil, .active), (start: 1, end: nil, .pendingStart), (start: -1, end: nil, .active),
            (start: nil, end: 0, .active), (start: nil, end: -1, .terminated), (start: nil, end: 1, .active),
            (start: 0, end: 0, .active), (start: 1, end: -1, .terminated), (start: 2, end: 1, .pendingStart),
        ] as [(start: Int?, end: Int?, UserStatus)])
    func dates(start: Int?, end: Int?, expected: UserStatus) throws {
        var attributes: [String: UserValue] = [:]
        if let start { attributes["startDate"] = .date(Self.today + start) }
        if let end { attributes["endDate"] = .date(Self.today + end) }
        #expect(try Campus().merged([Campus.claim(Campus.staff, .active, attributes)]).user.status == expected)
    }

    @Test("leave is kept between the dates, and terminated whatever they are", arguments: [-1, 0, 1])
    func statuses(day: Int) throws {
        let dates: [String: UserValue] = ["startDate": .date(Self.today - 9), "endDate": .date(Self.today + day)]
        let campus = try Campus()
        #expect(campus.merged([Campus.claim(Campus.staff, .leave, dates)]).user.status == (day < 0 ? .terminated : .leave))
        #expect(campus.merged([Campus.claim(Campus.staff, .terminated, dates)]).user.status == .terminated)
    }

    @Test(
        "who has started counts as started until the status was terminated",
        arguments: [
            (.active, .active, true), (.leave, .active, true), (.pendingStart, .pendingStart, false), (.terminated, .pendingStart, false),
            (nil, .pendingStart, false),
        ] as [(UserStatus?, UserStatus, Bool)])
    func started(before: UserStatus?, expected: UserStatus, isSaid: Bool) throws {
        let claim = Campus.claim(Campus.staff, .active, ["startDate": .date(Self.today + 1)])
        let merged = try Campus().merged([claim], before: before.map { Campus.user($0) })
        #expect(merged.user.status == expected)
        #expect(merged.hasStartedBefore == isSaid)
    }

    @Test("a source that says pendingStart is believed until the start date, which it may leave open")
    func pendingStart() throws {
        let campus = try Campus()
        func status(_ dates: [String: UserValue]) -> UserStatus {
            campus.merged([Campus.claim(Campus.students, .pendingStart, dates)]).user.status
        }
        #expect(status([:]) == .pendingStart)
        let dated = Campus.claim(Campus.staff, .pendingStart, ["startDate": .date(Self.today)])
        #expect(campus.merged([dated]).user.status == .active)
    }

    @Test("whom nobody has any more is as the source said that kept them alive, whoever else went after it")
    func lostAsLastSaid() throws {
        let staff = Campus.claim(Campus.staff, .active, ["lastName": .string("Berg")], presence: .gone(rank: 1))
        let badge = Campus.claim(Campus.badges, nil, ["badge": .string("b")], presence: .gone(rank: 2), keepsAlive: false)
        let user = try Campus().merged([staff, badge], before: Campus.user(.active)).user
        #expect(user.status == .terminated && user.attributes == ["lastName": .string("Berg")])
    }

    // MARK: Who decides the status

    @Test("status and dates come together, from the first source that may set status and has a row")
    func statusBlock() throws {
        let campus = try Campus()
        let student = Campus.claim(Campus.students, .leave, ["endDate": .date(Self.today - 1)])
        let staff = Campus.claim(Campus.staff, .active, ["startDate": .date(Self.today - 5)])
        let both = campus.merged([student, staff]).user
        #expect(both.status == .active)
        #expect(both.attributes["startDate"] == .date(Self.today - 5) && both.attributes["endDate"] == nil)
        #expect(campus.merged([student]).user.status == .terminated)
    }

    @Test("whom the first source calls terminated is terminated, whatever lower ones say")
    func terminatedWins() throws {
        let claims = [Campus.claim(Campus.staff, .terminated), Campus.claim(Campus.students, .active)]
        #expect(try Campus().merged(claims).user.status == .terminated)
    }

    @Test("a source without status neither brings a leaver back nor ends a leave", arguments: [UserStatus.terminated, .leave])
    func silentSource(status: UserStatus) throws {
        let claims = [Campus.claim(Campus.staff, status), Campus.claim(Campus.badges, nil, ["badge": .string("b")])]
        #expect(try Campus().merged(claims, before: Campus.user(status)).user.status == status)
    }

    @Test("somebody who is only in sources without status is active")
    func onlySilent() throws {
        #expect(try Campus().merged([Campus.claim(Campus.badges, nil, [:], keepsAlive: false)]).user.status == .active)
    }

    @Test("where none maps a status, the first complete source decides with active and its dates")
    func nobodyMapsStatus() throws {
        let campus = try Campus(
            """
            sources:
              notes: { files: n.csv, type: incremental, key: "row.ID", map: { title: "row.T" } }
              people: { files: p.csv, key: "row.ID", map: { lastName: "row.N", endDate: "date(row.E)" } }
            """)
        let people = Campus.claim(SourceName("people"), nil, ["endDate": .date(Self.today - 1)])
        let notes = Campus.claim(SourceName("notes"), nil, ["title": .string("x")], keepsAlive: false)
        #expect(campus.merged([notes, people]).user.status == .terminated)
        #expect(campus.merged([notes]).user.status == .active)
    }

    @Test("dates are read in the zone of the source that decides")
    func zones() throws {
        let campus = try Campus()
        let days = SourceDays([Campus.staff: Self.today, Campus.students: Self.today - 1], otherwise: Self.today)
        let last = ["endDate": UserValue.date(Self.today - 1)]
        #expect(campus.merged([Campus.claim(Campus.staff, .active, last)], days: days).user.status == .terminated)
        #expect(campus.merged([Campus.claim(Campus.students, .active, last)], days: days).user.status == .active)
        #expect(campus.merged([Campus.claim(Campus.students, .active, last)], days: days).today == Self.today - 1)
    }

    // MARK: Who keeps alive

    @Test("somebody who is gone from one complete source and still in another lives on, without what the first one gave")
    func goneFromOne() throws {
        let staff = Campus.claim(
            Campus.staff, .active, ["department": .string("Finance"), "lastName": .string("Berg")], presence: .gone(rank: 1))
        let student = Campus.claim(Campus.students, key: "S9", .active, ["title": .string("Law"), "lastName": .string("Berg")])
        let user = try Campus().merged([staff, student], before: Campus.user(.active, ["department": .string("Finance")])).user
        #expect(user.status == .active)
        #expect(user.attributes == ["title": .string("Law"), "lastName": .string("Berg")])
        #expect(user.key == UserKey("S9") && user.source == Campus.students)
    }

    @Test("whom the last complete source lost is terminated, and is otherwise as that one said", arguments: [(1, 2), (2, 1)])
    func goneFromAll(staffRank: Int, studentRank: Int) throws {
        let claims = [
            Campus.claim(Campus.staff, .active, ["lastName": .string("Staff")], presence: .gone(rank: staffRank)),
            Campus.claim(Campus.students, .active, ["lastName": .string("Student")], presence: .gone(rank: studentRank)),
            Campus.claim(Campus.badges, nil, ["badge": .string("b")], keepsAlive: false),
        ]
        let user = try Campus().merged(claims, before: Campus.user(.active)).user
        #expect(user.status == .terminated)
        #expect(user.attributes["lastName"] == .string(staffRank > studentRank ? "Staff" : "Student"))
        #expect(user.attributes["badge"] == .string("b"))
    }

    @Test("somebody comes back with a row, also by a lower source, and a badge alone does not bring them back")
    func returning() throws {
        let campus = try Campus()
        let gone = Campus.claim(Campus.staff, .active, presence: .gone(rank: 1))
        let badge = Campus.claim(Campus.badges, nil, [:], keepsAlive: false)
        #expect(campus.merged([gone, badge], before: Campus.user(.terminated)).user.status == .terminated)
        #expect(campus.merged([gone, badge, Campus.claim(Campus.students, .active)]).user.status == .active)
    }

    @Test("whom no source of the configuration claims is terminated and stays as they were")
    func removedSource() throws {
        let old = Campus.claim(SourceName("old hr"), .active, ["lastName": .string("Berg")])
        let user = try Campus().merged([old], before: Campus.user(.active, ["lastName": .string("Berg")])).user
        #expect(user.status == .terminated && user.attributes == ["lastName": .string("Berg")])
        let badge = Campus.claim(Campus.badges, nil, [:], keepsAlive: false)
        #expect(try Campus().merged([old, badge], before: Campus.user(.active)).user.status == .terminated)
        let note = Campus.claim(SourceName("notes"), nil, [:], keepsAlive: false)
        #expect(try Campus().merged([note, badge], before: Campus.user(.active)).user.status == .active)
    }

    @Test("whom a removed source lost last stays as they were, and is not what another one said years ago", arguments: [(1, 2), (2, 1)])
    func removedLast(staffRank: Int, removedRank: Int) throws {
        let claims = [
            Campus.claim(Campus.staff, .active, ["lastName": .string("Years ago")], presence: .gone(rank: staffRank)),
            Campus.claim(SourceName("old hr"), .active, presence: .gone(rank: removedRank)),
        ]
        let user = try Campus().merged(claims, before: Campus.user(.active, ["lastName": .string("Before")])).user
        #expect(user.status == .terminated)
        #expect(user.attributes["lastName"] == .string(staffRank > removedRank ? "Years ago" : "Before"))
    }

    @Test("a key that was renumbered away says nothing")
    func forgotten() throws {
        let old = Campus.claim(Campus.staff, key: "1", .terminated, ["department": .string("Old")], presence: .forgotten)
        let new = Campus.claim(Campus.staff, key: "77", .active)
        let user = try Campus().merged([old, new], before: Campus.user(.active)).user
        #expect(user.status == .active && user.attributes == [:] && user.key == UserKey("77"))
    }

    // MARK: Attributes

    @Test("an absent value is a decision, except where the source yields")
    func absentValues() throws {
        let staff = Campus.claim(Campus.staff, .active)
        let student = Campus.claim(Campus.students, .active, ["lastName": .string("Berg"), "phone": .string("1")])
        let badge = Campus.claim(Campus.badges, nil, ["phone": .string("2"), "email": .string("not owned")], keepsAlive: false)
        let user = try Campus().merged([badge, student, staff]).user
        #expect(user.attributes == ["phone": .string("1")])
        let merge = UserMerge(sources: try Campus().configuration.sources, days: SourceDays(Self.today))
        #expect(merge.origins(of: [badge, student, staff])["phone"]?.source == Campus.students)
        #expect(merge.origins(of: [badge, student, staff])["status"]?.source == Campus.staff)
    }

    /// Every subset of presences, in every order: the order of arrival makes no difference.
    @Test("what a source said, and is not mapped any more, is not the user's, whoever else has a row", arguments: [false, true])
    func unmapped(isAlone: Bool) throws {
        let kept = Campus.claim(Campus.staff, .active, ["lastName": .string("Berg"), "title": .string("Chief")])
        let merged = try Campus().merged(isAlone ? [kept] : [kept, Campus.claim(Campus.badges, key: "B1", keepsAlive: false)])
        #expect(merged.user.attributes == ["lastName": .string("Berg")])
    }

    @Test("in whatever order the claims are told, the user is the same")
    func order() throws {
        let campus = try Campus()
        let presences: [SourceClaim.Presence] = [.present, .gone(rank: 1), .gone(rank: 2), .forgotten]
        for first in presences {
            for second in presences {
                for status in UserStatus.allCases {
                    let staff = Campus.claim(
                        Campus.staff, status, ["lastName": .string("A"), "startDate": .date(Self.today)], presence: first)
                    let student = Campus.claim(
                        Campus.students, .active, ["lastName": .string("B"), "phone": .string("1")], presence: second)
                    let badge = Campus.claim(Campus.badges, nil, ["phone": .string("2")], keepsAlive: false)
                    let orders = [
                        [staff, student, badge], [badge, staff, student], [student, badge, staff], [badge, student, staff],
                        [student, staff, badge], [staff, badge, student],
                    ]
                    #expect(Set(orders.map { campus.merged($0, before: Campus.user(.active)) }).count == 1)
                }
            }
        }
    }
}
