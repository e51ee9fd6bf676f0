internal import Contracts
internal import IdentityModel
internal import Testing

extension ConnectorSuite {
    /// What happens on the way: refusals among many, answers that are lost, and runs that are ended.
    static let interruptions: [Check] = [
        Check("of a hundred operations one is refused, and ninety-nine are done") { scene in
            var operations = (1...100).map { scene.create("n\($0)", $0) }
            operations[49].requests.append(scene.set("noSuchAttributeAnywhere", "x"))
            let results = await scene.connector.execute(operations)
            #expect(results.map(\.id) == operations.map(\.id))
            #expect(
                results.indices.filter { results[$0].failure != nil } == [49],
                "\(results.compactMap(\.failure).first?.description ?? "none")")
            let lookups = try await scene.connector.find(
                (1...100).map { .correlation([scene.vocabulary.correlation: scene.label("n\($0)")]) })
            #expect(lookups.indices.filter { lookups[$0] == .absent } == [49])
        },
        Check("a Create that is sent again because its answer was lost makes no second account") { scene in
            let first = try await scene.execute(scene.create("a"))
            let id = try #require(first.accountID)
            var again = scene.create("a")
            again = scene.operation(.create, 1, again.name, requests: again.requests, uncertainSince: [])
            let failure = try #require(try await scene.execute(again).failure)
            #expect([.conflict, .unknown, .permanent].contains(failure.errorClass), "\(failure.description)")
            let lookup = try await scene.connector.find([.correlation([scene.vocabulary.correlation: scene.label("a")])])[0]
            guard case .found(let account) = lookup else {
                Issue.record("not one account, but \(lookup)")
                return
            }
            #expect(account.id == id)
        },
        Check("a batch that is cancelled answers every operation, and calls done only what is done") { scene in
            let operations = (1...200).map { scene.create("c\($0)", $0) }
            let task = Task { await scene.connector.execute(operations) }
            try await Task.sleep(for: .milliseconds(15))
            task.cancel()
            let results = await task.value
            #expect(results.map(\.id) == operations.map(\.id))
            await scene.connector.close()
            let lookups = try await scene.connector.find(
                operations.indices.map { .correlation([scene.vocabulary.correlation: scene.label("c\($0 + 1)")]) })
            for (result, lookup) in zip(results, lookups) {
                if result.failure == nil { #expect(lookup != .absent, "\(result.id) was called done") }
                // Whatever is not called unknown and failed has not happened.
                if let failure = result.failure, failure.errorClass != .unknown {
                    #expect(lookup == .absent, "\(result.id): \(failure.description)")
                }
            }
        },
    ]
}
