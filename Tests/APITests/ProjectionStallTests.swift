import EventSourcing
import Installation
import Projector
import TestSupport
import Testing

@testable import Postgres

/// That a projection which does not move although the log does says why.
@Suite struct ProjectionStallTests {
    private func item(_ name: String, _ api: TestAPI) async throws -> JSON {
        let answer = try await api.get("/projections")
        return try #require(answer["items"]?.array?.first { $0["name"]?.string == name }, "\(answer.body)")
    }

    /// The projection's stall, once there is one with this reason.
    private func stall(_ name: String, _ reason: String, _ api: TestAPI) async throws -> JSON {
        while true {
            if let stall = try await item(name, api)["active"]?["stall"], stall["reason"]?.string == reason {
                return stall
            }
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    private func waitsForNoStall(_ name: String, _ api: TestAPI) async throws {
        while try await item(name, api)["active"]?["stall"] != .null { await Task.yield() }
    }

    private func withConnection(
        to api: TestAPI, named name: String, _ body: (Connection) async throws -> Void
    ) async throws {
        let connection = try await Connection.open(try #require(api.target).named(name), logger: .silent)
        defer { connection.close() }
        try await body(connection)
    }

    /// Fills every read model, as a process that has gone since would have.
    private func build(on api: TestAPI) async throws -> [ProjectionDefinition] {
        let definitions = try ProjectionDefinition.load(from: ReleaseFiles.locate().projections)
        for definition in definitions {
            try await Rebuild(definition, on: try #require(api.target), logger: .silent).run()
        }
        return definitions
    }

    @Test func theHolderOfALockIsNamed() async throws {
        try await withAPI { api in
            let build = try #require(try await item("camera_state", api)["active"]?["build"]?.integer)
            try await withConnection(to: api, named: "someone's psql") { holder in
                let pid = try await holder.query("select pg_backend_pid()")[0].integer(0)
                try await holder.query("begin")
                let table = "camera_state_b\(build).camera_state"
                try await holder.script("lock table \(table)")
                try await api.register()

                let stall = try await stall("camera_state", "lock", api)
                #expect(stall["lock_object"]?.string == table)
                #expect(stall["lock_mode"]?.string == "AccessShareLock")
                #expect(stall["since"]?.string.flatMap(Timestamp.init(rfc3339:)) != nil)
                #expect(stall["pid"]?.integer != nil)
                let blocker = try #require(stall["held_by"]?.array?.first)
                #expect(blocker["pid"]?.integer == pid)
                #expect(blocker["application_name"] == "someone's psql")
                #expect(blocker["state"] == "idle in transaction")
                #expect(blocker["query"]?.string == "lock table \(table)")
                // The others have nothing to do with it.
                try await waitsForNoStall("hourly_counts", api)
                #expect(try await item("hourly_counts", api)["active"]?["lag"] == 0)

                try await holder.query("rollback")
                try await waitsForNoStall("camera_state", api)
                #expect(try await api.get("/cameras/1?min_position=1").status == 200)
            }
        }
    }

    /// Events are locked, which all appends wait for: projections are listed all the same.
    @Test func aLockOnTheLogDoesNotKeepProjectionsFromBeingListed() async throws {
        try await withAPI { api in
            try await api.register()
            _ = try await api.get("/cameras/1?min_position=1")
            try await withConnection(to: api, named: "someone's psql") { holder in
                try await holder.query("begin")
                try await holder.script("lock table events in access exclusive mode")
                let answer = try await api.get("/projections")
                #expect(answer.status == 200)
                #expect(answer["head"] == 1)
                try await holder.query("rollback")
            }
        }
    }

    @Test(arguments: ["log_head", "projection_builds", "projection_checkpoints"])
    func whoLocksTheirOwnTablesIsNamed(_ table: String) async throws {
        try await withAPI(projecting: false) { api in
            try await withConnection(to: api, named: "someone's psql") { holder in
                let pid = try await holder.query("select pg_backend_pid()")[0].integer(0)
                try await holder.query("begin")
                try await holder.script("lock table \(table) in access exclusive mode")
                let answer = try await api.get("/projections")
                #expect(answer.status == 503)
                #expect(answer["code"] == "database_unavailable")
                let session = answer["blocked_by"]?.array?.first
                #expect(session?["pid"]?.integer == pid)
                #expect(session?["application_name"] == "someone's psql")
                #expect(session?["state"] == "idle in transaction")
                #expect(session?["lock_object"]?.string == table)
                #expect(session?["query"]?.string?.contains("lock table") == true)
                #expect(session?["transaction_began_at"]?.string.flatMap(Timestamp.init(rfc3339:)) != nil)
                try await holder.query("rollback")
                #expect(try await api.get("/projections").status == 200)
            }
        }
    }

    @Test func thatNoProcessRunsItIsSaid() async throws {
        try await withAPI(projecting: false) { api in
            _ = try await build(on: api)
            #expect(try await item("camera_state", api)["active"]?["stall"] == .null)
            try await api.register()
            let stall = try await stall("camera_state", "no_process", api)
            #expect(stall["since"]?.string.flatMap(Timestamp.init(rfc3339:)) != nil)
            #expect(stall["last_process"] == nil)
            #expect(try await item("camera_state", api)["process"] == .null)
        }
    }

    @Test func aProcessThatHasGoneIsNamed() async throws {
        try await withAPI(projecting: false) { api in
            let definitions = try await build(on: api)
            let database = try #require(api.target)
            let listener = Listener(database, channels: Projector.channels, logger: .silent)
            let projector = Projector(definitions, on: database, listener: listener, logger: .silent)
            let process = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await listener.run() }
                group.addTask { await projector.run() }
                defer { group.cancelAll() }
                while true {
                    if let name = try await item("camera_state", api)["process"]?["name"]?.string { return name }
                    try Task.checkCancellation()
                    await Task.yield()
                }
            }
            try await api.register()
            #expect(try await stall("camera_state", "no_process", api)["last_process"]?.string == process)
        }
    }

    @Test func theEventThatItCannotTakeIsNamed() async throws {
        try await withAPI { api in
            try await api.register()
            _ = try await api.post(
                "/cameras/1/counts",
                #"{"source":"w","sequence":4,"observed_at":"2026-03-29T12:00:00Z","line":"door","class":"c","count_in":1,"count_out":0}"#
            )
            // As an earlier release's mistake may have left it in the log.
            let bad = NewEvent(
                type: "CountReadingRecorded",
                data: [
                    "camera_id": 1, "observed_at": "2026-03-29T12:00:00Z", "line": "l", "class": "c",
                    "count_in": "many", "count_out": 0,
                ])
            _ = try await api.log.append(Append(to: "telemetry-1", events: [bad]))
            try await api.register()
            let stall = try await stall("hourly_counts", "event", api)
            #expect(stall["position"] == 3)
            #expect(stall["type"] == "CountReadingRecorded")
            #expect(stall["stream"] == "telemetry-1")
            #expect(stall["sql_state"] == "22P02")
            #expect(stall["error"] == #"invalid input syntax for type bigint: "many""#)
            let item = try await item("hourly_counts", api)
            #expect(item["active"]?["position"] == 2)
            #expect(item["active"]?["lag"] == 2)
            #expect(item["builds"]?.array?.first?["stall"] == stall)
            #expect(item["skipped_positions"] == [])
            // The others go on, and what was there before it is read.
            #expect(try await api.get("/cameras/2?min_position=4").status == 200)
            #expect(try await api.get("/cameras/1/health?min_position=4").status == 200)
            let counts = try await api.get(
                "/cameras/1/counts?from=2026-03-29T12:00:00Z&to=2026-03-29T13:00:00Z&min_position=2")
            #expect(counts["items"]?.array?.count == 1)
        }
    }
}
