import ArgumentParser
import Foundation
import Installation
import Logging
import Postgres

/// What the subcommands have in common. Each option says which variable of the environment stands behind it.
struct DatabaseOptions: ParsableArguments {
    @Option(help: "The folder of the embedded database (FOOTFALL_DATA_DIR).")
    var dataDir: String?

    @Option(help: "A libpq connection string of a database elsewhere (FOOTFALL_DATABASE_URL).")
    var databaseURL: String?

    @Option(help: "trace, debug, info, notice, warning, error or critical (FOOTFALL_LOG_LEVEL).")
    var logLevel: String?

    var flags: InstallationSettings.Flags {
        var flags = InstallationSettings.Flags()
        flags.dataDirectory = dataDir
        flags.databaseURL = databaseURL
        flags.logLevel = logLevel
        return flags
    }
}

struct ListenOptions: ParsableArguments {
    @Option(help: "The port of the API on 127.0.0.1; 0 takes a free one (FOOTFALL_PORT, 3002).")
    var port: Int?

    @Option(
        help:
            "Only off: nothing is asked of a request, and the server is reached from this machine alone (FOOTFALL_AUTH)."
    )
    var auth: String?

    func add(to flags: inout InstallationSettings.Flags) {
        flags.port = port
        flags.auth = auth
    }
}

/// Runs a subcommand: says on standard error what goes wrong, and ends the process with the code that belongs to it.
func reportingFailure(_ body: () async throws -> Void) async throws {
    do { try await body() } catch let code as ExitCode {
        throw code
    } catch {
        FileHandle.standardError.write(Data("footfall: \(error)\n".utf8))
        switch error {
        case is InstallationSettings.Invalid: throw ExitCode(64)
        case PostgresError.unreachable, PostgresError.connectionLost, is EmbeddedPostgres.Failure: throw ExitCode(69)
        default: throw ExitCode.failure
        }
    }
}

extension InstallationSettings {
    /// The logger that all parts of the process share.
    func makeLogger() throws(Invalid) -> Logger {
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw Invalid(
                "the log level (FOOTFALL_LOG_LEVEL) is \(logLevel); it may be "
                    + Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))
        }
        var logger = Logger(label: "footfall") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }
}
