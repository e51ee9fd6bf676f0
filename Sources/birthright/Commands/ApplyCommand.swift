import ArgumentParser
import Contracts
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
            let chosen = try await choose(store)
            let run = try Run(session: session, store: store, common: common)
            let exit = try await run.holding(chosen.origin) { try await run.apply(chosen) }
            await run.close()
            return exit
        }
    }

    private func choose(_ store: any Store) async throws -> Plan {
        if let plan {
            guard let found = try await store.plan(ordinal: plan) else {
                throw Stop(.configuration, "there is no plan \(plan); `birthright plans list` shows them")
            }
            return found
        }
        let waiting = try await store.plans(limit: 200).filter { $0.state.isWaiting || $0.state == .applying }
        guard let only = waiting.first else { throw Stop(.configuration, "no plan waits; make one with `birthright plan SOURCE`") }
        if waiting.count > 1 {
            let numbers = waiting.compactMap(\.ordinal).map(String.init).joined(separator: ", ")
            throw Stop(.configuration, "several plans wait (\(numbers)); say which: `birthright apply N`")
        }
        return only
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
        guard (source != nil) != due else { throw ValidationError("give a SOURCE, or --due") }
    }

    func run() async throws {
        try await withStore(common) { session, store in
            let run = try Run(session: session, store: store, common: common)
            let exit = due ? try await syncDue(run) : try await syncSource(run, session)
            await run.close()
            return exit
        }
    }

    private func syncDue(_ run: Run) async throws -> Exit {
        try await run.holding(.due) {
            try await run.finishApplying(.due)
            return try await run.showAndApply(try await run.planner.planDue(accepted: try accepting.checks()))
        }
    }

    private func syncSource(_ run: Run, _ session: Session) async throws -> Exit {
        let configured = try session.source(source ?? "")
        let request = PlanRequest(source: configured.name, file: file, accepted: try accepting.checks(), reason: accepting.reason)
        return try await run.holding(.source(configured.name)) {
            var worst = Exit.done
            // With `take: all` there may be several files: each is planned and applied before the next one is read.
            while true {
                guard let report = try await run.plan(request) else {
                    if worst == .done { say("nothing to do: there is no new file for \(configured.name)") }
                    return worst
                }
                let exit = try await run.showAndApply(report, of: configured.name)
                if exit.rawValue > worst.rawValue { worst = exit }
                // Without a file its people were planned from the rows that are kept, and there is no next one.
                if exit.rawValue > Exit.incomplete.rawValue || file != nil || report.file == nil || configured.take == .latest {
                    return worst
                }
            }
        }
    }
}
