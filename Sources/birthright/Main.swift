import ArgumentParser
import Foundation
import Planning

@main
struct Birthright: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "birthright",
        abstract: "Provisions people: HR files in, accounts out. You see what will happen before it happens.",
        discussion: """
            Commands end with 0 when all is done; 1 when something failed (an order, an expression, a test); 2 when the configuration or the command line is \
            wrong; 3 when a plan, a file or a system is held until somebody decides; 4 when a run was impossible (a file or the store cannot be used); 5 when \
            something was left aside or waits, and is told.
            """,
        version: "birthright 0.2.0",
        subcommands: [
            InitCommand.self, Check.self, PolicyTestCommand.self, PlanCommand.self, Plans.self, Apply.self, Sync.self, Orders.self,
            QuarantineCommand.self,
            Users.self, Explain.self, EvalCommand.self, DiffCommand.self,
            SchemaCommand.self, Systems.self, Events.self, Audit.self,
        ])

    /// The command that somebody may have meant.
    private static func hint() -> String {
        let names = configuration.subcommands.map { $0.configuration.commandName ?? String(describing: $0).lowercased() }
        guard let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-"), !names.contains(word),
            let nearest = nearestName(word, in: names)
        else { return "" }
        return "\nDid you mean 'birthright \(nearest)'?"
    }

    static func main() async {
        // A reader that goes away (`| head`) must not end a run half way.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot(EvalArguments.protected(Array(CommandLine.arguments.dropFirst())))
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            let code = exitCode(for: error)
            guard code == .validationFailure else { exit(withError: error) }
            // product.md section 5: a usage error is 2, not the parser's 64.
            complain(fullMessage(for: error) + hint())
            exit(withError: ExitCode(Exit.configuration.rawValue))
        }
    }
}
