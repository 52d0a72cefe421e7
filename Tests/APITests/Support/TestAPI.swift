import API
import Access
import Counting
import EventLog
import EventSourcing
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Installation
import Logging
import Postgres
import Projector
import Resilience
import Secrets
import StreamPolicy
import Synchronization
import TestSupport
import Testing
import UseCases

/// The API behind its real router, as a client sees it.
struct TestAPI: Sendable {
    let client: any TestClientProtocol
    let log: any EventLog
    let clock: TestClock
    /// The test's database; nil where the log is in memory.
    var target: ConnectionTarget?
    var pool: Pool?
    var checkpoints: Checkpoints?
    /// What is behind the router.
    var backend: Backend?
    /// What the database shows of `clock`; nil where it shows its own.
    var databaseClock: DatabaseClock?
    /// Sent with each request, where requests are to prove who sends them.
    var token: String?

    static let json: HTTPFields = [.contentType: "application/json"]

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, headers: HTTPFields = [:]
    ) async throws -> Answer {
        var headers = headers
        if let token { headers[.authorization] = "Bearer \(token)" }
        if body != nil, headers[.contentType] == nil { headers[.contentType] = "application/json" }
        return Answer(
            try await client.execute(
                uri: "/api/v1" + path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) }))
    }

    func get(_ path: String, headers: HTTPFields = [:]) async throws -> Answer {
        try await send(.get, path, headers: headers)
    }

    func post(_ path: String, _ body: String? = nil, headers: HTTPFields = [:]) async throws -> Answer {
        try await send(.post, path, body, headers: headers)
    }

    func put(_ path: String, _ body: String, ifMatch: String?) async throws -> Answer {
        try await send(.put, path, body, headers: ifMatch.map { [.ifMatch: $0] } ?? [:])
    }

    func patch(_ path: String, _ body: String, ifMatch: String?) async throws -> Answer {
        try await send(.patch, path, body, headers: ifMatch.map { [.ifMatch: $0] } ?? [:])
    }

    func delete(_ path: String, ifMatch: String?) async throws -> Answer {
        try await send(.delete, path, headers: ifMatch.map { [.ifMatch: $0] } ?? [:])
    }

    /// Lets time pass, for the database too.
    func advance(by duration: Duration) async throws {
        clock.advance(by: duration)
        try await databaseClock?.show(clock.now)
    }

    /// Does something at an earlier time, as the database has it.
    func earlier(_ instant: String, _ body: () async throws -> Void) async throws {
        let clock = try #require(databaseClock)
        try await clock.show(try #require(Timestamp(rfc3339: instant)))
        try await body()
        try await clock.show(self.clock.now)
    }

    /// What is read from here on reflects all that was written.
    func settle() async throws { _ = try await get("/cameras/health/summary?min_position=\(try await log.head())") }

    /// The same API, for anyone who has this token.
    func with(_ token: String?) -> TestAPI {
        var api = self
        api.token = token
        return api
    }

    /// Registers a camera and returns its id.
    @discardableResult
    func register(_ body: String = TestAPI.camera()) async throws -> Int64 {
        let answer = try await post("/cameras", body)
        try #require(answer.status == 201, "\(answer.body)")
        return try #require(answer["id"]?.integer)
    }

    /// A body that registers or replaces a camera, with members added: lines too, unless it gets those of `lines`.
    static func camera(
        _ members: String = "", name: String = "Entrance", lines: [String] = ["door", "gate"]
    ) -> String {
        let more = members.contains(#""lines":"#) ? "" : #","lines":[\#(lines.map(line).joined(separator: ","))]"#
        return
            #"{"name":"\#(name)","stream_url":"rtsp://10.0.0.5/s","stream_type":"rtsp"\#(members.isEmpty ? "" : ",")\#(members)\#(more)}"#
    }

    /// - Parameter name: as it stands in JSON.
    static func line(_ name: String) -> String {
        #"{"name":"\#(name)","from":[0,0.5],"to":[1,0.5],"inside":[0.5,0.9]}"#
    }
}

extension StreamPolicy {
    /// The defaults, and names that no test looks up elsewhere: all others have no address.
    static let test = StreamPolicy(
        resolver: NameResolver { (name: String) throws(NameResolver.Failure) in
            let addresses = [
                "private.test": "10.0.0.5", "loopback.test": "127.0.0.1", "metadata.test": "169.254.169.254",
            ]
            guard let address = addresses[name].flatMap({ IPAddress($0) }) else { throw .notFound }
            return [IPAddress("8.8.8.8") ?? address, address]
        })
}

/// Shows the time that a test sets.
final class TestClock: Sendable {
    private let instant: Mutex<Timestamp>

    init(_ text: String) { instant = Mutex(Timestamp(rfc3339: text) ?? Timestamp(microseconds: 0)) }

    var now: Timestamp { instant.withLock(\.self) }

    func advance(by duration: Duration) { instant.withLock { $0 = $0 + duration } }
}

/// Commands alone: a log in memory, and a database that is not there.
func withCommands(
    log: (any EventLog)? = nil, policy: NetworkPolicy = NetworkPolicy(), authentication: Authentication = .off,
    rateLimiter: RateLimiter? = nil, prober: StreamProber = .unavailable, logger: Logger = .silent,
    _ body: @Sendable (TestAPI) async throws -> Void
) async throws {
    let clock = TestClock("2026-03-29T12:00:00Z")
    let log = log ?? InMemoryEventLog(now: { clock.now })
    let nowhere = ConnectionTarget("host=/nonexistent")
    let pool = Pool(nowhere, logger: .silent)
    let listener = Listener(nowhere, channels: [], logger: .silent)
    let ids = Atomic<Int64>(0)
    var backend = Backend(
        log: log, requests: (log as? any IdempotentRequests) ?? InMemoryEventLog(now: { clock.now }), pool: pool,
        checkpoints: Checkpoints(pool: pool, listener: listener, logger: .silent), vault: .inMemory(), streams: .test,
        authentication: authentication,
        newCameraID: { try CameraID(ids.wrappingAdd(1, ordering: .relaxed).newValue) }, now: { clock.now },
        rateLimiter: rateLimiter)
    backend.addProber(prober)
    let application = Application(router: NormalizingRouter(backend.makeRouter(policy)), logger: logger)
    try await application.test(.router) { [backend] client in
        try await body(TestAPI(client: client, log: log, clock: clock, backend: backend))
    }
}

/// Everything: a database of the test's own, its projections running unless `projecting` is false.
/// - Parameters:
///   - clocked: whether the database's time is that of the test's clock, as the API's is.
///   - positionTimeout: longer than a server's, since a read model of many on a busy machine may lag.
func withAPI(
    _ setup: TestingSetup = .router, projecting: Bool = true, clocked: Bool = false,
    policy: NetworkPolicy = NetworkPolicy(),
    positionTimeout: Duration = .seconds(15), maximumWaiting: Int = 1024, exportTimeout: Duration = .seconds(30),
    prober: StreamProber = .unavailable,
    authentication: Authentication = .off,
    circuits: [CircuitBreaker] = [],
    masterKeys: MasterKeyring = MasterKeyring(MasterKey.random()), logger: Logger = .silent,
    _ body: @escaping @Sendable (TestAPI) async throws -> Void
) async throws {
    let projections = try ProjectionDefinition.load(from: ReleaseFiles.locate().projections)
    try await TestCluster.shared.withDatabase { target in
        let clock = TestClock("2026-03-29T12:00:00Z")
        let databaseClock = clocked ? try await DatabaseClock.install(on: target, showing: clock.now) : nil
        try await withPostgresLog(target) { log, pool in
            let slowPool = Pool(target.cancellingUnawaited(), size: 4, logger: .silent)
            defer { slowPool.close() }
            let listener = Listener(target, channels: Projector.channels, logger: .silent)
            let checkpoints = Checkpoints(pool: pool, listener: listener, logger: .silent)
            var backend = Backend(
                log: log, requests: log, pool: pool, slowPool: slowPool, checkpoints: checkpoints,
                vault: CameraVault(store: PostgresSecretStore(pool: pool), masterKeys: masterKeys),
                positionTimeout: positionTimeout,
                maximumWaiting: maximumWaiting,
                streams: .test, authentication: authentication,
                exportTimeout: exportTimeout,
                newCameraID: Backend.cameraIDs(from: pool), now: { clock.now }, circuits: circuits)
            backend.addProber(prober)
            let application = Application(
                router: NormalizingRouter(backend.makeRouter(policy)), server: policy.server(),
                configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)), logger: logger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await listener.run() }
                group.addTask { await checkpoints.run() }
                if projecting {
                    group.addTask {
                        await Projector(projections, on: target, listener: listener, logger: .silent).run()
                    }
                }
                defer { group.cancelAll() }
                try await application.test(setup) { [backend] client in
                    let api = TestAPI(
                        client: client, log: log, clock: clock, target: target, pool: pool, checkpoints: checkpoints,
                        backend: backend, databaseClock: databaseClock)
                    for await _ in listener.signals(on: "footfall_projections") {
                        if !projecting { break }
                        if try await api.get("/health/ready").status == 200 { break }
                    }
                    try await body(api)
                }
            }
        }
    }
}
