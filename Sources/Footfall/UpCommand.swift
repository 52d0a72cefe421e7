import API
import Access
import ArgumentParser
import Foundation
import Installation
import Logging
import Postgres
import ServiceLifecycle
import Settings

struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run everything on this machine: database, API, read models and a worker.")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var listen: ListenOptions
    @OptionGroup var access: AuthenticationOptions

    @Option(\.worker.model) var model: SettingFlag?
    @Option(\.streams.fileRoot) var fileStreamRoot: SettingFlag?

    @Flag(help: "Register a camera that counts people in a clip, and start it.")
    var demo = false

    @Flag(help: "Start no worker; one elsewhere may connect.")
    var noWorker = false

    func run() async throws {
        try await reportingFailure {
            let settings = try ServerSettings(settingFlags)
            let logger = settings.installation.makeLogger()
            let files = try ReleaseFiles.locate()
            let clip = demo ? try DemoCamera.findClip(files) : nil

            let folder = settings.dataDirectory
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            guard let lock = FileLock(folder.appending(path: "footfall.lock").path, exclusive: true) else {
                throw StartFailure(
                    "another footfall up runs on \(folder.path), or the folder cannot be written to")
            }
            defer { withExtendedLifetime(lock) {} }

            let exporter = TraceExport.begin(settings.traces, logger: logger)
            let key = settings.authentication.isOn ? try SigningKey.make(in: folder) : nil
            let authentication = try await Authentication.configured(
                by: settings.authentication, key: key, logger: logger)
            announce("Database: \(settings.databaseURL == nil ? folder.path : "as FOOTFALL_DATABASE_URL says")")
            try await Database.lend(settings.installation, creating: true, logger: logger) { database in
                let target = database.target
                _ = try await Migrator(folder: files.migrations).run(on: target, logger: logger)
                let masterKeys = try await settings.installation.masterKeys(for: target, logger: logger)
                var server = try Server(
                    on: target, settings, fileStreamRoot: clip?.deletingLastPathComponent().path, files: files,
                    masterKeys: masterKeys,
                    checkpointSigners: try settings.installation.checkpointSigners(), authentication: authentication,
                    exporter: exporter, logger: logger)
                if let embedded = database.server { server.keep(embedded) }
                if !noWorker {
                    try await addWorker(
                        to: &server, settings: settings.installation, clip: clip, key: key,
                        revocations: authentication.revocations)
                }
                if let clip { server.addDemo(clip: clip, tokensFrom: key == nil ? nil : folder) }
                try await server.run()
                announce("Stopped.")
            }
        }
    }

    private func addWorker(
        to server: inout Server, settings: InstallationSettings, clip: URL?, key: SigningKey?,
        revocations: Revocations?
    ) async throws {
        guard
            let executable = ReleaseFiles.runningExecutable?.deletingLastPathComponent().appending(
                path: "footfall-worker"),
            FileManager.default.isExecutableFile(atPath: executable.path)
        else {
            throw StartFailure(
                "footfall-worker is not beside footfall; build it, or start with --no-worker")
        }
        var token: WorkerToken?
        if let key {
            token = WorkerToken(
                file: settings.dataDirectory.appending(path: "worker/token"), workerID: settings.workerID.text,
                issuer: try await TokenIssuer(key), revocations: revocations)
        }
        server.addWorker(
            executable: executable,
            arguments: [
                "--id", settings.workerID.text, "--log-level", settings.logLevel.rawValue, "--log-format",
                settings.logFormat.rawValue,
            ]
                + (settings.model.map { ["--model", $0] } ?? [])
                + (settings.listening.tls.map { ["--server-certificate", $0.certificate] } ?? [])
                + settings.streamArguments(fileStreamRoot: clip?.deletingLastPathComponent().path),
            token: token)
    }
}
