import EventLog
import Logging
import Postgres
import Resilience

/// Keeps the active build of one read model up to date for as long as it runs.
///
/// Several may run at the same time without harm, since each range is applied under the lock on its checkpoint; that
/// only one does is the business of `ProjectionShares`.
struct ProjectionRunner: Sendable {
    static let maximumEventsPerStep: Int64 = 5000

    /// How long to rest after applying what there was, while events go on coming: three times as long as that took, and
    /// 100 ms at most. However little there is to apply, a step is a transaction of half a dozen statements, and there are
    /// as many as projections; the less the machine has left for them, the more events each takes in at once. The first
    /// event after a silence is applied at once.
    private static func rest(after step: Duration) -> Duration { min(step * 3, .milliseconds(100)) }

    let projection: String
    let target: ConnectionTarget
    let listener: Listener
    let stops: Stops
    let logger: Logger

    init(_ projection: String, on target: ConnectionTarget, listener: Listener, stops: Stops, logger: Logger) {
        self.projection = projection
        self.target = target.named("footfall projection \(projection)")
        self.listener = listener
        self.stops = stops
        self.logger = logger
    }

    /// A commit need not reach the disk: what a crash of the server takes back, it takes back with its checkpoint, and
    /// the events that it is made from are there. Readers see new events in half of the time.
    ///
    /// Where this process is gone or unreachable, the server gives up what the session was doing, so that another process
    /// is not kept waiting for its locks.
    private static let session = """
        set synchronous_commit = off;
        set client_connection_check_interval = '1s';
        set idle_in_transaction_session_timeout = '10s';
        set tcp_user_timeout = '3s'; set tcp_keepalives_idle = 1; set tcp_keepalives_interval = 1;
        set tcp_keepalives_count = 2
        """

    /// Returns when its task is cancelled, after the step in flight.
    func run() async {
        var limit = Self.maximumEventsPerStep
        var active: Build?
        await retrying("applying \(projection)", longestPause: .seconds(2), logger: logger) {
            let connection = try await Connection.open(target, logger: logger)
            defer { connection.close() }
            try await connection.script(Self.session)
            for await _ in listener.signals(on: eventsChannel) {
                let began = ContinuousClock.now
                try await stops.waitingThrough(projection, .active) {
                    try await applyAll(of: &active, upTo: &limit, on: connection)
                }
                try? await Task.sleep(for: Self.rest(after: began.duration(to: .now)))  // cancellation ends the loop
            }
        }
    }

    /// Applies until the active build is at the head of the log; nothing where there is no active build yet.
    /// - Parameter active: as far as it is known. One that another has taken the place of says so by itself.
    /// - Parameter limit: how many events the next step applies at most: one after a stop, fewer where a step took
    ///   longer than its connection's deadline, and more again from there.
    private func applyAll(of active: inout Build?, upTo limit: inout Int64, on connection: Connection) async throws {
        if active == nil { active = try await self.active(on: connection) }
        while let build = active, !Task.isCancelled {
            let step: Build.Step
            do { step = try await build.advance(by: limit, on: connection) } catch {
                limit = error is StoppedAtEvent ? 1 : max(1, limit / 8)
                try await build.recordIfLasting(error, on: connection)
                throw error
            }
            limit = min(limit * 8, Self.maximumEventsPerStep)
            if step.isRetired {
                active = try await self.active(on: connection)
            } else if step.isAtHead {
                return
            }
        }
    }

    private func active(on connection: Connection) async throws -> Build? {
        try await Build.all(of: projection, on: connection).first { $0.state == .active }
    }
}
