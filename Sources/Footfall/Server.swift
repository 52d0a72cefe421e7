import API
import Access
import Counting
import EventLog
import EventSourcing
import Foundation
import Hummingbird
import HummingbirdCore
import Installation
import Logging
import Metrics
import NIOCore
import NIOPosix
import OpenTelemetry
import Postgres
import Projector
import Reactions
import Release
import Secrets
import ServiceLifecycle
import StreamPolicy
import StructuredLogging
import Transparency
import UseCases

/// All long-running parts of the process, as one group: started in order, stopped in the reverse order.
struct Server {
    private let target: ConnectionTarget
    private let readers: Pool
    private let slowReaders: Pool
    private let writer: Pool
    private let checkpoints: Checkpoints
    private let log: PostgresEventLog
    private let logger: Logger
    private let router: NormalizingRouter
    private let listening: InstallationSettings.Listening
    private let policy: NetworkPolicy
    private let identity: ServerIdentity?
    private var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
    /// Parts that report to the API, or that show it off: stopped before it.
    private var clients: [ServiceGroupConfiguration.ServiceConfiguration] = []
    private let liveness: Liveness
    /// How many sessions with the database there are at most.
    private let sessions: Int
    private var onListening: [@Sendable (Int) -> Void] = []

    /// - Parameters:
    ///   - fileStreamRoot: the folder of file streams where the settings name none.
    ///   - exporter: sends spans, where they are sent.
    init(
        on target: ConnectionTarget, _ settings: ServerSettings, fileStreamRoot: String? = nil,
        files: ReleaseFiles, masterKeys: MasterKeyring, checkpointSigners: [NoteSigner],
        authentication: Authentication, exporter: SpanExporter?, logger: Logger
    ) throws {
        self.target = target
        self.logger = logger
        listening = settings.listening
        policy = settings.policy
        identity = try settings.listening.tls.map { try ServerIdentity(certificate: $0.certificate, key: $0.key) }
        var target = target
        target.history = History(ofLog: logger)
        let watched = target.loggingQueries(from: settings.slowQuery)
        let waiting = watched.waitingForLocks(atMost: Self.lockTimeout)
        let reading = waiting.cancellingUnawaited()
        readers = Pool(
            reading.named("footfall api").limitingStatements(to: Self.readTimeout), size: settings.sessions.readers,
            logger: logger)
        slowReaders = Pool(
            reading.named("footfall slow").limitingStatements(to: Self.slowTimeout),
            size: settings.sessions.slowReaders, logger: logger)
        writer = Pool(
            waiting.named("footfall log").limitingStatements(to: Self.slowTimeout), size: settings.sessions.writers,
            logger: logger)
        log = PostgresEventLog(readers: readers, writer: writer)
        let channels =
            Projector.channels + Reactions.channels + [PostgresSecretStore.channel, TokenRevocation.channel]
        let listener = Listener(target.named("footfall listener"), channels: channels, logger: logger)
        checkpoints = Checkpoints(pool: readers, listener: listener, logger: logger)
        let definitions = try ProjectionDefinition.load(from: files.projections)
        sessions = settings.sessions.most(projections: definitions.count, reactions: Server.reactions.count)
        let projector = Projector(definitions, on: target, listener: listener, logger: logger)
        let checks = SampleChecks(definitions, of: CameraID.streamFamily, on: target, logger: logger)
        let vault = CameraVault(store: PostgresSecretStore(pool: readers), masterKeys: masterKeys)
        let erasures = ErasureWatch(vault: vault, pool: readers, listener: listener, logger: logger)
        var backend = Backend(
            log: log, requests: log, pool: readers, slowPool: slowReaders, checkpoints: checkpoints, vault: vault,
            streams: StreamPolicy(networks: settings.streamNetworks), authentication: authentication,
            newCameraID: Backend.cameraIDs(from: readers), now: Server.now,
            clockTolerance: settings.clockTolerance,
            rateLimiter: RateLimiter(settings.rates, redis: settings.redis.map { RedisRates($0) }, logger: logger),
            metrics: processMetrics)
        try backend.addDocumentation(from: files.openAPI, swaggerUI: files.swaggerUI)
        let probing = settings.installation.streamArguments(fileStreamRoot: fileStreamRoot)
        var check = CameraMonitor.silence
        if let probe = ProbeProcess(arguments: probing) {
            backend.addProber(probe.prober)
            check = CameraMonitor.looking(by: backend.probes)
        }
        router = NormalizingRouter(backend.makeRouter(policy))
        liveness = backend.liveness
        let checkpoints = checkpoints
        let monitor = CameraMonitor(log, on: target, logger: logger, check: check)
        let reactions = Reactions(Server.reactions, log: log, on: target, listener: listener, logger: logger)
        let sweeper = RequestSweeper(log, logger: logger)
        // Half of the time to gather in, the other half to seal in.
        let sealer = Sealer(
            on: target, signers: checkpointSigners, delay: settings.sealWithin / 2, logger: logger)
        let seals = SealWatch(pool: readers, metrics: processMetrics, logger: logger)
        let stalls = StallWatch(MultiThreadedEventLoopGroup.singleton, metrics: processMetrics, logger: logger)
        let floods = FloodReport(backend.floods, logger: logger)
        let revocations = authentication.revocations.map {
            RevocationWatch($0, log: log, pool: readers, listener: listener, logger: logger)
        }
        let clock = ClockWatch(pool: readers, metrics: processMetrics, logger: logger)
        services = [
            .essential(UntilShutdown { await listener.run() }),
            .essential(UntilShutdown { await checkpoints.run() }),
            .essential(UntilShutdown { await erasures.run() }),
            .essential(UntilShutdown { await projector.run() }),
            .essential(UntilShutdown { await checks.run() }),
            .essential(UntilShutdown { await reactions.run() }),
            .essential(UntilShutdown { await monitor.run() }),
            .essential(UntilShutdown { await sweeper.run() }),
            .essential(UntilShutdown { await clock.run() }),
            .essential(UntilShutdown { await stalls.run() }),
            .essential(UntilShutdown { await floods.run() }),
            .essential(UntilShutdown { await sealer.run(listener: listener) }),
            .essential(UntilShutdown { await seals.run() }),
        ]
        if let revocations { services.append(.essential(UntilShutdown { await revocations.run() })) }
        // Stopped after all that has spans.
        if let exporter { services.insert(.essential(exporter), at: 0) }
    }

