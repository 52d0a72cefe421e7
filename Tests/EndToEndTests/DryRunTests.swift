import EventSourcing
import Foundation
import TestSupport
import Testing

@testable import Postgres

/// Comparing read models with the log, as an operator does.
@Suite(.timeLimit(.minutes(5))) struct DryRunTests {
    /// A server with a camera and a reading; `body` gets the arguments that name its database.
    private func withServer(_ body: @Sendable (Footfall, ConnectionTarget, [String]) async throws -> Void) async throws
    {
        try await TestCluster.shared.withDatabase { target in
            try await withFolder { folder in
                let database = ["--database-url", target.url]
                let footfall = try await Footfall.up(in: folder, ["--no-worker"] + database)
                let camera: JSON = [
                    "name": "Door", "stream_url": "rtsp://u:secret@10.0.0.1/x", "stream_type": "rtsp",
                    "lines": [["name": "door", "from": [0, 0.5], "to": [1, 0.5], "inside": [0.5, 0.9]]],
                ]
                let reading: JSON = [
                    "observed_at": "2026-03-29T10:00:00Z", "line": "door", "class": "person", "count_in": 3,
                    "count_out": 1,
                ]
                #expect(try await footfall.post("/cameras", camera).status == .created)
                #expect(try await footfall.post("/cameras/1/counts", reading).status == .created)
                #expect(try await footfall.get("/cameras/1/counts?min_position=2").status == .ok)
                try await body(footfall, target, database)
                #expect(await footfall.stop() == 0)
            }
        }
    }

    /// The run's session, where it stands still.
    private static let waiting = """
        select from pg_stat_activity
        where datname = current_database()
          and application_name = 'footfall compare hourly_counts' and wait_event_type = 'Lock'
        """

    @Test func exitCodesSayWhetherReadModelsAreWhatTheLogMakesOfThem() async throws {
        try await withServer { _, target, database in
            let equal = try await Program.run("footfallctl", ["rebuild", "hourly_counts", "--dry-run"] + database)
            #expect(equal.code == 0, "\(equal.output)")
            #expect(equal.output.contains("is what the log makes of it at position 2"))
            #expect(try await Program.run("footfallctl", ["verify", "--projections"] + database).code == 0)

            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            try await connection.script(
                """
                update read.hourly_counts set count_in = 8;
                update read.camera_state set stream_credentials = 'forged', name = 'Gate'
                """)
            let different = try await Program.run(
                "footfallctl", ["rebuild", "hourly_counts", "--dry-run", "--json"] + database)
            #expect(different.code == 1)
            let line = try #require(different.output.split(separator: "\n").last)
            let answer = try JSON.parse(String(line))
            #expect(answer["equal"] == false)
            let table = try #require(answer["tables"]?.array?.first { $0["table"] == "hourly_counts" })
            #expect(table["changed"] == 1)
            #expect(table["samples"]?.array?.first?["now"]?["count_in"] == 8)
            #expect(table["samples"]?.array?.first?["rebuilt"]?["count_in"] == 3)

            let all = try await Program.run("footfallctl", ["verify", "--projections"] + database)
            #expect(all.code == 1)
            #expect(all.output.contains("camera_state build"))
            #expect(all.output.contains("Gate"))
            #expect(!all.output.contains("secret"))
            #expect(!all.output.contains("forged"))

            // Nothing was swapped in, and nothing is left.
            let shown = try await connection.query("select count_in from read.hourly_counts")[0].integer(0)
            #expect(shown == 8)
            let states = try await connection.query("select distinct state from projection_builds")
            #expect(try states.map { try $0.text(0) } == ["active"])
        }
    }

    @Test func whatCannotBeComparedHasACodeOfItsOwn() async throws {
        try await TestCluster.shared.withDatabase { target in
            let database = ["--database-url", target.url]
            let unbuilt = try await Program.run("footfallctl", ["rebuild", "hourly_counts", "--dry-run"] + database)
            #expect(unbuilt.code == 2)
            #expect(unbuilt.output.contains("no active build"))
            let unknown = try await Program.run("footfallctl", ["rebuild", "counts", "--dry-run"] + database)
            #expect(unknown.code == 64)
            let aimless = try await Program.run(
                "footfallctl", ["rebuild", "hourly_counts", "--samples", "3"] + database)
            #expect(aimless.code == 64)
        }
    }

    /// The run waits for a lock that the test holds.
    @Test(arguments: [
        // while it makes the scratch build, and while it fills it
        "lock table archived_events in access exclusive mode", "select pg_advisory_xact_lock(archive_lock())",
    ])
    func anInterruptedRunLeavesNothing(_ lock: String) async throws {
        try await withServer { _, target, database in
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            let locker = try await Connection.open(target, logger: .silent)
            defer { locker.close() }
            try await locker.query("begin")
            try await locker.query(lock)
            let run = try Program("footfallctl", ["rebuild", "hourly_counts", "--dry-run"] + database)
            while try await connection.query(Self.waiting).isEmpty { try Task.checkCancellation() }
            run.signal(SIGINT)
            #expect(await run.waitsForEnd() == 130)
            try await locker.query("rollback")
            let states = try await connection.query("select distinct state from projection_builds")
            #expect(try states.map { try $0.text(0) } == ["active"])
        }
    }

    /// A run that is killed cannot clean up after itself: the server does when it starts.
    @Test func theServerDropsWhatAKilledRunLeft() async throws {
        try await withServer { footfall, target, database in
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            let locker = try await Connection.open(target, logger: .silent)
            defer { locker.close() }
            try await locker.query("begin")
            try await locker.query("select pg_advisory_xact_lock(archive_lock())")
            let run = try Program("footfallctl", ["rebuild", "hourly_counts", "--dry-run"] + database)
            while try await connection.query(Self.waiting).isEmpty { try Task.checkCancellation() }
            run.signal(SIGKILL)
            await run.waitsForEnd()
            try await locker.query("rollback")
            let left = "select from projection_builds where state = 'scratch'"
            #expect(try await connection.query(left).count == 1)
            let running = """
                select from pg_stat_activity
                where datname = current_database() and application_name = 'footfall compare hourly_counts'
                """
            while !(try await connection.query(running).isEmpty) { try Task.checkCancellation() }
            try await withFolder { folder in
                let second = try await Footfall.up(in: folder, ["--no-worker"] + database)
                while !(try await connection.query(left).isEmpty) { try Task.checkCancellation() }
                #expect(await second.stop() == 0)
            }
        }
    }
}
