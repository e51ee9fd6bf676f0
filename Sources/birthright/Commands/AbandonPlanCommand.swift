import ArgumentParser
import IdentityModel
import Pages
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
            try await Run.with(session, store, common) { run in
                let (plan, withdrawn, end) = try await run.runs.abandon(self.plan, by: operatorName(), reason: reason)
                switch common.format {
                case .json: say(PlanPage.abandoned(plan, withdrawn: withdrawn).indentedText)
                case .text: say(text(withdrawn: withdrawn))
                }
                return end
            }
        }
    }

    private func text(withdrawn: Int) -> String {
        let orders = withdrawn == 0 ? "nothing of it waited" : "\(DisplayText.count(withdrawn, "order")) withdrawn"
        return "Plan \(plan) is abandoned: \(orders); what was done stays done.\nUntil a plan of its origin was approved each is held."
    }
}
