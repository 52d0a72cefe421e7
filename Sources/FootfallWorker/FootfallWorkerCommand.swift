import ArgumentParser
import Foundation
import Release

@main
struct FootfallWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "footfall-worker",
        abstract: "Watches the cameras that a server assigns to it.",
        version: "footfall-worker \(Release.version)",
        subcommands: [WorkerCommand.self, ProbeCommand.self], defaultSubcommand: WorkerCommand.self)

    /// As ArgumentParser's own, with the confinement before the first thread beside this one.
    static func main() async {
        do {
            guard var command = try confined() as? any AsyncParsableCommand else { return }
            try await command.run()
        } catch {
            exit(withError: error)
        }
    }

    /// The command that is asked for, already confined; nil where it was help, and is done.
    private static func confined() throws -> (any ParsableCommand)? {
        var command = try parseAsRoot(nil)
        if let confined = command as? any ConfinedCommand { try confined.confinement.begin() }
        if command is any AsyncParsableCommand { return command }
        try command.run()
        return nil
    }
}
