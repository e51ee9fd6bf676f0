import ArgumentParser
import Contracts
import IdentityModel
import Pages
import Planning

/// `birthright systems test [SYSTEM]`.
struct Systems: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Managed systems.", subcommands: [SystemsTest.self])
}

struct SystemsTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Connects to the managed systems and says what they are and what would make them faster.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "One system; all without it.")
    var system: String?

    func run() async throws {
        try await ending {
            let session = try Session.load(common)
            let maps = session.configuration.policyMaps.filter { system == nil || $0.system.text == system }
            if maps.isEmpty {
                let known = session.configuration.policyMaps.map(\.system.text).joined(separator: ", ")
                throw Stop(.configuration, "there is no managed system '\(system ?? "")'; there is: \(known)")
            }
            try session.requireSettings(of: maps)
            var reports: [JSON] = []
            var exit = Exit.done
            for map in maps {
                let connector = try Adapters.connector(map, directory: session.directory)
                do throws(ConnectorFailure) {
                    let report = try await connector.test()
                    show(map.system, report)
                    reports.append(SystemPage.answered(map.system, report))
                } catch {
                    exit = .incomplete
                    reports.append(failed(map.system, error.description))
                }
                await connector.close()
            }
            if common.format == .json { say(JSON.array(reports).indentedText) }
            return exit
        }
    }

    private func failed(_ system: SystemName, _ reason: String) -> JSON {
        if common.format == .text { say("\(system): FAILED: \(reason)") }
        return SystemPage.failed(system, reason)
    }

    private func show(_ system: SystemName, _ report: SystemReport) {
        guard common.format == .text else { return }
        say("\(system): ok")
        for fact in report.facts { say("  \(fact)") }
        for advice in report.advice { say("  advice: \(advice)") }
    }
}
