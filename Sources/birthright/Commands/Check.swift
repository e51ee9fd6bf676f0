import ArgumentParser
import IdentityModel
import Pages
import Planning
import PolicyFiles

/// `birthright check`: lint everything.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks the configuration: file:line:column diagnostics, nothing is run.",
        discussion: """
            Errors end with exit code 2. Warnings are lints: each has a name, and does not change the exit code unless --strict is given. A comment on the \
            line of a warning silences it: # allow NAME: reason
            """)

    @OptionGroup var common: CommonOptions

    @Flag(help: "Ends with exit code 1 when there are warnings, other than settings that the environment lacks.")
    var strict = false

    @Flag(help: "Prints what lints there are, why each matters, and how it is mended or silenced. Reads no configuration.")
    var lints = false

    func run() async throws {
        try await ending {
            if lints {
                show(Lint.all)
                return .done
            }
            let diagnostics = diagnostics(of: try ConfigurationDirectory.read(common.directory))
            show(diagnostics)
            if diagnostics.contains(where: { $0.severity == .error }) { return .configuration }
            return strict && diagnostics.contains { $0.lint?.isAboutEnvironment == false } ? .incomplete : .done
        }
    }

    /// Of the configuration, and of the tests beside its maps when it can be used.
    private func diagnostics(of files: ConfigurationFiles) -> [ConfigurationDiagnostic] {
        let (configuration, found) = ConfigurationLoader.load(files)
        guard let configuration else { return found }
        return (found + PolicyTestLoader.load(files, configuration).diagnostics).sorted()
    }

    private func show(_ diagnostics: [ConfigurationDiagnostic]) {
        switch common.format {
        case .text:
            for diagnostic in diagnostics { say(diagnostic.description) }
            let errors = diagnostics.count { $0.severity == .error }
            say(DisplayText.count(errors, "error") + ", " + DisplayText.count(diagnostics.count - errors, "warning"))
        case .json: say(JSON.array(diagnostics.map(\.page)).indentedText)
        }
    }

    private func show(_ lints: [Lint]) {
        switch common.format {
        case .text: say(lints.map(LintText.text).joined(separator: "\n\n"))
        case .json: say(JSON.array(lints.map(\.page)).indentedText)
        }
    }
}
