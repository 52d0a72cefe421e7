import EventSourcing
import Testing

@testable import API
@testable import Postgres

/// What acts on events, as operators and probes see it. What stops a reaction is in ReactionTests.
@Suite struct ReactionListTests {
    /// Rows as a process that ran reactions leaves them: one that acts by the clock, one that has stopped at an event and
    /// one that nobody runs.
    private func withReactions(_ body: @escaping @Sendable (TestAPI) async throws -> Void) async throws {
        try await withAPI { api in
            try await api.register()
            let pool = try #require(api.pool)
            try await pool.query(
                """
                insert into reactions (reaction, position, process, began_at, seen_at)
                values
                  ('alerts', 0, 'host:1', '2026-03-29T12:00:00Z', '2026-03-29T12:00:01Z'),
                  ('relay', 0, 'host:2', '2026-03-29T12:00:00Z', '2026-03-29T12:00:02Z'),
                  ('rounds', null, 'host:3', '2026-03-29T12:00:00Z', '2026-03-29T12:00:03Z')
                """)
            try await pool.query(
                """
                insert into reaction_failures (reaction, position, type, stream, error, failed_at)
                values ('alerts', 1, 'CameraRegistered', 'camera-1', 'no answer', '2026-03-29T12:00:04Z')
                """)
            try await pool.query("insert into reaction_skips (reaction, position, skipped_by) values ('relay', 7, 9)")
            let connection = try await Connection.open(try #require(api.target), logger: .silent)
            defer { connection.close() }
            for name in ["alerts", "rounds"] {
                try await connection.query(
                    "select pg_advisory_lock($1::int, hashtext($2))", [.lock(LockSpace.reactions), .text(name)])
            }
            try await body(api)
        }
    }

    @Test func reactionsTellHowFarTheyAreAndWhyTheyDoNotGoOn() async throws {
        try await withReactions { api in
            let answer = try await api.get("/reactions")
            #expect(answer.status == 200)
            #expect(answer["head"] == 1)
            #expect(answer.position == 1)
            let since: JSON = "2026-03-29T12:00:00Z"
            #expect(
                answer["items"] == [
                    [
                        "name": "alerts", "position": 0, "lag": 1, "process": ["name": "host:1", "since": since],
                        "skipped_positions": [],
                        "stall": [
                            "reason": "event", "since": "2026-03-29T12:00:04Z", "position": 1,
                            "type": "CameraRegistered", "stream": "camera-1", "error": "no answer",
                        ],
                    ],
                    [
                        "name": "relay", "position": 0, "lag": 1, "process": nil, "skipped_positions": [7],
                        "stall": [
                            "reason": "no_process", "since": "2026-03-29T12:00:02Z", "last_process": "host:2",
                        ],
                    ],
                    [
                        "name": "rounds", "position": nil, "lag": nil, "process": ["name": "host:3", "since": since],
                        "skipped_positions": [], "stall": nil,
                    ],
                ], "\(answer.body)")
            try await api.get("/reactions?limit=1").expectProblem(422, "validation_failed")
        }
    }

    /// Nobody has to say who they are to see it, so it tells no error.
    @Test func aStoppedReactionMakesTheServerDegradedNotUnready() async throws {
        try await withReactions { api in
            let ready = try await api.get("/health/ready")
            #expect(ready.status == 200)
            #expect(ready["status"] == "degraded")
            #expect(
                ready["reactions"] == [
                    ["name": "alerts", "lag": 1, "stall": "event"], ["name": "relay", "lag": 1, "stall": "no_process"],
                    ["name": "rounds", "lag": nil, "stall": nil],
                ])
            // One that no process runs at the moment is no reason: another takes over.
            try await #require(api.pool).query("delete from reaction_failures")
            #expect(try await api.get("/health/ready")["status"] == "ready")
        }
    }
}
