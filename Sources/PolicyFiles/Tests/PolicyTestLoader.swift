internal import CEL
package import Planning

/// The policy tests beside the policy maps of a configuration that loaded.
package enum PolicyTestLoader {
    /// Reports everything that is wrong in one run, sorted by file and place. Tests with mistakes in them are left out.
    package static func load(
        _ files: ConfigurationFiles, _ configuration: Configuration
    ) -> (suites: [PolicyTestSuite], diagnostics: [ConfigurationDiagnostic]) {
        let diagnostics = DiagnosticCollection()
        let folder = ConfigurationLayout.policyMapFolder(of: files)
        var suites: [PolicyTestSuite] = []
        for path in ConfigurationLayout.policyTests(in: folder, of: files) {
            guard let file = ConfigurationFile.open(path, files, diagnostics) else { continue }
            let mapPath = ConfigurationLayout.policyMap(ofTests: path)
            guard let map = configuration.policyMaps.first(where: { $0.file == mapPath }) else {
                let near = nearest(mapPath, in: configuration.policyMaps.map(\.file))
                file.error("no policy map stands beside these tests: '\(mapPath)' is missing", at: .start, length: 1, suggestion: near)
                continue
            }
            suites.append(PolicyTestSuite(system: map.system, file: path, tests: PolicyTestsFile(file, configuration, map).read()))
        }
        diagnostics.settleAllowances()
        return (suites.sorted { $0.system < $1.system }, diagnostics.sorted)
    }
}
