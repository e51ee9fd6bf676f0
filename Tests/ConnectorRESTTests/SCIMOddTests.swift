import ContractTesting
import Contracts
import Foundation
import HTTPTransport
import IdentityModel
import Testing

@testable import ConnectorREST

/// What services do that no standard says.
@Suite("Connector SCIM, on a server that is odd")
struct SCIMOddTests {
    private static let groups = ["Staff", "VIP"]
    private static let attributes = ["externalId", "title", "name.familyName", "active", #"emails[type eq "work"].value"#]

    struct Oddity: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let ways: OddSCIM.Ways
        init(_ name: String, _ change: (inout OddSCIM.Ways) -> Void) {
            testDescription = name
            var ways = OddSCIM.Ways()
            change(&ways)
            self.ways = ways
        }
    }

    private static let oddities = [
        Oddity("as the standard says") { _ in },
        Oddity("PUT only, small pages, no versions") { ($0.patches, $0.largestPage, $0.hasVersions) = (false, 40, false) },
        Oddity("no filters in paths, schemas in lower case, flags as text") {
            ($0.refusesFiltersInPaths, $0.lowersSchemas, $0.flagsAreText) = (true, true, true)
        },
        Oddity("filters ignored") { ($0.ignoresFilters, $0.largestPage) = (true, 500) },
        Oddity("every seventh request refused for now") { $0.storms = 7 },
    ]

    private func connector(_ server: OddSCIM, connections: Int = 8) throws -> SCIMConnector {
        var settings = WebSettings(url: server.url, realm: "odd", token: Sensitive("t"), connections: connections)
        settings.settlingSeconds = 0
        return try SCIMConnector(settings, attributes: Self.attributes, correlation: ["externalId"])
    }

    private func vocabulary(_ server: OddSCIM) -> ConnectorSuite.Vocabulary {
        var vocabulary = ConnectorSuite.Vocabulary(
            containers: ["people.example.com", "left.example.com"], name: { AccountName("\($0)@\($1)") },
            attributes: { ["name.familyName": [$0]] }, correlation: "externalId", text: "title", list: nil, unique: nil,
            groups: Self.groups,
            members: { server.members(of: $0) })
        vocabulary.hasPlaces = false
        vocabulary.groupsHoldNames = false
        return vocabulary
    }

    /// It needs the name of a group that cannot be one.
    private static let leftOut = "a leaver whose membership cannot be removed is switched off and moved all the same"

    @Test(arguments: oddities)
    func `keeps the contract of every connector`(_ oddity: Oddity) async throws {
        let server = try OddSCIM(oddity.ways, groups: Self.groups)
        defer { server.stop() }
        let suite = ConnectorSuite(vocabulary(server)) { try connector(server) }
        for check in ConnectorSuite.checks where check.name != Self.leftOut {
            do { try await suite.run(check) } catch { Issue.record(error, "\(check.name)") }
        }
    }

    // MARK: Groups

    private func operation(
        _ operation: IdentityModel.Operation, _ number: Int, _ name: String, id: AccountID? = nil, _ requests: [AccountOperation.Request]
    ) -> AccountOperation {
        AccountOperation(
            id: OrderID(plan: PlanID(row: 1), sequence: number), operation: operation, accountID: id, name: AccountName(name), newName: nil,
            requests: requests, appliesDialectDisabling: false)
    }

    @Test(arguments: [RequestOperation.add, .remove])
    func `a member more or less costs the same in a group of twenty thousand as in an empty one`(_ change: RequestOperation) async throws {
        var costs: [[Int]] = []
        for size in [0, 20_000] {
            let server = try OddSCIM(groups: Self.groups)
            defer { server.stop() }
            if size > 0 { server.fill("Staff", size) }
            let connector = try connector(server)
            let made = await connector.execute([
                operation(
                    .create, 1, "a@x",
                    change == .add ? [] : [.init(kind: .membership, name: "groups", operation: .add, values: ["Staff"])])
            ])
            let before = server.counted
            let result = await connector.execute([
                operation(
                    .modify, 2, "a@x", id: made[0].accountID,
                    [.init(kind: .membership, name: "groups", operation: change, values: ["Staff"])])
            ])
            #expect(result[0].failure == nil && result[0].failedRequests.isEmpty)
            #expect(server.members(of: "Staff").contains("a@x") == (change == .add))
            costs.append([server.counted.requests - before.requests, server.counted.bytes - before.bytes])
            await connector.close()
        }
        #expect(costs[0] == costs[1])
        #expect(costs[0][0] <= 3)
    }

