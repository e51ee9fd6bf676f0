import ArgumentParser
import Contracts
import IdentityModel

/// `birthright audit`.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "audit", abstract: "What happened, who decided and why, the newest first.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var listing: ListingOptions

    @Option(name: .long, help: "About this plan and its orders only.")
    var plan: Int?

    @Option(name: .long, help: "About the user with this key only.")
    var user: String?

    func run() async throws {
        try await withStore(common) { _, store in
            var filter = RecordFilter()
            if let plan { filter.plan = try await Named.plan(plan, store).id }
            if let user { filter.user = try await Person.find(user, store).user.id }
            filter.since = listing.since
            let chosen = filter
            let numbers = try await store.ordinals()
            var table = Table(
                [Table.Column("when"), Table.Column("what"), Table.Column("about"), Table.Column("user"), Table.Column("detail")], indent: 0
            )
            var output: JSONArrayOutput? = common.format == .json ? JSONArrayOutput() : nil
            let end = try await listing.each { after, count in
                try await store.newestAudit(chosen, before: after?.row, limit: count)
            } show: { page in
                let keys = try await store.keys(of: page.compactMap(\.entry.user))
                for entry in page.map(\.entry) {
                    let user = entry.user.map { keys[$0]?.text ?? $0.text }
                    output?.add(json(entry, numbers, user))
                    if output == nil { table.add([entry.at.description, entry.kind, about(entry, numbers), user ?? "", entry.text]) }
                }
                if !table.isEmpty { say(table.takeLines(.standardOutput).joined(separator: "\n")) }
            }
            output?.end()
            if output != nil { say("") }
            end.sayWhatIsLeft()
            return .done
        }
    }

    private func about(_ entry: AuditEntry, _ numbers: [PlanID: Int]) -> String {
        guard let plan = entry.plan else { return "" }
        guard let number = numbers[plan] else { return "a plan without a number" }
        return entry.order.map { "order \(number)-\($0)" } ?? "plan \(number)"
    }

    private func json(_ entry: AuditEntry, _ numbers: [PlanID: Int], _ user: String?) -> JSON {
        let number = entry.plan.flatMap { numbers[$0] }
        return .object([
            JSON.Member("at", .string(entry.at.description)), JSON.Member("kind", .string(entry.kind)),
            JSON.Member("plan", number.map(PlanJSON.number) ?? .null), JSON.Member("order", entry.order.map(PlanJSON.number) ?? .null),
            JSON.Member("user", PlanJSON.text(user)), JSON.Member("text", .string(entry.text)),
        ])
    }
}
