import ContractTesting
import Contracts
import Foundation
import IdentityModel
import StoreSQL
import Testing

/// A folder that is gone after the test.
func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "store-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

@Suite("A store in SQLite")
struct SQLiteStoreTests {
    @Test("keeps the contract of every store", arguments: StoreSuite.checks)
    func contract(_ check: StoreSuite.Check) async throws {
        try await withFolder { folder in
            try await StoreSuite {
                try await SQLStore.openSQLite(SQLiteStoreOptions(path: folder + "/below/store.db", durable: false))
            }.run(check)
        }
    }
}
