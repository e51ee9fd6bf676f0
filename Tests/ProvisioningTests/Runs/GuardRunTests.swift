import Contracts
import IdentityModel
import Planning
import Testing

@testable import Provisioning

@Suite("Guards hold a run")
struct GuardRunTests {
    private let staff = ["E1,Berg,Clerk,active", "E2,Dahl,Clerk,active", "E3,Holm,Clerk,active"]

    private func guarded(_ world: RunsWorld, _ guards: String, _ more: [String: String] = [:]) throws -> Configuration {
        var files = RunsWorld.files.merging(more) { $1 }
        let all = "guards: { disable: { count: 100 }, rename: { count: 100 }, enable: { count: 100 }, adopt: { count: 100 } }"
        files["birthright.yaml"] = files["birthright.yaml"]?.replacing(all, with: "guards: { \(guards) }")
        return try world.configuration(files)
    }

    @Test func `many who come back at once are enabled by nobody before somebody decides`() async throws {
        let world = try await RunsWorld()
        let configuration = try guarded(world, "enable: { count: 1 }, rename: { count: 100 }")
        #expect(try await world.sync(staff, configuration) == .done)
        #expect(try await world.sync(staff.map { $0.replacing("active", with: "terminated") }, configuration, day: 1) == .done)
        #expect(try await world.sync(staff, configuration, day: 2) == .held)
        let system = try #require(world.systems[RunsWorld.directory])
        #expect(await system.entries.values.allSatisfy { $0.attributes["userAccountControl"] == ["514"] })
        let one = [staff[0], staff[1].replacing("active", with: "terminated"), staff[2].replacing("active", with: "terminated")]
        #expect(try await world.sync(one, configuration, day: 2) == .done)
        #expect(await system.entries.values.count { $0.attributes["userAccountControl"] == ["512"] } == 1)
    }

    @Test func `many who are moved to one department lose no access before somebody decides`() async throws {
        let world = try await RunsWorld()
        let roles = [
            "Rules.yaml": """
            rules:
              clerks: { when: 'user.?title.orValue("") == "Clerk"', roles: [Clerk] }
              chiefs: { when: 'user.?title.orValue("") == "Chief"', roles: [Chief] }
            """,
            "Roles.yaml": """
            roles:
              Clerk: { entitlements: [ { system: Directory, groups: ["cn=Clerks"] } ] }
              Chief: { entitlements: [ { system: Directory, groups: ["cn=Chiefs"] } ] }
            """,
        ]
        let configuration = try guarded(world, "removeAccess: { count: 2 }", roles)
        #expect(try await world.sync(staff, configuration) == .done)
        #expect(try await world.sync(staff.map { $0.replacing("Clerk", with: "Chief") }, configuration, day: 1) == .held)
        let system = try #require(world.systems[RunsWorld.directory])
        #expect(await system.members["cn=Clerks"]?.count == 3)
        #expect(await system.members["cn=Chiefs"] == nil)
        #expect(try await world.sync([staff[0].replacing("Clerk", with: "Chief"), staff[1], staff[2]], configuration, day: 1) == .done)
        #expect(await system.members["cn=Clerks"]?.count == 2)
    }

    /// Days that are planned for may be far apart while the runs follow each other within an hour.
    @Test func `what was done lately counts by the clock, whatever days were planned for`() async throws {
        let world = try await RunsWorld()
        let configuration = try guarded(world, "disable: { count: 2 }, rename: { count: 100 }")
        let people = (1...9).map { "E\($0),Name\($0),Clerk,active" }
        #expect(try await world.sync(people, configuration) == .done)
        func without(_ leavers: ClosedRange<Int>) -> [String] {
            people.enumerated().map { leavers.contains($0 + 1) ? $1.replacing("active", with: "terminated") : $1 }
        }
        #expect(try await world.sync(without(1...2), configuration, day: 10) == .done)
        #expect(try await world.sync(without(1...4), configuration, day: 20) == .done)
        // Twice as many as at once is the limit of a day.
        #expect(try await world.sync(without(1...5), configuration, day: 30) == .held)
        // A day later by the clock they count no more; of a week more are allowed.
        try await world.clock.shellClock.sleep(25 * 3_600_000)
        #expect(try await world.sync(without(1...6), configuration, day: 30) == .held, "the week")
        try await world.clock.shellClock.sleep(8 * 24 * 3_600_000)
        #expect(try await world.sync(without(1...5), configuration, day: 30) == .done)
    }
}