    /// Long for anything that the programs do to each other, and short for a client that waits.
    private static let lockTimeout = Duration.seconds(4)

    /// How long the database may work on a statement: on one that is quick as a rule, and on others. Both end before
    /// the request is given up at this end.
    private static let readTimeout = Duration.seconds(10)
    private static let slowTimeout = Duration.seconds(25)

    static let now: @Sendable () -> Timestamp = {
        Timestamp(microseconds: Int64((Date().timeIntervalSince1970 * 1_000_000).rounded()))
    }

    /// Starts the embedded server again when it ends; where that is given up, the process ends. Stopped last, for
    /// others need the database until they have stopped.
    mutating func keep(_ embedded: EmbeddedPostgres) {
        let keeper = UntilShutdown { [liveness] in
            try await embedded.keepRunning { liveness.set(fault: $0) }
        }
        services.insert(.essential(keeper), at: 0)
    }

    /// A worker process that reports to this server; it is stopped first, while it can still report.
    mutating func addWorker(executable: URL, arguments: [String], token: WorkerToken?) {
        clients.append(
            .essential(
                WorkerProcess(
                    executable: executable, arguments: arguments, token: token, origin: listening.originFromHere,
                    ports: listeningPort(), untilReady: { [checkpoints] in await Self.firstBuild(in: checkpoints) },
                    logger: logger)))
    }

