import ArgumentParser
import Installation
import Postgres

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the API and feed the read models, on a database elsewhere.",
        discussion: "Any number of these may run on one database.")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var listen: ListenOptions

    func run() async throws {
        try await reportingFailure {
            var flags = database.flags
            listen.add(to: &flags)
            let settings = try InstallationSettings(flags)
            guard let url = settings.databaseURL else {
                throw InstallationSettings.Invalid(
                    "serve needs a database: set FOOTFALL_DATABASE_URL, or use footfall up")
            }
            let files = try ReleaseFiles.locate()
            let target = ConnectionTarget(url)
            let logger = try settings.makeLogger()
            let pending = try await Migrator(folder: files.migrations).pending(on: target, logger: logger)
            guard pending.isEmpty else {
                throw StartFailure(
                    "the database lacks \(pending.joined(separator: ", ")); run footfall migrate")
            }
            let masterKeys = try await settings.masterKeys(for: target, logger: logger)
            let server = try Server(on: target, settings, files: files, masterKeys: masterKeys, logger: logger)
            try await server.run()
        }
    }
}
