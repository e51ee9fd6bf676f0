import ArgumentParser
import Contracts
import IdentityModel
import Planning

/// `birthright orders list | show N-M`.
struct Orders: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orders", abstract: "Provisioning orders: one operation on one account each.", subcommands: [List.self, Show.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists orders, one on a line, the oldest first.")

        @OptionGroup var common: CommonOptions

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
                let numbers = try await PlanNumbers(store)
                switch common.format {
                case .json: try await writeJSON(filter, numbers, store)
                case .text: try await writeText(filter, numbers, store)
                }
                return .done
            }
        }

        private func writeJSON(_ filter: OrderFilter, _ numbers: PlanNumbers, _ store: any Store) async throws {
            var output = JSONArrayOutput()
            try await store.eachOrder(filter) { page in
                for order in page { output.add(PlanJSON.order(order, ordinal: numbers[order.id.plan])) }
            }
            output.end()
            say("")
        }

        private func writeText(_ filter: OrderFilter, _ numbers: PlanNumbers, _ store: any Store) async throws {
            var table = Table(
                [
                    Table.Column("order"), Table.Column("state"), Table.Column("operation"), Table.Column("system"), Table.Column("user"),
                    Table.Column("what"),
                ], indent: 0)
            var isEmpty = true
            try await store.eachOrder(filter) { page in
                for order in page {
                    table.add([
                        PlanText.number(order, numbers[order.id.plan]), PlanText.label(order), order.operation.rawValue, order.system.text,
                        DisplayText.cut("\(order.userKey) \(order.userName)", to: 36), PlanText.digest(order),
                    ])
                }
                say(table.takeLines(.standardOutput).joined(separator: "\n"))
                isEmpty = false
            }
            if isEmpty { say("no such order") }
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
