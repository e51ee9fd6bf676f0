import Contracts
import IdentityModel
import Planning
import StoreSQL
import Testing

@testable import Provisioning

/// What a person lets a run go past is done, and stands in the audit with who and why.
struct AcceptanceTests {
    private let staff = ["E1,Berg,Clerk,active", "E2,Dahl,Clerk,active", "E3,Holm,Clerk,active", "E4,Lund,Clerk,active"]
    private var promoted: [String] { ["E1,Berg,Chief,active"] + staff.dropFirst() }

    @Test func `another system is left aside until somebody says that it is right`() async throws {
        let world = try await RunsWorld()
        #expect(try await world.sync(staff) == .done)
        let other = ScriptedSystem(realm: "another company")
        let moved = RunsWorld(world, [RunsWorld.directory: other])
        #expect(try await moved.sync(promoted) == .held)
        #expect(await other.executed.isEmpty)
        #expect(try await world.audit("breach accepted") == [])
        // The plan that waits is gone on with: what somebody accepts counts there, too.
        #expect(try await moved.sync(promoted, accepting: [.system]) == .failed)
        #expect(await !other.executed.isEmpty)
        let line = try #require(try await world.audit("breach accepted").first)
        #expect(line.text.hasPrefix("by ann: test (system: Directory is another system than before"))
        #expect(try await world.store.realm(of: RunsWorld.directory) == Realm("another company"))
    }

