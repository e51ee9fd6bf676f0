import Contracts
import Foundation
import IdentityModel
import Kinds
import Planning
import PolicyFiles
import Testing

@testable import Provisioning
@testable import StoreSQL

/// What one run leaves for the next: refusals, systems that were away, dates that change, plans that somebody altered.
@Suite("Between one run and the next")
struct BetweenRunsTests {
    private let staff = ["E1,Berg,Clerk,active", "E2,Dahl,Clerk,active", "E3,Holm,Clerk,active"]
    private var withoutBerg: [String] { ["E1,Berg,Clerk,terminated"] + staff.dropFirst() }

    @Test func `a group that keeps a leaver leaves every run with 1, and is told of once a day`() async throws {
        let world = try await RunsWorld()
        let system = try #require(world.systems[RunsWorld.directory])
        #expect(try await world.sync(staff) == .done)
        await system.refuse(group: "cn=Staff", ConnectorFailure(.permanent, "the last member stays", serverText: "65"))
        #expect(try await world.sync(withoutBerg, day: 1) == .failed)
        #expect(try await failures(world) == 1)
        // What is left is another order: the first one is closed, and the other one fails for the first time.
        for day in [1, 2, 2] {
            #expect(try await world.sync(withoutBerg, day: day) == .failed)
            #expect(try await failures(world) == 3)
        }
        #expect(await system.entry(named: "cn=Berg,ou=Disabled")?.attributes["userAccountControl"] == ["514"])
        await system.accept(group: "cn=Staff")
        #expect(try await world.sync(withoutBerg, day: 4) == .done)
        #expect(await system.members["cn=Staff"]?.count == 2)
    }