    /// Returns once there is a read model of cameras, or the task is cancelled.
    private static func firstBuild(in checkpoints: Checkpoints) async {
        while !Task.isCancelled, await !checkpoints.wait(for: ["camera_state"], toReach: 0, timeout: .seconds(60)) {}
    }

    /// Sees to it that the demo camera is there; ends when it is.
    /// - Parameter folder: the data directory whose key signs tokens; nil where none are asked for.
    mutating func addDemo(clip: URL, tokensFrom folder: URL?) {
        let demo = DemoCamera(
            clip: clip, log: log, pool: readers, checkpoints: checkpoints, origin: listening.originFromHere,
            ports: listeningPort(), tokenFolder: folder)
        clients.append(
            .init(
                service: demo, successTerminationBehavior: .ignore,
                failureTerminationBehavior: .gracefullyShutdownGroup))
    }

    /// Says, once, on which port the API listens.
    private mutating func listeningPort() -> AsyncStream<Int> {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        onListening.append { port in
            continuation.yield(port)
            continuation.finish()
        }
        return ports
    }

    /// How many connections beside those that may be open are on their way to be closed.
    private static let closingConnections = 256

    private func application() -> some Service {
        Application(
            router: router,
            server: policy.server(identity),
            configuration: ApplicationConfiguration(
                address: .hostname(listening.host, port: listening.port), serverName: "footfall",
                availableConnectionsDelegate: MaximumAvailableConnections(
                    policy.maximumConnections + Self.closingConnections, logger: logger)),
            onServerRunning: { [listening, onListening] channel in
                let port = channel.localAddress?.port ?? listening.port
                announce("API:      \(listening.base(port: port))/api/v1")
                for tell in onListening { tell(port) }
            },
            logger: logger)
    }

    private func checkSessions() async throws(PostgresError) {
        let connection = try await Connection.open(target, logger: logger)
        defer { connection.close() }
        if let warning = try await SessionBudget(on: connection).warning(for: sessions) {
            logger.warning("\(warning)")
        }
    }

    /// Runs until SIGINT or SIGTERM, or until a part fails.
    func run() async throws {
        defer {
            readers.close()
            slowReaders.close()
            writer.close()
        }
        logger.info("footfall starts", metadata: ["version": "\(Release.version)"])
        Gauge(label: "footfall_build_info", dimensions: [("version", Release.version)], factory: processMetrics).record(
            1)
        try await checkSessions()
        OpenFiles.allowAll()
        let reload = identity.map { CertificateReload(identity: $0, logger: logger) }
        var configuration = ServiceGroupConfiguration(
            services: services + (reload.map { [.essential($0)] } ?? []) + [.essential(application())] + clients,
            gracefulShutdownSignals: [.sigint, .sigterm],
            logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(30)
        do { try await ServiceGroup(configuration: configuration).run() } catch let error as IOError {
            throw StartFailure("the API cannot listen on \(listening.host), port \(listening.port): \(error)")
        }
    }
}

/// What the process measures.
let processMetrics: PrometheusMetrics = {
    let metrics = PrometheusMetrics()
    MetricsSystem.bootstrap(metrics)
    return metrics
}()

/// Prints a line for the person or program that started the process.
func announce(_ text: String) { FileHandle.standardOutput.say(text + "\n") }

/// Why the process could not begin its work.
struct StartFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// A service that works until it is told to stop.
private struct UntilShutdown: Service {
    let work: @Sendable () async throws -> Void

    func run() async throws { try await cancelWhenGracefulShutdown(work) }
}

extension ServiceGroupConfiguration.ServiceConfiguration {
    /// A service without which the process ends, in order.
    fileprivate static func essential(_ service: any Service) -> Self {
        Self(
            service: service, successTerminationBehavior: .gracefullyShutdownGroup,
            failureTerminationBehavior: .gracefullyShutdownGroup)
    }
}
