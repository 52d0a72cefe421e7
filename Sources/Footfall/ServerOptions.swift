import API
import Access
import ArgumentParser
import Foundation
import Installation
import Logging
import Postgres
import Secrets
import Settings
import StructuredLogging
import Transparency

/// What the subcommands have in common.
struct DatabaseOptions: ParsableArguments {
    @Option(\.database.dataDirectory) var dataDirectory: SettingFlag?
    @Option(\.database.url) var databaseURL: SettingFlag?
    @Option(\.secrets.masterKeyFile) var masterKeyFile: SettingFlag?
    @Option(\.process.logLevel) var logLevel: SettingFlag?
    @Option(\.process.logFormat) var logFormat: SettingFlag?
}

struct ListenOptions: ParsableArguments {
    @Option(\.network.host) var host: SettingFlag?
    @Option(\.network.port) var port: SettingFlag?
    @Option(\.network.tlsCertificate) var tlsCertificate: SettingFlag?
    @Option(\.network.tlsKey) var tlsKey: SettingFlag?
    @Option(\.streams.networks) var streamNetworks: SettingFlag?
    @Option(\.streams.verifiesTLS) var streamTLSVerify: SettingFlag?
    @Option(\.streams.caFile) var streamCAFile: SettingFlag?
}

/// How requests prove who sends them. A secret has no flag: command lines can be read by anyone on the machine.
struct AuthenticationOptions: ParsableArguments {
    @Option(\.access.isOn) var auth: SettingFlag?
    @Option(\.access.keySet) var keySet: SettingFlag?
    @Option(\.access.verifyURL) var verifyURL: SettingFlag?
    @Option(\.access.issuer) var issuer: SettingFlag?
    @Option(\.access.audience) var audience: SettingFlag?
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
        case is InvalidSettings, is ServerIdentity.Unusable, is MasterKeyError, is CheckpointKeys.Unusable:
            throw ExitCode(64)
        case PostgresError.unreachable, PostgresError.full, PostgresError.connectionLost, is EmbeddedPostgres.Failure:
            throw ExitCode(69)
        default: throw ExitCode.failure
        }
    }
}

extension InstallationSettings {
    /// The logger that all parts of the process share.
    func makeLogger() -> Logger { logFormat.makeLogger(label: "footfall", level: logLevel) }
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

    /// What this installation signs checkpoints of the log by; none where the database is one that others use too, and no
    /// file is named.
    func checkpointSigners() throws -> [NoteSigner] {
        if let checkpointKeyFile {
            guard let signers = try CheckpointKeys.read(URL(filePath: checkpointKeyFile)) else {
                throw StartFailure("FOOTFALL_AUDIT_KEY_FILE names \(checkpointKeyFile), which is not there")
            }
            return signers
        }
        return databaseURL == nil ? try CheckpointKeys.make(in: dataDirectory) : []
    }
}