    @Test func `accounts that are taken to be gone are named, one by one`() async throws {
        let world = try await RunsWorld()
        try await world.sync(staff)
        let system = try #require(world.systems[RunsWorld.directory])
        for name in ["Berg", "Dahl", "Holm", "Lund"] { await system.remove("cn=\(name),ou=People") }
        let left = ["E1,Berg,Clerk,terminated", "E2,Dahl,Clerk,terminated"] + staff.dropFirst(2)
        // The first run meets that an entry is gone, the second one that all are.
        #expect(try await world.sync(left) == .failed)
        #expect(try await world.sync(left) == .held)
        _ = world.news()
        // The two who are due theirs were looked at beside these: that they are gone, too, is not forgotten.
        #expect(try await world.sync(left, accepting: [.gone]) == .failed)
        #expect(try await world.store.openWork().unknownAccounts == 2)
        let lines = try await world.audit("breach accepted")
        #expect(
            lines.map(\.text)
                == ["E1", "E2"].map { key in
                    "by ann: test (gone: the entry cn=\(key == "E1" ? "Berg" : "Dahl"),ou=People of \(key) on Directory)"
                })
        #expect(lines.allSatisfy { $0.user != nil && $0.plan != nil })
        let warnings = world.news().flatMap { news -> [String] in
            if case .planned(let report, _) = news { report.warnings } else { [] }
        }
        #expect(warnings.contains("accepted: the entry cn=Berg,ou=People of E1 on Directory is gone"))
    }

    @Test func `entries that are made anew are named, one by one`() async throws {
        let world = try await RunsWorld()
        try await world.sync(staff)
        await world.systems[RunsWorld.directory]?.remove("cn=Berg,ou=People")
        // The first run meets that the entry is gone, the second one says so.
        #expect(try await world.sync(promoted) == .failed)
        #expect(try await world.sync(promoted) == .failed)
        #expect(try await world.audit("breach accepted") == [])
        #expect(try await world.sync(promoted, accepting: [.recreate]) == .done)
        #expect(
            try await world.audit("breach accepted").map(\.text) == [
                "by ann: test (recreate: the entry cn=Berg,ou=People of E1 on Directory)"
            ])
    }

    @Test func `a file without rows is accepted with a reason, which the audit keeps`() async throws {
        let world = try await RunsWorld()
        try await world.sync(["E1,Berg,Clerk,active"])
        #expect(try await world.sync([]) == .held)
        #expect(try await world.sync([], accepting: [.rowCount]) == .done)
        let lines = try await world.audit("breach accepted").map(\.text)
        #expect(lines.count == 1 && lines.allSatisfy { $0.hasPrefix("by ann: test (rowCount: ") })
    }

    @Test func `a file that was applied before is taken again with a reason, which the audit keeps`() async throws {
        let world = try await RunsWorld()
        var files = RunsWorld.files
        files["birthright.yaml"] = files["birthright.yaml"]?.replacing("key: row.ID", with: "take: all\n    key: row.ID")
        let configuration = try world.configuration(files)
        try world.write(["E1,Berg,Clerk,active"], to: "hr-2.csv")
        #expect(try await world.sync(nil, configuration) == .done)
        try world.write(["E1,Berg,Chief,active"], to: "hr-1.csv")
        let runs = world.runs(configuration)
        let again = PlanRequest(source: SourceName("hr"), file: "hr-1.csv")
        #expect(try await runs.sync(again) == .held)
        let accepted = PlanRequest(source: SourceName("hr"), file: "hr-1.csv", acceptance: Acceptance([.resent], reason: "test", by: "ann"))
        #expect(try await runs.sync(accepted) == .done)
        #expect(try await world.audit("breach accepted").first?.text.hasPrefix("by ann: test (resent: hr-1.csv") == true)
    }

    @Test func `a source that left ends with a reason, which the audit keeps`() async throws {
        let world = try await RunsWorld()
        try await world.sync(["E1,Berg,Clerk,active"])
        var files = RunsWorld.files
        files["birthright.yaml"] = files["birthright.yaml"]?.replacing("  hr:", with: "  staff:")
        let runs = world.runs(try world.configuration(files))
        #expect(try await runs.syncDue() == .held)
        #expect(try await runs.syncDue(Acceptance([.removed], reason: "test", by: "ann")) == .done)
        #expect(try await world.audit("breach accepted").map(\.text).first?.hasPrefix("by ann: test (removed: the source 'hr'") == true)
        #expect(try await world.account("E1")?.state == .deprovisioned)
    }

    /// A company with a second source, which gives the title, and the same company without it.
    private func withBadges() -> (with: [String: String], without: [String: String]) {
        let (without, badges) = (
            RunsWorld.files,
            """
              badges:
                files: "badges*.csv"
                key: row.ID
                correlation: [employeeId]
                map:
                  employeeId: row.ID
                  lastName: row.LAST
                  title: row.?TITLE
            """
        )
        var with = without
        with["birthright.yaml"] = without["birthright.yaml"].map {
            $0.replacing("      title: row.?TITLE\n", with: "") + "\n" + badges
        }
        var left = without
        left["birthright.yaml"] = without["birthright.yaml"]?.replacing("      title: row.?TITLE\n", with: "")
        return (with, left)
    }

    @Test func `once a source that left is accepted, nothing is planned for it any more`() async throws {
        let world = try await RunsWorld()
        let files = withBadges()
        let before = try world.configuration(files.with)
        #expect(try await world.sync(["E1,Berg,,active", "E2,Dahl,,active"], before) == .done)
        #expect(try await world.sync(["E1,Berg,Clerk,", "E2,Dahl,Cook,", "E3,Holm,Guard,"], before, source: "badges") == .done)
        let after = try world.configuration(files.without)
        #expect(try await world.runs(after).syncDue(Acceptance([.removed], reason: "test", by: "ann")) == .done)
        #expect(try await world.account("E3")?.state == .deprovisioned)
        // The edit reaches everybody by their own source; after that nobody is left to be planned.
        #expect(try await world.sync(nil, after) == .done)
        #expect(try await world.runs(after).syncDue() == .done)
        _ = world.news()
        for _ in 1...2 {
            #expect(try await world.sync(nil, after) == .done)
            #expect(try await world.runs(after).syncDue() == .done)
        }
        #expect(world.plansSealed() == 0)
    }

    @Test func `what a source that left had set aside, and what waited of it, is nobody's any more`() async throws {
        let world = try await RunsWorld()
        let files = withBadges()
        let (with, without) = (try world.configuration(files.with), try world.configuration(files.without))
        try await world.sync(["E1,Berg,,active", "E2,Dahl,,active"], with)
        try world.write(["E1,Berg,Clerk,", "E1,Berg,Cook,", "E2,Dahl,Cook,"], to: "badges.csv")
        #expect(try await world.sync(nil, with, source: "badges") == .leftAside)
        #expect(try await world.runs(without).syncDue(Acceptance([.removed], reason: "test", by: "ann")) == .done)
        #expect(try await world.store.quarantines(plan: nil).isEmpty)
        #expect(try await world.sync(nil, without) == .done)
    }

    @Test func `a source that left and came back is read again, be its file the same`() async throws {
        let world = try await RunsWorld()
        let files = withBadges()
        let (with, without) = (try world.configuration(files.with), try world.configuration(files.without))
        try await world.sync(["E1,Berg,,active", "E2,Dahl,,active"], with)
        try await world.sync(["E1,Berg,Clerk,", "E2,Dahl,Cook,", "E3,Holm,Guard,"], with, source: "badges")
        #expect(try await world.runs(without).syncDue(Acceptance([.removed], reason: "test", by: "ann")) == .done)
        try await world.sync(nil, without)
        #expect(try await world.account("E3")?.state == .deprovisioned)
        #expect(try await world.sync(nil, with) == .done)
        #expect(try await world.sync(nil, with, source: "badges") == .done)
        #expect(try await world.account("E3")?.state == .enabled)
    }
}
