internal import Contracts
internal import IdentityModel
internal import Testing

extension ConnectorSuite {
    static let accounts: [Check] = [
        Check("a created account is found by its id and shows what was written") { scene in
            let result = try await scene.execute(scene.create("a", more: [scene.set(scene.vocabulary.text, "Line Manager")]))
            #expect(result.failure == nil)
            let id = try #require(result.accountID)
            #expect(result.name == scene.name("a"))
            let account = try #require(try await scene.account(id))
            #expect(account.name == scene.name("a"))
            #expect(account.attributes[scene.vocabulary.text] == ["Line Manager"])
            #expect(account.attributes[scene.vocabulary.correlation] == [scene.label("a")])
        },
        Check("each operation is answered once, in order, and one that fails stops no other") { scene in
            let bad = scene.create("b", 2, more: [scene.set("noSuchAttributeAnywhere", "x")])
            let results = await scene.connector.execute([scene.create("a", 1), bad, scene.create("c", 3)])
            #expect(results.map(\.id.sequence) == [1, 2, 3])
            #expect(results.map { $0.failure?.errorClass } == [nil, .permanent, nil])
            #expect(results[1].failure?.serverText?.isEmpty == false)
            #expect(results[1].failure?.attribute == "noSuchAttributeAnywhere")
        },
        Check("a name that is taken is a conflict") { scene in
            _ = try await scene.given("a")
            let taken = scene.operation(
                .create, 2, scene.name("a"), requests: scene.create("b").requests.filter { $0.name != scene.vocabulary.correlation })
            #expect(try await scene.execute(taken).failure?.errorClass == .conflict)
        },
        Check("a value that must be unique and is taken is a conflict") { scene in
            guard let unique = scene.vocabulary.unique else { return }
            _ = try await scene.given("a")
            let held = scene.vocabulary.attributes(scene.label("a"))[unique] ?? []
            let result = try await scene.execute(scene.create("b", more: [scene.request(.set, unique, held.map { $0.uppercased() })]))
            #expect(result.failure?.errorClass == .conflict)
        },
        Check("values are set, added and removed, and nothing else changes") { scene in
            guard let list = scene.vocabulary.list else { return }
            let id = try await scene.given("a", more: [scene.set(list, "one", "two"), scene.set(scene.vocabulary.text, "before")])[0]
            let modify = scene.operation(
                .modify, 2, scene.name("a"), id: id,
                requests: [
                    scene.set(scene.vocabulary.text, "after"), scene.request(.add, list, ["three"]), scene.request(.remove, list, ["one"]),
                ])
            let result = try await scene.execute(modify)
            #expect(result.failure == nil)
            let account = try #require(try await scene.account(id))
            #expect(account.attributes[scene.vocabulary.text] == ["after"])
            #expect(account.attributes[list]?.sorted() == ["three", "two"])
            #expect(account.attributes[scene.vocabulary.correlation] == [scene.label("a")])
        },
        Check("what is already there, or already gone, is success") { scene in
            let text = scene.vocabulary.text
            let id = try await scene.given("a", more: [scene.set(text, "same")])[0]
            let repeats = [scene.request(.add, text, ["same"]), scene.request(.set, text, ["same"])]
            for request in repeats {
                #expect(try await scene.execute(scene.operation(.modify, 2, scene.name("a"), id: id, requests: [request])).failure == nil)
            }
            for _ in 1...2 {
                let remove = scene.operation(.modify, 3, scene.name("a"), id: id, requests: [scene.request(.remove, text, [])])
                #expect(try await scene.execute(remove).failure == nil)
            }
            let removeValue = scene.operation(.modify, 4, scene.name("a"), id: id, requests: [scene.request(.remove, text, ["same"])])
            #expect(
                try await scene.execute(removeValue)
                    == OperationResult(id: removeValue.id, accountID: id, name: scene.name("a"), failure: nil))
            #expect(try await scene.account(id)?.attributes[text] == nil)
        },
        Check("Disable and Enable write what the policy map says") { scene in
            let id = try await scene.given("a", more: [scene.set(scene.vocabulary.text, "working")])[0]
            for (operation, value) in [(Operation.disable, "left"), (.enable, "back")] {
                let result = try await scene.execute(
                    scene.operation(operation, 2, scene.name("a"), id: id, requests: [scene.set(scene.vocabulary.text, value)]))
                #expect(result.failure == nil)
                #expect(try await scene.account(id)?.attributes[scene.vocabulary.text] == [value])
            }
        },
        Check("a deleted account is gone, and deleting it again is success") { scene in
            let id = try await scene.given("a")[0]
            for _ in 1...2 {
                let result = try await scene.execute(scene.operation(.delete, 2, scene.name("a"), id: id))
                #expect(result.failure == nil)
                #expect(result.name == nil)
            }
            #expect(try await scene.account(id) == nil)
        },
        Check("changing an account that is gone fails for good") { scene in
            let id = try await scene.given("a")[0]
            _ = try await scene.execute(scene.operation(.delete, 2, scene.name("a"), id: id))
            let modify = scene.operation(.modify, 3, scene.name("a"), id: id, requests: [scene.set(scene.vocabulary.text, "x")])
            #expect(try await scene.execute(modify).failure?.errorClass == .permanent)
        },
        Check("two operations on one account happen in the order of the batch") { scene in
            let create = scene.create("a", 1)
            let changes = (2...20).map {
                scene.operation(.modify, $0, scene.name("a"), requests: [scene.set(scene.vocabulary.text, "step \($0)")])
            }
            let results = await scene.connector.execute([create] + changes)
            #expect(results.compactMap(\.failure) == [])
            let id = try #require(results[0].accountID)
            #expect(try await scene.account(id)?.attributes[scene.vocabulary.text] == ["step 20"])
        },
    ]
}
