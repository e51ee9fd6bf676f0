import ArgumentParser
import Contracts
import IdentityModel
import Provisioning

/// `birthright plans abandon ID`: stops a plan that is being applied.
struct AbandonPlan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "abandon",
        abstract: "Stops a plan that is being applied: what waits is withdrawn, what was done stays."
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "The plan's number.")
    var plan: Int

    @Option(name: .long, help: "Why; kept in the audit.")
    var reason = ""

    func run() async throws {
        try await withStore(common) { session, store in
            let chosen = try await Named.plan(plan, store)
            try requireReason()
            return try await Run.with(session, store, common) { run in
                let (abandoned, end) = try await run.runs.abandon(chosen.origin, by: operatorName(), reason: reason) {
                    let plan = try await Named.plan(self.plan, store)
                    guard plan.state == .applying else { throw Stop(.configuration, refusal(plan)) }
                    return plan
                }
                switch common.format {
                case .json: say(PlanJSON.abandoned(try await Named.plan(plan, store), withdrawn: abandoned).indentedText)
                case .text: say(text(withdrawn: abandoned))
                }
                return end
            }
        }
    }

    private func requireReason() throws {
        guard reason.allSatisfy(\.isWhitespace) else { return }
        throw Stop(
            .configuration, "abandoning plan \(plan) needs a --reason: it is kept in the audit, for whoever asks later why it was stopped")
    }

    private func refusal(_ plan: Plan) -> String {
        let fact = "plan \(self.plan) is \(PlanText.words(plan.state))"
        switch plan.state {
        case .ready, .held, .approved: return "\(fact), and nothing of it was written:  birthright plans reject \(self.plan)"
        case .open, .rejected, .superseded, .applying, .applied, .abandoned, .discarded:
            return "\(fact); only a plan that is being applied can be abandoned (birthright plans list)"
        }
    }

    private func text(withdrawn: Int) -> String {
        let orders = withdrawn == 0 ? "nothing of it waited" : "\(DisplayText.count(withdrawn, "order")) withdrawn"
        return "Plan \(plan) is abandoned: \(orders); what was done stays done.\nUntil a plan of its origin was approved each is held."
    }
}
