import ArgumentParser
import Contracts
import IdentityModel
import Pages
import Provisioning

/// `birthright users list | show KEY`.
struct Users: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "People as Birthright keeps them.", subcommands: [List.self, Show.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists users by key, one on a line, with their accounts.")

        @OptionGroup var common: CommonOptions

        @Option(name: .long, help: "How many (default 50); 0 for all.")
        var limit = ListingOptions.standard

        @Option(name: .long, help: "From this key on.")
        var from: String?

        func validate() throws {
            guard limit >= 0 else { throw ValidationError("--limit must be 0 (all) or more") }
        }

        func run() async throws {
            try await withStore(common) { _, store in
                switch common.format {
                case .json: try await writeJSON(store)
                case .text: try await writeText(store)
                }
                return .done
            }
        }

        private func writeText(_ store: any Store) async throws {
            var table = Table(
                [Table.Column("key"), Table.Column("name"), Table.Column("status"), Table.Column("source"), Table.Column("accounts")],
                indent: 0)
            try await each(store) { page in
                for listed in page {
                    let user = listed.user
                    table.add([
                        user.key.text, DisplayText.cut(user.displayName, to: 36), user.status.rawValue, user.source.text,
                        listed.accounts.map { "\($0.system) \($0.state.rawValue)" }.joined(separator: ", "),
                    ])
                }
                say(table.takeLines(.standardOutput).joined(separator: "\n"))
            }
        }

        private func writeJSON(_ store: any Store) async throws {
            var output = JSONArrayOutput()
            try await each(store) { page in
                for listed in page { output.add(listed.page) }
            }
            output.end()
            say("")
        }

        /// Page by page, as far as it is wanted: what was asked for first is on the screen while the rest is still read.
        private func each(_ store: any Store, show: ([ListedUser]) async throws -> Void) async throws {
            var isEmpty = true
            let next = try await Listing.users(from: from.map { UserKey($0) }, limit: limit == 0 ? nil : limit, store) { page in
                isEmpty = false
                try await show(page)
            }
            if isEmpty, common.format == .text { say(from == nil ? "nobody is known yet" : "no user has this key or a later one") }
            if let next { complain("there are more: --from \(next) goes on, --limit 0 shows all") }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a user: attributes and where they come from, roles and why, accounts, open orders.")

        @OptionGroup var common: CommonOptions

        @Argument(help: "One of the user's keys, such as E0042; or SOURCE:KEY, where several people have it.")
        var key: String

        func run() async throws {
            try await withStore(common) { session, store in
                let card = try await Inquiry(store).card(key, session.configuration, RunClock(asOf: common.asOf))
                switch common.format {
                case .json: say(card.page.indentedText)
                case .text: say(card.text(.standardOutput))
                }
                return .done
            }
        }
    }
}
