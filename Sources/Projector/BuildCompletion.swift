import Logging
import Postgres
import Resilience

/// Brings a build that this session has locked to where readers are given it: fills it in ranges of about a second, makes
/// its indexes, catches up and swaps it in. Every step is a transaction of its own and can be gone on with by another
/// session, whatever ended this one.
struct BuildCompletion: Sendable {
    let build: Build
    let definition: ProjectionDefinition
    /// Events a range; as many as take about a second where nil.
    let eventsPerRange: Int64?
    let connection: Connection
    let logger: Logger
    let onProgress: @Sendable (Rebuild.Progress) -> Void

    /// - Throws: `Rebuild.Failure.givenUp` where the build was retired meanwhile.
    func run() async throws {
        logger.info("filling build", metadata: metadata)
        try await connection.query(Self.beginning, ["build": .integer(build.id)])
        try await fill()
        if !build.isIndexed { try await index() }
        try await analyze()
        try await fill()
        try await activate()
        logger.info("activated build", metadata: metadata)
    }

    private var metadata: Logger.Metadata { ["projection": "\(build.projection)", "build": "\(build.id)"] }

    private func fill() async throws {
        var size = RangeSize()
        var rate: Double?
        while true {
            try Task.checkCancellation()
            let began = ContinuousClock.now
            let step = try await build.advance(by: eventsPerRange ?? size.events, on: connection)
            if step.isRetired { throw Rebuild.Failure.givenUp(projection: build.projection, build: build.id) }
            let took = began.duration(to: .now)
            size.learn(events: step.to - step.from, took: took)
            let throttle = try await report(rate)
            onProgress(Rebuild.Progress(build: build.id, position: step.to, head: step.head, rate: rate))
            if step.isAtHead { return }
            try await rest(after: took, throttle: throttle)
            let measured = Double(step.to - step.from) / (began.duration(to: .now) / .seconds(1))
            rate = rate.map { 0.7 * $0 + 0.3 * measured } ?? measured
        }
    }

    /// Writes down how fast it goes.
    /// - Returns: the throttle that is set, in percent.
    private func report(_ rate: Double?) async throws(PostgresError) -> Int64 {
        let rows = try await connection.pipeline([
            Self.report.statement(["build": .integer(build.id), "rate": .double(rate)]),
            // A plan that was made for a small range would be kept for the large ones.
            Statement("discard plans", prepared: false),
        ])
        return try rows[0].first?.integer("throttle") ?? 100
    }

    /// Rests so long that applying takes `throttle` percent of the time; what an operator sets meanwhile holds within
    /// a second.
    private func rest(after worked: Duration, throttle: Int64) async throws {
        var throttle = throttle
        let began = ContinuousClock.now
        while true {
            let left = worked * Int(100 - throttle) / Int(throttle) - began.duration(to: .now)
            if left <= .zero { return }
            try await Task.sleep(for: min(left, .seconds(1)))
            guard left > .seconds(1) else { return }
            throttle =
                try await connection.query(Self.throttle, ["build": .integer(build.id)]).first?.integer("throttle")
                ?? 100
        }
    }

    private func index() async throws {
        try await connection.query(Self.indexing, ["build": .integer(build.id)])
        try await connection.transaction {
            if let indexes = definition.indexes {
                try await connection.script("set local search_path = \(build.schema), public")
                try await connection.script(indexes)
            }
            try await connection.query(Self.indexed, ["build": .integer(build.id)])
        }
    }

    /// Gives the planner figures, of tables of ten pages or more. Of a smaller one that was never analyzed it assumes that
    /// many, for it will grow; where it knows better, it reads the table from end to end, by plans that sessions keep
    /// until autovacuum notices that it has grown: a minute at ten times the work.
    private func analyze() async throws {
        let tables = try await connection.query(Self.tables, ["schema": .text(build.schema)])
        for table in tables { try await connection.script("analyze \(try table.text("name"))") }
    }

    /// Swaps the views. A reader at the old ones makes it wait, and it gives way (before the server would look for
    /// deadlocks) rather than let readers queue up behind it.
    private func activate() async throws {
        var backoff = Backoff(first: .milliseconds(100), longest: .seconds(5))
        while true {
            do {
                try await connection.transaction {
                    try await connection.script("set local lock_timeout = '500ms'; set local synchronous_commit = on")
                    try await connection.query(Self.activation, ["build": .integer(build.id)])
                }
                return
            } catch let error as PostgresError where error.isSafeToRetry && connection.isOpen {
                try await Task.sleep(for: backoff.next())
                // What came meanwhile is not left to the swap, which holds up the active build.
                try await fill()
            }
        }
    }
}

extension BuildCompletion {
    private static let beginning = SQLQuery(
        "begin_filling", "update projection_builds set indexing_since = null, rate = null where build = :build",
        parameters: ["build": .integer])

    private static let report = SQLQuery(
        "report_filling", "update projection_builds set rate = :rate where build = :build returning throttle",
        parameters: ["build": .integer, "rate": .double], columns: ["throttle": .integer])

    private static let throttle = SQLQuery(
        "throttle_of_build", "select throttle from projection_builds where build = :build",
        parameters: ["build": .integer], columns: ["throttle": .integer])

    private static let indexing = SQLQuery(
        "begin_indexing", "update projection_builds set indexing_since = clock_timestamp() where build = :build",
        parameters: ["build": .integer])

    private static let indexed = SQLQuery(
        "end_indexing", "update projection_builds set indexed = true, indexing_since = null where build = :build",
        parameters: ["build": .integer])

    /// Of ten pages or more.
    private static let tables = SQLQuery(
        "tables_to_analyze",
        """
        select format('%I.%I', nspname, relname) as name
        from pg_class join pg_namespace on pg_namespace.oid = relnamespace
        where nspname = :schema and relkind = 'r'
          and pg_relation_size(pg_class.oid) >= 10 * current_setting('block_size')::bigint
        """, parameters: ["schema": .text], columns: ["name": .text])

    private static let activation = SQLQuery(
        "activate_build", "select activate_build(:build)", parameters: ["build": .integer])

    static let queries = [beginning, report, throttle, indexing, indexed, tables, activation]
}
