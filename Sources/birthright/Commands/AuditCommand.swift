import ArgumentParser
import Contracts
import IdentityModel
import Pages
import Provisioning

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
            if let plan { filter.plan = try await Inquiry(store).plan(plan).id }
            if let user { filter.user = try await Inquiry(store).person(user).user.id }
            filter.since = listing.since
            var table = Table(
                [Table.Column("when"), Table.Column("what"), Table.Column("about"), Table.Column("user"), Table.Column("detail")], indent: 0
            )
            var output: JSONArrayOutput? = common.format == .json ? JSONArrayOutput() : nil
            let end = try await Listing.audit(filter, limit: listing.wanted, store) { page in
                for listed in page {
                    output?.add(listed.page)
                    if output == nil {
                        let entry = listed.entry
                        table.add([entry.at.description, entry.kind, about(listed), listed.user ?? "", entry.text])
                    }
                }
                if !table.isEmpty { say(table.takeLines(.standardOutput).joined(separator: "\n")) }
            }
            output?.end()
            if output != nil { say("") }
            end.sayWhatIsLeft()
            return .done
        }
    }

    private func about(_ listed: ListedEntry) -> String {
        guard listed.entry.plan != nil else { return "" }
        guard let number = listed.ordinal else { return "a plan without a number" }
        return listed.entry.order.map { "order \(number)-\($0)" } ?? "plan \(number)"
    }
}
