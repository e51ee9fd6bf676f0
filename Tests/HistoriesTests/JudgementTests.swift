import CEL
import Histories
import IdentityModel
import Kinds
import Planning
import PolicyFiles
import Testing

/// What the oracle and the comparison make of histories that are small enough to be seen through.
@Suite struct JudgementTests {
    /// Ann, a guest without a department, whom hr says; one system.
    private static func history(_ change: (inout History) -> Void = { _ in }) -> History {
        var history = HistoryGenerator.history(seed: 1, allowed: [], knows: ["creates", "shared", "repair"])
        var person = history.company.people[0]
        person.values = [
            "first": "Ann", "last": "Berg", "department": "Sales", "type": "Guest", "title": "Clerk", "status": "A", "campus": "North",
        ]
        history.company.people = [person]
        history.rulebook.systems = Array(history.rulebook.systems.prefix(1))
        history.rulebook.systems[0].requires = []
        (history.rulebook.hasStudents, history.rulebook.hasBadges, history.rulebook.disableLimit) = (true, false, nil)
        (history.rulebook.studentsFirst, history.rulebook.studentsSayTitle) = (false, true)
        (history.rulebook.zones, history.rulebook.claimsGuests, history.rulebook.yieldsTitle) = (nil, nil, nil)
        (history.rulebook.capitalTitles, history.rulebook.titleNeeded, history.rulebook.alumniUntil) = (nil, nil, nil)
        history.steps = []
        change(&history)
        return history
    }

    @Sendable private static func load(_ rulebook: Rulebook) throws -> Configuration {
        var environment = rulebook.environment
        for system in rulebook.systems { environment["\(system.name.uppercased())_PASSWORD"] = "secret" }
        let (configuration, diagnostics) = ConfigurationLoader.load(
            ConfigurationFiles(files: rulebook.files.mapValues { Array($0.utf8) }, kinds: Kinds.all, environment: environment))
        return try #require(configuration, "\(diagnostics)")
    }

    /// The person after hr's and the students' files were accepted, on the first day.
    private static func due(_ history: History, in feeds: [Feed]) throws -> Oracle.Due? {
        var world = World(history)
        var ledger = Ledger()
        let configuration = try load(history.rulebook)
        let number = history.company.people[0].number
        for feed in feeds {
            world.take(.appear(person: number, feed: feed))
            let published = world.publish(feed)
            let file = try #require(published)
            let oracle = Oracle(configuration: configuration, rulebook: history.rulebook, ledger: ledger, day: 0)
            let isNews = try ledger.accept(
                world.published[feed] ?? [], upTo: file.name, under: "1", of: feed, isClaimed: { try oracle.isClaimed($0, feed) })
            #expect(isNews)
        }
        return try Oracle(configuration: configuration, rulebook: history.rulebook, ledger: ledger, day: 0).due(number)
    }

    @Test(arguments: [("UTC", 20, UserStatus.pendingStart), ("Asia/Tokyo", 20, .active), ("Asia/Tokyo", 12, .pendingStart)])
    func `dates are read where the source is that decides`(zone: String, hour: Int, status: UserStatus) throws {
        let history = Self.history { history in
            history.rulebook.zones = Zones(hr: zone, students: "America/Phoenix", hour: hour)
            history.company.people[0][.start] = "1"
        }
        #expect(try Self.due(history, in: [.students, .hr])?.status == status)
    }

    @Test func `a row that is not claimed is as if it were absent`() throws {
        let history = Self.history { $0.rulebook.claimsGuests = false }
        #expect(try Self.due(history, in: [.hr]) == nil)
        let due = try #require(try Self.due(history, in: [.hr, .students]))
        #expect(due.status == .active)
        #expect(due.values["employeeType"] == nil)
    }

