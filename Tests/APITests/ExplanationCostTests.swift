import Counting
import EventSourcing
import TestSupport
import Testing

@testable import Postgres
@testable import UseCases

/// What an explanation reads follows what it is asked for, not how long the camera's history is.
@Suite(.enabled(if: Tier.isWhole), .timeLimit(.minutes(5))) struct ExplanationCostTests {
    /// Appends readings of camera 1, one every second before `end`, as the log has them.
    private static func append(_ count: Int64, endingAt end: String, to pool: Pool) async throws {
        try await pool.query(
            """
            with head as (
              update log_head set position = position + $1 returning position - $1 as base
            ),
            stream as (
              update streams set version = version + $1 where name = 'telemetry-1' returning version - $1 as base
            )
            insert into events (position, version, recorded_at, schema_version, stream, type, data)
            select
              head.base + number, stream.base + number, now(), 1, 'telemetry-1', 'CountReadingRecorded',
              jsonb_build_object(
                'camera_id', 1, 'line', 'door', 'class', 'person', 'count_in', 1, 'count_out', 0,
                'observed_at', to_char(
                  ($2::text::timestamptz - number * interval '1 second') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
            from head, stream, generate_series(1, $1) as number
            """, [.integer(count), .text(end)])
    }

    /// How many blocks of 8 KiB and rows of events the statement reads.
    private static func cost(_ question: CountExplanation.Question, _ pool: Pool) async throws -> (
        blocks: Int64, rows: Int64
    ) {
        let statement = CountExplanation.statement(question)
        let rows = try await pool.query(
            "explain (analyze, buffers, format json) \(statement.sql)", statement.parameters)
        func nodes(_ node: JSON) -> [JSON] { [node] + (node["Plans"]?.array ?? []).flatMap(nodes) }
        let plan = try JSON.parse(rows[0].bytes(0)).array?.first?["Plan"] ?? .null
        let scans = nodes(plan).filter { $0["Relation Name"]?.string?.hasPrefix("events_") ?? false }
        let read = scans.reduce(into: Int64(0)) { sum, scan in
            let loops = scan["Actual Loops"]?.integer ?? 0
            let rows = (scan["Actual Rows"]?.integer ?? 0) + (scan["Rows Removed by Filter"]?.integer ?? 0)
            sum += loops * rows
        }
        let blocks = (plan["Shared Hit Blocks"]?.integer ?? 0) + (plan["Shared Read Blocks"]?.integer ?? 0)
        return (blocks, read)
    }

    @Test(arguments: [false, true]) func aLongHistoryCostsNoMoreThanAShortOne(analyzed: Bool) async throws {
        try await withAPI { api in
            let pool = try #require(api.pool)
            try await api.register()
            try await Self.append(6000, endingAt: "2026-03-29T11:00:00Z", to: pool)
            if analyzed { try await pool.query("analyze events") }
            let question = CountExplanation.Question(
                cameraID: try CameraID(1), from: try #require(Timestamp(rfc3339: "2026-03-29T10:00:00Z")),
                to: try #require(Timestamp(rfc3339: "2026-03-29T11:00:00Z")))
            let short = try await Self.cost(question, pool)
            // The hour's readings; the plan may look at an event or two of the camera's life beside them.
            #expect((3600...3610).contains(short.rows))
            try await Self.append(120_000, endingAt: "2026-03-28T11:00:00Z", to: pool)
            if analyzed { try await pool.query("analyze events") }
            let long = try await Self.cost(question, pool)
            #expect((3600...3610).contains(long.rows))
            #expect(long.blocks < short.blocks * 2, "\(short.blocks) \(long.blocks)")
        }
    }
}
