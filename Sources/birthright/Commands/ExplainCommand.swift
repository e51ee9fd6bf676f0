import ArgumentParser
import IdentityModel
import Pages
import Planning
import Provisioning

/// `birthright explain USER [SYSTEM [ATTRIBUTE]]`.
struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explains an account, or one value of it: row, user, rules, policy map, names, last order, event.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The user's key, such as E0042.")
    var user: String

    @Argument(help: "The managed system; not needed where there is one.")
    var system: String?

    @Argument(help: "An attribute of its policy map; all of them in short without it.")
    var attribute: String?

    func run() async throws {
        try await withStore(common) { session, store in
            let explanation = try await Inquiry(store).explain(
                user, on: try system ?? onlySystem(session), attribute, session.configuration, RunClock(asOf: common.asOf))
            switch common.format {
            case .json: say(explanation.page.indentedText)
            case .text: say(explanation.text(.standardOutput))
            }
            return .done
        }
    }

    private func onlySystem(_ session: Session) throws -> String {
        let systems = session.configuration.policyMaps.map(\.system.text)
        guard systems.count != 1 else { return systems[0] }
        throw Stop(.configuration, "which system? birthright explain \(user) SYSTEM; there is: \(systems.joined(separator: ", "))")
    }
}
