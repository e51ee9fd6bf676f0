import Contracts
import IdentityModel
import Pages
import Planning
import PolicyFiles
import Provisioning
import Testing

/// What a second program (a service, a console) does with the front door and the pages alone: the command line decides nothing.
@Suite("The front door")
struct FrontDoorTests {
    private let staff = (1...8).map { "E\($0),Name\($0),Clerk,active" }
    private var leavers: [String] { staff.prefix(1) + staff.dropFirst().map { $0.replacing("active", with: "terminated") } }

    @Test func `plans, approves, applies and explains, and pages through what came of it`() async throws {
        let world = try await RunsWorld()
        var files = RunsWorld.files
        files["birthright.yaml"] = files["birthright.yaml"]?.replacing("disable: { count: 100 }", with: "disable: { count: 5 }")
        let configuration = try world.configuration(files)
        let runs = world.runs(configuration)
        let inquiry = Inquiry(world.store)
        try world.write(staff)
        #expect(try await runs.plan(PlanRequest(source: SourceName("hr"))) == .done)
        let first = try await inquiry.plan(1)
        #expect(first.state == .ready && PlanPage.plan(first)["totals"]?["orders"] == .int(8))
        #expect(try await runs.apply() == .done)
        try world.write(leavers)
        #expect(try await runs.plan(PlanRequest(source: SourceName("hr"))) == .held)

        // Before it happens: the person as the plan would have them.
        let planned = try await inquiry.explain("E2", on: "Directory", nil, configuration, RunClock(asOf: CivilDate(days: 20_500)))
        #expect(planned.page["asPlanned"] == .int(2) && planned.page["status"] == .string("terminated"))
        await #expect(throws: InquiryError.notDecidable(try inquiry.plan(2), .apply)) { try await runs.apply(plan: 2) }
        await #expect(throws: InquiryError.needsReason(try inquiry.plan(2), .approve)) {
            try await inquiry.approve(2, by: "ann", reason: " ", at: DispatchWorld.start)
        }
        #expect(try await inquiry.approve(2, by: "ann", reason: "the plant closes", at: DispatchWorld.start).state == .approved)
        await #expect(throws: InquiryError.notDecidable(try inquiry.plan(2), .approve)) {
            try await inquiry.approve(2, by: "ann", reason: "again", at: DispatchWorld.start)
        }
        #expect(try await runs.apply(plan: 2) == .done)

        var orders: [JSON] = []
        let end = try await Listing.orders(OrderFilter(), limit: 10, world.store) { page in
            orders += page.map { PlanPage.order($0.order, ordinal: $0.ordinal) }
        }
        #expect(end.hasMore && orders.count == 10 && orders.first?["order"] == .string("2-7"))
        var users: [JSON] = []
        let next = try await Listing.users(from: UserKey("E3"), limit: 2, world.store) { users += $0.map(\.page) }
        #expect(next == UserKey("E5") && users.map { $0["key"] } == [.string("E3"), .string("E4")])
        var events: [OutboxEvent] = []
        _ = try await Listing.events(RecordFilter(), limit: nil, world.store) { events += $0.map(\.event) }
        #expect(events.count == 15)
        var audit: [JSON] = []
        _ = try await Listing.audit(RecordFilter(), limit: nil, world.store) { audit += $0.map(\.page) }
        #expect(audit.contains { $0["kind"] == .string("plan approved") && $0["text"]?.stringValue?.contains("the plant closes") == true })
        let card = try await inquiry.card("E1", configuration, RunClock(asOf: CivilDate(days: 20_500)))
        #expect(card.page["positions"]?["title"] == .string("hr.csv:2"))
        let explained = try await inquiry.explain(
            "E1", on: "Directory", "title", configuration, RunClock(asOf: CivilDate(days: 20_500)))
        #expect(explained.page["attributes"]?.arrayValue?.first?["values"] == .array([.string("Clerk")]))
        #expect(explained.page["event"]?["count"] == .int(1))
    }

    @Test func `compares configurations, tries expressions and tests policies`() async throws {
        let world = try await RunsWorld()
        try await world.sync(staff)
        let present = try world.configuration()
        var files = RunsWorld.files
        files["PolicyMaps/directory.yaml"] = RunsWorld.map.replacing(
            "title: user.?title", with: "title: user.?title.orValue(\"\") + \" II\"")
        let proposed = try world.configuration(files)
        let inquiry = Inquiry(world.store)
        let day = RunClock(asOf: CivilDate(days: 20_500)).earliestDay(of: present.sources)
        func compared(_ person: UserKey?) async throws -> Comparison {
            try await inquiry.compare(
                Inquiry.ComparisonRequest(("now", present), with: ("then", proposed), examples: 2, person: person), on: day,
                progress: { _ in })
        }
        let all = try await compared(nil).page
        #expect(all["users"] == .int(8) && all["affected"] == .int(8))
        let title = all["systems"]?.arrayValue?.first?["attributes"]?.arrayValue?.first
        #expect(title?["attribute"] == .string("title") && title?["changed"] == .int(8) && title?["examples"]?.arrayValue?.count == 2)
        let one = try await compared(UserKey("E3")).personPage
        #expect(one["user"] == .string("E3") && one["orders"]?.arrayValue?.count == 1)
        await #expect(throws: InquiryError.notCompared("E99")) { try await compared(UserKey("E99")) }

        let map = try Inquiry.system("Directory", proposed)
        let rule = try #require(map.attributes.first { $0.name == "title" })
        guard case .expression(let expression) = rule.value else { return #expect(Bool(false), "the title has an expression") }
        let trial = ExpressionTrial(
            configuration: proposed, map: map, today: day, store: world.store, person: try await inquiry.person("E3"))
        let tried = try await trial.evaluate(expression).page
        #expect(tried["value"] == .string("Clerk II") && tried["accountEnabled"] == .bool(true) && tried["error"] == .null)

        let tests = """
            defaults: { date: 2026-02-15 }
            tests:
              a clerk: { given: { employeeId: E1, lastName: Berg, title: Clerk }, expect: { attributes: { title: Clerk II } } }
              a chief: { given: { employeeId: E2, lastName: Moe, title: Chief }, expect: { attributes: { title: Chief } } }
            """
        files["PolicyMaps/directory.tests.yaml"] = tests
        let (suites, findings) = PolicyTestLoader.load(RunsWorld.configurationFiles(files), proposed)
        #expect(findings.isEmpty, "\(findings.map(\.description))")
        let report = PolicyTestReport(
            suites: suites.map { PolicyTestReport.Suite($0.tests, of: map, in: $0.file, isThere: true, proposed) })
        let page = report.page(withCoverage: true)
        #expect(page["tests"] == .int(2) && page["failed"] == .int(1))
        let mismatch = page["systems"]?.arrayValue?.first?["results"]?.arrayValue?.last?["mismatches"]?.arrayValue?.first
        #expect(mismatch?["subject"] == .string("title") && mismatch?["actual"] == .string("Chief II"))
    }

    @Test func `a plan that was made under another configuration is not carried out`() async throws {
        let world = try await RunsWorld()
        try world.write(staff)
        let configuration = try world.configuration()
        #expect(try await world.runs(configuration).plan(PlanRequest(source: SourceName("hr"))) == .done)
        var files = RunsWorld.files
        files["Rules.yaml"] = files["Rules.yaml"]?.replacing("when: \"true\"", with: "when: 'user.title == \"Chief\"'")
        let edited = try world.configuration(files)
        let plan = try await Inquiry(world.store).plan(1)
        await #expect(throws: InquiryError.configurationChanged(plan)) { try await world.runs(edited).apply(plan: 1) }
        #expect(await world.systems[RunsWorld.directory]?.entry(named: "cn=Name1,ou=People") == nil)
        #expect(try await world.runs(configuration).apply(plan: 1) == .done)
    }

    @Test func `stops a plan that is being applied`() async throws {
        let world = try await RunsWorld()
        try await world.sync(staff)
        let runs = world.runs(try world.configuration())
        await #expect(throws: InquiryError.notDecidable(try Inquiry(world.store).plan(1), .abandon)) {
            try await runs.abandon(1, by: "ann", reason: "wrong")
        }
        await world.systems[RunsWorld.directory]?.goAway()
        try await world.sync(staff.map { $0.replacing("Clerk", with: "Chief") })
        await #expect(throws: InquiryError.needsReason(try Inquiry(world.store).plan(2), .abandon)) {
            try await runs.abandon(2, by: "ann", reason: "")
        }
        let (plan, withdrawn, end) = try await runs.abandon(2, by: "ann", reason: "wrong")
        #expect(PlanPage.abandoned(plan, withdrawn: withdrawn)["withdrawn"] == .int(8) && end == .done)
    }

    @Test func `what is not there is said as a value`() async throws {
        let world = try await RunsWorld()
        let inquiry = Inquiry(world.store)
        await #expect(throws: InquiryError.noPlanWaits) { try await world.runs(world.configuration()).apply() }
        await #expect(throws: InquiryError.noPlan(7, newest: nil)) { try await inquiry.plan(7) }
        try await world.sync(staff)
        await #expect(throws: InquiryError.noPlan(7, newest: 1)) { try await inquiry.plan(7) }
        await #expect(throws: InquiryError.noUser("E99", setAside: [])) { try await inquiry.person("E99") }
        await #expect(throws: InquiryError.notAnOrder("first")) { try await inquiry.order("first") }
        await #expect(throws: InquiryError.noOrder("1-99", try inquiry.plan(1))) { try await inquiry.order("1-99") }
        await #expect(throws: InquiryError.noQuarantine(3)) { try await inquiry.quarantine(3) }
        #expect(throws: InquiryError.noOrderState("sent")) { try Inquiry.state("sent") }
        #expect(try Inquiry.state("awaiting approval") == .awaitingApproval && Inquiry.state("3") == .errored)
        let configuration = try world.configuration()
        #expect(throws: InquiryError.noSystem("Moon", known: ["Directory"])) { try Inquiry.system("Moon", configuration) }
    }
}
