import ArgumentParser
import Contracts
import IdentityModel
import Pages
import Provisioning

/// `birthright quarantine list | show N`.
struct QuarantineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine", abstract: "Rows that were set aside, each with its reason.", subcommands: [List.self, Show.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists rows in quarantine now, or those of one plan.")

        @OptionGroup var common: CommonOptions

        @Option(name: .long, help: "Rows that this plan set aside, applied or not.")
        var plan: Int?

        func run() async throws {
            try await withStore(common) { _, store in
                var planID: PlanID?
                if let plan { planID = try await Inquiry(store).plan(plan).id }
                let rows = try await store.quarantines(plan: planID)
                switch common.format {
                case .json: say(JSON.array(rows.map { PlanPage.quarantine($0.number, $0.quarantine) }).indentedText)
                case .text: say(text(rows))
                }
                return .done
            }
        }

        private func text(_ rows: [(number: Int64, quarantine: Quarantine)]) -> String {
            guard !rows.isEmpty else { return plan == nil ? "no row is in quarantine" : "plan \(plan ?? 0) set no row aside" }
            var table = Table(
                [
                    Table.Column("row", isNumber: true), Table.Column("source"), Table.Column("where"), Table.Column("key"),
                    Table.Column("reason"),
                ],
                indent: 0)
            for (number, row) in rows {
                table.add([String(number), row.source.text, "\(row.position):\(row.column)", row.key?.text ?? "(unreadable)", row.reason])
            }
            return table.takeLines(.standardOutput).joined(separator: "\n")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows one row in quarantine, and what it means for its user.")

        @OptionGroup var common: CommonOptions

        @Argument(help: "The number that `quarantine list` shows.")
        var number: Int64

        func run() async throws {
            try await withStore(common) { _, store in
                let row = try await Inquiry(store).quarantine(number)
                switch common.format {
                case .json: say(PlanPage.quarantine(number, row).indentedText)
                case .text: say(try await text(row, store))
                }
                return .done
            }
        }

        private func text(_ row: Quarantine, _ store: any Store) async throws -> String {
            var facts = Facts()
            facts.add("where", "\(row.position):\(row.column)" + (row.columnName.map { " (column \($0))" } ?? ""))
            facts.add("source", row.source.text)
            facts.add("key", row.key?.text ?? "(could not be read)")
            facts.add("reason", row.reason)
            if let key = row.key {
                let user = try await store.user(key: key)
                facts.add("user", user.map { "\($0.displayName) (\($0.status.rawValue)) stays as is" } ?? "nobody yet: no account is made")
            }
            return (["Row \(number) in quarantine"] + facts.lines(.standardOutput)).joined(separator: "\n")
        }
    }
}