    @Test func `a value that is refused in every run for the same reason is told of once, and again for another reason`() async throws {
        let world = try await RunsWorld()
        let system = try #require(world.systems[RunsWorld.directory])
        #expect(try await world.sync(staff) == .done)
        let promoted = ["E1,Berg,Chief,active"] + staff.dropFirst()
        await system.refuse(attribute: "title", ConnectorFailure(.permanent, "too long", serverText: "19"))
        for _ in 1...3 { #expect(try await world.sync(promoted, day: 1) == .failed) }
        #expect(try await failures(world) == 1)
        await system.refuse(attribute: "title", ConnectorFailure(.permanent, "no such word", serverText: "21"))
        for _ in 1...2 { #expect(try await world.sync(promoted, day: 1) == .failed) }
        #expect(try await failures(world) == 2)
    }

    /// Events about accounts that say FAILED.
    private func failures(_ world: RunsWorld) async throws -> Int {
        try await world.store.events(after: 0, limit: 1_000).count { $0.event.body.contains("FAILED") }
    }

    // MARK: One of two systems

    private static let library = SystemName("Library")
    private static func two() -> [String: String] {
        var files = RunsWorld.files
        files["PolicyMaps/library.yaml"] = RunsWorld.map.replacing("Directory", with: "Library")
            .replacing("base: dc=example", with: "base: dc=library")
        let held = "{ system: Directory, groups: [\"cn=Staff\"] }, { system: Library }"
        files["Roles.yaml"] = "roles:\n  Employee: { entitlements: [ \(held) ] }\n"
        return files
    }

    @Test func `while one system cannot be asked a leaver is disabled on the other, and on the one as soon as it can`() async throws {
        let (directory, library) = (ScriptedSystem(), ScriptedSystem())
        let world = try await RunsWorld([RunsWorld.directory: directory, Self.library: library])
        let configuration = try world.configuration(Self.two())
        #expect(try await world.sync(staff, configuration) == .done)
        await library.failLooks(ConnectorFailure(.unavailable, "connection refused"), times: 1_000)
        await library.goAway()
        let rows = withoutBerg + ["E4,Moe,Clerk,active"]
        #expect(try await world.sync(rows, configuration, day: 1) == .leftAside)
        #expect(await directory.entry(named: "cn=Berg,ou=Disabled")?.attributes["userAccountControl"] == ["514"])
        #expect(await directory.members["cn=Staff"]?.count == 3)
        #expect(await library.entries.count == 3)
        #expect(await library.entry(named: "cn=Berg,ou=People")?.attributes["userAccountControl"] == ["512"])
        await library.answerLooks()
        await library.comeBack()
        #expect(try await world.sync(rows, configuration, day: 1) == .done)
        #expect(await library.entry(named: "cn=Berg,ou=Disabled")?.attributes["userAccountControl"] == ["514"])
    }

    // MARK: A date from outside

    @Test func `an until that is shortened outside takes access away on the new day`() async throws {
        let world = try await RunsWorld()
        let system = try #require(world.systems[RunsWorld.directory])
        func configuration(until day: Int) throws -> Configuration {
            var files = RunsWorld.files
            files["Rules.yaml"] = "rules:\n  everybody: { when: \"true\", roles: [Employee], until: { env: PROJECT_ENDS } }\n"
            let bytes = files.mapValues { Array($0.utf8) }
            let (loaded, diagnostics) = ConfigurationLoader.load(
                ConfigurationFiles(
                    files: bytes, kinds: Kinds.all, environment: ["PROJECT_ENDS": "\(CivilDate(days: 20_500 + day))"],
                    readSecretFile: { _ in nil }))
            return try #require(loaded, "\(diagnostics.map(\.description))")
        }
        #expect(try await world.sync(staff, configuration(until: 30)) == .done)
        let shortened = try configuration(until: 5)
        #expect(try await world.sync(staff, shortened, day: 1) == .done)
        #expect(await system.members["cn=Staff"]?.count == 3)
        #expect(try await world.sync(staff, shortened, day: 5) == .done)
        #expect(await system.members["cn=Staff"]?.count == 3, "the day itself is included")
        #expect(try await world.runs(shortened, day: 6).syncDue() == .done)
        #expect(await system.members["cn=Staff"]?.isEmpty ?? true)
    }

    // MARK: Names

    @Test func `a conflict about a value that is no name reserves nothing for anybody`() async throws {
        let world = try await RunsWorld()
        let system = try #require(world.systems[RunsWorld.directory])
        await system.plan(
            .fails(ConnectorFailure(.conflict, "somebody has it", serverText: "19", attribute: "number")), for: "cn=Berg,ou=People")
        #expect(try await world.sync(["E1,Berg,Clerk,active"]) == .failed)
        // Whoever else is Berg gets the name without a number if it is not E1's; and E1 gets their own one.
        #expect(try await world.sync() == .done)
        #expect(await system.entries.values.map(\.name) == [AccountName("cn=Berg,ou=People")])
        #expect(await system.entry(named: "cn=Berg,ou=People")?.attributes["number"] == ["E1"])
    }

    // MARK: Guards

    @Test func `keys that are shifted by a row are held before anybody's account is somebody else's`() async throws {
        let world = try await RunsWorld()
        let system = try #require(world.systems[RunsWorld.directory])
        var files = RunsWorld.files
        files["birthright.yaml"] = files["birthright.yaml"]?.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("guards:") }.joined(separator: "\n")
        let configuration = try world.configuration(files)
        let names = (1...12).map { "Name\($0)" }
        #expect(try await world.sync(names.enumerated().map { "E\($0 + 1),\($1),Clerk,active" }, configuration) == .done)
        let written = await system.operations.count
        let shifted = names.enumerated().map { "E\(($0 + 1) % 12 + 1),\($1),Clerk,active" }
        #expect(try await world.sync(shifted, configuration, day: 1) == .held)
        #expect(await system.operations.count == written)
    }

    // MARK: What was approved is what is carried out

    @Test func `an order that somebody alters in the store after the approval is carried out by nobody`() async throws {
        let world = try await RunsWorld()
        let system = try #require(world.systems[RunsWorld.directory])
        var files = RunsWorld.files
        files["birthright.yaml"] = files["birthright.yaml"]?.replacing("disable: { count: 100 }", with: "disable: { count: 1 }")
        let configuration = try world.configuration(files)
        #expect(try await world.sync(staff, configuration) == .done)
        let leavers = ["E1,Berg,Clerk,terminated", "E2,Dahl,Clerk,terminated", "E3,Holm,Chief,active"]
        #expect(try await world.sync(leavers, configuration, day: 1) == .held)
        let plan = try #require(try await world.store.plan(of: .source(SourceName("hr")), in: [.held]))
        _ = try await Inquiry(world.store).approve(plan.ordinal ?? 0, by: "ann", reason: "right", at: DispatchWorld.start)
        let written = await system.operations.count
        try await world.store.write {
            try $0.execute("UPDATE order_documents SET document = replace(document, 'Chief', 'Owner') WHERE document LIKE '%Chief%'", [])
        }
        await #expect(throws: (any Error).self) { try await world.sync(nil, configuration, day: 1) }
        #expect(await system.operations.count == written)
    }

    // MARK: Files picked by hand

    @Test func `after a file that was picked by hand the next run goes on behind the last one it took itself`() async throws {
        let world = try await RunsWorld()
        var files = RunsWorld.files
        files["birthright.yaml"] = files["birthright.yaml"]?.replacing("key: row.ID", with: "take: all\n    key: row.ID")
        let configuration = try world.configuration(files)
        for (number, title) in ["Clerk", "Chief", "Boss"].enumerated() {
            try world.write(["E1,Berg,\(title),active"], to: "hr-\(number + 1).csv")
        }
        #expect(try await world.sync(nil, configuration) == .done)
        let system = try #require(world.systems[RunsWorld.directory])
        #expect(await system.entry(named: "cn=Berg,ou=People")?.attributes["title"] == ["Boss"])
        try world.write(["E1,Berg,Owner,active"], to: "hr-0.csv")
        let picked = PlanRequest(
            source: SourceName("hr"), file: world.folder.appendingPathComponent("hr-0.csv").path,
            acceptance: Acceptance([.resent], reason: "test", by: "ann"))
        #expect(try await world.runs(configuration).sync(picked) == .done)
        #expect(await system.entry(named: "cn=Berg,ou=People")?.attributes["title"] == ["Owner"])
        _ = try await world.sync(nil, configuration)
        #expect(await system.entry(named: "cn=Berg,ou=People")?.attributes["title"] == ["Owner"])
    }
}
