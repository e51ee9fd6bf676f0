import ArgumentParser
import Foundation
import IdentityModel
import Provisioning

enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

/// Options that every command has.
struct CommonOptions: ParsableArguments {
    @Option(name: .long, help: "The configuration directory.")
    var config = "."

    @Option(name: .long, help: "text, or json: stable and documented.")
    var format = OutputFormat.text

    @Option(
        name: .customLong("as-of"), help: "Sets the clock: the day to plan for (yyyy-MM-dd), or a moment (2026-03-02T08:00:00Z).",
        transform: moment)
    var asOf: AsOf?

    private static func moment(_ text: String) throws -> AsOf {
        if let day = CivilDate(text) { return .day(day) }
        if let date = try? Date(text, strategy: .iso8601) {
            return .instant(Instant(milliseconds: Int64((date.timeIntervalSince1970 * 1_000).rounded())))
        }
        throw ValidationError("'\(text)' is no day and no moment; write 2026-03-02, or 2026-03-02T08:00:00Z")
    }

    /// With BIRTHRIGHT_CLOCK=as-of everything that is written down carries the day of `--as-of`: a week can be played within a minute, and guards that look
    /// back over days see days.
    var clock: RunClock {
        guard let asOf else { return RunClock() }
        let follows = ProcessInfo.processInfo.environment["BIRTHRIGHT_CLOCK"] == "as-of"
        return RunClock(asOf: asOf, shell: follows ? .following(asOf) : .system)
    }

    var directory: URL { URL(fileURLWithPath: config, isDirectory: true) }
}
