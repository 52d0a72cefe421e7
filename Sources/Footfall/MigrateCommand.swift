import ArgumentParser
import Installation
import Postgres
import Settings

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database's lasting tables up to this release.")

    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        try await reportingFailure {
            let settings = try InstallationSettings(settingFlags)
            let logger = settings.makeLogger()
            try await Database.with(settings, creating: true, logger: logger) { target in
                let applied = try await Migrator(folder: ReleaseFiles.locate().migrations).run(
                    on: target, logger: logger)
                if applied.isEmpty { announce("nothing to apply") }
            }
        }
    }
}
