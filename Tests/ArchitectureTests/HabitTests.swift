import Testing

/// Habits that a reader can rely on (ARCHITECTURE.md).
@Suite struct HabitTests {
    private static let longestFile = 400
    private static let emptyWords =
        "Helper|Util|Utils|Utility|Manager|Processor|Handler|Impl|Base|Common|Misc|Core|New|Old|Data|Info|Object"

    private let sources: [SourceTree.File]
    private let tests: [SourceTree.File]

    init() throws {
        sources = try SourceTree.sources().files
        tests = try SourceTree.tests().files
    }

    @Test func `a file fits on a few screens`() {
        for (top, files) in [("Sources", sources), ("Tests", tests)] {
            for file in files where file.lineCount > Self.longestFile {
                Issue.record("\(top)/\(file.path) has \(file.lineCount) lines, more than \(Self.longestFile)")
            }
        }
    }

    @Test func `no type or file has a name that says nothing`() throws {
        let type = try Regex("\\b(?:class|struct|enum|actor|protocol|typealias) (\\w*(?:\(Self.emptyWords)))\\b").wordBoundaryKind(.simple)
        let name = try Regex(".*(?:\(Self.emptyWords))\\.swift")
        for file in sources + tests {
            #expect(file.name.wholeMatch(of: name) == nil, "\(file.path): the file's name says nothing")
            for (index, line) in file.code.enumerated() where !line.isEmpty {
                if let match = line.firstMatch(of: type) {
                    Issue.record("\(file.path):\(index + 1): the name '\(match.output[1].substring ?? "")' says nothing")
                }
            }
        }
    }

    @Test func `nothing is forced`() {
        let force = /\btry!|\bas!|\bfatalError\(|\bpreconditionFailure\(/.wordBoundaryKind(.simple)
        for file in sources {
            for (index, line) in file.code.enumerated()
            where !line.isEmpty && line.contains(force) {
                Issue.record("Sources/\(file.path):\(index + 1): data must not end the process: \(line)")
            }
        }
    }

    @Test func `modules talk through package access, and only the model and the contracts are public`() {
        let open: Set<String> = ["IdentityModel", "Contracts", "ContractTesting", "birthright"]
        for file in sources where !open.contains(file.module) {
            for (index, line) in file.code.enumerated() where !line.isEmpty && line.contains(/^\s*(?:public|open) (?!import)/) {
                Issue.record("Sources/\(file.path):\(index + 1): use package: \(line)")
            }
        }
    }
}
