internal import IdentityModel

/// All at once, as far as there are connections; answers in order. The first failure is thrown.
func concurrently<Item: Sendable, Answer: Sendable>(
    _ items: [Item], _ body: @escaping @Sendable (Item) async throws(ConnectorFailure) -> Answer
) async throws(ConnectorFailure) -> [Answer] {
    let results = await withTaskGroup(of: (Int, Result<Answer, ConnectorFailure>).self) { group in
        for (index, item) in items.enumerated() {
            group.addTask {
                do throws(ConnectorFailure) { return (index, .success(try await body(item))) } catch { return (index, .failure(error)) }
            }
        }
        return await group.reduce(into: [Int: Result<Answer, ConnectorFailure>]()) { $0[$1.0] = $1.1 }
    }
    var answers: [Answer] = []
    for index in items.indices { if let result = results[index] { answers.append(try result.get()) } }
    return answers
}
