import ArgumentParser
import Counting
import Foundation
import Logging
import ServiceLifecycle
import StructuredLogging

struct WorkerCommand: AsyncParsableCommand, ConfinedCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Watches the cameras that a server assigns to it, and reports what crosses their lines.",
        discussion: "Each option has a variable of the environment behind it, named in its help.")

    @Option(help: "The server's address (FOOTFALL_SERVER_URL, http://127.0.0.1:3002).")
    var server: String?

    @Option(
        help:
            "A PEM file with authorities that are trusted beside the system's, for https (FOOTFALL_SERVER_CA_FILE)."
    )
    var serverCaFile: String?

    @Option(
        help: """
            The certificate file of a server on this machine: what vouches for itself in it is trusted, and hosts are not \
            compared.
            """)
    var serverCertificate: String?

    @Option(help: "The name under which cameras are assigned to it (FOOTFALL_WORKER_ID, worker-1).")
    var id: String?

    @Option(help: "The file with its token, read again when it changes (FOOTFALL_TOKEN_FILE, else FOOTFALL_TOKEN).")
    var tokenFile: String?

    @Option(help: "The detection model: ONNX, or Darknet weights with the .cfg beside it (FOOTFALL_MODEL).")
    var model: String?

    @OptionGroup var streams: StreamOptions

    @Option(help: "trace, debug, info, notice, warning, error or critical (FOOTFALL_LOG_LEVEL).")
    var logLevel: String?

    @Option(help: "text or json: how the log is written (FOOTFALL_LOG_FORMAT, text).")
    var logFormat: String?

    @Flag(help: "End as soon as standard input does, as it does when the process that holds it ends.")
    var exitWithParent = false

    /// The memory that is left to others suffices for the system and a database; it counts what threads reserve, too.
    var confinement: Confinement {
        let files = [
            setting(tokenFile, "TOKEN_FILE"), setting(serverCaFile, "SERVER_CA_FILE"), serverCertificate,
            setting(model, "MODEL"),
        ]
        return streams.confinement(
            reading: files, memory: max(4 << 30, ProcessInfo.processInfo.physicalMemory / 4 * 3), oomScore: 500)
    }

    private func setting(_ flag: String?, _ variable: String) -> String? {
        flag ?? ProcessInfo.processInfo.environment.withoutEmptySettings["FOOTFALL_" + variable]
    }

    func run() async throws {
        outliveReaders()
        let environment = ProcessInfo.processInfo.environment.withoutEmptySettings

        let address = setting(server, "SERVER_URL") ?? "http://127.0.0.1:3002"
        guard let url = URL(string: address), ["http", "https"].contains(url.scheme), let host = url.host else {
            throw ValidationError("the server's address is \(address), not http://… or https://…")
        }
        // Its host is not compared with the certificate's: another machine could be anybody.
        guard serverCertificate == nil || ServerTrust.isOfThisMachine(host) else {
            throw ValidationError(
                "--server-certificate is for a server on this machine, which \(host) is not; the authority of one "
                    + "elsewhere goes into --server-ca-file")
        }
        let level = setting(logLevel, "LOG_LEVEL") ?? "info"
        guard let level = Logger.Level(rawValue: level) else {
            throw ValidationError("the log level is \(level), not one of \(Logger.Level.allCases)")
        }
        let format = setting(logFormat, "LOG_FORMAT") ?? "text"
        guard let format = LogFormat(rawValue: format) else {
            throw ValidationError("the log format is \(format), not text or json")
        }
        let logger = format.makeLogger(label: "footfall-worker", level: level)

        for gap in Confinement.gaps { logger.notice("not confined", metadata: ["reason": "\(gap)"]) }

        let id = setting(id, "WORKER_ID") ?? WorkerID.default.text
        do throws(InvalidValue) { _ = try WorkerID(id) } catch {
            throw ValidationError("the worker's id (FOOTFALL_WORKER_ID) is \(id). \(error)")
        }
        let token =
            setting(tokenFile, "TOKEN_FILE").map { BearerToken.file($0) }
            ?? environment["FOOTFALL_TOKEN"].map { BearerToken.given($0) }
        let trust = ServerTrust(
            authorities: setting(serverCaFile, "SERVER_CA_FILE"), ownServer: serverCertificate)
        let connections = ServerConnections(trust)
        let client = ServerClient(server: address, workerID: id, token: token, connections: connections)
        let worker = Worker(
            id: id, client: client, model: setting(model, "MODEL"),
            door: try streams.door(), logger: logger)
        if exitWithParent { ParentWatch.start() }
        let group = ServiceGroup(services: [worker], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        do { try await group.run() } catch {
            await connections.close()
            throw error
        }
        await connections.close()
    }
}

/// Ends the process when standard input does. Nothing is flushed: whoever held the other end was killed, and what was
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
