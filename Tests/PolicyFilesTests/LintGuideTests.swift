import Foundation
import PolicyFiles
import Testing

@Suite("What is said of lints")
struct LintGuideTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "PolicyMaps/README.md")

    /// A lint as the page shows it.
    private static func markdown(_ lint: Lint) -> String {
        """
        ### \(lint.name)

        - Finds: \(lint.finds)
        - Matters: \(lint.matters)
        - Mend: \(lint.remedy)
        - Silence: \(lint == .unusedAllow ? lint.silencing : "`\(lint.silencing)`")
        """
    }

    @Test("stands in PolicyMaps/README.md as birthright check --lints prints it")
    func page() throws {
        let text = try String(contentsOf: LintGuideTests.page, encoding: .utf8)
        let section = text.components(separatedBy: "\n## ").first { $0.hasPrefix("Lints\n") }
        let written = try #require(section, "PolicyMaps/README.md has no section 'Lints'").components(separatedBy: "\n### ").dropFirst()
        let shown = written.map { "### " + $0.trimmingCharacters(in: .whitespacesAndNewlines) }
        #expect(shown == Lint.all.map(LintGuideTests.markdown))
    }

    @Test("is whole sentences, in the order of names")
    func form() {
        #expect(Lint.all.map(\.name) == Lint.all.map(\.name).sorted())
        for lint in Lint.all {
            for text in [lint.finds, lint.matters, lint.remedy] {
                #expect(text.hasSuffix("."), "\(lint.name): \(text)")
            }
            #expect(lint.name.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil)
        }
    }
}
