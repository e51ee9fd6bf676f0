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
            switch chosen.state {
            case .ready, .approved: try await requireSameValues(chosen, session, store)
            case .applying: break
            case .held: throw Stop(.held, PlanText.summary(plan: chosen, report: nil))
            case .open, .rejected, .superseded, .applied, .abandoned, .discarded:
                throw Stop(.configuration, "plan \(chosen.ordinal ?? 0) is \(chosen.state.rawValue): there is nothing to apply")
            }
            return try await Run.with(session, store, common) { run in
                try await run.runs.apply(plan: chosen.id, of: chosen.origin) { _ in try await Named.plan(chosen.ordinal ?? 0, store) }
            }
        }
    }

    /// A plan says what comes of the values it was made with: carried out with others, names would be chosen by rules that nobody approved.
    private func requireSameValues(_ plan: Plan, _ session: Session, _ store: any Store) async throws {
        let kept = try await store.values(ofConfiguration: plan.configurationHash)
        let changed = session.configuration.changedValues(since: kept)
        guard !changed.isEmpty else { return }
        let names = changed.map { "'\($0)'" }.joined(separator: ", ")
        throw Stop(
            .held,
            "plan \(plan.ordinal ?? 0) was made with another value of \(names); nothing is written. Give \(changed.count == 1 ? "it" : "them") as then, "
                + "or make a new plan:  \(PlanText.planCommand(plan.origin))")
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
        if let source, due {
            throw ValidationError("the source '\(source)' and the dates that are due are planned one after the other: give one of the two")
        }
        guard source != nil || due else { throw ValidationError("give a SOURCE, or --due") }
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
