import ArgumentParser
import IdentityModel
import Planning
import Provisioning

/// `birthright apply [PLAN]`: dispatch a sealed (and, where asked for, approved) plan.
struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Carries out a sealed plan: the one given, or the only one that waits.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The plan's number.")
    var plan: Int?

    func run() async throws {
        try await withStore(common) { session, store in
            do {
                return try await Run.with(session, store, common) { run in try await run.runs.apply(plan: plan) }
            } catch InquiryError.noPlan(let number, _) {
                throw Stop(.configuration, "there is no plan \(number); `birthright plans list` shows them")
            }
        }
    }
}

/// `birthright sync SOURCE | --due`: plan, guards and apply in one.
struct Sync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Plans a source (or the dates that are due), and applies the plan unless a guard holds it.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var accepting: AcceptOptions

    @Argument(help: "The source, as birthright.yaml names it.")
    var source: String?

    @Flag(name: .long, help: "Users whose start, end or rule date has come, instead of a source.")
    var due = false

    @Option(name: .long, help: "This file instead of the one the source takes.")
    var file: String?

    func validate() throws {
        if let source, due {
            throw ValidationError("the source '\(source)' and the dates that are due are planned one after the other: give one of the two")
        }
        guard source != nil || due else { throw ValidationError("give a SOURCE, or --due") }
        guard file == nil || !due else { throw ValidationError("--file goes with a SOURCE: for dates that are due no file is read") }
    }

    func run() async throws {
        try await withStore(common) { session, store in
            let source = try source.map { try session.source($0).name }
            let acceptance = try accepting.acceptance(of: source)
            let session = try await session.beginningWithNewKey(acceptance, store, at: common.clock.now())
            return try await Run.with(session, store, common) { run in
                guard let source else { return try await run.runs.syncDue(acceptance) }
                return try await run.runs.sync(PlanRequest(source: source, file: file.map(run.reported), acceptance: acceptance))
            }
        }
    }
}
