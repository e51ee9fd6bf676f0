import ArgumentParser
import Contracts
import IdentityModel
import Pages
import Planning
import Provisioning

/// `birthright orders list | show N-M`.
struct Orders: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orders", abstract: "Provisioning orders: one operation on one account each.", subcommands: [List.self, Show.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists orders, one on a line: of one plan in their order, else the newest first.")

        @OptionGroup var common: CommonOptions
        @OptionGroup var listing: ListingOptions

        @Option(name: .long, help: "Of this plan only.")
        var plan: Int?

        @Option(name: .long, help: "Of the user with this key only.")
        var user: String?

        @Option(name: .long, help: "For this managed system only.")
        var system: String?

        @Option(name: .long, help: "In this state only: pending, errored, executed ...; may be given again.")
        var state: [String] = []

        func run() async throws {
            try await withStore(common) { session, store in
                var filter = OrderFilter()
                filter.states = try state.map(Inquiry.state)
                filter.system = try system.map { try Inquiry.system($0, session.configuration).system }
                if let plan { filter.plan = try await Inquiry(store).plan(plan).id }
                if let user { filter.user = try await Inquiry(store).person(user).user.id }
                let end =
                    switch common.format {
                    case .json: try await writeJSON(filter, store)
                    case .text: try await writeText(filter, store)
                    }
                end.sayWhatIsLeft()
                return .done
            }
        }

        /// Of one plan everything, unless fewer are asked for.
        private var wanted: Int? { plan != nil && listing.limit == nil ? nil : listing.wanted }

        private func writeJSON(_ filter: OrderFilter, _ store: any Store) async throws -> Listing.End {
            var output = JSONArrayOutput()
            let end = try await Listing.orders(filter, since: listing.since, limit: wanted, store) { page in
                for (ordinal, order) in page { output.add(PlanPage.order(order, ordinal: ordinal)) }
            }
            output.end()
            say("")
            return end
        }

        private func writeText(_ filter: OrderFilter, _ store: any Store) async throws -> Listing.End {
            var table = Table(
                [
                    Table.Column("order"), Table.Column("state"), Table.Column("operation"), Table.Column("system"), Table.Column("user"),
                    Table.Column("what"),
                ], indent: 0)
            let end = try await Listing.orders(filter, since: listing.since, limit: wanted, store) { page in
                for (ordinal, order) in page {
                    table.add([
                        PlanPage.number(order, ordinal), PlanText.label(order), order.operation.rawValue, order.system.text,
                        DisplayText.cut("\(order.userKey) \(order.userName)", to: 36), PlanText.digest(order),
                    ])
                }
                say(table.takeLines(.standardOutput).joined(separator: "\n"))
            }
            if end.isEmpty { say(try await whyNone(store)) }
            return end
        }

        private func whyNone(_ store: any Store) async throws -> String {
            guard let plan else { return "no such order" }
            return try await Inquiry(store).plan(plan).fate ?? "no such order"
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows one order with every value before and after, why it was made and what came of it.")

        @OptionGroup var common: CommonOptions

        @Argument(help: "Plan and number, such as 7-12.")
        var order: String

        func run() async throws {
            try await withStore(common) { _, store in
                let (ordinal, order) = try await Inquiry(store).order(order)
                switch common.format {
                case .json: say(PlanPage.order(order, ordinal: ordinal).indentedText)
                case .text: say(PlanText.order(order, ordinal: ordinal))
                }
                return .done
            }
        }
    }
}
