import ArgumentParser
import Foundation
import IdentityModel

enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

extension CivilDate: @retroactive ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

/// Options that every command has.
struct CommonOptions: ParsableArguments {
    @Option(name: .long, help: "The configuration directory.")
    var config = "."

    @Option(name: .long, help: "text, or json: stable and documented.")
    var format = OutputFormat.text

    @Option(name: .customLong("as-of"), help: "Sets the clock: the day to plan for (yyyy-MM-dd).")
    var asOf: CivilDate?

    var directory: URL { URL(fileURLWithPath: config, isDirectory: true) }
}
