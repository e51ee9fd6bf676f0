import ArgumentParser

@main
struct Birthright: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "birthright",
        abstract: "Provisions people: HR files in, accounts out. You see what will happen before it happens.",
        subcommands: [
            Check.self, PlanCommand.self, Plans.self, Apply.self, Sync.self, Orders.self, QuarantineCommand.self, Users.self, Explain.self,
            Systems.self, Events.self, Audit.self,
        ])
}
