import ArgumentParser
import Contracts
import IdentityModel

/// `birthright audit`.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "audit", abstract: "What happened, who decided and why, the oldest first.")

    @OptionGroup var common: CommonOptions

    @Option(name: .long, help: "About this plan and its orders only.")
    var plan: Int?

    @Option(name: .long, help: "About the user with this key only.")
    var user: String?

    func run() async throws {
        try await withStore(common) { _, store in
            var planID: PlanID?
            if let plan { planID = try await Named.plan(plan, store).id }
            let userID: UserID? = if let user { try await Person.find(user, store).user.id } else { nil }
            let numbers = try await PlanNumbers(store)
            var table = Table(
                [Table.Column("when"), Table.Column("what"), Table.Column("about"), Table.Column("user"), Table.Column("detail")], indent: 0
            )
            var output: JSONArrayOutput? = common.format == .json ? JSONArrayOutput() : nil
            var after: Int64 = 0
            while true {
                let page = try await store.audit(after: after, limit: 500)
                guard let last = page.last else { break }
                after = last.row
                let entries = page.map(\.entry).filter { entry in
                    (planID == nil || entry.plan == planID) && (userID == nil || entry.user == userID)
                }
                let keys = try await store.keys(of: Set(entries.compactMap(\.user)))
                for entry in entries {
                    let user = entry.user.map { keys[$0]?.text ?? $0.text }
                    output?.add(json(entry, numbers, user))
                    if output == nil { table.add([entry.at.description, entry.kind, about(entry, numbers), user ?? "", entry.text]) }
                }
                if !table.isEmpty { say(table.takeLines(.standardOutput).joined(separator: "\n")) }
            }
            output?.end()
            if output != nil { say("") }
            return .done
        }
    }

    private func about(_ entry: AuditEntry, _ numbers: PlanNumbers) -> String {
        guard let plan = entry.plan else { return "" }
        guard let number = numbers[plan] else { return "a plan without a number" }
        return entry.order.map { "order \(number)-\($0)" } ?? "plan \(number)"
    }

    private func json(_ entry: AuditEntry, _ numbers: PlanNumbers, _ user: String?) -> JSON {
        let number = entry.plan.flatMap { numbers[$0] }
        return .object([
            JSON.Member("at", .string(entry.at.description)), JSON.Member("kind", .string(entry.kind)),
            JSON.Member("plan", number.map(PlanJSON.number) ?? .null), JSON.Member("order", entry.order.map(PlanJSON.number) ?? .null),
            JSON.Member("user", PlanJSON.text(user)), JSON.Member("text", .string(entry.text)),
        ])
    }
}
