internal import Contracts
internal import IdentityModel
internal import Testing

extension ConnectorScene {
    /// A place that does not exist.
    fileprivate var nowhere: String { "ou=Nowhere,ou=Nowhere," + here }
    fileprivate var refused: AccountOperation.Request { self.set("noSuchAttributeAnywhere", "x") }
}

extension ConnectorSuite {
    /// In which order an operation's steps are taken, and what is told of those that were.
    static let steps: [Check] = [
        Check("who is withdrawn is switched off, out of the groups and changed, although the move is refused") { scene in
            let (text, correlation) = (scene.vocabulary.text, scene.vocabulary.correlation)
            let group = scene.vocabulary.groups[0]
            let id = try await scene.given("a", more: [scene.set(text, "on"), scene.membership(.add, group)])[0]
            let result = try await scene.execute(
                scene.operation(
                    .disable, 2, scene.name("a"), id: id, to: scene.name("a", in: scene.nowhere),
                    requests: [
                        scene.switching(text, "off"), scene.membership(.remove, group), scene.set(correlation, scene.label("left")),
                    ],
                    direction: .withdrawing))
            #expect(result.failure != nil)
            #expect(result.isSwitched)
            #expect(result.doneRequests == [0, 1, 2])
            #expect(result.name == scene.name("a"))
            let account = try #require(try await scene.account(id))
            #expect(account.attributes[text] == ["off"])
            #expect(account.attributes[correlation] == [scene.label("left")])
            #expect(try await scene.settledGroups(of: id) == [])
        },
        Check("a value that is refused does not keep an account from being switched off, nor from leaving its groups and place") { scene in
            let text = scene.vocabulary.text
            let group = scene.vocabulary.groups[0]
            let id = try await scene.given("a", more: [scene.set(text, "on"), scene.membership(.add, group)])[0]
            let bad = scene.switching("noSuchAttributeAnywhere", "x")
            let result = try await scene.execute(
                scene.operation(
                    .disable, 2, scene.name("a"), id: id, to: scene.name("a", in: scene.there),
                    requests: [bad, scene.switching(text, "off"), scene.membership(.remove, group)], direction: .withdrawing))
            #expect(result.failure?.attribute == "noSuchAttributeAnywhere")
            #expect(result.doneRequests == [1, 2])
            #expect(result.name == scene.name("a", in: scene.there))
            #expect(try await scene.account(id)?.attributes[text] == ["off"])
            #expect(try await scene.settledGroups(of: id, formerly: [scene.name("a")]) == [])
        },
        Check("a leaver whose membership cannot be removed is switched off and moved all the same") { scene in
            let text = scene.vocabulary.text
            let id = try await scene.given("a", more: [scene.set(text, "on")])[0]
            // A group's name that the system cannot even read.
            let result = try await scene.execute(
                scene.operation(
                    .disable, 2, scene.name("a"), id: id, to: scene.name("a", in: scene.there),
                    requests: [scene.switching(text, "off"), scene.membership(.remove, "no group's name")], direction: .withdrawing))
            #expect(result.failure == nil)
            #expect(result.failedRequests.keys.sorted() == [1])
            #expect(result.name == scene.name("a", in: scene.there))
            #expect(try await scene.account(id)?.attributes[text] == ["off"])
        },
        Check("who is deleted has left the groups") { scene in
            let groups = scene.vocabulary.groups
            let id = try await scene.given("a", more: groups.map { scene.membership(.add, $0) })[0]
            let result = try await scene.execute(
                scene.operation(
                    .delete, 2, scene.name("a"), id: id, requests: groups.map { scene.membership(.remove, $0) }, direction: .withdrawing))
            #expect(result.failure == nil)
            #expect(result.failedRequests.isEmpty)
            #expect(try await scene.account(id) == nil)
            #expect(try await scene.groups(holding: scene.name("a")) == [])
        },
        Check("an account of which an attribute is refused is not switched on") { scene in
            let text = scene.vocabulary.text
            let id = try await scene.given("a", more: [scene.set(text, "off")])[0]
            let result = try await scene.execute(
                scene.operation(
                    .enable, 2, scene.name("a"), id: id, to: scene.name("a", in: scene.there),
                    requests: [scene.switching(text, "on"), scene.refused], direction: .enabling))
            #expect(result.failure?.attribute == "noSuchAttributeAnywhere")
            #expect(!result.isSwitched)
            #expect(result.doneRequests == [])
            #expect(result.name == scene.name("a", in: scene.there))
            #expect(try await scene.account(id)?.attributes[text] == ["off"])
        },
        Check("a membership that cannot be added does not keep an account from being switched on") { scene in
            let text = scene.vocabulary.text
            let group = scene.vocabulary.groups[0]
            let id = try await scene.given("a", more: [scene.set(text, "off")])[0]
            let ghost = scene.vocabulary.name(scene.label("ghost"), scene.here).text
            let result = try await scene.execute(
                scene.operation(
                    .enable, 2, scene.name("a"), id: id,
                    requests: [scene.switching(text, "on"), scene.membership(.add, ghost), scene.membership(.add, group)],
                    direction: .enabling))
            #expect(result.failure == nil)
            #expect(result.failedRequests.keys.sorted() == [1])
            #expect(try await scene.account(id)?.attributes[text] == ["on"])
            #expect(try await scene.groups(of: id) == [group])
        },
        Check("what an operation did before it failed is told") { scene in
            let groups = scene.vocabulary.groups
            let id = try await scene.given("a", more: [scene.membership(.add, groups[0])])[0]
            let result = try await scene.execute(
                scene.operation(
                    .modify, 2, scene.name("a"), id: id, to: scene.name("b"),
                    requests: [scene.membership(.remove, groups[0]), scene.refused, scene.membership(.add, groups[1])]))
            #expect(result.failure?.attribute == "noSuchAttributeAnywhere")
            #expect(result.doneRequests == [0])
            #expect(result.name == scene.name("b"))
            #expect(try await scene.account(id)?.name == scene.name("b"))
            #expect(try await scene.settledGroups(of: id, formerly: [scene.name("a")]) == [])
        },
        Check("orders that withdraw an account after one that changes it are carried out in that order") { scene in
            let (text, group) = (scene.vocabulary.text, scene.vocabulary.groups[0])
            let id = try await scene.given("a")[0]
            let results = await scene.connector.execute([
                scene.operation(
                    .modify, 2, scene.name("a"), id: id, requests: [scene.set(text, "on"), scene.membership(.add, group)]),
                scene.operation(
                    .disable, 3, scene.name("a"), id: id, requests: [scene.switching(text, "off"), scene.membership(.remove, group)],
                    direction: .withdrawing),
            ])
            #expect(results.compactMap(\.failure) == [])
            #expect(try await scene.account(id)?.attributes[text] == ["off"])
            #expect(try await scene.groups(of: id) == [])
        },
    ]
}
