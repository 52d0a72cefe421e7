import ArgumentParser

@main
struct FootfallWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "footfall-worker",
        abstract: "Watches the cameras that a server assigns to it.",
        subcommands: [WorkerCommand.self, ProbeCommand.self], defaultSubcommand: WorkerCommand.self)
}
