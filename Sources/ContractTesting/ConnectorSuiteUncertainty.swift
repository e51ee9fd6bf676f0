internal import Contracts
internal import IdentityModel
internal import Testing

extension ConnectorSuite {
    /// Memberships over renames, over attempts whose outcome is not known, and over groups that are gone.
    static let uncertainty: [Check] = [
        Check("whoever is renamed keeps the groups we gave, and nobody else gets them with the old name") { scene in
            let groups = scene.vocabulary.groups
            let id = try await scene.given("a", more: groups.map { scene.membership(.add, $0) })[0]
            let result = try await scene.execute(
                scene.operation(.modify, 2, scene.name("a"), id: id, to: scene.name("b", in: scene.there), carrying: groups))
            #expect(result.failure == nil)
            #expect(try await scene.settledGroups(of: id, formerly: [scene.name("a")]) == groups)
        },
        Check("two who exchange their names keep each their own groups") { scene in
            let groups = scene.vocabulary.groups
            let ids = try await scene.given("a", "b", "c")
            for (place, label) in ["a", "b"].enumerated() {
                _ = try await scene.execute(
                    scene.operation(.modify, 4, scene.name(label), id: ids[place], requests: [scene.membership(.add, groups[place])]))
            }
            let results = await scene.connector.execute([
                scene.operation(.modify, 5, scene.name("a"), id: ids[0], to: scene.name("b"), carrying: [groups[0]]),
                scene.operation(.modify, 6, scene.name("b"), id: ids[1], to: scene.name("c"), carrying: [groups[1]]),
                scene.operation(.modify, 7, scene.name("c"), id: ids[2], to: scene.name("a")),
            ])
            #expect(results.compactMap(\.failure) == [])
            #expect(try await scene.settledGroups(of: ids[0]) == [groups[0]])
            #expect(try await scene.groups(of: ids[1]) == [groups[1]])
            #expect(try await scene.groups(of: ids[2]) == [])
        },
        Check("after a lost answer a removal also reaches the name the account had") { scene in
            let group = scene.vocabulary.groups[0]
            let id = try await scene.given("a", more: [scene.membership(.add, group)])[0]
            // The attempt whose answer was lost had renamed the account, and got no further.
            _ = try await scene.execute(scene.operation(.modify, 2, scene.name("a"), id: id, to: scene.name("b")))
            let result = try await scene.execute(
                scene.operation(
                    .modify, 3, scene.name("b"), id: id, requests: [scene.membership(.remove, group)], uncertainSince: [scene.name("a")]))
            #expect(result == OperationResult(id: result.id, accountID: id, name: scene.name("b"), failure: nil))
            #expect(try await scene.settledGroups(of: id, formerly: [scene.name("a"), scene.name("b")]) == [])
        },
        Check("after a lost answer the groups that stay hold the name the account has now, and no other") { scene in
            let groups = scene.vocabulary.groups
            let id = try await scene.given("a", more: [scene.membership(.add, groups[0])])[0]
            _ = try await scene.execute(scene.operation(.modify, 2, scene.name("a"), id: id, to: scene.name("b")))
            let result = try await scene.execute(
                scene.operation(
                    .modify, 3, scene.name("b"), id: id, requests: [scene.membership(.add, groups[1])],
                    uncertainSince: [scene.name("a")], carrying: [groups[0]]))
            #expect(result.failure == nil)
            #expect(result.failedRequests.isEmpty)
            #expect(try await scene.settledGroups(of: id, formerly: [scene.name("a")]) == groups)
        },
        Check("after a lost answer, what was done already is not done to somebody who has the name now") { scene in
            let group = scene.vocabulary.groups[0]
            let id = try await scene.given("a", more: [scene.membership(.add, group)])[0]
            _ = try await scene.execute(scene.operation(.modify, 2, scene.name("a"), id: id, to: scene.name("b")))
            _ = try await scene.settledGroups(of: id)
            let results = await scene.connector.execute([
                scene.operation(
                    .modify, 2, scene.name("b"), id: id, requests: [scene.membership(.remove, group)], uncertainSince: [scene.name("a")]),
                scene.operation(
                    .create, 3, scene.name("a"),
                    requests: scene.create("n", more: [scene.membership(.add, group)]).requests),
            ])
            #expect(results.filter { $0.failure != nil || !$0.failedRequests.isEmpty } == [])
            #expect(try await scene.settledGroups(of: id) == [])
            let newcomer = try #require(results[1].accountID)
            #expect(try await scene.groups(of: newcomer) == [group])
        },
        Check("an addition that is sent again after a lost answer is shown by the group") { scene in
            let group = scene.vocabulary.groups[0]
            let id = try await scene.given("a", more: [scene.membership(.add, group)])[0]
            for _ in 1...2 {
                let result = try await scene.execute(
                    scene.operation(.modify, 2, scene.name("a"), id: id, requests: [scene.membership(.add, group)], uncertainSince: []))
                #expect(result.failedRequests.isEmpty)
                #expect(try await scene.groups(of: id) == [group])
            }
        },
        Check("nobody is a member of a group that is gone, and nobody can join it") { scene in
            let ghost = scene.vocabulary.name(scene.label("ghost"), scene.here).text
            let id = try await scene.given("a")[0]
            for formerNames in [nil, [scene.name("z")]] {
                let result = try await scene.execute(
                    scene.operation(
                        .modify, 2, scene.name("a"), id: id, to: scene.name("a"),
                        requests: [scene.membership(.remove, ghost), scene.membership(.add, ghost)], uncertainSince: formerNames,
                        carrying: [ghost]))
                #expect(result.failure == nil)
                #expect(result.failedRequests.keys.sorted() == [1])
            }
        },
    ]
}
