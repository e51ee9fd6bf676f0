import ArgumentParser
import Contracts
import IdentityModel
import Planning
import Provisioning

/// `birthright users show KEY`.
struct Users: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "People as Birthright keeps them.", subcommands: [Show.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a user: attributes and where they come from, roles and why, accounts, open orders.")

        @OptionGroup var common: CommonOptions

        @Argument(help: "One of the user's keys, such as E0042; or SOURCE:KEY, where several people have it.")
        var key: String

        func run() async throws {
            try await withStore(common) { session, store in
                let person = try await Person.find(key, store)
                let card = UserCard(
                    person: person, positions: positions(person, session.configuration), open: try await person.openOrders(store))
                switch common.format {
                case .json: say(card.json.indentedText)
                case .text: say(card.text(.standardOutput))
                }
                return .done
            }
        }

        /// Each attribute comes from a row: that of the source which decides it.
        private func positions(_ person: Person, _ configuration: Configuration) -> [String: SourcePosition] {
            let days = RunClock(asOf: common.asOf).days(of: configuration.sources)
            return UserMerge(sources: configuration.sources, days: days).origins(of: person.claims).mapValues(\.position)
        }
    }
}