    @Test(arguments: [(false, nil), (true, "Boss")] as [(Bool, String?)])
    func `an absent title is a decision, except where the source yields`(yields: Bool, title: String?) throws {
        let history = Self.history { $0.rulebook.yieldsTitle = yields }
        var world = World(history)
        var ledger = Ledger()
        let number = history.company.people[0].number
        for (feed, title) in [(Feed.hr, ""), (.students, "Boss")] {
            world.take(.appear(person: number, feed: feed))
            world.take(.set(person: number, field: .title, value: title))
            let published = world.publish(feed)
            let file = try #require(published)
            _ = ledger.accept(world.published[feed] ?? [], upTo: file.name, under: "1", of: feed, isClaimed: { _ in true })
        }
        let oracle = Oracle(configuration: try Self.load(history.rulebook), rulebook: history.rulebook, ledger: ledger, day: 0)
        #expect(try oracle.due(number)?.values["title"]?.asString == title)
    }

    @Test func `a run that says it has done everything, and has done nothing, is found out at once`() async throws {
        let number = Self.history().company.people[0].number
        let history = Self.history { $0.steps = [.appear(person: number, feed: .hr), .publish(.hr), .sync(.hr, nil)] }
        let outcome = try await Playback(history, on: IdleEngine(), load: Self.load).run()
        #expect(outcome.deviations.first?.fact == "account after 0")
        #expect(outcome.deviations.first?.got == "none (sync hr, exit 0)")
        #expect(outcome.marks.contains(.comparedMidway))
    }

    @Test func `what events claim and nobody told is a deviation`() async throws {
        let engine = IdleEngine()
        engine.claims = ["E1 is called SUCCESS"]
        let outcome = try await Playback(Self.history(), on: engine, load: Self.load).run()
        #expect(outcome.deviations.map(\.fact) == ["event"])
    }

    @Test func `edits are taken back by their inverse`() {
        let book = Self.history().rulebook
        for edit in [
            Edit.category("two"), .salesHaveMail(!book.salesHaveMail), .group(role: "Boss", group: "Spare1"), .titleNeeded("fail"),
        ] {
            var edited = book
            let inverse = edited.inverse(of: edit)
            edited.take(edit)
            #expect(edited != book)
            if let inverse { edited.take(inverse) }
            #expect(edited == book)
        }
        #expect(book.inverse(of: .category("one")) == nil)
    }
}

/// Accepts every file, ends every run with 0, and does nothing.
private final class IdleEngine: Engine {
    private var last: [Feed: PublishedFile] = [:]
    var claims: [String] = []

    func put(_ file: PublishedFile) async throws { last[file.feed] = file }
    func configure(_ rulebook: Rulebook) async throws {}
    func set(day: CivilDate, hour: Int?) {}
    func sync(_ feed: Feed, mishap: Mishap?, accepting: Set<String>) async -> RunReport { RunReport(exit: 0, text: "") }
    func due(mishap: Mishap?, accepting: Set<String>) async -> RunReport { RunReport(exit: 0, text: "") }
    func plan(_ feed: Feed) async -> RunReport { RunReport(exit: 0, text: "") }
    func sync(_ feed: Feed, file: String) async -> RunReport { RunReport(exit: 0, text: "") }
    func approveNext(after ordinal: Int) async -> (ordinal: Int, report: RunReport)? { nil }
    func disturb(_ step: Step, person: Person?) async throws {}
    func calm() async throws {}
    func settle() async -> Bool { false }
    func systems() async throws -> [String: SystemView] { ["Corp": SystemView(entries: [], groups: [:])] }
    func applied(_ feed: Feed) async throws -> AppliedFile? { last[feed].map { AppliedFile(name: $0.name, configuration: "1") } }
    func counts() async throws -> Counts { Counts() }
    func met() async -> [String: Set<Int>] { [:] }
    func misled() async -> [String: Set<Int>] { [:] }
    func untrueEvents() async throws -> [String] { claims }
    func remains() async throws -> [String] { [] }
    func marks() async throws -> Set<Mark> { [] }
    func close() async {}
}
