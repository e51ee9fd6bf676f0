import Contracts
import Foundation
import IdentityModel
import Planning
import StoreSQL
import Testing

@testable import Provisioning

/// Sources that bring nobody, and references that could mean two people, behind the front door.
struct WaitingRowRunTests {
    private static let hr = """
        store: { sqlite: store.sqlite }
        sources:
          hr:
            files: "hr*.csv"
            key: row.ID
            contract: { columns: [ID, LAST, TITLE, STATUS], maxRowCountChange: 100% }
        """

    private static let service = """
        \(hr)
            map: { employeeId: 'row.ID', lastName: 'row.LAST', status: 'row.STATUS' }
          badges:
            files: "badges*.csv"
            type: incremental
            creates: false
            key: row.ID
            correlation: [ employeeId ]
            map: { employeeId: 'row.ID.replace("B", "E")', title: 'row.TITLE' }
            owns: [ title ]
        """

    private func withBadges(_ world: RunsWorld) throws -> Configuration {
        var files = RunsWorld.files
        files["birthright.yaml"] = Self.service
        return try world.configuration(files)
    }

    private func title(_ name: String, _ world: RunsWorld) async -> [String]? {
        await world.systems[RunsWorld.directory]?.entry(named: "cn=\(name),ou=People")?.attributes["title"]
    }

    @Test func `a row that waits is tried by the run that brings its person`() async throws {
        let world = try await RunsWorld()
        let configuration = try withBadges(world)
        #expect(try await world.sync(["B1,,Guard,"], configuration, source: "badges") == .done)
        #expect(try await world.store.waitingRows(of: SourceName("badges")).count == 1)
        #expect(try await world.sync(["E1,Berg,,active"], configuration) == .done)
        #expect(await title("Berg", world) == ["Guard"])
        #expect(try await world.store.waitingRows(of: SourceName("badges")).isEmpty)
    }

    @Test func `a row that waits is tried by the run for due dates as well`() async throws {
        let world = try await RunsWorld()
        let configuration = try withBadges(world)
        try await world.sync(["B1,,Guard,"], configuration, source: "badges")
        try world.write(["E1,Berg,,active"], to: "hr.csv")
        let runs = world.runs(configuration)
        #expect(try await runs.plan(PlanRequest(source: SourceName("hr"))) == .done)
        #expect(try await runs.apply() == .done)
        #expect(await title("Berg", world) == nil)
        #expect(try await runs.syncDue() == .done)
        #expect(await title("Berg", world) == ["Guard"])
    }

    @Test func `while a plan of the waiting row's source is held nobody else makes one`() async throws {
        let world = try await RunsWorld()
        let configuration = try withBadges(world)
        try await world.sync(["B1,,Guard,"], configuration, source: "badges")
        try world.write(["B1,,Boss,"], to: "badges-2.csv")
        let runs = world.runs(configuration)
        _ = try await runs.plan(PlanRequest(source: SourceName("badges"), file: "badges-2.csv"))
        let waits = try #require(try await world.store.plan(of: .source(SourceName("badges")), in: [.ready]))
        #expect(try await world.sync(["E1,Berg,,active"], configuration) == .leftAside)
        #expect(try await world.store.plan(of: .source(SourceName("badges")), in: [.ready])?.id == waits.id)
        #expect(await title("Berg", world) == nil)
    }

    // MARK: References

    private static let managers = """
        \(hr)
            map: { employeeId: 'row.ID', lastName: 'row.LAST', manager: 'ref(row.TITLE)' }
          students:
            files: "students*.csv"
            key: row.ID
            map: { employeeId: '"s" + row.ID', lastName: 'row.LAST' }
          guests:
            files: "guests*.csv"
            key: row.ID
            map: { employeeId: '"g" + row.ID', lastName: 'row.LAST' }
        """

    @Test func `a reference that could mean two people gives no value and one warning`() async throws {
        let world = try await RunsWorld()
        var files = RunsWorld.files
        files["birthright.yaml"] = Self.managers
        files["PolicyMaps/directory.yaml"] = RunsWorld.map.replacing(
            "title: user.?title", with: "manager: user.?manager.optMap(m, account(m))")
        let configuration = try world.configuration(files)
        try await world.sync(["9,Dahl,,", "8,Lund,,"], configuration, source: "students")
        try await world.sync(["9,Foss,,"], configuration, source: "guests")
        #expect(try await world.sync(["1,Berg,9,", "2,Ek,8,", "3,Holm,9,"], configuration) == .done)
        let system = try #require(world.systems[RunsWorld.directory])
        #expect(await system.entry(named: "cn=Ek,ou=People")?.attributes["manager"] == ["cn=Lund,ou=People"])
        #expect(await system.entry(named: "cn=Berg,ou=People")?.attributes["manager"] == nil)
        let events = try await world.store.events(after: 0, limit: 99).map(\.event.body).filter {
            $0.contains("several people have the key 9")
        }
        #expect(events.count == 2)
        _ = world.news()
        #expect(try await world.sync(nil, configuration) == .done)
        let warnings = world.news().flatMap { news -> [String] in
            if case .planned(let report, _) = news { report.warnings } else { [] }
        }
        #expect(warnings == ["references that could mean several people give no value: 9"])
    }
}
