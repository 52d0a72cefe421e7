import API
import Access
import ArgumentParser
import Installation
import Logging
import Postgres
import Settings

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the API and feed the read models, on a database elsewhere.",
        discussion: "Any number of these may run on one database.")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var listen: ListenOptions
    @OptionGroup var access: AuthenticationOptions

    func run() async throws {
        try await reportingFailure {
            let settings = try ServerSettings(settingFlags)
            guard let url = settings.databaseURL else {
                throw InvalidSettings(
                    "serve needs a database: set FOOTFALL_DATABASE_URL, or use footfall up")
            }
            let logger = settings.installation.makeLogger()
            let exporter = TraceExport.begin(settings.traces, logger: logger)
            let authentication = try await authentication(by: settings.installation, logger: logger)
            let files = try ReleaseFiles.locate()
            let target = ConnectionTarget(url)
            let pending = try await Migrator(folder: files.migrations).pending(on: target, logger: logger)
            guard pending.isEmpty else {
                throw StartFailure(
                    "the database lacks \(pending.joined(separator: ", ")); run footfall migrate")
            }
            let masterKeys = try await settings.installation.masterKeys(for: target, logger: logger)
            let server = try Server(
                on: target, settings, files: files, masterKeys: masterKeys,
                checkpointSigners: try settings.installation.checkpointSigners(), authentication: authentication,
                exporter: exporter, logger: logger)
            try await server.run()
        }
    }

    /// Where a data directory is named, the key in it counts too.
    private func authentication(by settings: InstallationSettings, logger: Logger) async throws -> Authentication {
        let given = settings.authentication
        if given.isOn, given.authority == nil, !settings.namesDataDirectory {
            throw InvalidSettings(
                "serve needs to know how tokens are verified: set FOOTFALL_AUTH_JWKS, FOOTFALL_AUTH_SECRET or "
                    + "FOOTFALL_AUTH_VERIFY_URL; or FOOTFALL_DATA_DIR, for tokens of footfallctl with the same folder; "
                    + "or --auth off, where the API is reached from this machine alone")
        }
        let key = given.isOn && settings.namesDataDirectory ? try SigningKey.make(in: settings.dataDirectory) : nil
        return try await .configured(by: given, key: key, logger: logger)
    }
}
