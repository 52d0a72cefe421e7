import ArgumentParser
import Release

@main
struct Footfallctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "footfallctl",
        abstract: "The operators' tool of Footfall. Works on the database, also while the server is down.",
        discussion: "Exit codes: 0 done, 1 failed, 64 wrong usage, 69 database not reachable.",
        version: "footfallctl \(Release.version)",
        subcommands: [
            AuditCommand.self, ExplainCommand.self, VerifyCommand.self, ArchiveCommand.self, RestoreCommand.self,
            ProjectionsCommand.self, ReactionsCommand.self, RebuildCommand.self, ThrottleCommand.self, KeysCommand.self,
            MigrateCommand.self,
            TokenCommand.self,
        ]
    )
}
