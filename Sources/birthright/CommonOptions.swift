import ArgumentParser
import Foundation
import IdentityModel

enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

/// Options that every command has.
struct CommonOptions: ParsableArguments {
    @Option(name: .long, help: "The configuration directory.")
    var config = "."

    @Option(name: .long, help: "text, or json: stable and documented.")
    var format = OutputFormat.text

    @Option(name: .customLong("as-of"), help: "Sets the clock: the day to plan for (yyyy-MM-dd).", transform: day)
    var asOf: CivilDate?

    private static func day(_ text: String) throws -> CivilDate {
        guard let date = CivilDate(text) else { throw ValidationError("'\(text)' is no day; write yyyy-MM-dd, such as 2026-03-02") }
        return date
    }

    var directory: URL { URL(fileURLWithPath: config, isDirectory: true) }
}
