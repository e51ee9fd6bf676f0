import Contracts
import IdentityModel

extension [SystemName: any Connector] {
    /// Runs the body and closes the connectors, whatever comes of it: a server keeps a session as long as nobody ends it.
    func closing<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            let result = try await body()
            await close()
            return result
        } catch {
            await close()
            throw error
        }
    }

    private func close() async {
        for connector in values { await connector.close() }
    }
}
