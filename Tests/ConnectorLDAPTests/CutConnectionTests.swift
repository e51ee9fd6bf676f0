import Contracts
import Foundation
import IdentityModel
import Testing

@testable import ConnectorLDAP

/// What is left by a server that was killed, and what an uncertain operation makes of it.
struct CutConnectionTests {
    private func title(_ value: String) -> AccountOperation.Request {
        AccountOperation.Request(kind: .attribute, name: "title", operation: .set, values: [value], switches: true)
    }

    @Test(.directory) func `a memberOf that is out of date, in either direction, is not believed`() async throws {
        let server = try #require(DirectoryServer.current)
        let connector = LDAPConnector(server.settings)
        let (stays, joins) = ("cn=stays,\(people)", "cn=joins,\(people)")
        let created = await connector.execute([create(1, stays), create(2, joins, [membership(.add, allStaff)])])
        // What a killed server leaves: the group and the account say different things.
        try server.stop()
        try server.startAgain(["--no-overlays"])
        _ = await connector.execute([
            operation(.modify, 3, stays, [membership(.add, allStaff)]), operation(.modify, 4, joins, [membership(.remove, allStaff)]),
        ])
        try server.stop()
        try server.startAgain()
        let shown = try await connector.find(created.compactMap { $0.accountID.map { AccountQuery.id($0) } }).map { found($0)?.memberships }
        #expect(shown == [[], [allStaff]], "the scene is set")

        let results = await connector.execute([
            operation(.modify, 5, stays, id: created[0].accountID, [membership(.remove, allStaff)], uncertainSince: []),
            operation(.modify, 6, joins, id: created[1].accountID, [membership(.add, allStaff)], uncertainSince: []),
        ])
        #expect(results.filter { $0.failure != nil || !$0.failedRequests.isEmpty } == [])
        let members = try await server.members(of: allStaff)
        #expect(members.contains(joins) && !members.contains(stays))
        await connector.close()
    }

    @Test(.directory) func `leavers whose answers were lost between any two steps are withdrawn by being sent again`() async throws {
        try await withdrawThroughCuts(try #require(DirectoryServer.current))
    }

    @Test(.directory("--no-overlays")) func `so they are where nothing keeps references right`() async throws {
        try await withdrawThroughCuts(try #require(DirectoryServer.current))
    }

    private func withdrawThroughCuts(_ server: DirectoryServer) async throws {
        let connector = LDAPConnector(server.settings)
        let vpn = "cn=VPN,ou=Groups,dc=example,dc=com"
        var cut = 0
        for (round, delay) in [20, 80, 160, 320].enumerated() {
            let names = (0..<600).map { "cn=r\(round)n\($0),\(people)" }
            let ids = await connector.execute(
                names.indices.map { create($0, names[$0], [attribute("title", "on"), membership(.add, allStaff), membership(.add, vpn)]) }
            ).map(\.accountID)
            /// Leaves one group, keeps the other, and moves; as it stands, and as it may have stood.
            func leave(_ index: Int, at name: String, since formerNames: [String]?) -> AccountOperation {
                operation(
                    .modify, index, name, id: ids[index], to: "cn=r\(round)n\(index),\(disabled)",
                    [title("off"), membership(.remove, vpn), attribute("sn", "Left")], direction: .withdrawing, uncertainSince: formerNames,
                    carrying: [allStaff])
            }
            async let first = connector.execute(names.indices.map { leave($0, at: names[$0], since: nil) })
            try await Task.sleep(for: .milliseconds(delay))
            server.signal(SIGKILL)
            let lost = await first.indices(where: { $0.failure != nil || !$0.failedRequests.isEmpty })
            let open = lost.ranges.flatMap { Array($0) }
            cut += open.count
            try server.startAgain()

            let now = try await connector.find(open.compactMap { ids[$0].map { AccountQuery.id($0) } })
            let again = zip(open, now).map { index, lookup in
                let name = found(lookup)?.name.text ?? ""
                return leave(index, at: name, since: [names[index], "cn=r\(round)n\(index),\(disabled)"].filter { $0 != name })
            }
            #expect(await connector.execute(again).filter { $0.failure != nil || !$0.failedRequests.isEmpty } == [])
            let after = try await connector.find(ids.compactMap { $0.map { AccountQuery.id($0) } }).map(found)
            #expect(after.compactMap { $0?.attributes["title"] } == names.map { _ in ["off"] })
            #expect(after.compactMap { $0?.attributes["sn"] } == names.map { _ in ["Left"] })
            let moved = Set(names.indices.map { "cn=r\(round)n\($0),\(disabled)" })
            #expect(Set(after.compactMap { $0?.name.text }) == moved)
            let (staff, users) = (Set(try await server.members(of: allStaff)), Set(try await server.members(of: vpn)))
            #expect(moved.isSubset(of: staff))
            #expect(staff.isDisjoint(with: names))
            #expect(users.isDisjoint(with: moved) && users.isDisjoint(with: names))
        }
        #expect(cut > 0, "no answer was ever lost")
        await connector.close()
    }
}
