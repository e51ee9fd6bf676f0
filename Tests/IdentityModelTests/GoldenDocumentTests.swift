import Foundation
import IdentityModel
import Testing

/// Documents are what stores hold and what seals are computed over: the bytes of a released version are those of every later one. The file was written by the
/// first version of 0.2.0; a member that comes to a noun later stands in its own tests.
@Suite("Documents that were written before")
struct GoldenDocumentTests {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/documents.txt")

    private static func documents(_ seed: Int) -> [(noun: String, text: String)] {
        func one(_ noun: String, _ make: (inout Samples) -> some CanonicalDocument) -> (String, String) {
            var samples = Samples(seed: seed)
            return (noun, make(&samples).documentText)
        }
        return [
            one("order") { $0.order() }, one("account") { $0.account() }, one("change") { $0.change() }, one("user") { $0.user() },
            one("quarantine") { $0.quarantine() }, one("totals") { $0.totals() }, one("verdicts") { $0.some(3) { $0.verdict() } },
            one("profile") { samples in
                var profile = samples.profile()
                (profile.knowsFiles, profile.signature) = (false, "")
                return profile
            },
        ]
    }

    @Test("stay as they were, byte for byte")
    func golden() throws {
        let lines = (1...12).flatMap { seed in Self.documents(seed).map { "\($0.noun) \($0.text)" } }
        if ProcessInfo.processInfo.environment["BIRTHRIGHT_ACCEPT"] == "1" {
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: Self.file)
        }
        let written = try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(written.count == lines.count)
        for (before, now) in zip(written, lines) { #expect(before == now) }
    }
}
