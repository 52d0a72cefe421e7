import Access
import Counting
import EventSourcing
import OpenTelemetry
import Postgres
import Projector
import Resilience
import Secrets
import StreamPolicy
import UseCases

/// What the API works on; handed over by the program that serves it.
package struct Backend: Sendable {
    let log: any EventLog
    let requests: any IdempotentRequests
    let readModels: ReadModels
    /// For reads that may take long.
    let slowReads: ReadModels
    let turns = UserTurns()
    let intake: IntakeLimits
    let streams: StreamPolicy
    let authentication: Authentication
    let vault: CameraVault
    var prober = StreamProber.unavailable
    let newCameraID: @Sendable () async throws -> CameraID
    let now: @Sendable () -> Timestamp
    let clockTolerance: Duration
    /// Served where there is one.
    var documentation: Documentation?
    /// How long an export waits for a reader that takes nothing.
    let exportTimeout: Duration
    let exportPermits: Semaphore
    let rateLimiter: RateLimiter?
    /// Of the lines that requests cause in the log.
    package let floods = FloodGate()
    let circuits: [CircuitBreaker]
    /// For `/health/live`.
    package let liveness = Liveness()
    let metrics: PrometheusMetrics

    /// - Parameters:
    ///   - requests: keeps what became of requests under keys, together with what they append to `log`.
    ///   - pool: lends connections for reading; `read.*` and the log's own tables are read through it.
    ///   - slowPool: lends connections for reads that may take long, so that they keep none of the others waiting; nil: the
    ///     same.
    ///   - checkpoints: must be running, for reads that wait for a position.
    ///   - streams: where cameras' streams may lie.
    ///   - authentication: how requests prove who sends them.
    ///   - newCameraID: gives each id once.
    ///   - vault: keeps what cameras keep secret.
    ///   - positionTimeout: how long a read waits for the position that it asks for.
    ///   - maximumWaiting: how many reads wait for a position at a time; others are answered 503.
    ///   - exportTimeout: how long an export waits for a reader that takes nothing.
    ///   - now: the server's clock.
    ///   - clockTolerance: how far a device's clock may be away from it.
    ///   - rateLimiter: counts requests against their users' limits; nil limits nobody.
    ///   - circuits: of what the process uses beside the database, for `/health/ready`.
    ///   - metrics: what the process measures, for `/metrics`.
    package init(
        log: any EventLog, requests: any IdempotentRequests, pool: Pool, slowPool: Pool? = nil,
        checkpoints: Checkpoints, vault: CameraVault, positionTimeout: Duration = .seconds(5),
        maximumWaiting: Int = 1024,
        streams: StreamPolicy = StreamPolicy(),
        authentication: Authentication,
        exportTimeout: Duration = .seconds(30),
        newCameraID: @escaping @Sendable () async throws -> CameraID, now: @escaping @Sendable () -> Timestamp,
        clockTolerance: Duration = ObservationTime.tolerance,
        rateLimiter: RateLimiter? = nil, circuits: [CircuitBreaker] = [],
        metrics: PrometheusMetrics = PrometheusMetrics()
    ) {
        let log = TracedEventLog(log)
        self.log = log
        self.requests = requests
        self.vault = vault
        readModels = ReadModels(
            pool: pool, checkpoints: checkpoints, log: log, positionTimeout: positionTimeout,
            maximumWaiting: maximumWaiting)
        slowReads = readModels.through(slowPool ?? pool)
        self.streams = streams
        self.authentication = authentication
        self.newCameraID = newCameraID
        self.now = now
        intake = IntakeLimits(now: now)
        self.clockTolerance = clockTolerance
        self.exportTimeout = exportTimeout
        let exports = max(1, slowReads.pool.size / 2)
        exportPermits = Semaphore(exports, ofUser: max(1, exports / 2))
        self.rateLimiter = rateLimiter
        self.metrics = metrics
        self.circuits = circuits + [authentication.circuit, rateLimiter?.circuit].compactMap(\.self)
    }

    package var probes: StreamProbes { StreamProbes(log: log, vault: vault, prober: prober, now: now) }

    /// Lets cameras' streams be looked at.
    package mutating func addProber(_ prober: StreamProber) { self.prober = prober }

    /// Ids from the database's sequence; some are skipped when a registration fails.
    package static func cameraIDs(from pool: Pool) -> @Sendable () async throws -> CameraID {
        { try CameraID(try await pool.query("select nextval('camera_ids') as id")[0].integer("id")) }
    }
}
