import Foundation
import Kinds
import PolicyFiles
import Testing

/// What is said of requests that a policy map describes stands in Gallery/rest.txt.
struct RESTMapTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("PolicyMaps/Examples/rest-hr")

    @Test func `the example is without a fault, and so is the company of the gallery`() throws {
        var files: [String: [UInt8]] = [:]
        for name in ["birthright.yaml", "Roles.yaml", "Rules.yaml", "PolicyMaps/people-portal.yaml", "Lookups/cost-centres.csv"] {
            files[name] = Array(try Data(contentsOf: Self.folder.appendingPathComponent(name)))
        }
        let loaded = ConfigurationLoader.load(
            ConfigurationFiles(files: files, kinds: Kinds.all, environment: ["PORTAL_TOKEN": "t"], readSecretFile: { _ in nil }))
        #expect(loaded.diagnostics.map(\.description) == [])
        #expect(Company.rest.findings == [])
    }
}
