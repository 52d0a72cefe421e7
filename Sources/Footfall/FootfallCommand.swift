import ArgumentParser
import Release

@main
struct FootfallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "footfall",
        abstract: "The backend of a camera counting system: API, event log and read models.",
        discussion: "Exit codes: 0 done, 1 failed, 64 wrong usage, 69 database not reachable.",
        version: "footfall \(Release.version)",
        subcommands: [UpCommand.self, ServeCommand.self, MigrateCommand.self]
    )
}
