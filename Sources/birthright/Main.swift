import ArgumentParser
import Foundation

@main
struct Birthright: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "birthright",
        abstract: "Provisions people: HR files in, accounts out. You see what will happen before it happens.",
        version: "birthright 0.2.0",
        subcommands: [
            InitCommand.self, Check.self, PolicyTestCommand.self, PlanCommand.self, Plans.self, Apply.self, Sync.self, Orders.self,
            QuarantineCommand.self,
            Users.self, Explain.self, EvalCommand.self, DiffCommand.self,
            SchemaCommand.self, Systems.self, Events.self, Audit.self,
        ])

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
            complain(fullMessage(for: error))
            exit(withError: ExitCode(Exit.configuration.rawValue))
        }
    }
}
