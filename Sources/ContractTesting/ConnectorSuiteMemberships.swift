internal import Contracts
internal import IdentityModel
internal import Testing

extension ConnectorSuite {
    static let memberships: [Check] = [
        Check("accounts are created and join their groups in one batch") { scene in
            let groups = scene.vocabulary.groups
            let operations = (1...40).map { number in
                scene.create("a\(number)", number, more: groups.prefix(number % 2 + 1).map { scene.membership(.add, $0) })
            }
            let results = await scene.connector.execute(operations)
            #expect(results.filter { $0.failure != nil || !$0.failedRequests.isEmpty } == [])
            let ids = try results.map { try #require($0.accountID) }
            #expect(try await scene.groups(ofEach: ids) == (1...40).map { Array(groups.prefix($0 % 2 + 1)) })
        },
        Check("a membership that is already there, or already gone, is success") { scene in
            let group = scene.vocabulary.groups[0]
            let id = try await scene.given("a")[0]
            for (operation, expected) in [(RequestOperation.add, [group]), (.add, [group]), (.remove, []), (.remove, [])] {
                let wasMember = try await scene.groups(of: id) == [group]
                let result = try await scene.execute(
                    scene.operation(.modify, 2, scene.name("a"), id: id, requests: [scene.membership(operation, group)]))
                let notThere: Set<Int> = operation == .remove && !wasMember && scene.vocabulary.groupsHoldNames ? [0] : []
                #expect(
                    result == OperationResult(id: result.id, accountID: id, name: scene.name("a"), failure: nil, notThere: notThere))
                #expect(try await scene.groups(of: id) == expected)
            }
        },
        Check("a removal says when the group did not hold the name, also among many that it held") { scene in
            let groups = scene.vocabulary.groups
            let ids = try await scene.given("a", "b", "c", more: [scene.membership(.add, groups[0])])
            let names = ["a", "b", "c"].map { scene.name($0) }
            let removal = [scene.membership(.add, groups[1]), scene.membership(.remove, groups[0])]
            _ = try await scene.execute(scene.operation(.modify, 4, names[1], id: ids[1], requests: [removal[1]]))
            let results = await scene.connector.execute(
                names.indices.map { scene.operation(.modify, $0 + 5, names[$0], id: ids[$0], requests: removal) })
            #expect(results.filter { $0.failure != nil || !$0.failedRequests.isEmpty } == [])
            // Under an id nobody is in a group twice.
            #expect(results[1].notThere == (scene.vocabulary.groupsHoldNames ? [1] : []))
            for id in ids { #expect(try await scene.groups(of: id) == [groups[1]]) }
        },
        Check("a removal reaches whoever has another name than was given") { scene in
            let group = scene.vocabulary.groups[0]
            let id = try await scene.given("a")[0]
            _ = try await scene.execute(scene.operation(.modify, 2, scene.name("a"), id: id, to: scene.name("b")))
            _ = try await scene.execute(scene.operation(.modify, 3, scene.name("b"), id: id, requests: [scene.membership(.add, group)]))
            let removal = [scene.membership(.remove, group)]
            let met = try await scene.execute(scene.operation(.modify, 5, scene.name("a"), id: id, requests: removal))
            #expect(met.failure == nil && met.failedRequests.isEmpty && met.wasElsewhere && met.name == scene.name("b"))
            #expect(try await scene.settledGroups(of: id) == [])
        },
        Check("of many memberships in one group only the impossible ones fail, each at its request") { scene in
            let group = scene.vocabulary.groups[0]
            let nowhere = scene.vocabulary.name(scene.label("ghost"), scene.here).text
            _ = try await scene.given("old", more: [scene.membership(.add, group)])
            var operations = (1...30).map { scene.create("a\($0)", $0, more: [scene.membership(.add, group)]) }
            operations.append(
                scene.operation(.modify, 31, scene.name("old"), requests: [scene.membership(.add, group), scene.membership(.add, nowhere)]))
            let results = await scene.connector.execute(operations)
            #expect(results.compactMap(\.failure) == [])
            #expect(results.prefix(30).filter { !$0.failedRequests.isEmpty } == [])
            #expect(results[30].failedRequests.keys.sorted() == [1])
            #expect(results[30].failedRequests[1]?.errorClass == .permanent)
            let ids = try results.prefix(30).map { try #require($0.accountID) }
            #expect(try await scene.groups(ofEach: ids) == ids.map { _ in [group] })
        },
        Check("an account that is made anew leaves the groups that hold its name from before") { scene in
            let groups = scene.vocabulary.groups
            let former = try await scene.given("a", more: groups.map { scene.membership(.add, $0) })[0]
            #expect(try await scene.execute(scene.operation(.delete, 2, scene.name("a"), id: former)).failure == nil)
            let anew = scene.create("a", 3, more: [scene.membership(.remove, groups[0]), scene.membership(.add, groups[1])])
            let result = try await scene.execute(anew)
            #expect(result.failure == nil)
            #expect(result.failedRequests.isEmpty)
            let id = try #require(result.accountID)
            #expect(try await scene.settledGroups(of: id) == [groups[1]])
        },
        Check("an account that is made anew under another name leaves its former name in no group") { scene in
            let groups = scene.vocabulary.groups
            let former = try await scene.given("a", more: groups.map { scene.membership(.add, $0) })[0]
            #expect(try await scene.execute(scene.operation(.delete, 2, scene.name("a"), id: former)).failure == nil)
            let anew = scene.create("b", 3, more: [scene.membership(.remove, groups[0]), scene.membership(.add, groups[1])])
            let result = try await scene.execute(
                AccountOperation(
                    id: anew.id, operation: .create, accountID: nil, name: anew.name, newName: nil, requests: anew.requests,
                    appliesDialectDisabling: false, formerNames: [scene.name("a")], carriedMemberships: [groups[1]]))
            #expect(result.failure == nil)
            #expect(result.failedRequests.isEmpty)
            let id = try #require(result.accountID)
            #expect(try await scene.settledGroups(of: id, formerly: [scene.name("a")]) == [groups[1]])
        },
        Check("an account that was moved behind our back takes along what it has where it is found") { scene in
            let group = scene.vocabulary.groups[0]
            let id = try await scene.given("a", more: [scene.membership(.add, group)])[0]
            let there = scene.name("a", in: scene.there)
            #expect(try await scene.execute(scene.operation(.modify, 2, scene.name("a"), id: id, to: there)).failure == nil)
            let result = try await scene.execute(
                scene.operation(
                    .modify, 3, scene.name("a"), id: id, requests: [scene.set(scene.vocabulary.text, "found")], carrying: [group]))
            #expect(result.failure == nil && result.wasElsewhere)
            #expect(result.name == there)
            #expect(try await scene.settledGroups(of: id, formerly: [scene.name("a")]) == [group])
        },
        Check("an account that was moved behind our back leaves and joins groups where it is") { scene in
            let groups = scene.vocabulary.groups
            let id = try await scene.given("a", more: [scene.membership(.add, groups[0])])[0]
            let there = scene.name("a", in: scene.there)
            #expect(try await scene.execute(scene.operation(.modify, 2, scene.name("a"), id: id, to: there)).failure == nil)
            let result = try await scene.execute(
                scene.operation(
                    .modify, 3, scene.name("a"), id: id,
                    requests: [scene.membership(.remove, groups[0]), scene.membership(.add, groups[1])]))
            #expect(result.failure == nil && result.failedRequests.isEmpty && result.wasElsewhere && result.name == there)
            #expect(try await scene.settledGroups(of: id, formerly: [scene.name("a")]) == [groups[1]])
        },
        Check("an account that is gone leaves its groups under the names it had, and not under one that another entry has") { scene in
            let group = scene.vocabulary.groups[0]
            let ids = try await scene.given("a", "b", more: [scene.membership(.add, group)])
            let steps = [
                scene.operation(.modify, 3, scene.name("a"), id: ids[0], to: scene.name("c")),
                scene.operation(.delete, 4, scene.name("c"), id: ids[0]),
                scene.operation(.modify, 5, scene.name("b"), id: ids[1], to: scene.name("c"), carrying: [group]),
            ]
            for step in steps { #expect(try await scene.execute(step).failure == nil) }
            let result = try await scene.execute(
                scene.operation(
                    .modify, 6, scene.name("c"), id: ids[0], requests: [scene.membership(.remove, group)],
                    uncertainSince: [scene.name("a"), scene.name("c")]))
            #expect(result.failure?.errorClass == .permanent && result.doneRequests == [])
            #expect(try await scene.settledGroups(of: ids[1], formerly: [scene.name("a")]) == [group])
            var known = scene.operation(.modify, 7, scene.name("c"), id: ids[0], requests: [scene.membership(.remove, group)])
            known.isGone = true
            let done = try await scene.execute(known)
            #expect(done.failure == nil && done.failedRequests.isEmpty && done.isGone)
            // Under a name that another one has nothing is taken away; an id is nobody else's.
            #expect(done.leftAlone == (scene.vocabulary.groupsHoldNames ? [0] : []))
            #expect(try await scene.settledGroups(of: ids[1]) == [group])
        },
        Check("a former name that another entry has by now stays in its groups") { scene in
            let groups = scene.vocabulary.groups
            let ids = try await scene.given("a", "b", more: groups.map { scene.membership(.add, $0) })
            for step in [
                scene.operation(.modify, 3, scene.name("a"), id: ids[0], to: scene.name("c"), carrying: groups),
                scene.operation(.modify, 4, scene.name("b"), id: ids[1], to: scene.name("a"), carrying: groups),
            ] { #expect(try await scene.execute(step).failure == nil) }
            let left = try await scene.execute(
                scene.operation(
                    .modify, 5, scene.name("c"), id: ids[0], requests: [scene.membership(.remove, groups[0])],
                    uncertainSince: [scene.name("a")]))
            #expect(left.failure == nil && left.failedRequests.isEmpty)
            #expect(try await scene.settledGroups(of: ids[0]) == [groups[1]])
            let anew = scene.create("d", 6, more: [scene.membership(.remove, groups[0]), scene.membership(.add, groups[1])])
            let created = try await scene.execute(
                AccountOperation(
                    id: anew.id, operation: .create, accountID: nil, name: anew.name, newName: nil, requests: anew.requests,
                    appliesDialectDisabling: false, formerNames: [scene.name("a")]))
            #expect(created.failure == nil && created.failedRequests.isEmpty)
            #expect(try await scene.settledGroups(of: ids[1]) == groups)
        },
        Check(
            "an entry that has the name of an account that is gone is not that account: neither it nor its groups are written, and that is said"
        ) { scene in
            let (group, text) = (scene.vocabulary.groups[0], scene.vocabulary.text)
            let ids = try await scene.given("a", "b", more: [scene.membership(.add, group)])
            #expect(try await scene.execute(scene.operation(.delete, 3, scene.name("a"), id: ids[0])).failure == nil)
            let b = try await scene.execute(
                scene.operation(.modify, 4, scene.name("b"), id: ids[1], to: scene.name("a"), carrying: [group]))
            #expect(b.failure == nil)
            let changed = try await scene.execute(
                scene.operation(.modify, 5, scene.name("a"), id: ids[0], requests: [scene.set(text, "not for b")]))
            #expect(changed.failure?.errorClass == .permanent)
            let left = try await scene.execute(
                scene.operation(.modify, 6, scene.name("a"), id: ids[0], requests: [scene.membership(.remove, group)]))
            #expect(left.failure?.errorClass == .permanent && left.isGone)
            let deleted = try await scene.execute(scene.operation(.delete, 7, scene.name("a"), id: ids[0]))
            #expect(deleted.failure?.errorClass == .permanent)
            #expect(try await scene.settledGroups(of: ids[1], formerly: [scene.name("b")]) == [group])
            #expect(try await scene.account(ids[1])?.attributes.values.contains(["not for b"]) == false)
        },
        Check("of an account that is gone only memberships are removed, and that it is gone is said") { scene in
            let groups = scene.vocabulary.groups
            let id = try await scene.given("a", more: [scene.membership(.add, groups[0])])[0]
            #expect(try await scene.execute(scene.operation(.delete, 2, scene.name("a"), id: id)).failure == nil)
            let left = try await scene.execute(
                scene.operation(.modify, 3, scene.name("a"), id: id, requests: [scene.membership(.remove, groups[0])]))
            #expect(left.failure == nil && left.failedRequests.isEmpty && left.isGone)
            let joining = scene.operation(
                .modify, 4, scene.name("a"), id: id, requests: [scene.membership(.remove, groups[0]), scene.membership(.add, groups[1])])
            let joined = try await scene.execute(joining)
            #expect(joined.failure?.errorClass == .permanent && joined.doneRequests == [0] && joined.isGone)
            #expect(try await scene.groups(holding: scene.name("a")) == [])
            let deleted = try await scene.execute(scene.operation(.delete, 5, scene.name("a"), id: id))
            #expect(deleted.failure == nil && deleted.isGone)
        },
        Check("an account whose name another entry has by now is written where it is") { scene in
            let (group, text) = (scene.vocabulary.groups[0], scene.vocabulary.text)
            let ids = try await scene.given("a", "b", more: [])
            let there = scene.name("a", in: scene.there)
            #expect(try await scene.execute(scene.operation(.modify, 3, scene.name("a"), id: ids[0], to: there)).failure == nil)
            #expect(try await scene.execute(scene.operation(.modify, 4, scene.name("b"), id: ids[1], to: scene.name("a"))).failure == nil)
            let result = try await scene.execute(
                scene.operation(
                    .modify, 5, scene.name("a"), id: ids[0], requests: [scene.set(text, "for a"), scene.membership(.add, group)]))
            #expect(result.failure == nil && result.wasElsewhere && result.name == there)
            #expect(try await scene.settledGroups(of: ids[0]) == [group])
            #expect(try await scene.groups(of: ids[1]) == [])
        },
        Check("an account that gets a name which its holder leaves in the same batch is written under it") { scene in
            let text = scene.vocabulary.text
            let ids = try await scene.given("a", "b", more: [])
            let results = await scene.connector.execute([
                scene.operation(.modify, 3, scene.name("b"), id: ids[1], to: scene.name("c")),
                scene.operation(.modify, 4, scene.name("a"), id: ids[0], to: scene.name("b")),
                scene.operation(.modify, 5, scene.name("b"), id: ids[0], requests: [scene.set(text, "for a")]),
            ])
            #expect(results.compactMap(\.failure) == [] && results.allSatisfy { !$0.wasElsewhere })
            #expect(try await scene.account(ids[0])?.attributes.values.contains(["for a"]) == true)
            #expect(try await scene.account(ids[1])?.attributes.values.contains(["for a"]) == false)
        },
        Check("memberships that we did not give stay when ours are removed") { scene in
            let groups = scene.vocabulary.groups
            let id = try await scene.given("a", more: groups.map { scene.membership(.add, $0) })[0]
            _ = try await scene.execute(
                scene.operation(.modify, 2, scene.name("a"), id: id, requests: [scene.membership(.remove, groups[0])]))
            #expect(try await scene.groups(of: id) == [groups[1]])
        },
        Check("a leaver is moved away and stays without the memberships") { scene in
            let groups = scene.vocabulary.groups
            let labels = (1...30).map { "a\($0)" }
            let created = await scene.connector.execute(
                labels.enumerated().map { scene.create($1, $0, more: groups.map { scene.membership(.add, $0) }) })
            let leaving = zip(labels, created).map { label, result in
                scene.operation(
                    .disable, result.id.sequence, scene.name(label), id: result.accountID, to: scene.name(label, in: scene.there),
                    requests: groups.map { scene.membership(.remove, $0) })
            }
            #expect(await scene.connector.execute(leaving).filter { $0.failure != nil || !$0.failedRequests.isEmpty } == [])
            // Servers that repair references do it after their answer; what they do must not bring a membership back.
            try await scene.vocabulary.settled?()
            let ids = try created.map { try #require($0.accountID) }
            #expect(try await scene.groups(ofEach: ids) == ids.map { _ in [] })
        },
        Check("a mover changes name and groups by one operation") { scene in
            let groups = scene.vocabulary.groups
            let id = try await scene.given("a", more: [scene.membership(.add, groups[0])])[0]
            let result = try await scene.execute(
                scene.operation(
                    .modify, 2, scene.name("a"), id: id, to: scene.name("b", in: scene.there),
                    requests: [scene.membership(.remove, groups[0]), scene.membership(.add, groups[1])]))
            #expect(result.failure == nil)
            #expect(result.failedRequests.isEmpty)
            #expect(try await scene.settledGroups(of: id) == [groups[1]])
        },
        Check("batches that fill one group at the same time do not disturb each other") { scene in
            let group = scene.vocabulary.groups[0]
            let batches = (0..<4).map { batch in
                (1...25).map { scene.create("b\(batch)n\($0)", $0, more: [scene.membership(.add, group)]) }
            }
            let results = await withTaskGroup(of: [OperationResult].self) { tasks in
                for batch in batches { tasks.addTask { await scene.connector.execute(batch) } }
                return await tasks.reduce(into: []) { $0 += $1 }
            }
            #expect(results.count == 100)
            #expect(results.filter { $0.failure != nil || !$0.failedRequests.isEmpty } == [])
            let ids = try results.map { try #require($0.accountID) }
            #expect(try await scene.groups(ofEach: ids) == ids.map { _ in [group] })
        },
    ]
}
