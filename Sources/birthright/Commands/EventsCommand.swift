import ArgumentParser
import Contracts
import Foundation
import IdentityModel

/// `birthright events [--follow]`.
struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Completion events, the oldest first; as JSON one on a line, in SailPoint's shape.")

    @OptionGroup var common: CommonOptions

    @Flag(name: .long, help: "Goes on with new events as they come, until it is interrupted.")
    var follow = false

    @Option(name: .long, help: "Of the user with this key only.")
    var user: String?

    @Option(name: .long, help: "Only events behind this number.")
    var after: Int64 = 0

    func run() async throws {
        try await withStore(common) { _, store in
            let user: UserID? = if let user { try await Person.find(user, store).user.id } else { nil }
            var table = Table(
                [
                    Table.Column("event", isNumber: true), Table.Column("user"), Table.Column("action"), Table.Column("result"),
                    Table.Column("sources"), Table.Column("tracking number"), Table.Column("seq", isNumber: true),
                ], indent: 0)
            var after = after
            var isEmpty = true
            while !Task.isCancelled {
                let page = try await store.events(after: after, limit: 500)
                for (row, event) in page where user == nil || event.user == user {
                    isEmpty = false
                    switch common.format {
                    case .json: say(event.body)
                    case .text: table.add(cells(row, event))
                    }
                }
                if !table.isEmpty { say(table.takeLines(.standardOutput).joined(separator: "\n")) }
                if let last = page.last {
                    after = last.row
                } else if follow {
                    try await Task.sleep(for: .seconds(1))
                } else {
                    break
                }
            }
            if isEmpty && common.format == .text { say("no events") }
            return .done
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
