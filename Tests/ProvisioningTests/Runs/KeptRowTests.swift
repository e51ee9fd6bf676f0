import Contracts
import IdentityModel
import Planning
import Provisioning
import StoreSQL
import Testing

/// Sources whose rows are kept, and become such, or are no more.
struct KeptRowTests {
    private func configuration(_ world: RunsWorld, _ kind: String, title: String = "row.?TITLE") throws -> Configuration {
        var files = RunsWorld.files
        files["birthright.yaml"] = files["birthright.yaml"]?.replacing("key: row.ID", with: "\(kind)\n    key: row.ID")
            .replacing("title: row.?TITLE", with: "title: \(title)")
        return try world.configuration(files)
    }

    private func control(_ world: RunsWorld, _ name: String) async throws -> [String]? {
        await world.systems[RunsWorld.directory]?.entry(named: name)?.attributes["userAccountControl"]
    }

    private func title(_ world: RunsWorld, _ name: String) async throws -> [String]? {
        await world.systems[RunsWorld.directory]?.entry(named: "cn=\(name),ou=People")?.attributes["title"]
    }

    @Test(arguments: [("take: all", "take: latest"), ("take: all\n    type: incremental", "take: all\n    type: complete")])
    func `a row that was kept once does not come back in the place of one that was read since`(_ kinds: (String, String)) async throws {
        let world = try await RunsWorld()
        let (kept, other) = (try configuration(world, kinds.0), try configuration(world, kinds.1))
        try world.write(["E1,Berg,Clerk,active", "E2,Dahl,Clerk,active"], to: "hr-1.csv")
        #expect(try await world.sync(nil, kept) == .done)
        try world.write(["E1,Berg,Chief,active", "E2,Dahl,Clerk,terminated"], to: "hr-2.csv")
        #expect(try await world.sync(nil, other) == .done)
        #expect(try await control(world, "cn=Dahl,ou=Disabled") == ["514"])
        for _ in 1...2 { _ = try await world.sync(nil, kept) }
        #expect(try await control(world, "cn=Dahl,ou=Disabled") == ["514"])
        #expect(try await title(world, "Berg") == ["Chief"])
    }

    @Test func `a row that was not kept stands as it was mapped, is named until the next one comes, and that one is read`() async throws {
        let world = try await RunsWorld()
        let rows = ["E1,Berg,Clerk,active", "E2,Dahl,Clerk,active"]
        try world.write(rows, to: "hr-1.csv")
        #expect(try await world.sync(nil, try configuration(world, "take: latest")) == .done)
        // The first quiet run under the new kind finds no rows, and the edit after that none either.
        let all = try configuration(world, "take: all")
        #expect(try await world.sync(nil, all) == .leftAside)
        let edited = try configuration(world, "take: all", title: #"row.TITLE + "!""#)
        for _ in 1...2 { #expect(try await world.sync(nil, edited) == .leftAside) }
        #expect(try await world.store.openWork().mappedOfOld == [SourceName("hr"): 2])
        #expect(try await world.runs(edited).syncDue() == .leftAside)
        #expect(try await title(world, "Berg") == ["Clerk"])
        _ = world.news()
        #expect(try await world.sync(nil, edited) == .leftAside)
        #expect(world.plansSealed() == 0)
        // The same rows in the next file: they are read all the same.
        try world.write(rows, to: "hr-2.csv")
        #expect(try await world.sync(nil, edited) == .done)
        #expect(try await title(world, "Berg") == ["Clerk!"])
        #expect(try await title(world, "Dahl") == ["Clerk!"])
        #expect(try await world.store.openWork().mappedOfOld == [:])
    }

    /// A run of a wrong later day has seen the edit, and nothing was due on that day: the right day comes after it.
    @Test func `an edit that a run of a later day had no use for is not forgotten when the day is right again`() async throws {
        let world = try await RunsWorld()
        func configuration(until day: Int) throws -> Configuration {
            var files = RunsWorld.files
            files["Rules.yaml"] =
                "rules:\n  care: { when: \"true\", statuses: [terminated], until: \(CivilDate(days: 20_500 + day)), roles: [Employee] }\n"
            return try world.configuration(files)
        }
        let rows = ["E1,Berg,Clerk,terminated"]
        #expect(try await world.sync(["E1,Berg,Clerk,active"], try configuration(until: 5), day: 1) == .done)
        #expect(try await world.sync(rows, try configuration(until: 5), day: 2) == .done)
        #expect(try await control(world, "cn=Berg,ou=People") == ["512"])
        #expect(try await world.sync(rows, try configuration(until: 5), day: 6) == .done)
        #expect(try await control(world, "cn=Berg,ou=Disabled") == ["514"])
        let longer = try configuration(until: 10)
        #expect(try await world.sync(rows, longer, day: 13) == .done)
        #expect(try await control(world, "cn=Berg,ou=Disabled") == ["514"])
        #expect(try await world.sync(nil, longer, day: 6) == .done)
        #expect(try await control(world, "cn=Berg,ou=People") == ["512"])
        _ = world.news()
        #expect(try await world.sync(nil, longer, day: 6) == .done)
        #expect(world.plansSealed() == 0)
    }

    @Test func `rows that were kept are mapped again by an edit`() async throws {
        let world = try await RunsWorld()
        try world.write(["E1,Berg,Clerk,active"], to: "hr-1.csv")
        #expect(try await world.sync(nil, try configuration(world, "take: all")) == .done)
        #expect(try await world.sync(nil, try configuration(world, "take: all", title: #"row.TITLE + "!""#)) == .done)
        #expect(try await title(world, "Berg") == ["Clerk!"])
    }
}
