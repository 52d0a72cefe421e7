import EventSourcing
import Postgres

/// Whether the log's database takes a commit now, found out by making one that changes nothing of the log: with a
/// notification in it, for a full NOTIFY queue refuses commits, too.
///
/// However many ask, one check is under way at a time, and what it came to holds for a second.
actor WriteCheck {
    private let pool: Pool
    private let limit: Duration
    /// A row of its own in append_calls, as of a writer that never appends.
    private let writer = Int64.random(in: .min ... .max)
    private var isUnderWay = false
    private var last: (at: ContinuousClock.Instant, outcome: Outcome)?
    private var waiting: [Int: CheckedContinuation<Outcome, Never>] = [:]
    private var nextID = 0

    typealias Outcome = Result<Void, EventLogError>

    /// - Parameter limit: how long a check may take before the log is taken to be closed; it goes on meanwhile, for a
    ///   commit that waits is not cancelled.
    init(on pool: Pool, limit: Duration = .seconds(3)) {
        self.pool = pool
        self.limit = limit
    }

    func run() async throws(EventLogError) {
        if let last, last.at.duration(to: .now) < .seconds(1) { return try last.outcome.get() }
        try await outcome().get()
    }

    private func outcome() async -> Outcome {
        let id = nextID
        nextID += 1
        return await withTaskGroup(of: Outcome?.self) { group in
            group.addTask { await self.wait(id) }
            group.addTask {
                try? await Task.sleep(for: self.limit)  // cancelled where there is an outcome
                await self.expire(id)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = await group.next(), let outcome = first else { return Self.late }
            return outcome
        }
    }

    private static let late = Outcome.failure(.unavailable(reason: "the database did not commit in time"))

    private func wait(_ id: Int) async -> Outcome {
        await withCheckedContinuation { continuation in
            waiting[id] = continuation
            guard !isUnderWay else { return }
            isUnderWay = true
            Task { await check() }  // outlives those who ask: a check that hangs is not begun again
        }
    }

    private func expire(_ id: Int) { waiting.removeValue(forKey: id)?.resume(returning: Self.late) }

    private func check() async {
        let outcome = await Self.commit(on: pool, as: writer)
        isUnderWay = false
        last = (.now, outcome)
        for continuation in waiting.values { continuation.resume(returning: outcome) }
        waiting = [:]
    }

    private static let writing = SQLQuery(
        "write_check",
        """
        insert into append_calls (writer, call, called_at, outcomes, first_positions, versions)
        values (:writer, 1, clock_timestamp(), '{}', '{}', '{}')
        on conflict (writer) do update set called_at = excluded.called_at
        """, parameters: ["writer": .integer])

    private static let notifying = SQLQuery("notify_write_check", "select pg_notify('footfall_write_check', '')")

    static let queries = [writing, notifying]

    private static func commit(on pool: Pool, as writer: Int64) async -> Outcome {
        let statements = [writing.statement(["writer": .integer(writer)]), notifying.statement()]
        do {
            _ = try await pool.withConnection { try await $0.pipeline(statements) }
            return .success(())
        } catch {
            return .failure(EventLogError(reading: error))
        }
    }
}
