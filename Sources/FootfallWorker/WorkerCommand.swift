import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import Settings
import StructuredLogging

struct WorkerCommand: AsyncParsableCommand, ConfinedCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Watches the cameras that a server assigns to it, and reports what crosses their lines.",
        discussion: "Settings have a variable of the environment behind them, named in their help.")

    @Option(\.worker.serverURL) var server: SettingFlag?
    @Option(\.worker.serverCAFile) var serverCAFile: SettingFlag?

    @Option(
        help: """
            The certificate file of a server on this machine: what vouches for itself in it is trusted, and hosts are not \
            compared.
            """)
    var serverCertificate: String?

    @Option(\.worker.id) var id: SettingFlag?
    @Option(\.worker.tokenFile) var tokenFile: SettingFlag?
    @Option(\.worker.model) var model: SettingFlag?

    @OptionGroup var streams: StreamOptions

    @Option(\.process.logLevel) var logLevel: SettingFlag?
    @Option(\.process.logFormat) var logFormat: SettingFlag?

    @Flag(help: "End as soon as standard input does, as it does when the process that holds it ends.")
    var exitWithParent = false

    /// The memory that is left to others suffices for the system and a database; it counts what threads reserve, too.
    var confinement: Confinement {
        var reader = SettingReader(settingFlags)
        let files = [
            reader.value(\.worker.tokenFile), reader.value(\.worker.serverCAFile), serverCertificate,
            reader.value(\.worker.model),
        ]
        return Confinement(
            &reader, reading: files, memory: max(4 << 30, ProcessInfo.processInfo.physicalMemory / 4 * 3), oomScore: 500
        )
    }

    func run() async throws {
        outliveReaders()
        let settings: WatchSettings
        do throws(InvalidSettings) { settings = try WatchSettings(settingFlags, serverCertificate) } catch {
            throw ValidationError(error.description)
        }
        let logger = settings.logFormat.makeLogger(label: "footfall-worker", level: settings.logLevel)
        for gap in Confinement.gaps { logger.notice("not confined", metadata: ["reason": "\(gap)"]) }

        let connections = ServerConnections(settings.trust)
        let client = ServerClient(
            server: settings.server, workerID: settings.id.text, token: settings.token, connections: connections)
        let worker = Worker(
            id: settings.id.text, client: client, model: settings.model, door: settings.door, logger: logger)
        if exitWithParent { ParentWatch.start() }
        let group = ServiceGroup(services: [worker], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        do { try await group.run() } catch {
            await connections.close()
            throw error
        }
        await connections.close()
    }
}

/// Ends the process when standard input does. Nothing is flushed: the process at the other end was killed, and what was
/// not acknowledged belongs to the worker that comes next.
enum ParentWatch {
    static func start() {
        let thread = Thread {
            var byte: UInt8 = 0
            while true {
                let count = read(STDIN_FILENO, &byte, 1)
                if count == 0 || (count < 0 && errno != EINTR) { exit(0) }
            }
        }
        thread.name = "parent-watch"
        thread.start()
    }
}
