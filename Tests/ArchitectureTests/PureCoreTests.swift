import Testing

/// The pure core decides everything and touches nothing (ARCHITECTURE.md).
@Suite struct PureCoreTests {
    private static let modules: Set<String> = ["CSV", "CEL", "JSONPath", "IdentityModel", "Planning", "PolicyFiles"]

    private let core: [SourceTree.File]

    init() throws { core = try SourceTree.sources().files.filter { Self.modules.contains($0.module) } }

    @Test func `the core has no clock`() { forbid(/\bDate\(\)|\bDate\.now\b|\b\w*Clock\(\)|\bclock_gettime\b|\bgettimeofday\b/) }

    @Test func `the core has no randomness`() {
        forbid(/\bUUID\(\)|\.random\b|\bSystemRandomNumberGenerator\b|\.shuffled?\(|\.randomElement\b/)
    }

    @Test func `the core opens no file`() {
        forbid(/\bFileManager\b|\bFileHandle\b|\bfopen\b|\bcontentsOf(?:File)?:\s*URL|\bProcessInfo\b/)
    }

    @Test func `the core prints and logs nothing`() { forbid(/\b(?:print|debugPrint|dump|NSLog)\(|\bLogger\b/) }

    @Test func `the core waits for nothing`() { forbid(/\basync\b|\bawait\b|\bTask\s*\{/) }

    /// What a protocol calls things is its connector's business; the core goes by `SystemTraits`.
    @Test func `neither core nor shell knows a protocol's words`() throws {
        let word = /\bmemberOf\b|\bdistinguishedName\b|"dn"|\bRFC 45\d\d\b|\buserAccountControl\b|\bobjectClass\b|\bLDAP\b|"TRUE"|"FALSE"/
        for file in try SourceTree.sources().files where file.module == "Planning" || file.module == "Provisioning" {
            for (index, line) in file.lines.enumerated() {
                if let match = line.firstMatch(of: word) {
                    Issue.record("Sources/\(file.path):\(index + 1): '\(match.output)' has no place there")
                }
            }
        }
    }

    private func forbid(_ text: Regex<Substring>) {
        // Unicode's own boundaries see one word in `FileManager.default`.
        let pattern = text.wordBoundaryKind(.simple)
        for file in core {
            for (index, line) in file.code.enumerated() where !line.isEmpty {
                if let match = line.firstMatch(of: pattern) {
                    Issue.record("Sources/\(file.path):\(index + 1): '\(match.output)' has no place in the pure core")
                }
            }
        }
    }
}
