import Contracts
import Foundation
import IdentityModel
import Planning
import Testing

@testable import Provisioning
@testable import StoreSQL

/// A store that the real 0.1.0 program made for six people of the sample company: a joiners' day, a leaver, and a title that waits because the directory was
/// down. `OlderStore` holds it as SQL, with the configuration and the last HR file.
@Suite("A store made by the program 0.1.0 goes on")
struct OlderStoreRunTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("OlderStore")
    private static let directory = SystemName("Corp Directory")

    private func text(_ file: String) throws -> String {
        try String(contentsOf: Self.folder.appendingPathComponent(file), encoding: .utf8)
    }

    /// Runs the SQL as the 0.1.0 store was; every statement ends with its line.
    private func restore(_ path: String) async throws {
        let engine = try SQLiteEngine(SQLiteStoreOptions(path: path))
        let lines = try text("store-0.1.0.sql").components(separatedBy: "\n")
        try await engine.write { session in
            var statement = ""
            for line in lines {
                statement += line + "\n"
                guard line.hasSuffix(";") else { continue }
                try session.execute(statement)
                statement = ""
            }
            return .commit(())
        }
        await engine.close()
        for file in try FileManager.default.contentsOfDirectory(atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path) {
            let file = URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent(file).path
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        }
    }

    private func configuration(_ world: RunsWorld, map: String? = nil) throws -> Configuration {
        let names = ["birthright.yaml", "Roles.yaml", "Rules.yaml", "PolicyMaps/corp-directory.yaml", "Lookups/department-ou.csv"]
        var files = try Dictionary(uniqueKeysWithValues: names.map { ($0, try text($0)) })
        files["PolicyMaps/corp-directory.yaml"] = map ?? files["PolicyMaps/corp-directory.yaml"]
        return try world.configuration(files)
    }

    /// The directory as 0.1.0 left it: what the store says was written.
    private func fill(_ system: ScriptedSystem, from store: SQLStore) async throws {
        var request = KnowledgeRequest()
        request.users = try await store.users(after: nil, limit: 100).map(\.id)
        for account in try await store.knowledge(request).accounts.values.joined().sorted(by: { $0.user < $1.user }) {
            let attributes = account.written.mapValues { values in
                values.compactMap { value in
                    if case .text(let text) = value { text } else { nil }
                }
            }
            let name = try #require(account.name)
            await system.add(name: name.text, attributes, groups: account.memberships, id: account.id)
        }
    }

    private func warnings(_ world: RunsWorld) -> [String] {
        world.news().flatMap { news -> [String] in
            if case .planned(let report, _) = news { report.warnings } else { [] }
        }.filter { $0.contains("0.1.0") }
    }

    @Test func `it opens, is said once, does what waits and nothing else, and settles`() async throws {
        let system = ScriptedSystem()
        let world = try await RunsWorld([Self.directory: system], store: restore)
        try await fill(system, from: world.store)
        let hr = world.folder.appendingPathComponent("hr")
        try FileManager.default.createDirectory(at: hr, withIntermediateDirectories: true)
        try text("hr/3.csv").write(to: hr.appendingPathComponent("3.csv"), atomically: true, encoding: .utf8)
        let configuration = try configuration(world)
        let day = try #require(CivilDate("2026-03-04")).days - 20_500

        #expect(try await world.orders([.pending]).map(\.userKey.text) == ["E0003"])
        #expect(try await world.sync(nil, configuration, day: day) == .done)
        #expect(warnings(world).count == 1)
        let written = await system.operations
        #expect(written.map(\.operation) == [.modify] && written.first?.requests.map(\.name) == ["title"])
        #expect(try await world.orders([.pending, .transmitted, .errored]) == [])

        #expect(try await world.sync(nil, configuration, day: day) == .done)
        #expect(try await world.runs(configuration, day: day).syncDue() == .done)
        #expect(warnings(world) == [])
        #expect(await system.operations.count == written.count)
        let people = try await world.store.users(after: nil, limit: 100).map(\.key.text)
        #expect(people == ["E0001", "E0003", "E0005", "E0006", "E0007", "E0902"])
        #expect(try await world.account("E0006", on: Self.directory)?.state == .deprovisioned)
        #expect(try await world.account("E0902", on: Self.directory) == nil)

        // A start date that 0.1.0 knew of is due on its day.
        let start = try #require(CivilDate("2026-04-01")).days - 20_500
        #expect(try await world.runs(configuration, day: start).syncDue() == .done)
        #expect(try await world.account("E0902", on: Self.directory)?.state == .enabled)
    }

    @Test func `what stood in clear in it is gone from its file, in accounts, orders and events, and is no change`() async throws {
        let numbers = ["+353855550103", "+358407650105", "+447700900106"]
        let system = ScriptedSystem()
        let world = try await RunsWorld([Self.directory: system], store: restore)
        try await fill(system, from: world.store)
        func holding() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: world.folder.path).filter { file in
                guard file.hasPrefix("store") else { return false }
                let bytes = try Data(contentsOf: world.folder.appendingPathComponent(file))
                return numbers.contains { bytes.range(of: Data($0.utf8)) != nil }
            }
        }
        #expect(try holding() != [])
        let map = try text("PolicyMaps/corp-directory.yaml").replacing(
            "  mobile: { value:", with: "  mobile: { sensitive: true, enforce: onChange, value:")
        let digest = SecretDigest(key: Array(1...32))
        let configuration = try configuration(world, map: map).keeping(.digested(digest))
        #expect(try await SecretSweep(configuration: configuration, digest: digest, store: world.store).run() > 0)
        #expect(try holding() == [])
        let events = try await world.store.events(after: 0, limit: 100).map(\.event.body)
        #expect(events.contains { $0.contains(#""attributeName":"mobile","attributeValue":"••••••""#) })

        let hr = world.folder.appendingPathComponent("hr")
        try FileManager.default.createDirectory(at: hr, withIntermediateDirectories: true)
        try text("hr/3.csv").write(to: hr.appendingPathComponent("3.csv"), atomically: true, encoding: .utf8)
        let day = try #require(CivilDate("2026-03-04")).days - 20_500
        #expect(try await world.sync(nil, configuration, day: day) == .done)
        #expect(await system.operations.flatMap { $0.requests.map(\.name) } == ["title"])
        #expect(try holding() == [])
    }

    @Test func `its files are for their owner only from then on`() async throws {
        let world = try await RunsWorld(store: restore)
        for file in try FileManager.default.contentsOfDirectory(atPath: world.folder.path) where file.hasPrefix("store") {
            let attributes = try FileManager.default.attributesOfItem(atPath: world.folder.appendingPathComponent(file).path)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
        }
    }
}
