import ArgumentParser
import Contracts
import Foundation
import IdentityModel
import Pages
import Planning
import Provisioning

/// `birthright diff OTHER_CONFIG`.
struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "What another configuration would do to everybody. Asks no system and writes nothing.",
        discussion: """
            Every user in the store is computed under the present configuration (--config) and under the other one. What the present one still has \
            to do is taken as done, so that only the difference between the two is shown.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "The other configuration: a directory with a birthright.yaml.")
    var other: String

    @Option(help: "How many examples of each kind are shown.")
    var examples = 3

    @Option(help: "Show what would happen to one person, in full.")
    var user: String?

    @Flag(help: "Exit with 1 when anything would be different for anybody.")
    var exitCode = false

    func validate() throws {
        if examples < 0 { throw ValidationError("--examples must not be negative") }
    }

    func run() async throws {
        try await ending {
            let session = try Session.load(common)
            let proposed = try proposal()
            return try await withStoreToRead(session) { store in
                let secrets = try await session.withSecretsToRead(of: store).configuration.secrets
                let comparison = try await Inquiry(store).compare(
                    Inquiry.ComparisonRequest(
                        (common.config, session.configuration.keeping(secrets)), with: (other, proposed.configuration.keeping(secrets)),
                        examples: examples, person: user.map { UserKey($0) }),
                    on: RunClock(asOf: common.asOf).earliestDay(of: session.configuration.sources), progress: Progress.comparing())
                await session.masking(others: proposed.configuration.sensitiveAttributes) { show(comparison) }
                return exitCode && comparison.diff.affected > 0 ? .incomplete : .done
            }
        }
    }

    private func proposal() throws -> Session {
        let directory = URL(fileURLWithPath: other)
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: directory.path, isDirectory: &isDirectory), !isDirectory.boolValue {
            throw Stop(
                .configuration, "\(directory.path): error: this is a file; OTHER_CONFIG is the directory that holds a whole configuration")
        }
        do {
            return try Session.load(directory, argument: "OTHER_CONFIG")
        } catch let stop as Stop {
            // Its positions are relative to the other directory.
            throw Stop(stop.code, stop.message.hasPrefix("/") ? stop.message : "in \(other):\n\(stop.message)")
        }
    }

    private func show(_ comparison: Comparison) {
        switch (common.format, user) {
        case (.json, nil): say(comparison.page.indentedText)
        case (.json, _): say(comparison.personPage.indentedText)
        case (.text, nil): say(comparison.text(.standardOutput))
        case (.text, _): say(comparison.personText(.standardOutput))
        }
    }
}
