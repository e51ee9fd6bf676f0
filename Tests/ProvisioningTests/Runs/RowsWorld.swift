import Contracts
import Foundation
import IdentityModel
import Kinds
import Planning
import PolicyFiles
import Provisioning
import SourceCSV
import StoreSQL
import Testing

/// Sources and the people they bring, with no systems: what becomes of rows over several runs.
struct RowsWorld {
    let folder: URL
    let store: SQLStore
    static let day = CivilDate(days: 20_500)

    static func with<Result>(_ body: (RowsWorld) async throws -> Result) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("birthright-rows-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try await SQLStore.openSQLite(path: folder.appendingPathComponent("store.sqlite").path)
        let result = try await body(RowsWorld(folder: folder, store: store))
        await store.close()
        return result
    }

    func configuration(_ service: String, roles: String = "roles: {}", rules: String = "rules: {}") throws -> Configuration {
        let files = ["birthright.yaml": service, "Roles.yaml": roles, "Rules.yaml": rules]
        let (loaded, diagnostics) = ConfigurationLoader.load(
            ConfigurationFiles(
                files: files.mapValues { Array($0.utf8) }, kinds: Kinds.all, environment: [:], readSecretFile: { _ in nil }))
        return try #require(loaded, "\(diagnostics.map(\.description))")
    }

    /// Plans a file, or what is kept without one, and makes the plan real.
    @discardableResult
    func run(
        _ configuration: Configuration, _ source: String, _ csv: String?, file: String = "1.csv", day: CivilDate = RowsWorld.day,
        accepting: Set<ContractBreach.Check> = []
    ) async throws -> PlanReport {
        if let csv { try csv.write(to: folder.appendingPathComponent(file), atomically: true, encoding: .utf8) }
        let files = CSVFileSource(
            CSVFileSettings(
                directory: folder.path, pattern: "*.csv", takesLatestOnly: true, needsMarker: false, delimiter: nil, encoding: nil))
        let planner = Planner(
            configuration: configuration, store: store, connectors: [:], clock: RunClock(asOf: day), progress: { _ in })
        let request = PlanRequest(source: SourceName(source), acceptance: Acceptance(accepting, reason: "test"))
        let report = try await planner.plan(request, file: csv == nil ? nil : file, from: files)
        if let plan = report.plan, plan.state == .ready {
            _ = try await store.startApplying(plan.id, at: Instant(milliseconds: 1))
            try await store.finish(plan.id, at: Instant(milliseconds: 2))
        }
        return report
    }

    /// Everybody, by one of their keys: status and attributes.
    func people() async throws -> [String] {
        var request = KnowledgeRequest()
        request.users = try await store.users(after: nil, limit: 1_000).map(\.id)
        return try await store.knowledge(request).users.values.map { user in
            let attributes = user.attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }
            return "\(user.source):\(user.key) \(user.status) \(attributes.joined(separator: " "))"
        }.sorted()
    }
    /// `1 Staff`: who holds which roles.
    func roles() async throws -> [String] {
        var request = KnowledgeRequest()
        request.users = try await store.users(after: nil, limit: 1_000).map(\.id)
        let knowledge = try await store.knowledge(request)
        return knowledge.users.values.flatMap { user in
            (knowledge.assignments[user.id] ?? []).map { "\(user.key) \($0.role)" }
        }.sorted()
    }
}
