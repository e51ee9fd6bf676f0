import Contracts
import IdentityModel
import Testing

@testable import Provisioning

@Suite("What a connector is told of values")
struct TypedValueTests {
    @Test func `flags and numbers reach it as such, and flags in the system's own words`() async throws {
        let world = try await RunsWorld()
        var files = RunsWorld.files
        files["PolicyMaps/directory.yaml"] =
            RunsWorld.map + "\n  isChief: 'user.?title.orValue(\"\") == \"Chief\"'\n  room: '101'"
        let configuration = try world.configuration(files)
        #expect(try await world.sync(["E1,Berg,Chief,active", "E2,Moe,Clerk,active"], configuration) == .done)
        let system = try #require(world.systems[RunsWorld.directory])
        let requests = await system.operations.flatMap(\.requests).filter { $0.kind == .attribute }
        func told(_ name: String) -> Set<[String]> { Set(requests.filter { $0.name == name }.map(\.values)) }
        func types(_ name: String) -> Set<ValueType> { Set(requests.filter { $0.name == name }.map(\.type)) }
        #expect(told("isChief") == [["TRUE"], ["FALSE"]] && types("isChief") == [.flag])
        #expect(told("room") == [["101"]] && types("room") == [.number])
        #expect(types("userAccountControl") == [.number])
        #expect(types("title") == [.text] && types("cn") == [.text])
        // Whose flag changes is told so in the same way, and nobody else is told anything.
        #expect(try await world.sync(["E1,Berg,Clerk,active", "E2,Moe,Clerk,active"], configuration, day: 1) == .done)
        let last = try #require(await system.operations.last)
        let flag = last.requests.filter { $0.name == "isChief" }.map { ($0.values, $0.type) }
        #expect(flag.map(\.0) == [["FALSE"]] && flag.map(\.1) == [.flag])
        #expect(try await world.sync(nil, configuration, day: 2) == .done)
        #expect(await system.operations.last == last)
    }
}
