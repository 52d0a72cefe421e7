import API
import ArgumentParser
import Foundation
import Installation
import Logging
import Postgres
import Secrets
import StructuredLogging

/// What the subcommands have in common. Each option says which variable of the environment stands behind it.
struct DatabaseOptions: ParsableArguments {
    @Option(help: "The folder of the embedded database (FOOTFALL_DATA_DIR).")
    var dataDir: String?

    @Option(help: "A libpq connection string of a database elsewhere (FOOTFALL_DATABASE_URL).")
    var databaseURL: String?

    @Option(
        help:
            "The file with the master keys that cameras' secrets are encrypted under (FOOTFALL_MASTER_KEY_FILE); master.key in the data directory where the database is the embedded one."
    )
    var masterKeyFile: String?

    @Option(help: "trace, debug, info, notice, warning, error or critical (FOOTFALL_LOG_LEVEL).")
    var logLevel: String?

    @Option(help: "text or json: how the log is written (FOOTFALL_LOG_FORMAT, text).")
    var logFormat: String?

    var flags: InstallationSettings.Flags {
        var flags = InstallationSettings.Flags()
        flags.dataDirectory = dataDir
        flags.databaseURL = databaseURL
        flags.masterKeyFile = masterKeyFile
        flags.logLevel = logLevel
        flags.logFormat = logFormat
        return flags
    }
}

struct ListenOptions: ParsableArguments {
    @Option(help: "The address or name that the API listens on (FOOTFALL_HOST, 127.0.0.1).")
    var host: String?

    @Option(help: "The port of the API; 0 takes a free one (FOOTFALL_PORT, 3002).")
    var port: Int?

    @Option(help: "A PEM file with the certificate and those that vouch for it (FOOTFALL_TLS_CERTIFICATE).")
    var tlsCertificate: String?

    @Option(help: "A PEM file with the certificate's key (FOOTFALL_TLS_KEY).")
    var tlsKey: String?

    @Option(
        help:
            "The networks in which alone streams are opened, such as default,192.168.7.0/24 (FOOTFALL_STREAM_NETWORKS)."
    )
    var streamNetworks: String?

    @Option(
        help:
            "on or off: whether streams under TLS must show a certificate that is trusted (FOOTFALL_STREAM_TLS_VERIFY, on)."
    )
    var streamTlsVerify: String?

    @Option(
        help:
            "A PEM file with what is trusted of cameras beside the system's authorities (FOOTFALL_STREAM_CA_FILE)."
    )
    var streamCaFile: String?

    func add(to flags: inout InstallationSettings.Flags) {
        flags.host = host
        flags.port = port
        flags.tlsCertificate = tlsCertificate
        flags.tlsKey = tlsKey
        flags.streamNetworks = streamNetworks
        flags.streamTLSVerify = streamTlsVerify
        flags.streamCAFile = streamCaFile
    }
}

/// Runs a subcommand: says on standard error what goes wrong, and ends the process with the code that belongs to it.
func reportingFailure(_ body: () async throws -> Void) async throws {
    outliveReaders()
    _ = processMetrics  // before anything is measured
    do { try await body() } catch let code as ExitCode {
        throw code
    } catch {
        FileHandle.standardError.say("footfall: \(error)\n")
        switch error {
        case is InstallationSettings.Invalid, is ServerIdentity.Unusable, is MasterKeyError: throw ExitCode(64)
        case PostgresError.unreachable, PostgresError.full, PostgresError.connectionLost, is EmbeddedPostgres.Failure:
            throw ExitCode(69)
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
        return logFormat.makeLogger(label: "footfall", level: level)
    }
}

extension InstallationSettings {
    /// The flags by which footfall-worker opens the same streams.
    /// - Parameter fileStreamRoot: the folder of file streams where the settings name none.
    func streamArguments(fileStreamRoot fallback: String?) -> [String] {
        ["--stream-networks", streamNetworks.description] + streamTrust.arguments
            + ((fileStreamRoot ?? fallback).map { ["--file-stream-root", $0] } ?? [])
    }

    /// The master keys of this installation, which open what the database keeps.
    func masterKeys(for target: ConnectionTarget, logger: Logger) async throws -> MasterKeyring {
        let keys = try MasterKeyring(text: masterKey, file: masterKeyFile, fallback: ownMasterKeyFile)
        let connection = try await Connection.open(target, logger: logger)
        defer { connection.close() }
        try await KeyRotation.check(keys, on: connection)
        return keys
    }
}
