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
            let session = try await connection.query("select pg_backend_pid()")[0].integer(0)
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
            """
            select name, hashtext(name)::bigint & 4294967295, pg_advisory_lock_shared($1::int, hashtext(name))::text
            from unnest($2::text[]) as name
            """, [.lock(LockSpace.candidates), .texts(runners.keys.sorted())])
        var names: Names = [:]
        for row in rows { names[try row.integer(1)] = try row.text(0) }
        try await tellOthers(on: connection)
        return names
    }

    private func shares(_ names: Names, on connection: Connection) async throws(PostgresError) -> Shares {
        let locks = try await connection.pipeline([
            Statement(
                """
                select pid, classid, objid
                from pg_locks
                where locktype = 'advisory' and granted and classid in ($1::oid, $2::oid)
                  and database = (select oid from pg_database where datname = current_database())
                """, [.lock(LockSpace.candidates), .lock(LockSpace.projections)]),
            Statement(
                """
                update projection_runners
                set seen_at = clock_timestamp()
                where process = $1 and ended_at is null and seen_at < clock_timestamp() - interval '5 seconds'
                """, [.text(ThisProcess.name)]),
        ])[0]
        var shares = Shares()
        for lock in locks {
            let (session, space) = (try lock.integer(0), try lock.integer(1))
            guard let name = names[try lock.integer(2)] else { continue }
            if space == LockSpace.candidates.rawValue {
                shares.able[session, default: []].insert(name)
            } else {
                shares.holding[session, default: []].insert(name)
            }
        }
        return shares
    }

    private func take(_ projection: String, on connection: Connection) async throws(PostgresError) -> Bool {
        let isTaken = try await connection.query(
            "select pg_try_advisory_lock($1::int, hashtext($2))",
            [.lock(LockSpace.projections), .text(projection)])[0].bool(0)
        guard isTaken else { return false }
        try await connection.query(
            """
            insert into projection_runners (projection, process) values ($1, $2)
            on conflict (projection) do update
            set process = excluded.process, began_at = excluded.began_at, seen_at = excluded.seen_at, ended_at = null
            """, [.text(projection), .text(ThisProcess.name)])
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
            """
            update projection_runners set seen_at = clock_timestamp(), ended_at = clock_timestamp()
            where projection = $1 and process = $2
            """, [.text(projection), .text(ThisProcess.name)])
        try await connection.query(
            "select pg_advisory_unlock($1::int, hashtext($2))", [.lock(LockSpace.projections), .text(projection)])
        try await tellOthers(on: connection)
        logger.info("gave up projection", metadata: ["projection": "\(projection)"])
    }

    private func tellOthers(on connection: Connection) async throws(PostgresError) {
        try await connection.query("select pg_notify($1, '')", [.text(Self.channel)])
    }
}
