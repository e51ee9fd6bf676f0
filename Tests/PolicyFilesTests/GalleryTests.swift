import Foundation
import PolicyFiles
import Testing

@Suite("Every diagnostic, whole")
struct GalleryTests {
    @Test("says what the gallery shows", arguments: Gallery.cases)
    func says(_ scene: Gallery.Case) throws {
        let said = try scene.said
        #expect(said == scene.expected, "set BIRTHRIGHT_ACCEPT=1 to accept what is said now")
        #expect(!said.isEmpty, "a case shows a diagnostic")
    }

    @Test("says where an expression exceeds a limit", arguments: Excess.all)
    func excess(_ excess: Excess) {
        #expect(
            Company().map("number: user.employeeId", "number: |-\n    " + excess.expression).findings == [
                "PolicyMaps/directory.yaml:16:\(excess.column): error: \(excess.message)\n\(excess.shown)"
            ])
    }

    @Test("can be written anew", .enabled(if: ProcessInfo.processInfo.environment["BIRTHRIGHT_ACCEPT"] == "1"))
    func accept() throws { try Gallery.accept() }

    @Test(
        "stands in the gallery, in a story, or with the lints: no message of the loader or of the language is without a test that shows its whole text"
    )
    func complete() throws {
        let shown =
            Gallery.cases.flatMap(\.expected) + Gallery.storyLines + Excess.all.map(\.message)
            + LintTests.slips.flatMap { $0.text.components(separatedBy: "\n") }
        let sites = try MessageSite.all()
        #expect(sites.count > 150, "the messages are found in the sources")
        for site in sites where !site.isUnreachable && !shown.contains(where: site.matches) {
            Issue.record("\(site.file):\(site.line): no test shows the whole text of: \(site.fragments.joined(separator: "…"))")
        }
    }
}

/// An expression beyond a limit. Of its line, 240 characters around the place are shown.
struct Excess: Sendable, CustomTestStringConvertible {
    let message: String
    let expression: String
    let column: Int
    /// The line and the mark.
    let shown: String
    var testDescription: String { message }

    private static func times(_ count: Int, _ text: String) -> String { String(repeating: text, count: count) }

    static let all = [
        Excess(
            message: "the expression is longer than 65536 bytes", expression: "\"" + times(65_535, "x") + "\"", column: 5,
            shown: "    \"" + times(235, "x") + "…\n    ^"),
        Excess(
            message: "the list has more than 10000 elements", expression: "[" + times(10_000, "1,") + "1]", column: 5,
            shown: "    [" + times(117, "1,") + "1…\n    ^" + times(235, "~")),
        Excess(
            message: "the expression nests deeper than 160 levels", expression: times(161, "(") + "1" + times(161, ")"), column: 165,
            shown: "…" + times(101, "(") + "1" + times(138, ")") + "…\n" + times(101, " ") + "^"),
    ]
}

/// A message in the sources of the loader or the language.
struct MessageSite {
    let file: String
    let line: Int
    /// What stands between the parts that vary.
    let fragments: [String]

    /// Guards that no input reaches: Yams fails with these for writing and for want of memory, and Double takes whatever the lexer lets through.
    private static let unreachable: Set<String> = ["the file cannot be read as YAML", "'…' is not a number"]
    var isUnreachable: Bool { MessageSite.unreachable.contains(fragments.joined(separator: "…")) }

    func matches(_ text: String) -> Bool {
        var rest = text[...]
        for fragment in fragments where !fragment.isEmpty {
            guard let range = rest.range(of: fragment) else { return false }
            rest = rest[range.upperBound...]
        }
        return true
    }

    /// The texts in calls that report.
    static func all() throws -> [MessageSite] {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Sources").resolvingSymlinksInPath()
        let folders = ["PolicyFiles", "CEL/Lexer", "CEL/Parser", "CEL/Checker"]
        return try folders.flatMap { folder in
            try FileManager.default.subpathsOfDirectory(atPath: sources.appendingPathComponent(folder).path).filter {
                $0.hasSuffix(".swift")
            }
            .sorted().flatMap { path in
                let file = folder + "/" + path
                return try sites(in: String(contentsOf: sources.appendingPathComponent(file), encoding: .utf8), file)
            }
        }
    }

    private static func sites(in text: String, _ file: String) throws -> [MessageSite] {
        let call = /\b(?:error|warning|report|reportIndex|reportMissing|unexpected|requireBool|unwrapped|warn|SyntaxError|diagnostic)\(/
            .wordBoundaryKind(.simple)
        let code = text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.drop { $0 == " " }.hasPrefix("//") ? "" : String($0) }.joined(separator: "\n")
        var found: [MessageSite] = []
        for match in code.matches(of: call) where !code[..<match.range.lowerBound].hasSuffix("func ") {
            let line = code[..<match.range.lowerBound].count { $0 == "\n" } + 1
            var reader = LiteralReader(rest: code[match.range.upperBound...])
            for fragments in reader.literals() where fragments.contains(where: { $0.count >= 4 }) && fragments.joined().contains(" ") {
                if !found.contains(where: { $0.fragments == fragments }) {
                    found.append(MessageSite(file: file, line: line, fragments: fragments))
                }
            }
        }
        return found
    }
}

/// The string literals up to the bracket that closes a call.
private struct LiteralReader {
    var rest: Substring

    mutating func literals() -> [[String]] {
        var literals: [[String]] = []
        var depth = 1
        while depth > 0, let next = rest.popFirst() {
            switch next {
            case "(": depth += 1
            case ")": depth -= 1
            case "\"": literals.append(literal())
            default: break
            }
        }
        return literals
    }

    /// Behind the opening quote: the fixed parts.
    private mutating func literal() -> [String] {
        var fragments: [String] = []
        var fragment = ""
        while let next = rest.popFirst(), next != "\"" {
            guard next == "\\", let escaped = rest.popFirst() else {
                fragment.append(next)
                continue
            }
            switch escaped {
            case "(":
                fragments.append(fragment)
                fragment = ""
                skipInterpolation()
            case "n": fragment.append("\n")
            default: fragment.append(escaped)
            }
        }
        return fragments + [fragment]
    }

    private mutating func skipInterpolation() {
        var depth = 1
        while depth > 0, let next = rest.popFirst() {
            switch next {
            case "(": depth += 1
            case ")": depth -= 1
            case "\"": _ = literal()
            default: break
            }
        }
    }
}
