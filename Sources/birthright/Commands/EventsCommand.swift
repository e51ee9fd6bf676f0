import ArgumentParser
import Contracts
import Foundation
import IdentityModel
import Provisioning

/// `birthright events [--follow]`.
struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Completion events, the newest first; as JSON one on a line, in SailPoint's shape.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var listing: ListingOptions

    @Flag(name: .long, help: "Shows events in the order in which they come, and goes on until it is interrupted.")
    var follow = false

    @Option(name: .long, help: "Of the user with this key only.")
    var user: String?

    @Option(name: .long, help: "Only events behind this number, in the order in which they came.")
    var after: Int64?

    func validate() throws {
        guard after == nil && !follow || listing.since == nil else {
            throw ValidationError("--since goes with neither --after nor --follow")
        }
    }

    func run() async throws {
        try await withStore(common) { _, store in
            var filter = RecordFilter()
            if let user { filter.user = try await Inquiry(store).person(user).user.id }
            filter.since = listing.since
            let chosen = filter
            var table = EventTable(format: common.format)
            if let start = try await firstToFollow(chosen, store) {
                try await goOn(behind: start, chosen, store, &table)
            } else {
                let end = try await Listing.events(chosen, limit: listing.wanted, store) { table.show($0) }
                end.sayWhatIsLeft()
            }
            if table.isEmpty && common.format == .text { say("no events") }
            return .done
        }
    }

    /// The event behind which events are shown as they came, the oldest first; nil: the newest first.
    private func firstToFollow(_ filter: RecordFilter, _ store: any Store) async throws -> Int64? {
        if let after { return after }
        guard follow else { return nil }
        let newest = try await store.newestEvents(filter, before: nil, limit: max(1, listing.limit ?? ListingOptions.standard))
        return (newest.last?.row ?? 1) - 1
    }

    private func goOn(behind start: Int64, _ filter: RecordFilter, _ store: any Store, _ table: inout EventTable) async throws {
        var after = start
        var left = follow ? Int.max : listing.limit.map { $0 == 0 ? Int.max : $0 } ?? Int.max
        while !Task.isCancelled, left > 0 {
            let page = try await store.events(after: after, limit: 500)
            let shown = page.filter { filter.user == nil || $0.event.user == filter.user }.prefix(left)
            table.show(Array(shown))
            left -= shown.count
            if let last = page.last {
                after = last.row
            } else if follow {
                try await Task.sleep(for: .seconds(1))
            } else {
                break
            }
        }
    }
}

/// Events on the screen, page by page.
private struct EventTable {
    let format: OutputFormat
    private(set) var isEmpty = true
    private var table = Table(
        [
            Table.Column("event", isNumber: true), Table.Column("user"), Table.Column("action"), Table.Column("result"),
            Table.Column("sources"), Table.Column("tracking number"), Table.Column("seq", isNumber: true),
        ], indent: 0)

    init(format: OutputFormat) { self.format = format }

    mutating func show(_ page: [(row: Int64, event: OutboxEvent)]) {
        guard !page.isEmpty else { return }
        isEmpty = false
        switch format {
        case .json: say(page.map(\.event.body).joined(separator: "\n"))
        case .text:
            for (row, event) in page { table.add(cells(row, event)) }
            say(table.takeLines(.standardOutput).joined(separator: "\n"))
        }
    }

    private func cells(_ row: Int64, _ event: OutboxEvent) -> [String] {
        let body = (try? JSON(parsing: event.body)) ?? .null
        let name = body["recipient"]?["name"]?.stringValue ?? ""
        let results = Set((body["accountRequests"]?.arrayValue ?? []).compactMap { $0["provisioningResult"]?.stringValue })
        return [
            String(row), DisplayText.cut("\(event.userKey) \(name)", to: 36), body["action"]?.stringValue ?? "",
            results.sorted().joined(separator: ", "),
            body["sources"]?.stringValue ?? "", event.trackingNumber, String(event.sequence),
        ]
    }
}
