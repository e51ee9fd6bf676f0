import ArgumentParser
import Foundation
import IdentityModel
import Pages
import Planning
import PolicyFiles
import Provisioning

/// `birthright test`: the policy tests beside the policy maps. Needs neither the store nor any system.
struct PolicyTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Runs the policy tests (<System>.tests.yaml beside each policy map). Reads files only.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "Managed systems; all without it.")
    var systems: [String] = []

    @Option(name: .long, help: "Only tests whose name contains this text.")
    var filter: String?

    @Flag(name: .long, help: "Shows what the tests reach of each rule, and what they never take.")
    var coverage = false

    @Option(name: .long, help: "Writes the results to this file, as JUnit XML.")
    var junit: String?

    func run() async throws {
        try await ending {
            if common.asOf != nil { throw Stop(.configuration, "--as-of: a policy test happens on the 'date' that its file gives it") }
            let report = try await report()
            let sensitive = report.suites.map(\.map.sensitiveAttributes)
            try MaskedAttributes.$configured.withValue(sensitive.reduce(into: []) { $0.formUnion($1) }) { try show(report) }
            return report.failed == 0 ? .done : .incomplete
        }
    }

    private func show(_ report: PolicyTestReport) throws {
        switch common.format {
        case .text: say(PolicyTestText.report(report, withCoverage: coverage, .standardOutput))
        case .json: say(report.page(withCoverage: coverage).indentedText)
        }
        if let junit { try write(JUnitXML.document(report), to: junit) }
    }

    private func report() async throws -> PolicyTestReport {
        let files = try ConfigurationDirectory.read(common.directory)
        let (loaded, diagnostics) = ConfigurationLoader.load(files)
        guard let configuration = loaded else { throw Stop(.configuration, diagnostics.map(\.description).joined(separator: "\n")) }
        let (suites, findings) = PolicyTestLoader.load(files, configuration)
        if findings.contains(where: { $0.severity == .error }) {
            throw Stop(.configuration, findings.map(\.description).joined(separator: "\n"))
        }
        for warning in findings { complain(warning.description) }
        let maps = try chosen(configuration.policyMaps)
        var tested: [PolicyTestReport.Suite] = []
        for map in maps {
            let suite = suites.first { $0.system == map.system }
            let result = PolicyTestReport.Suite(
                suite?.tests.filter(isChosen) ?? [], of: map, in: suite?.file ?? ConfigurationLayout.policyTests(ofMap: map.file),
                isThere: suite != nil, configuration)
            tested.append(await Adapters.rehearsal(map).complete(result))
        }
        let report = PolicyTestReport(suites: tested)
        try check(report, hasTests: !suites.isEmpty)
        return report
    }

    private func chosen(_ maps: [PolicyMap]) throws -> [PolicyMap] {
        let known = maps.map(\.system.text)
        for system in systems where !known.contains(system) {
            let hint = nearestName(system, in: known).map { "; did you mean '\($0)'?" } ?? "; there is: \(known.joined(separator: ", "))"
            throw Stop(.configuration, "there is no managed system '\(system)'\(hint)")
        }
        return maps.filter { systems.isEmpty || systems.contains($0.system.text) }
    }

    private func isChosen(_ test: PolicyTest) -> Bool {
        filter.map { test.name.lowercased().contains($0.lowercased()) } ?? true
    }

    /// Nothing to run is not a success.
    private func check(_ report: PolicyTestReport, hasTests: Bool) throws {
        for suite in report.suites where !suite.isThere && !systems.isEmpty {
            throw Stop(.configuration, "\(suite.map.system) has no policy tests: write \(suite.place)")
        }
        guard hasTests else {
            let places = report.suites.map(\.place).joined(separator: ", ")
            throw Stop(.configuration, "there are no policy tests: write \(places.isEmpty ? "a policy map first" : places)")
        }
        if let filter, report.count == 0 { throw Stop(.configuration, "no policy test has a name that contains '\(filter)'") }
    }

    private func write(_ text: String, to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        } catch {
            throw Stop(.unable, "\(path): error: the results cannot be written: \(error.localizedDescription)")
        }
    }
}
