import Logging
import Postgres
import Release
import Resilience
import Synchronization

/// This process's part in sharing the projections out among all processes on the database.
///
/// It holds a session with the server. On it, for each projection that its release has, a shared advisory lock says that
/// the process could apply it, and an exclusive one that it does; everybody reads them in `pg_locks`. The server ends
/// the session, and with it the locks, as soon as the process is gone; within three seconds where it cannot be reached
/// or does not come to speak. The locks only see to it that one applies; that none applies twice is seen to by the lock
/// on the checkpoint.
struct ProjectionShares: Sendable {
    static let channel = "footfall_projectors"

    /// The names of projections by the second half of their locks' keys.
    private typealias Names = [Int64: String]

    private let runners: [String: ProjectionRunner]
    private let target: ConnectionTarget
    private let listener: Listener
    private let logger: Logger

    init(_ runners: [ProjectionRunner], on target: ConnectionTarget, listener: Listener, logger: Logger) {
        self.runners = Dictionary(runners.map { ($0.projection, $0) }) { first, _ in first }
        self.target = target.named("footfall projector", requestTimeout: .seconds(3))
        self.listener = listener
        self.logger = logger
    }

    private static let session = """
        set idle_session_timeout = '3s';
        set tcp_user_timeout = '3s'; set tcp_keepalives_idle = 1; set tcp_keepalives_interval = 1;
        set tcp_keepalives_count = 2
        """

    /// Returns when its task is cancelled, once the steps in flight are done and the locks given up.
    func run() async {
        await retrying("sharing projections", longestPause: .seconds(1), logger: logger) {
            let connection = try await Connection.open(target, logger: logger)
            defer { connection.close() }
            try await connection.script(Self.session)
            let names = try await offer(on: connection)
            let session = try await connection.query("select pg_backend_pid() as pid")[0].integer("pid")
            try await withThrowingDiscardingTaskGroup { group in
                defer { group.cancelAll() }
                var stopping: [String: AsyncStream<Void>.Continuation] = [:]
                for await _ in listener.signals(on: Self.channel) {
                    var shares = try await shares(names, on: connection)
                    if let excess = shares.toGiveUp(by: session) { stopping[excess]?.finish() }
                    var refused: Set<String> = []
                    while let projection = shares.toTake(by: session, refused: refused),
                        let runner = runners[projection]
                    {
                        guard try await take(projection, on: connection) else {
                            refused.insert(projection)
                            continue
                        }
                        shares.holding[session, default: []].insert(projection)
                        let (stop, continuation) = AsyncStream.makeStream(of: Void.self)
                        stopping[projection] = continuation
                        group.addTask {
                            await run(runner, until: stop)
                            do { try await giveUp(projection, on: connection) } catch {
                                // The locks end with the session.
                                connection.close()
                                throw error
                            }
                        }
                    }
                }
            }
        }
    }

    /// Says which projections this process could apply.
    private func offer(on connection: Connection) async throws(PostgresError) -> Names {
        let rows = try await connection.query(
            Self.offer, ["space": .lock(LockSpace.candidates), "projections": .texts(runners.keys.sorted())])
        var names: Names = [:]
        for row in rows { names[try row.integer("key")] = try row.text("name") }
        try await tellOthers(on: connection)
        return names
    }

    private func shares(_ names: Names, on connection: Connection) async throws(PostgresError) -> Shares {
        let locks = try await connection.pipeline([
            Self.locks.statement([
                "candidates": .lock(LockSpace.candidates), "projections": .lock(LockSpace.projections),
            ]),
            Self.sight.statement(["process": .text(ThisProcess.name)]),
        ])[0]
        var shares = Shares()
        for lock in locks {
            let (session, space) = (try lock.integer("pid"), try lock.integer("space"))
            guard let name = names[try lock.integer("key")] else { continue }
            if space == LockSpace.candidates.rawValue {
                shares.able[session, default: []].insert(name)
            } else {
                shares.holding[session, default: []].insert(name)
            }
        }
        return shares
    }

    private func take(_ projection: String, on connection: Connection) async throws(PostgresError) -> Bool {
        guard try await SessionLock(.projections, projection).tryToTake(on: connection) else { return false }
        try await connection.query(
            Self.beginning, ["projection": .text(projection), "process": .text(ThisProcess.name)])
        logger.info("applying projection", metadata: ["projection": "\(projection)"])
        return true
    }

    private func run(_ runner: ProjectionRunner, until stop: AsyncStream<Void>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await runner.run() }
            group.addTask { for await _ in stop {} }
            await group.next()
            group.cancelAll()
        }
    }

    private func giveUp(_ projection: String, on connection: Connection) async throws(PostgresError) {
        try await connection.query(
            Self.ending, ["projection": .text(projection), "process": .text(ThisProcess.name)])
        try await SessionLock(.projections, projection).giveUp(on: connection)
        try await tellOthers(on: connection)
        logger.info("gave up projection", metadata: ["projection": "\(projection)"])
    }

    private func tellOthers(on connection: Connection) async throws(PostgresError) {
        try await connection.notify(Self.channel)
    }
}

extension ProjectionShares {
    private static let offer = SQLQuery(
        "offer_projections",
        """
        select
          name, hashtext(name)::bigint & 4294967295 as key,
          pg_advisory_lock_shared(:space::int, hashtext(name))::text as taken
        from unnest(:projections::text[]) as name
        """, parameters: ["space": .integer, "projections": .texts],
        columns: ["name": .text, "key": .integer, "taken": .text])

    private static let locks = SQLQuery(
        "locks_on_projections",
        """
        select pid, classid as space, objid as key
        from pg_locks
        where locktype = 'advisory' and granted and classid in (:candidates::oid, :projections::oid)
          and database = (select oid from pg_database where datname = current_database())
        """, parameters: ["candidates": .integer, "projections": .integer],
        columns: ["pid": .integer, "space": .integer, "key": .integer])

    private static let sight = SQLQuery(
        "show_runner",
        """
        update projection_runners
        set seen_at = clock_timestamp()
        where process = :process and ended_at is null and seen_at < clock_timestamp() - interval '5 seconds'
        """, parameters: ["process": .text])

    private static let beginning = SQLQuery(
        "begin_running",
        """
        insert into projection_runners (projection, process) values (:projection, :process)
        on conflict (projection) do update
        set process = excluded.process, began_at = excluded.began_at, seen_at = excluded.seen_at, ended_at = null
        """, parameters: ["projection": .text, "process": .text])

    private static let ending = SQLQuery(
        "end_running",
        """
        update projection_runners set seen_at = clock_timestamp(), ended_at = clock_timestamp()
        where projection = :projection and process = :process
        """, parameters: ["projection": .text, "process": .text])

    static let queries = [offer, locks, sight, beginning, ending]
}
