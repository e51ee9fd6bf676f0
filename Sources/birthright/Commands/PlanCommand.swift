import ArgumentParser
import Contracts
import IdentityModel
import Planning
import Provisioning

/// Overrides of a file contract.
struct AcceptOptions: ParsableArguments {
    @Option(
        name: .long,
        help:
            "Accepts what a run refuses by itself: rowCount, nullRate, resent, removed, system, gone, recreate or secretKey. May be given again."
    )
    var accept: [String] = []

    @Option(name: .long, help: "Why; kept in the audit.")
    var reason: String?

    /// `source`: the source that is planned; nil for the dates that are due.
    func acceptance(of source: SourceName?) throws -> Acceptance {
        let checks = try checks()
        if let source, checks.contains(.removed) {
            throw Stop(
                .configuration,
                "--accept removed: what a part that left the configuration gave ends with the dates that are due, not with the source '\(source)'; run  "
                    + "birthright sync --due --accept removed --reason \"...\"")
        }
        if source == nil, let check = checks.filter(\.isLetThroughWithItsFile).map(\.rawValue).min() {
            throw Stop(
                .configuration,
                "--accept \(check) is about a source's file; for dates that are due no file is read:  birthright sync SOURCE --accept \(check) --reason \"...\""
            )
        }
        return Acceptance(checks, reason: reason, by: operatorName())
    }

    private func checks() throws -> Set<ContractBreach.Check> {
        let checks = Set(
            try accept.map { name in
                guard let check = ContractBreach.Check(rawValue: name), check.canBeAccepted else {
                    let known = ContractBreach.Check.allCases.filter(\.canBeAccepted).map(\.rawValue).joined(separator: ", ")
                    throw Stop(.configuration, "--accept \(name): what can be accepted is \(known)")
                }
                return check
            })
        if !checks.isEmpty && (reason ?? "").allSatisfy(\.isWhitespace) {
            throw Stop(.configuration, "--accept needs a --reason: it is kept in the audit")
        }
        return checks
    }
}

/// `birthright plan SOURCE`: ingest and seal a plan; writes nothing outside the store.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Reads a source and shows what would happen. Writes nothing outside the store.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var accepting: AcceptOptions

    @Argument(help: "The source, as birthright.yaml names it.")
    var source: String

    @Option(name: .long, help: "This file instead of the one the source takes.")
    var file: String?

    @Flag(name: .long, help: "Prints every order, not only the first few.")
    var all = false

    func run() async throws {
        try await withStore(common) { session, store in
            let source = try session.source(source).name
            let acceptance = try accepting.acceptance(of: source)
            let session = try await session.beginningWithNewKey(acceptance, store, at: common.clock.now())
            return try await Run.with(session, store, common, orders: all ? nil : 20) { run in
                try await run.runs.plan(
                    PlanRequest(source: source, file: file.map(run.reported), acceptance: acceptance))
            }
        }
    }
}
