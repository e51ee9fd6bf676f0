import ArgumentParser
import Contracts
import Foundation
import IdentityModel
import Planning
import PolicyFiles
import Provisioning

/// Exit codes (product.md section 5).
enum Exit: Int32 {
    case done = 0
    /// Done, but some orders, evaluations or tests failed.
    case incomplete = 1
    /// Configuration or usage error.
    case configuration = 2
    /// Held: guard, contract, approval, stale plan.
    case held = 3
    /// Could not run: store or file unreachable.
    case unable = 4
    /// Done, but rows or systems were left aside, or something is open in another origin.
    case leftAside = 5

    init(_ end: RunEnd) {
        self =
            switch end {
            case .done: .done
            case .failed: .incomplete
            case .configuration: .configuration
            case .held: .held
            case .unable: .unable
            case .leftAside: .leftAside
            }
    }
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
    var configuration: Configuration
    let warnings: [ConfigurationDiagnostic]

    /// Loads and checks; throws `Stop` with every diagnostic when there is an error.
    static func load(_ options: CommonOptions) throws -> Session { try load(options.directory, argument: "--config") }

    /// `argument` names the directory in messages about the directory itself.
    static func load(_ directory: URL, argument: String) throws -> Session {
        let (configuration, diagnostics) = ConfigurationLoader.load(try ConfigurationDirectory.read(directory, argument: argument))
        guard let configuration else {
            throw Stop(.configuration, diagnostics.map(\.description).joined(separator: "\n"))
        }
        return Session(directory: directory, configuration: configuration, warnings: diagnostics)
    }

    /// Runs the body, in which values that the configuration calls `sensitive` are shown as dots. `others`: such attributes of another configuration.
    func masking<Result>(others: Set<String> = [], _ body: () async throws -> Result) async rethrows -> Result {
        try await MaskedAttributes.$configured.withValue(
            MaskedAttributes.configured.union(configuration.sensitiveAttributes).union(others), operation: body)
    }

    /// The store; created when it is not there yet.
    func openStore() async throws -> any Store {
        let (kind, setup) = Adapters.store(configuration.service, directory: directory)
        PrivateFolder.protect(folderOf: kind.file(setup), configuration: directory)
        return try await kind.open(setup)
    }

    /// The store, to be read and nothing else; one that is not there is an error.
    func storeToRead() async throws -> any Store {
        let (kind, setup) = Adapters.store(configuration.service, directory: directory)
        return try await kind.read(setup)
    }
}

extension Session {
    /// The connectors of all managed systems.
    func connectors() throws -> [SystemName: any Connector] {
        let maps = configuration.policyMaps
        try requireSettings(of: maps)
        var connectors: [SystemName: any Connector] = [:]
        for map in maps { connectors[map.system] = try Adapters.connector(map, directory: directory) }
        return connectors
    }

    /// What the environment lacks is a warning to those who only read; before connectors are opened it is an error, with all of it at once.
    func requireSettings(of maps: [PolicyMap]) throws {
        let missing = maps.flatMap(\.connector.missing).map { setting in
            ConfigurationDiagnostic(
                severity: .error, position: setting.position, length: setting.length, message: setting.message, suggestion: nil,
                excerpt: setting.excerpt)
        }
        guard missing.isEmpty else { throw Stop(.configuration, missing.sorted().map(\.description).joined(separator: "\n")) }
    }

    func source(_ name: String) throws -> SourceConfiguration {
        if let source = configuration.source(SourceName(name)) { return source }
        let known = configuration.sources.map(\.name.text)
        let hint = nearestName(name, in: known).map { "; did you mean '\($0)'?" } ?? "; there is: \(known.joined(separator: ", "))"
        throw Stop(.configuration, "there is no source '\(name)'\(hint)")
    }
}

/// Loads the configuration, opens the store, runs the body and ends the command with its exit code. Every error becomes a message on
/// standard error and the code that belongs to it.
func withStore(_ options: CommonOptions, _ body: (Session, any Store) async throws -> Exit) async throws {
    try await ending {
        let session = try Session.load(options)
        let store = try await session.openStore()
        let exit: Exit
        do {
            let session = try await session.withSecrets(of: store)
            exit = try await session.masking { try await body(session, store) }
        } catch {
            await store.close()
            throw error
        }
        await store.close()
        return exit
    }
}

/// Runs the body with a store that is only read, and closes it.
func withStoreToRead<Result>(_ session: Session, _ body: (any Store) async throws -> Result) async throws -> Result {
    let store = try await session.storeToRead()
    do {
        let result = try await session.masking { try await body(store) }
        await store.close()
        return result
    } catch {
        await store.close()
        throw error
    }
}

/// Turns errors into messages and exit codes.
func ending(_ body: () async throws -> Exit) async throws {
    do {
        let exit = try await body()
        if exit != .done { throw ExitCode(exit.rawValue) }
    } catch let stop as Stop {
        complain(stop.message)
        throw ExitCode(stop.code.rawValue)
    } catch let error as InquiryError {
        let stop = Stop(error)
        complain(stop.message)
        throw ExitCode(stop.code.rawValue)
    } catch let broken as SealBroken {
        complain("error: \(broken)")
        throw ExitCode(Exit.held.rawValue)
    } catch StoreError.busy(let origin) {
        // A living process is at work: nothing is wrong, and nothing was done.
        complain("held: \(StoreError.busy(origin))")
        throw ExitCode(Exit.held.rawValue)
    } catch let error as StoreError {
        complain("error: \(error)")
        throw ExitCode(Exit.unable.rawValue)
    } catch let error as SourceError {
        complain(error.description)
        throw ExitCode(Exit.unable.rawValue)
    } catch let failure as ConnectorFailure {
        complain("error: \(failure)")
        throw ExitCode(Exit.unable.rawValue)
    }
}

/// To standard error.
func complain(_ message: String) {
    Progress.clear()
    write(message, to: .standardError)
}

/// To standard output.
func say(_ text: String) {
    Progress.clear()
    write(text, to: .standardOutput)
}

/// Whoever reads our output may stop reading (`| head`): what is left of it is dropped, and the run goes on.
private func write(_ text: String, to handle: FileHandle) {
    try? handle.write(contentsOf: Data((text.hasSuffix("\n") ? text : text + "\n").utf8))
}
