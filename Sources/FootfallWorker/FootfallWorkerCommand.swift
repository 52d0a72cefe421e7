import ArgumentParser
import Release

@main
struct FootfallWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "footfall-worker",
        abstract: "Watches the cameras that a server assigns to it.",
        version: "footfall-worker \(Release.version)",
        subcommands: [WorkerCommand.self, ProbeCommand.self], defaultSubcommand: WorkerCommand.self)
}
