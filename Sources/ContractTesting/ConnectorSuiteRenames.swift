internal import Contracts
internal import IdentityModel
internal import Testing

extension ConnectorSuite {
    static let renames: [Check] = [
        Check("an account is renamed, moved and changed by one operation, and keeps its id") { scene in
            let id = try await scene.given("a")[0]
            let newName = scene.name("b", in: scene.there)
            let result = try await scene.execute(
                scene.operation(.modify, 2, scene.name("a"), id: id, to: newName, requests: [scene.set(scene.vocabulary.text, "moved")]))
            #expect(result.failure == nil)
            #expect(result.name == newName)
            let account = try #require(try await scene.account(id))
            #expect(account.name == newName)
            #expect(account.attributes[scene.vocabulary.text] == ["moved"])
        },
        Check("two accounts exchange their names") { scene in
            let ids = try await scene.given("a", "b")
            let results = await scene.connector.execute([
                scene.operation(
                    .modify, 1, scene.name("a"), id: ids[0], to: scene.name("b"), requests: [scene.set(scene.vocabulary.text, "was a")]),
                scene.operation(
                    .modify, 2, scene.name("b"), id: ids[1], to: scene.name("a"), requests: [scene.set(scene.vocabulary.text, "was b")]),
            ])
            #expect(results.compactMap(\.failure) == [])
            #expect(results.map(\.name) == [scene.name("b"), scene.name("a")])
            let accounts = [try await scene.account(ids[0]), try await scene.account(ids[1])]
            #expect(accounts.map { $0?.name } == [scene.name("b"), scene.name("a")])
            #expect(accounts.map { $0?.attributes[scene.vocabulary.text] } == [["was a"], ["was b"]])
        },
        Check("names go round in a ring of five, with a sixth waiting for one") { scene in
            let labels = ["a", "b", "c", "d", "e"]
            let ids = try await scene.given("a", "b", "c", "d", "e")
            var operations = labels.indices.map { index in
                scene.operation(.modify, index + 1, scene.name(labels[index]), id: ids[index], to: scene.name(labels[(index + 1) % 5]))
            }
            operations.insert(scene.create("f", 6), at: 2)
            let failures = await scene.connector.execute(operations).compactMap(\.failure)
            #expect(failures == [], "\(failures.map(\.description))")
            for index in labels.indices { #expect(try await scene.account(ids[index])?.name == scene.name(labels[(index + 1) % 5])) }
        },
        Check("a name is freed before it is taken, whatever the order in the batch") { scene in
            let ids = try await scene.given("a", "b", "c", "d")
            let newcomer = scene.operation(
                .create, 1, scene.name("a"),
                requests: scene.create("n").requests)
            let results = await scene.connector.execute([
                newcomer,
                scene.operation(.modify, 2, scene.name("c"), id: ids[2], to: scene.name("b")),
                scene.operation(.modify, 3, scene.name("a"), id: ids[0], to: scene.name("c")),
                scene.operation(.delete, 4, scene.name("b"), id: ids[1]),
                scene.operation(.modify, 5, scene.name("d"), id: ids[3], to: scene.name("d", in: scene.there)),
            ])
            #expect(results.compactMap(\.failure) == [])
            #expect(try await scene.account(ids[0])?.name == scene.name("c"))
            #expect(try await scene.account(ids[1]) == nil)
            #expect(try await scene.account(ids[2])?.name == scene.name("b"))
            let created = try #require(results[0].accountID)
            #expect(try await scene.account(created)?.name == scene.name("a"))
        },
        Check("an exchange that is refused half way leaves both accounts reachable") { scene in
            let ids = try await scene.given("a", "b")
            let nowhere = scene.vocabulary.name(scene.label("a"), "ou=Nowhere,ou=Nowhere," + scene.here)
            let results = await scene.connector.execute([
                scene.operation(.modify, 1, scene.name("a"), id: ids[0], to: scene.name("b")),
                scene.operation(.modify, 2, scene.name("b"), id: ids[1], to: nowhere),
            ])
            #expect(results.map { $0.failure == nil } == [false, false])
            for (id, result) in zip(ids, results) { #expect(try await scene.account(id)?.name == result.name) }
            #expect(results.map(\.name) == [scene.name("a"), scene.name("b")])
        },
        Check("a rename onto a name that somebody else keeps is a conflict") { scene in
            let ids = try await scene.given("a", "b")
            let result = try await scene.execute(scene.operation(.modify, 1, scene.name("a"), id: ids[0], to: scene.name("b")))
            #expect(result.failure?.errorClass == .conflict)
            #expect(result.name == scene.name("a"))
        },
        Check("an account that was moved behind our back is found by its id, changed there, and deleted there") { scene in
            let ids = try await scene.given("a", "b", "c")
            let moves = ["a", "b", "c"].enumerated().map { index, label in
                scene.operation(.modify, index, scene.name(label), id: ids[index], to: scene.name(label, in: scene.there))
            }
            #expect(await scene.connector.execute(moves).compactMap(\.failure) == [])
            let results = await scene.connector.execute([
                scene.operation(.modify, 1, scene.name("a"), id: ids[0], requests: [scene.set(scene.vocabulary.text, "found")]),
                scene.operation(.delete, 2, scene.name("b"), id: ids[1]),
                scene.operation(.modify, 3, scene.name("c"), id: ids[2], to: scene.name("c", in: scene.there)),
            ])
            #expect(results.compactMap(\.failure) == [])
            #expect(results[0].name == scene.name("a", in: scene.there))
            #expect(try await scene.account(ids[0])?.attributes[scene.vocabulary.text] == ["found"])
            #expect(try await scene.account(ids[1]) == nil)
        },
    ]
}
