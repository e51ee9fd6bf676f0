package import Contracts
internal import IdentityModel

extension SQLStore {
    /// `store: { sqlite: PATH }`. Without the key it is the file that `init` names.
    package static let sqlite = StoreKind(
        AdapterShape(
            type: "sqlite", keys: [AdapterShape.Key("sqlite", .text, "The SQLite file, relative to this file.", isRequired: true)]),
        file: path, open: { (setup) async throws(StoreError) in try await openSQLite(path: path(setup)) },
        read: { (setup) async throws(StoreError) in try await readSQLite(path: path(setup)) })

    private static let standardFile = "birthright.sqlite"

    @Sendable private static func path(_ setup: AdapterSetup) -> String {
        setup.path("sqlite") ?? "\(setup.folder)/\(standardFile)"
    }
}
