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

    func acceptance() throws -> Acceptance { Acceptance(try checks(), reason: reason, by: operatorName()) }

    private func checks() throws -> Set<ContractBreach.Check> {
        if !accept.isEmpty && (reason ?? "").isEmpty { throw Stop(.configuration, "--accept needs a --reason: it is kept in the audit") }
        return Set(
            try accept.map { name in
                guard let check = ContractBreach.Check(rawValue: name), check.canBeAccepted else {
                    let known = ContractBreach.Check.allCases.filter(\.canBeAccepted).map(\.rawValue).joined(separator: ", ")
                    throw Stop(.configuration, "--accept \(name): what can be accepted is \(known)")
                }
                return check
            })
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
            let acceptance = try accepting.acceptance()
            let session = try await session.beginningWithNewKey(acceptance, store, at: common.clock.now())
            return try await Run.with(session, store, common, orders: all ? nil : 20) { run in
                try await run.runs.plan(
                    PlanRequest(source: source, file: file.map(run.reported), acceptance: acceptance))
            }
        }
    }
}
