import ArgumentParser
import Contracts
import IdentityModel
import Planning

/// `birthright users show KEY`.
struct Users: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "People as Birthright keeps them.", subcommands: [Show.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a user: attributes and where they come from, roles and why, accounts, open orders.")

        @OptionGroup var common: CommonOptions

        @Argument(help: "The user's key in the source that created them, such as E0042.")
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

        /// Each attribute comes from the row of the source that owns it.
        private func positions(_ person: Person, _ configuration: Configuration) -> [String: SourcePosition] {
            var positions: [String: SourcePosition] = [:]
            for claim in person.claims {
                guard let source = configuration.source(claim.source) else { continue }
                for name in source.owns { positions[name] = claim.position }
            }
            return positions
        }
    }
}
