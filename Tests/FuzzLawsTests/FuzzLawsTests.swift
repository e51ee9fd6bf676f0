import Foundation
import FuzzLaws
import Testing

/// The laws of `make torture` on inputs that are worth keeping: the shipped files, and what the fuzzers found.
@Suite struct FuzzLawsTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    struct Seed: Sendable, CustomTestStringConvertible {
        let law: Law
        let name: String
        let bytes: [UInt8]
        var testDescription: String { "\(law): \(name)" }
    }

    /// `Tests/Fuzzers/Found/LAW/`: inputs that once broke a law, or ended the process.
    static let found: [Seed] = Law.allCases.flatMap { law in
        files("Tests/Fuzzers/Found/\(law)").map { Seed(law: law, name: $0.lastPathComponent, bytes: bytes($0)) }
    }

    static let shipped: [Seed] =
        (files("PolicyMaps") + files("SampleData")).filter { $0.pathExtension == "yaml" && !$0.path().hasSuffix(".tests.yaml") }
        .map { Seed(law: .configuration, name: $0.lastPathComponent, bytes: bytes($0)) }
        + files("SampleData/hr").map { Seed(law: .rows, name: $0.lastPathComponent, bytes: Array(bytes($0).prefix(2_000))) }

    private static func files(_ folder: String) -> [URL] {
        let found = try? FileManager.default.contentsOfDirectory(at: root.appending(path: folder), includingPropertiesForKeys: nil)
        return (found ?? []).filter { !$0.hasDirectoryPath }.sorted { $0.path() < $1.path() }
    }

    private static func bytes(_ file: URL) -> [UInt8] { (try? Data(contentsOf: file)).map { Array($0) } ?? [] }

    @Test(arguments: found + shipped)
    func `a law holds for what was found and what is shipped`(_ seed: Seed) {
        #expect(!seed.bytes.isEmpty)
        #expect(seed.law.breach(seed.bytes) == nil)
    }

    /// With other values of the variables each time: bytes after a NUL decide them.
    @Test(arguments: 0..<8)
    func `the laws of expressions hold for the typical ones`(_ round: UInt8) throws {
        struct List: Decodable {
            struct Expression: Decodable { let source: String }
            let expressions: [Expression]
        }
        let file = Self.root.appending(path: "Tests/Benchmarks/expressions.json")
        for expression in try JSONDecoder().decode(List.self, from: Data(contentsOf: file)).expressions {
            let input = Array(expression.source.utf8)
            #expect(Law.parser.breach(input) == nil)
            #expect(Law.checker.breach(input) == nil)
            #expect(Law.evaluator.breach(input + [0] + (0..<60).map { round &* 37 &+ $0 &* (round + 3) }) == nil)
        }
    }
}
