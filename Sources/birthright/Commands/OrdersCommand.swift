import ArgumentParser
import Contracts
import IdentityModel
import Planning

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
                filter.states = try state.map(Named.state)
                filter.system = try system.map { try Named.system($0, session.configuration).system }
                if let plan { filter.plan = try await Named.plan(plan, store).id }
                if let user { filter.user = try await Person.find(user, store).user.id }
                let numbers = try await store.ordinals()
                let end =
                    switch common.format {
                    case .json: try await writeJSON(filter, numbers, store)
                    case .text: try await writeText(filter, numbers, store)
                    }
                end.sayWhatIsLeft()
                return .done
            }
        }

        /// Of one plan everything in its order, as it is carried out; else the newest.
        private func each(
            _ filter: OrderFilter, _ store: any Store, _ show: ([ProvisioningOrder]) async throws -> Void
        ) async throws -> ListingEnd {
            if plan != nil {
                return try await listing.each(limit: nil, { try await store.orders(filter, after: $0?.id, limit: $1) }, show: show)
            }
            let since = listing.since
            return try await listing.each({ try await store.newestOrders(filter, since: since, before: $0?.id, limit: $1) }, show: show)
        }

        private func writeJSON(_ filter: OrderFilter, _ numbers: [PlanID: Int], _ store: any Store) async throws -> ListingEnd {
            var output = JSONArrayOutput()
            let end = try await each(filter, store) { page in
                for order in page { output.add(PlanJSON.order(order, ordinal: numbers[order.id.plan])) }
            }
            output.end()
            say("")
            return end
        }

        private func writeText(_ filter: OrderFilter, _ numbers: [PlanID: Int], _ store: any Store) async throws -> ListingEnd {
            var table = Table(
                [
                    Table.Column("order"), Table.Column("state"), Table.Column("operation"), Table.Column("system"), Table.Column("user"),
                    Table.Column("what"),
                ], indent: 0)
            let end = try await each(filter, store) { page in
                for order in page {
                    table.add([
                        PlanText.number(order, numbers[order.id.plan]), PlanText.label(order), order.operation.rawValue, order.system.text,
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
            return Named.fate(of: try await Named.plan(plan, store)) ?? "no such order"
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
                let (ordinal, order) = try await Named.order(order, store)
                switch common.format {
                case .json: say(PlanJSON.order(order, ordinal: ordinal).indentedText)
                case .text: say(PlanText.order(order, ordinal: ordinal))
                }
                return .done
            }
        }
    }
}
