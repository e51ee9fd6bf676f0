import Foundation
import Testing

/// ARCHITECTURE.md tells how a connector is added; every connector that there is took these steps.
@Suite struct ConnectorStepsTests {
    private let connectors: [String]
    private let sources: SourceTree

    init() throws {
        sources = try SourceTree.sources()
        connectors = Set(sources.files.map(\.module).filter { $0.hasPrefix("Connector") }).sorted()
    }

    private func kinds(_ module: String) throws -> [String] {
        let texts = try sources.files.filter { $0.module == module && $0.path.hasSuffix("Kind.swift") }
            .map { try SourceTree.document("Sources/" + $0.path) }
        return texts.flatMap { text in
            text.matches(of: /extension (\w+) \{\s+\/\/\/[^\n]*\n\s+package static let kind/).map { String($0.1) }
        }
    }

    @Test func `each declares its kinds, and both lists name them`() throws {
        #expect(connectors.count >= 3)
        let lists = try ["Sources/birthright/Adapters.swift", "Tests/Kinds/Kinds.swift"].map(SourceTree.document)
        for module in connectors {
            let kinds = try kinds(module)
            #expect(!kinds.isEmpty, "\(module) has no *Kind.swift that declares a kind")
            for kind in kinds { #expect(lists.allSatisfy { $0.contains("\(kind).kind") }, "\(kind).kind stands not in both lists") }
        }
    }

    @Test func `each stands in the tree and in the manifest, and keeps the contract in tests of its own`() throws {
        let (page, manifest) = (try SourceTree.document("ARCHITECTURE.md"), try SourceTree.document("Package.swift"))
        for module in connectors {
            #expect(page.contains("      \(module)/ "), "\(module) stands not in the tree of ARCHITECTURE.md")
            #expect(manifest.contains("name: \"\(module)\"") && manifest.contains("name: \"\(module)Tests\""))
            let folder = SourceTree.repository.appendingPathComponent("Tests/\(module)Tests")
            let tests = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == "swift" }.map { try String(contentsOf: $0, encoding: .utf8) }
            #expect(
                tests.contains { $0.contains("ConnectorSuite(") && $0.contains("ConnectorSuite.checks") }, "\(module) keeps no contract")
        }
    }
}
