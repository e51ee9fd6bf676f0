import Contracts
import IdentityModel
import Testing

@testable import birthright

@Suite struct OpenConnectorsTests {
    private actor SilentConnector: Connector {
        nonisolated let capabilities = ConnectorCapabilities(batchSize: 1, maintainsReferences: true)
        private(set) var isClosed = false

        func realm() async throws(ConnectorFailure) -> Realm { Realm("silent") }
        func find(_ queries: [AccountQuery]) async throws(ConnectorFailure) -> [Lookup] { queries.map { _ in .absent } }
        func execute(_ operations: [AccountOperation]) async -> [OperationResult] { [] }
        func test() async throws(ConnectorFailure) -> SystemReport { throw ConnectorFailure(.unavailable, "silent") }
        func close() async { isClosed = true }
    }

    private struct Mishap: Error {}

    @Test(arguments: [true, false]) func `connectors are closed when the command is through, and when it fails`(fails: Bool) async throws {
        let connectors = [SystemName("A"): SilentConnector(), SystemName("B"): SilentConnector()]
        let opened = connectors.mapValues { $0 as any Connector }
        do {
            let answer = try await opened.closing {
                if fails { throw Mishap() }
                return 42
            }
            #expect(answer == 42 && !fails)
        } catch is Mishap {
            #expect(fails)
        }
        for connector in connectors.values { #expect(await connector.isClosed) }
    }
}
