import ArgumentParser
import IdentityModel
import Planning
import PolicyFiles

/// `birthright check`: lint everything.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Checks the configuration: file:line:column diagnostics, nothing is run.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await ending {
            let (configuration, diagnostics) = ConfigurationLoader.load(try ConfigurationDirectory.read(common.directory))
            switch common.format {
            case .text:
                for diagnostic in diagnostics { say(diagnostic.description) }
                let errors = diagnostics.filter { $0.severity == .error }.count
                say(
                    "\(errors) error\(errors == 1 ? "" : "s"), \(diagnostics.count - errors) warning\(diagnostics.count - errors == 1 ? "" : "s")"
                )
            case .json: say(JSON.array(diagnostics.map(\.json)).indentedText)
            }
            return configuration == nil ? .configuration : .done
        }
    }
}

extension ConfigurationDiagnostic {
    /// For editors and code review.
    var json: JSON {
        .object([
            JSON.Member("file", .string(position.file)), JSON.Member("line", .int(Int64(position.line))),
            JSON.Member("column", .int(Int64(position.column))), JSON.Member("length", .int(Int64(length))),
            JSON.Member("severity", .string(severity == .error ? "error" : "warning")), JSON.Member("message", .string(message)),
            JSON.Member("suggestion", suggestion.map(JSON.string) ?? .null),
        ])
    }
}