    // MARK: Answers that say nothing

    @Test func `somebody who is shown without what was asked for is neither found nor absent`() async throws {
        let server = try OddSCIM()
        defer { server.stop() }
        let connector = try connector(server)
        _ = await connector.execute([
            operation(.create, 1, "a@x", [.init(kind: .attribute, name: "password", operation: .set, values: ["hidden"])])
        ])
        server.change { $0.hides = "password" }
        #expect(try await connector.find([.correlation(["password": "hidden"])]) == [.unreadable([AccountName("a@x")])])
        await connector.close()
    }

    /// Not a check: BIRTHRIGHT_BENCH=1 prints how near the connector comes to what the window and the latency allow.
    @Test(
        .enabled(if: ProcessInfo.processInfo.environment["BIRTHRIGHT_BENCH"] == "1", "BIRTHRIGHT_BENCH=1 measures"),
        arguments: [false, true])
    func `two thousand users at fifty milliseconds, sixty-four at once`(_ isDisturbed: Bool) async throws {
        let server = try OddSCIM()
        defer { server.stop() }
        let connector = try connector(server, connections: 64)
        _ = try await connector.realm()
        server.change { $0.latency = 50 }
        if isDisturbed { server.change { ($0.storms, $0.fails, $0.loses) = (31, 29, 23) } }
        let operations = (1...2_000).map { number in
            operation(
                .create, number, "u\(number)@x", [.init(kind: .attribute, name: "externalId", operation: .set, values: ["E\(number)"])])
        }
        let begin = ContinuousClock.now
        // As the engine does it: two batches under way.
        await withTaskGroup(of: Void.self) { group in
            for (number, start) in stride(from: 0, to: operations.count, by: connector.capabilities.batchSize).enumerated() {
                if number > 1 { await group.next() }
                let batch = Array(operations[start..<min(start + connector.capabilities.batchSize, operations.count)])
                group.addTask { _ = await connector.execute(batch) }
            }
        }
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        let ideal = Double(operations.count) * 0.05 / 64
        print(
            "SCIM, \(isDisturbed ? "disturbed" : "undisturbed"): \(seconds) s, window / latency allow \(ideal) s, ratio \(ideal / seconds)")
        await connector.close()
    }

    @Test func `two thousand users are there once each, whatever was refused and lost on the way`() async throws {
        let server = try OddSCIM()
        defer { server.stop() }
        _ = try await connector(server).realm()
        server.change { ($0.storms, $0.fails, $0.loses) = (31, 29, 23) }
        let connector = try connector(server)
        var waiting = (1...2_000).map { number in
            operation(
                .create, number, "u\(number)@x", [.init(kind: .attribute, name: "externalId", operation: .set, values: ["E\(number)"])])
        }
        // As the engine does it: what may have happened is looked for, what did not is sent again.
        for _ in 1...12 where !waiting.isEmpty {
            let results = await connector.execute(waiting)
            var left = zip(waiting, results).filter { $0.1.failure != nil }.map(\.0)
            #expect(results.compactMap(\.failure).allSatisfy { [.unknown, .transient].contains($0.errorClass) })
            let looked = try await connector.find(left.map { .correlation(["externalId": $0.requests[0].values[0]]) })
            left = zip(left, looked).filter { $0.1 == .absent }.map(\.0)
            waiting = left
        }
        #expect(waiting.isEmpty)
        #expect(server.names == (1...2_000).map { "u\($0)@x" }.sorted())
        await connector.close()
    }
}
