import Contracts
import Foundation
import IdentityModel
import Planning
import StoreSQL
import Testing

@testable import Provisioning

/// Sentences of the law about what one run leaves to the next, behind the front door.
struct LawRunTests {
    private let hr = Origin.source(SourceName("hr"))
    private let staff = ["E1,Berg,Clerk,active", "E2,Dahl,Clerk,active"]

    private func edited(_ world: RunsWorld, _ file: String, _ text: String, with other: String) throws -> Configuration {
        var files = RunsWorld.files
        files[file] = files[file]?.replacing(text, with: other)
        return try world.configuration(files)
    }

    // MARK: Approvals

    /// A company on whose third day `rule` begins or ends, with an approved plan of hr for E1 that has not started.
    private func withApprovedPlan(_ rule: String, roles: String = "") async throws -> (RunsWorld, Configuration) {
        let world = try await RunsWorld()
        var files = RunsWorld.files
        files["Rules.yaml"] = "rules:\n\(rule)\n"
        files["Roles.yaml"] = (files["Roles.yaml"] ?? "") + roles
        let configuration = try world.configuration(files)
        try await world.sync(staff, configuration)
        try world.write(["E1,Berg,Chief,active", "E2,Dahl,Clerk,active"])
        #expect(try await world.runs(configuration).plan(PlanRequest(source: SourceName("hr"))) == .done)
        let plan = try #require(try await world.store.plan(of: hr, in: [.ready]))
        try await world.store.decide(plan.id, .approved, by: "ann", reason: "right", at: DispatchWorld.start)
        #expect(try await world.store.usersOfApprovedPlans(except: .due).count == 1)
        #expect(try await world.store.usersOfApprovedPlans(except: hr) == [])
        return (world, configuration)
    }

    @Test func `users of an approved plan that has not started are left to it by other origins`() async throws {
        let (world, configuration) = try await withApprovedPlan(
            #"  everybody: { when: "true", roles: [Employee] }"# + "\n"
                + #"  vip: { when: "true", from: \#(CivilDate(days: 20_502)), roles: [VIP] }"#,
            roles: "\n  VIP: { entitlements: [ { system: Directory, groups: [\"cn=VIP\"] } ] }\n")
        #expect(try await world.runs(configuration, day: 3).syncDue() == .leftAside)
        let system = try #require(world.systems[RunsWorld.directory])
        #expect(await system.members["cn=VIP"] == [AccountName("cn=Dahl,ou=People")])
        // Once it is through, the dates reach them, too.
        let plan = try #require(try await world.store.plan(of: hr, in: [.approved]))
        let runs = world.runs(configuration, day: 3)
        _ = try await runs.apply(plan: plan.ordinal)
        #expect(try await runs.syncDue() == .done)
        #expect(await system.members["cn=VIP"]?.count == 2)
        #expect(await system.entry(named: "cn=Berg,ou=People")?.attributes["title"] == ["Chief"])
    }

