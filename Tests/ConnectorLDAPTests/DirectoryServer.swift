import ChildProcesses
import Contracts
import Foundation
import IdentityModel
import Testing

@testable import ConnectorLDAP

/// A private slapd from SampleData/directory, in a directory of its own.
final class DirectoryServer: Sendable {
    let folder: URL
    let environment: [String: String]
    private let flags: [String]

    /// The server of the tests that run now.
    @TaskLocal static var current: DirectoryServer?

    static let serviceAccount = "cn=svc-birthright,dc=example,dc=com"

    init(flags: [String] = []) throws {
        folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("birthright-ldap-\(UUID().uuidString.prefix(8))")
        self.flags = ["--fast"] + flags
        environment = try DirectoryServer.start(folder, port: "0", self.flags)
    }

    private static let scripts = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("SampleData/directory")

    private static func start(_ folder: URL, port: String, _ flags: [String]) throws -> [String: String] {
        let lines = try run("start.sh", [folder.path, port] + flags).split(separator: "\n")
        return Dictionary(
            uniqueKeysWithValues: lines.compactMap { line in
                let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
                return parts.count == 2 ? (parts[0], parts[1]) : nil
            })
    }

    private static func run(_ script: String, _ arguments: [String]) throws -> String {
        let (code, output) = try ChildProcess.run(scripts.appendingPathComponent(script).path, arguments, errors: .inherited)
        guard code == 0 else { throw ConnectorFailure(.unavailable, "\(script) ended with \(code)") }
        return output
    }

    var url: String { environment["CORP_LDAP_URL"] ?? "" }
    var startTLSURL: String { environment["CORP_LDAP_STARTTLS_URL"] ?? "" }
    var caFile: String { environment["CORP_LDAP_CA"] ?? "" }
    var password: String { (try? String(contentsOf: folder.appendingPathComponent("password"), encoding: .utf8)) ?? "" }
    private var port: String { String(url.split(separator: ":").last ?? "") }

    var settings: LDAPSettings {
        LDAPSettings(
            url: url, bindDN: Self.serviceAccount, password: Sensitive(password), caFile: caFile, base: "dc=example,dc=com",
            maintainsReferences: repairs)
    }

    /// Whether it has the overlay refint, which repairs references after the answer.
    var repairs: Bool { !flags.contains("--no-overlays") && !flags.contains("--no-refint") }

    /// Returns when refint has repaired everything that was answered before. It has one queue, so what is renamed last is repaired last.
    @Sendable func repairsAreDone() async throws {
        let group = ConnectorLDAPTests.allStaff
        let names = [UUID().uuidString, UUID().uuidString].map { "cn=\($0),\(ConnectorLDAPTests.people)" }
        let connector = LDAPConnector(settings)
        let made = await connector.execute([ConnectorLDAPTests.create(1, names[0], [membership(.add, group)])])
        let id = try #require(made[0].accountID)
        let renamed = await connector.execute([operation(.modify, 2, names[0], id: id, to: names[1])])
        #expect(renamed.compactMap(\.failure) == [])
        let deadline = ContinuousClock.now + .seconds(60)
        while try await !members(of: group).contains(where: { $0.lowercased() == names[1].lowercased() }) {
            guard .now < deadline else { throw ConnectorFailure(.unavailable, "the server has not repaired a reference within a minute") }
            try await Task.sleep(for: .milliseconds(10))
        }
        _ = await connector.execute([operation(.delete, 3, names[1], id: id, [membership(.remove, group)])])
        await connector.close()
    }

    /// The members of a group, by the group itself.
    func members(of group: String) async throws -> [String] {
        var groups = settings
        groups.base = "ou=Groups,dc=example,dc=com"
        let connector = LDAPConnector(groups)
        let name = String(group.split(separator: ",")[0].dropFirst(3))
        let found = try await connector.find([.correlation(["cn": name])])
        await connector.close()
        guard case .found(let entry)? = found.first else { return [] }
        return entry.attributes["member"]?.map(DistinguishedName.canonical) ?? []
    }

    func signal(_ number: Int32) {
        if let pid = (try? String(contentsOf: folder.appendingPathComponent("slapd.pid"), encoding: .utf8))
            .flatMap({ Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) })
        {
            kill(pid, number)
        }
    }

    /// Stops the server's threads without ending it. A signal takes a moment to reach all of them.
    func freeze() async throws {
        signal(SIGSTOP)
        try await Task.sleep(for: .milliseconds(200))
    }

    /// `other`: flags of start.sh for this time.
    func startAgain(_ other: [String]? = nil) throws {
        _ = try DirectoryServer.start(folder, port: port, other.map { ["--fast"] + $0 } ?? flags)
    }

    func stop() throws { _ = try DirectoryServer.run("stop.sh", [folder.path]) }

    func remove() throws {
        try stop()
        try FileManager.default.removeItem(at: folder)
    }
}

/// Starts a server for a suite, or for a single test, and stops it afterwards.
struct DirectoryTrait: SuiteTrait, TestTrait, TestScoping {
    var flags: [String] = []

    @concurrent
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let server = try DirectoryServer(flags: flags)
        do {
            try await DirectoryServer.$current.withValue(server) { try await function() }
        } catch {
            try server.remove()
            throw error
        }
        try server.remove()
    }

    func scopeProvider(for test: Test, testCase: Test.Case?) -> Self? { (testCase == nil) == test.isSuite ? self : nil }
}

extension Trait where Self == DirectoryTrait {
    static var directory: Self { DirectoryTrait() }
    /// A server of another kind; flags of start.sh.
    static func directory(_ flags: String...) -> Self { DirectoryTrait(flags: flags) }
}
