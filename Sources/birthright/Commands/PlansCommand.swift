import ArgumentParser
import Contracts
import IdentityModel
import Pages
import Provisioning

/// `birthright plans list | show | approve | reject | abandon`.
struct Plans: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plans", abstract: "Sealed plans: what they would do, and the decision about those that a guard holds.",
        subcommands: [List.self, Show.self, Approve.self, Reject.self, AbandonPlan.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists plans, the newest first.")

        @OptionGroup var common: CommonOptions

        @Option(name: .long, help: "How many.")
        var limit = 20

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
        }

        func run() async throws {
            try await withStore(common) { _, store in
                // Discarded plans have no number: nobody can ask for them.
                let all = try await store.plans(limit: Int.max).filter { $0.ordinal != nil }
                let plans = Array(all.prefix(limit))
                switch common.format {
                case .json: say(JSON.array(plans.map(PlanPage.plan)).indentedText)
                case .text: say(text(plans, of: all.count))
                }
                return .done
            }
        }

        private func text(_ plans: [Plan], of total: Int) -> String {
            guard !plans.isEmpty else { return "no plans yet; make one with:  birthright plan SOURCE" }
            var table = Table(
                [
                    Table.Column("plan", isNumber: true), Table.Column("origin"), Table.Column("for"), Table.Column("state"),
                    Table.Column("orders", isNumber: true), Table.Column("seal"),
                ], indent: 0)
            for plan in plans {
                table.add([
                    PlanText.number(plan), PlanText.words(plan.origin), plan.asOf.description, PlanText.words(plan.state),
                    DisplayText.count(plan.totals.orders), String((plan.seal ?? "").prefix(12)),
                ])
            }
            var lines = table.takeLines(.standardOutput)
            if total > plans.count { lines.append("and \(DisplayText.count(total - plans.count)) older (--limit)") }
            return lines.joined(separator: "\n")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a plan: its summary and its orders with every value before and after.")

        @OptionGroup var common: CommonOptions

        @Argument(help: "The plan's number.")
        var plan: Int

        @Option(name: .long, help: "How many orders to show.")
        var orders = 20

        @Flag(name: .long, help: "Every order.")
        var all = false

        @Flag(name: .long, help: "What happens to the users, too: attributes and roles before and after.")
        var users = false

        func run() async throws {
            try await withStore(common) { _, store in
                let plan = try await Inquiry(store).plan(self.plan)
                switch common.format {
                case .json: try await PlanOutput.writeJSON(plan, report: nil, store: store)
                case .text: try await write(plan, store)
                }
                return .done
            }
        }

        private func write(_ plan: Plan, _ store: any Store) async throws {
            say(PlanText.summary(plan: plan, report: nil))
            if users { try await store.eachChange(of: plan.id) { say("\n" + PlanText.change($0)) } }
            let shown = try await PlanOutput.writeOrders(of: plan, limit: all ? Int.max : max(0, orders), store: store)
            if plan.totals.orders > shown {
                say(
                    "\nand \(DisplayText.count(plan.totals.orders - shown, "more order", "more orders")):  birthright orders list --plan \(self.plan)"
                )
            }
            if let next = PlanText.nextStep(plan) { say("\n" + next) }
        }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lets a plan that a guard holds be applied.")

        @OptionGroup var common: CommonOptions

        @Argument(help: "The plan's number.")
        var plan: Int

        @Option(name: .long, help: "Why; kept in the audit.")
        var reason = ""

        func run() async throws {
            try await withStore(common) { _, store in
                let plan = try await Inquiry(store).approve(plan, by: operatorName(), reason: reason, at: RunClock().now())
                switch common.format {
                case .json: say(PlanPage.plan(plan).indentedText)
                case .text: say("Plan \(self.plan) is approved.  Carry it out:  birthright apply \(self.plan)")
                }
                return .done
            }
        }
    }

    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Throws a plan away: nothing of it is left but its audit record.")

        @OptionGroup var common: CommonOptions

        @Argument(help: "The plan's number.")
        var plan: Int

        @Option(name: .long, help: "Why; kept in the audit.")
        var reason = ""

        func run() async throws {
            try await withStore(common) { _, store in
                let plan = try await Inquiry(store).reject(plan, by: operatorName(), reason: reason, at: RunClock().now())
                switch common.format {
                case .json: say(PlanPage.plan(plan).indentedText)
                case .text: say("Plan \(self.plan) is rejected; nothing of it was written.")
                }
                return .done
            }
        }
    }
}

/// Plans as they are read from the store, page by page.
enum PlanOutput {
    /// One object: the plan, its user changes and its orders, one on a line.
    static func writeJSON(_ plan: Plan, report: PlanReport?, store: any Store) async throws {
        JSONArrayOutput.write(String(JSON.object(PlanPage.members(of: plan, report: report)).text.dropLast()) + ",\"changes\":")
        var changes = JSONArrayOutput()
        try await store.eachChange(of: plan.id) { changes.add(PlanPage.change($0)) }
        changes.end()
        JSONArrayOutput.write(",\"orders\":")
        var orders = JSONArrayOutput()
        var filter = OrderFilter()
        filter.plan = plan.id
        try await store.eachOrder(filter) { page in
            for order in page { orders.add(PlanPage.order(order, ordinal: plan.ordinal)) }
        }
        orders.end()
        say("}")
    }

    /// Up to `limit` orders with their values, each after an empty line; returns how many there were.
    static func writeOrders(of plan: Plan, limit: Int, store: any Store) async throws -> Int {
        var filter = OrderFilter()
        filter.plan = plan.id
        var shown = 0
        _ = try await Listing.orders(filter, limit: limit, store) { page in
            for (_, order) in page { say("\n" + PlanText.order(order, ordinal: plan.ordinal)) }
            shown += page.count
        }
        return shown
    }
}
