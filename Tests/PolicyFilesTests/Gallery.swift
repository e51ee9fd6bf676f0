import Foundation
import PolicyFiles
import Testing

/// Diagnostics as people see them, whole: text files beside this one. A case says what is changed in `Company`, and what is said then.
///
///     # prose
///     $ value user.lastNmae              the expression of the attribute 'number'
///     $ map onDelete: DISABLE => x: 1    replaces a text that stands once in the policy map; `service` does in birthright.yaml
///     $ rest                             the policy map is one for a service that it describes
///     $ file Rules.yaml rules: {}        writes a file; without a text it takes it away
///     PolicyMaps/directory.yaml:8:1: error: ...
///
/// A change can hold \n, \t, \r, \xFF (a byte) and \u{1F600}. A blank line ends a case. Set BIRTHRIGHT_ACCEPT=1 to write what was said into the file, and read the
/// difference before committing it.
struct Gallery {
    struct Case: Sendable, CustomTestStringConvertible {
        let changes: [String]
        let expected: [String]
        var testDescription: String { changes.joined(separator: "; ") }

        /// Of the configuration, and of the tests beside its maps when it can be used: as `birthright check`.
        var said: [String] {
            get throws {
                let files = try company().configurationFiles
                let (configuration, found) = ConfigurationLoader.load(files)
                let all = found + (configuration.map { PolicyTestLoader.load(files, $0).diagnostics } ?? [])
                return all.sorted().flatMap { $0.description.components(separatedBy: "\n") }
            }
        }
    }

    enum Piece {
        case prose(String)
        case scene(Case)
    }

    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Gallery")

    static let files: [URL] = ((try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? [])
        .filter { $0.pathExtension == "txt" }.sorted { $0.path < $1.path }

    static func pieces(_ file: URL) -> [Piece] {
        let lines = ((try? String(contentsOf: file, encoding: .utf8)) ?? "").components(separatedBy: "\n")
        var pieces: [Piece] = []
        var changes: [String] = []
        var expected: [String] = []
        func close() {
            if !changes.isEmpty { pieces.append(.scene(Case(changes: changes, expected: expected))) }
            changes = []
            expected = []
        }
        for line in lines {
            if line.hasPrefix("$ "), expected.isEmpty {
                changes.append(String(line.dropFirst(2)))
            } else if line.isEmpty || changes.isEmpty {
                close()
                if line.hasPrefix("#") { pieces.append(.prose(line)) }
            } else {
                expected.append(line)
            }
        }
        close()
        return pieces
    }

    static var cases: [Case] {
        files.flatMap { file in
            pieces(file).compactMap { piece in
                if case .scene(let scene) = piece { scene } else { nil }
            }
        }
    }

    /// What the stories say: transcripts of the real program.
    static var storyLines: [String] {
        let stories = folder.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("StoryTests/Stories")
        let files = ((try? FileManager.default.subpathsOfDirectory(atPath: stories.path)) ?? []).filter { $0.hasSuffix("/story.txt") }
            .sorted()
        return files.flatMap { file in
            ((try? String(contentsOf: stories.appendingPathComponent(file), encoding: .utf8)) ?? "").components(separatedBy: "\n")
        }
    }

    /// Writes what is said now.
    static func accept() throws {
        for file in files {
            let blocks = try pieces(file).map { piece in
                switch piece {
                case .prose(let line): line
                case .scene(let scene): (scene.changes.map { "$ " + $0 } + (try scene.said)).joined(separator: "\n")
                }
            }
            try Data((blocks.joined(separator: "\n\n") + "\n").utf8).write(to: file)
        }
    }
}

extension Gallery.Case {
    func company() throws -> Company { try changes.reduce(into: Company()) { try Gallery.Case.apply($1, to: &$0) } }

    private static func apply(_ change: String, to company: inout Company) throws {
        let words = change.split(separator: " ", maxSplits: 1).map(String.init)
        let rest = words.count > 1 ? words[1] : ""
        switch words.first {
        case "value": company = company.map("number: user.employeeId", "number: |-\n    " + unescaped(rest))
        case "rest": company = .rest
        case "map", "service":
            let sides = rest.components(separatedBy: " => ")
            let file = words[0] == "map" ? "PolicyMaps/directory.yaml" : "birthright.yaml"
            guard sides.count == 2, let text = company.files[file], text.components(separatedBy: unescaped(sides[0])).count == 2 else {
                throw Gallery.Mistake(description: "'\(change)': OLD => NEW, and OLD must stand in \(file) once")
            }
            company = company.changing(file, unescaped(sides[0]), unescaped(sides[1]))
        case "file":
            let parts = rest.split(separator: " ", maxSplits: 1).map(String.init)
            company = company.with(parts[0], parts.count > 1 ? unescaped(parts[1]) : nil)
        case "env":
            let parts = rest.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            company.environment[parts[0]] = parts.count > 1 ? parts[1] : nil
        case "secret":
            let parts = rest.split(separator: " ", maxSplits: 1).map(String.init)
            company.secretFiles[parts[0]] = unescaped(parts.count > 1 ? parts[1] : "")
        default: throw Gallery.Mistake(description: "'\(change)' is no change")
        }
    }

    private static func unescaped(_ text: String) -> String {
        var result = text.replacingOccurrences(of: "\\n", with: "\n").replacingOccurrences(of: "\\t", with: "\t")
            .replacingOccurrences(of: "\\r", with: "\r").replacingOccurrences(of: "\\xFF", with: String(Company.strayByte))
        while let match = result.firstMatch(of: /\\u\{([0-9A-F]+)\}/) {
            let scalar = UInt32(match.1, radix: 16).flatMap(Unicode.Scalar.init) ?? "?"
            result.replaceSubrange(match.range, with: String(Character(scalar)))
        }
        return result
    }
}
