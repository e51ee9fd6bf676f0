import ConnectorLDAP
import Contracts
import Foundation
import IdentityModel
import Planning
import PolicyFiles
import Provisioning
import SinkFile
import SourceCSV
import StoreSQL

/// Exit codes (product.md section 5).
enum Exit: Int32 {
    case done = 0
    /// Done, but some orders, rows or tests failed.
    case incomplete = 1
    /// Configuration or usage error.
    case configuration = 2
    /// Held: guard, contract, approval, stale plan.
    case held = 3
    /// Could not run: store or file unreachable.
    case unable = 4
}

/// Ends the command: what to say on standard error, and the exit code.
struct Stop: Error {
    let code: Exit
    let message: String
    init(_ code: Exit, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// The configuration directory, loaded, with the store opened on demand.
struct Session {
    let directory: URL
    let configuration: Configuration
    let warnings: [ConfigurationDiagnostic]

    /// Loads and checks; throws `Stop` with every diagnostic when there is an error.
    static func load(_ options: CommonOptions) throws -> Session {
        let directory = URL(fileURLWithPath: options.config, isDirectory: true)
        let (configuration, diagnostics) = ConfigurationLoader.load(try ConfigurationDirectory.read(directory))
        guard let configuration else {
            throw Stop(.configuration, diagnostics.map(\.description).joined(separator: "\n"))
        }
        return Session(directory: directory, configuration: configuration, warnings: diagnostics)
    }

    /// The store; created when it is not there yet.
    func openStore() async throws -> any Store {
        try await SQLStore.openSQLite(path: path(configuration.service.storePath))
    }

    /// Relative paths start at the configuration directory.
    func path(_ relative: String) -> String {
        relative.hasPrefix("/") ? relative : directory.appendingPathComponent(relative).path
    }
}