    @Test func `whoever loses an account is not left to an approved plan`() async throws {
        let (world, configuration) = try await withApprovedPlan(
            #"  everybody: { when: "true", until: \#(CivilDate(days: 20_502)), roles: [Employee] }"#)
        _ = try await world.runs(configuration, day: 3).syncDue()
        let system = try #require(world.systems[RunsWorld.directory])
        #expect(await system.entry(named: "cn=Berg,ou=Disabled")?.attributes["userAccountControl"] == ["514"])
        #expect(await system.entry(named: "cn=Dahl,ou=Disabled")?.attributes["userAccountControl"] == ["514"])
    }

    // MARK: A day too far

    /// Seen: after a run with a wrong day access stayed, and every later run ended with 0.
    @Test func `what a run of a later day gave or took because of a date is taken back when the day is right again`() async throws {
        let world = try await RunsWorld()
        var files = RunsWorld.files
        files["Roles.yaml"]? += "\n  VIP: { entitlements: [ { system: Directory, groups: [\"cn=VIP\"] } ] }\n"
        files["Rules.yaml"] = """
            rules:
              everybody: { when: 'user.title != "Guest"', roles: [Employee] }
              guests: { when: 'user.title == "Guest"', until: \(CivilDate(days: 20_530)), roles: [Employee] }
              vip: { when: "true", from: \(CivilDate(days: 20_520)), roles: [VIP] }
            """
        let configuration = try world.configuration(files)
        let rows = ["E1,Berg,Clerk,active", "E2,Dahl,Guest,active"]
        #expect(try await world.sync(rows, configuration) == .done)
        #expect(try await world.sync(rows, configuration, day: 60) == .done)
        let system = try #require(world.systems[RunsWorld.directory])
        #expect(await system.members["cn=VIP"]?.count == 2)
        for _ in 1...2 {
            #expect(try await world.sync(rows, configuration, day: 1) == .done)
            #expect(try await world.runs(configuration, day: 1).syncDue() == .done)
        }
        #expect(await system.members["cn=VIP"] ?? [] == [])
        #expect(await system.entry(named: "cn=Dahl,ou=People")?.attributes["userAccountControl"] == ["512"])
        _ = world.news()
        #expect(try await world.sync(rows, configuration, day: 1) == .done)
        #expect(world.plansSealed() == 0)
        // And the dates come when it is time.
        #expect(try await world.runs(configuration, day: 40).syncDue() == .done)
        #expect(await system.members["cn=VIP"] == [AccountName("cn=Berg,ou=People"), AccountName("cn=Dahl,ou=People")])
    }

    // MARK: Files that come twice

    private func incremental(_ world: RunsWorld) throws -> Configuration {
        try edited(world, "birthright.yaml", "key: row.ID", with: "take: all\n    type: incremental\n    key: row.ID")
    }

    @Test(arguments: [19, 20])
    func `the rows of an incremental file that come again under a later name are refused, where they are too many for chance`(
        count: Int
    ) async throws {
        let world = try await RunsWorld()
        let configuration = try incremental(world)
        let rows = (1...count).map { "E\($0),Name\($0),Clerk,active" }
        try world.write(rows, to: "hr-1.csv")
        #expect(try await world.sync(nil, configuration) == .done)
        try world.write(rows.map { $0.replacing("Clerk", with: "Chief") }, to: "hr-2.csv")
        #expect(try await world.sync(nil, configuration) == .done)
        try world.write(rows, to: "hr-3.csv")
        let system = try #require(world.systems[RunsWorld.directory])
        if count < 20 {
            #expect(try await world.sync(nil, configuration) == .done)
        } else {
            #expect(try await world.sync(nil, configuration) == .held)
            #expect(await system.entry(named: "cn=Name1,ou=People")?.attributes["title"] == ["Chief"])
            #expect(try await world.sync(nil, configuration, accepting: [.resent]) == .done)
        }
        #expect(await system.entry(named: "cn=Name1,ou=People")?.attributes["title"] == ["Clerk"])
    }

    @Test func `a file that comes too late, or is changed after it was taken, is nothing that a run ends with 0 over`() async throws {
        let world = try await RunsWorld()
        let configuration = try incremental(world)
        try world.write(staff, to: "hr-3.csv")
        #expect(try await world.sync(nil, configuration) == .done)
        #expect(try await world.sync(nil, configuration) == .done)
        try world.write(["E1,Berg,Boss,active"], to: "hr-2.csv")
        let system = try #require(world.systems[RunsWorld.directory])
        for _ in 1...2 { #expect(try await world.sync(nil, configuration) == .held) }
        #expect(await system.entry(named: "cn=Berg,ou=People")?.attributes["title"] == ["Clerk"])
        #expect(try await world.sync(nil, configuration, accepting: [.resent]) == .done)
        #expect(await system.entry(named: "cn=Berg,ou=People")?.attributes["title"] == ["Boss"])
        #expect(try await world.sync(nil, configuration) == .done)
        try world.write(["E1,Berg,Chief,active"], to: "hr-3.csv")
        #expect(try await world.sync(nil, configuration) == .held)
        #expect(await system.entry(named: "cn=Berg,ou=People")?.attributes["title"] == ["Boss"])
        #expect(try await world.sync(nil, configuration, accepting: [.resent]) == .done)
        #expect(await system.entry(named: "cn=Berg,ou=People")?.attributes["title"] == ["Chief"])
        #expect(try await world.sync(nil, configuration) == .done)
        try world.write(["E1,Berg,Head,active"], to: "hr-1.csv")
        #expect(try await world.sync(nil, configuration) == .held)
        try world.remove("hr-1.csv")
        #expect(try await world.sync(nil, configuration) == .done)
    }

    @Test func `a file that is changed after its turn is not forgotten when the next one comes`() async throws {
        let world = try await RunsWorld()
        let configuration = try incremental(world)
        for (file, title) in [("hr-1.csv", "Clerk"), ("hr-2.csv", "Chief")] {
            try world.write(["E1,Berg,\(title),active", "E2,Dahl,\(title),active"], to: file)
            #expect(try await world.sync(nil, configuration) == .done)
        }
        try world.write(["E1,Berg,Clerk,active", "E2,Dahl,Clerk,terminated"], to: "hr-1.csv")
        try world.write(["E1,Berg,Boss,active"], to: "hr-3.csv")
        for _ in 1...2 { #expect(try await world.sync(nil, configuration) == .held) }
        let system = try #require(world.systems[RunsWorld.directory])
        #expect(await system.entry(named: "cn=Berg,ou=People")?.attributes["title"] == ["Boss"])
        #expect(try await world.sync(nil, configuration, accepting: [.resent]) == .done)
        #expect(await system.entry(named: "cn=Dahl,ou=Disabled")?.attributes["userAccountControl"] == ["514"])
        // What cannot be read any more is another content, and no reason to end otherwise.
        try Data().write(to: world.folder.appendingPathComponent("hr-2.csv"))
        #expect(try await world.sync(nil, configuration) == .held)
        try world.write(["E1,Berg,Chief,active", "E2,Dahl,Chief,active"], to: "hr-2.csv")
        #expect(try await world.sync(nil, configuration) == .done)
        // Written anew with the same content: nobody has changed it.
        try world.write(["E1,Berg,Clerk,active", "E2,Dahl,Clerk,terminated"], to: "hr-1.csv")
        #expect(try await world.sync(nil, configuration) == .done)
    }

    /// Five people may be disabled at once, and eight work here.
    private func guarded(_ world: RunsWorld, takesAll: Bool) throws -> Configuration {
        var files = RunsWorld.files
        files["birthright.yaml"] = files["birthright.yaml"]?.replacing("disable: { count: 100 }", with: "disable: { count: 5 }")
        if takesAll {
            files["birthright.yaml"] = files["birthright.yaml"]?.replacing(
                "key: row.ID", with: "take: all\n    type: incremental\n    key: row.ID")
        }
        return try world.configuration(files)
    }

    private let eight = (1...8).map { "E\($0),Name\($0),Clerk,active" }

    private func disabled(_ world: RunsWorld) async throws -> Int {
        try await world.store.users(after: nil, limit: 100).isEmpty
            ? 0 : try await world.orders([.executed]).count { $0.operation == .disable }
    }

    @Test(arguments: [true, false])
    func `a plan of a file that somebody let through is carried out once it is approved, whoever asks`(takesAll: Bool) async throws {
        let world = try await RunsWorld()
        let configuration = try guarded(world, takesAll: takesAll)
        try world.write(eight, to: takesAll ? "hr-3.csv" : "hr.csv")
        #expect(try await world.sync(nil, configuration) == .done)
        let leavers = eight.map { $0.replacing("active", with: "terminated") }
        if takesAll { try world.write(leavers, to: "hr-2.csv") } else { try world.write([], to: "hr.csv") }
        #expect(try await world.sync(nil, configuration, accepting: takesAll ? [.resent] : [.rowCount]) == .held)
        let held = try #require(try await world.store.plan(of: .source(SourceName("hr")), in: [.held]))
        // A schedule goes on asking, and accepts nothing.
        for _ in 1...2 { #expect(try await world.sync(nil, configuration) == .held) }
        #expect(try await world.store.plan(of: .source(SourceName("hr")), in: [.held])?.id == held.id)
        _ = try await Inquiry(world.store).approve(held.ordinal ?? 0, by: "ann", reason: "the plant closes", at: DispatchWorld.start)
        #expect(try await disabled(world) == 0)
        #expect(try await world.sync(nil, configuration) == .done)
        #expect(try await disabled(world) == 8)
        #expect(try await world.sync(nil, configuration) == .done)
    }

    @Test func `what a source that took the latest file only passed over does not come too late`() async throws {
        let world = try await RunsWorld()
        try world.write(["E1,Berg,Boss,active"], to: "hr-1.csv")
        try world.write(staff, to: "hr-2.csv")
        #expect(try await world.sync(nil) == .done)
        let configuration = try edited(world, "birthright.yaml", "key: row.ID", with: "take: all\n    key: row.ID")
        // The rows were not kept when they were read: the next ones are read anew, and until then they are named.
        for _ in 1...2 { #expect(try await world.sync(nil, configuration) == .leftAside) }
        // What comes, or is changed, from then on does.
        try world.write(staff, to: "hr-0.csv")
        #expect(try await world.sync(nil, configuration) == .held)
        try world.remove("hr-0.csv")
        try world.write(["E1,Berg,Chief,active"], to: "hr-1.csv")
        #expect(try await world.sync(nil, configuration) == .held)
    }

    @Test func `a row in quarantine is no news while there is no new file`() async throws {
        let world = try await RunsWorld()
        let configuration = try incremental(world)
        try world.write(staff, to: "hr-1.csv")
        #expect(try await world.sync(nil, configuration) == .done)
        try world.write(["E1,Berg,Clerk,gone away", "E3,Holm,Clerk,active"], to: "hr-2.csv")
        #expect(try await world.sync(nil, configuration) == .leftAside)
        _ = world.news()
        for _ in 1...2 { #expect(try await world.sync(nil, configuration) == .leftAside) }
        #expect(world.plansSealed() == 0)
        // Nor does an edit make it one, which plans everybody from the rows that are kept.
        let edit = try edited(
            world, "birthright.yaml", "key: row.ID",
            with: "take: all\n    type: incremental\n    validate: [ { check: 'row.ID != \"\"', reason: no key } ]\n    key: row.ID")
        for _ in 1...2 { #expect(try await world.sync(nil, edit) == .leftAside) }
        #expect(try await world.sync(nil, configuration) == .leftAside)
        #expect(try await world.store.quarantines(plan: nil).count == 1)
        _ = world.news()
        // A file says so again, or takes it back.
        try world.write(["E1,Berg,Clerk,gone away"], to: "hr-3.csv")
        #expect(try await world.sync(nil, configuration) == .leftAside)
        #expect(world.plansSealed() == 0)
        try world.write(["E1,Berg,Clerk,active"], to: "hr-4.csv")
        #expect(try await world.sync(nil, configuration) == .done)
    }

    // MARK: An edit of the configuration (what it asks for later is not forgotten)

    @Test func `a reference that an edit adds is written once there is somebody to point at`() async throws {
        let world = try await RunsWorld()
        var files = RunsWorld.files
        files["birthright.yaml"] = files["birthright.yaml"]?.replacing("title: row.?TITLE", with: "manager: ref(row.TITLE)")
        #expect(try await world.sync(["E1,Berg,E2,active"], world.configuration(files)) == .done)
        files["PolicyMaps/directory.yaml"] = RunsWorld.map.replacing(
            "title: user.?title", with: "manager: user.?manager.optMap(m, account(m))")
        let configuration = try world.configuration(files)
        #expect(try await world.sync(nil, configuration) == .done)
        let system = try #require(world.systems[RunsWorld.directory])
        #expect(await system.entry(named: "cn=Berg,ou=People")?.attributes["manager"] == nil)
        // E2 comes, and E1's row is the same.
        _ = try await world.sync(["E1,Berg,E2,active", "E2,Dahl,,active"], configuration)
        #expect(try await world.sync(nil, configuration) == .done)
        #expect(await system.entry(named: "cn=Berg,ou=People")?.attributes["manager"] == ["cn=Dahl,ou=People"])
    }

    @Test func `a date that an edit adds is due on its day`() async throws {
        let world = try await RunsWorld()
        #expect(try await world.sync(staff) == .done)
        let until = CivilDate(days: 20_502)
        let dated = try edited(
            world, "Rules.yaml", #"{ when: "true", roles: [Employee] }"#, with: #"{ when: "true", until: \#(until), roles: [Employee] }"#)
        // Nothing comes of the edit today but the day on which something will.
        #expect(try await world.sync(nil, dated, day: 0) == .done)
        #expect(try await world.runs(dated, day: 1).syncDue() == .done)
        #expect(await world.systems[RunsWorld.directory]?.entry(named: "cn=Berg,ou=People") != nil)
        #expect(try await world.runs(dated, day: 3).syncDue() == .done)
        #expect(await world.systems[RunsWorld.directory]?.entry(named: "cn=Berg,ou=Disabled")?.attributes["userAccountControl"] == ["514"])
    }

    // MARK: Unfinished plans

    /// The plan that is gone on with leaves out somebody who changed, and the run says so with its end, although the next plan changes nothing.
    @Test func `a run that goes on with an older plan ends with what that plan came to`() async throws {
        let world = try await RunsWorld()
        try await world.sync(staff)
        let system = try #require(world.systems[RunsWorld.directory])
        await system.goAway()
        #expect(try await world.sync(["E1,Berg,Chief,active", "E2,Dahl,Clerk,active"]) == .leftAside)
        let other = RunsWorld(world, [RunsWorld.directory: ScriptedSystem(realm: "another company")])
        #expect(try await other.sync() == .held)
    }

    // MARK: People of files that cannot be planned

    @Test func `a leaver whose disabling failed is disabled by a run for due dates while the newest file is in breach`() async throws {
        let world = try await RunsWorld()
        let system = try #require(world.systems[RunsWorld.directory])
        try await world.sync(staff)
        await system.refuse(attribute: "userAccountControl", ConnectorFailure(.permanent, "not allowed"))
        #expect(try await world.sync(["E1,Berg,Clerk,active", "E2,Dahl,Clerk,terminated"]) == .failed)
        await system.accept(attribute: "userAccountControl")
        #expect(try await world.sync([]) == .held)
        #expect(await system.entry(named: "cn=Dahl,ou=Disabled")?.attributes["userAccountControl"] == ["512"])
        #expect(try await world.runs(world.configuration()).syncDue() == .done)
        #expect(await system.entry(named: "cn=Dahl,ou=Disabled")?.attributes["userAccountControl"] == ["514"])
        #expect(try await world.runs(world.configuration()).syncDue() == .done)
        #expect(try await world.orders([.pending, .errored]) == [])
    }

    @Test
    func `an edited rule reaches everybody by a run for due dates while the newest file is in breach, and an edit that is undone as well`()
        async throws
    {
        let world = try await RunsWorld()
        let system = try #require(world.systems[RunsWorld.directory])
        try await world.sync(staff)
        #expect(try await world.sync([]) == .held)
        let edit = try edited(world, "Rules.yaml", #"when: "true""#, with: #"when: 'user.lastName == "Berg"'"#)
        #expect(try await world.sync(nil, edit) == .held)
        _ = try await world.runs(edit).syncDue()
        #expect(await system.entry(named: "cn=Dahl,ou=Disabled")?.attributes["userAccountControl"] == ["514"])
        #expect(try await world.runs(edit).syncDue() == .done)
        let plans = try await world.orders().count
        #expect(try await world.runs(edit).syncDue() == .done)
        #expect(try await world.orders().count == plans)
        _ = try await world.runs(world.configuration()).syncDue()
        #expect(await system.entry(named: "cn=Dahl,ou=People")?.attributes["userAccountControl"] == ["512"])
    }

    // MARK: Moved by hand

    @Test func `who comes back to an entry that was moved by hand is where the map says`() async throws {
        let world = try await RunsWorld()
        let system = try #require(world.systems[RunsWorld.directory])
        var files = RunsWorld.files
        files["PolicyMaps/directory.yaml"] = RunsWorld.map.replacing(
            #"(account.enabled ? ",ou=People" : ",ou=Disabled")"#, with: #"",ou=People""#)
        let configuration = try world.configuration(files)
        try await world.sync(staff, configuration)
        try await world.sync(["E1,Berg,Clerk,active", "E2,Dahl,Clerk,terminated"], configuration)
        await system.move("cn=Dahl,ou=People", to: "cn=Dahl,ou=Annex")
        #expect(try await world.sync(staff, configuration) == .done)
        #expect(await system.entry(named: "cn=Dahl,ou=People")?.attributes["userAccountControl"] == ["512"])
        #expect(try await world.account("E2")?.name == AccountName("cn=Dahl,ou=People"))
    }

    @Test func `a run that wrote to an entry which was moved by hand does not end with 0 before it is moved back`() async throws {
        let world = try await RunsWorld()
        let system = try #require(world.systems[RunsWorld.directory])
        try await world.sync(staff)
        await system.move("cn=Dahl,ou=People", to: "cn=Dahl,ou=Annex")
        #expect(try await world.sync(["E1,Berg,Clerk,active", "E2,Dahl,Chief,active"]) == .failed)
        #expect(await system.entry(named: "cn=Dahl,ou=Annex")?.attributes["title"] == ["Chief"])
        #expect(try await world.sync() == .done)
        #expect(await system.entry(named: "cn=Dahl,ou=People")?.attributes["title"] == ["Chief"])
        // Of whoever has left nothing more is sent.
        await system.move("cn=Dahl,ou=People", to: "cn=Dahl,ou=Annex")
        #expect(try await world.sync(["E1,Berg,Clerk,active", "E2,Dahl,Chief,terminated"]) == .done)
    }

    @Test(arguments: ["a title that changes", "a name that changes"])
    func `who was moved by hand, and whose place a stranger has, gets the next name`(_ row: String) async throws {
        let world = try await RunsWorld()
        let system = try #require(world.systems[RunsWorld.directory])
        var files = RunsWorld.files
        files["PolicyMaps/directory.yaml"] = RunsWorld.map.replacing(
            "cn: user.lastName",
            with: "cn: { unique: { in: [store, target], scope: container, candidates: ['user.lastName', 'user.lastName + \"1\"'] } }")
        let configuration = try world.configuration(files)
        try await world.sync(staff, configuration)
        await system.move("cn=Dahl,ou=People", to: "cn=Dahl,ou=Annex")
        await system.add(name: "cn=Dahl,ou=People", ["title": ["Stranger"]])
        let rows = ["E1,Berg,Clerk,active", row.hasPrefix("a title") ? "E2,Dahl,Chief,active" : "E2,Dahl,Clerk,active"]
        _ = try await world.sync(rows, configuration)
        if !row.hasPrefix("a title") { _ = try await world.sync(["E1,Berg,Clerk,active", "E2,Moe,Clerk,active"], configuration) }
        #expect(try await world.sync(nil, configuration) == .done)
        #expect(try await world.sync(nil, configuration) == .done)
        let name = row.hasPrefix("a title") ? "cn=Dahl1,ou=People" : "cn=Moe,ou=People"
        #expect(await system.entry(named: name)?.attributes["number"] == ["E2"])
        #expect(await system.entry(named: "cn=Dahl,ou=People")?.attributes["number"] == nil)
    }
}
