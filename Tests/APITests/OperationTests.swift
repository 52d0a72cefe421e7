import EventSourcing
import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing

@Suite struct AssignmentTests {
    @Test func workerGetsItsRunningCamerasWithCredentials() async throws {
        try await withAPI { api in
            try await api.register(CameraCommandTests.full)
            for _ in 2...5 { try await api.register() }
            for (id, worker) in [(1, "w1"), (2, "w1"), (3, "w2"), (4, "w1"), (5, "w1")] {
                _ = try await api.post("/cameras/\(id)/start", #"{"worker_id":"\#(worker)"}"#)
            }
            _ = try await api.post("/cameras/4/stop")
            _ = try await api.delete("/cameras/5", ifMatch: "*")
            _ = try await api.post("/cameras/2/restart")
            let answer = try await api.get("/workers/w1/assignments?min_position=\(try await api.log.head())")
            let items = try #require(answer["items"]?.array)
            #expect(items.map { $0["camera_id"] } == [1, 2])
            #expect(items[0]["stream_url"] == "rtsp://u:p@10.0.0.5/s")
            #expect(items[0]["epoch"] == 1)
            #expect(items[0]["lines"]?.array?.count == 1)
            #expect(items[0]["settings"]?["detector"] == "yolo")
            #expect(items[1]["stream_url"] == "rtsp://10.0.0.5/s")
            #expect(items[1]["epoch"] == 2)
            #expect(items[1]["version"] == 3)
            #expect(items[1]["status"] == "offline")
            #expect(items[1]["stream_type"] == "rtsp")
        }
    }

    @Test func workerWithoutCamerasGetsNone() async throws {
        try await withAPI { api in
            let idle = try await api.get("/workers/nobody/assignments")
            #expect(idle.body == #"{"items":[]}"#)
            let unnamed = try await api.get("/workers/a%20b/assignments")
            #expect(unnamed.faults == ["id invalid_character"])
        }
    }
}

@Suite struct AuditTests {
    @Test func trailTellsWhoDidWhat() async throws {
        try await withAPI { api in
            _ = try await api.post("/cameras", CameraCommandTests.full, headers: [.actor: "anna", .requestID: "r-1"])
            _ = try await api.post(
                "/cameras/1/counts",
                #"{"source":"w","sequence":4,"observed_at":"2026-03-29T12:00:00Z","line":"door","class":"c","count_in":1,"count_out":0}"#
            )
            _ = try await api.patch("/cameras/1/status", #"{"status":"error"}"#, ifMatch: "*")
            _ = try await api.delete("/cameras/1", ifMatch: "*")
            let answer = try await api.get("/audit")
            let items = try #require(answer["items"]?.array)
            #expect(answer["next_after_position"] == 4)
            #expect(answer.position == 4)
            #expect(items.map { $0["position"] } == [1, 2, 3, 4])
            #expect(items.map { $0["severity"] } == ["info", "info", "error", "warning"])
            #expect(items.map { $0["stream"] } == ["camera-1", "telemetry-1", "camera-1", "camera-1"])
            #expect(items[0]["actor"] == "anna")
            #expect(items[0]["correlation_id"] == "anna r-1")
            #expect(items[0]["data"]?["stream_url"] == "rtsp://10.0.0.5/s")
            #expect(items[0]["data"]?["stream_credentials"] == nil)
            #expect(!answer.body.contains("u:p"))
            #expect(items[1]["source"] == "w")
            #expect(items[1]["sequence"] == 4)
            #expect(items[2]["actor"] == "anonymous")
            #expect(
                items[0].object?.keys.elementsEqual([
                    "position", "stream", "version", "type", "schema_version", "data", "actor", "source", "sequence",
                    "severity", "correlation_id", "causation_id", "recorded_at",
                ]) == true)
        }
    }

    @Test func trailIsFilteredAndPaged() async throws {
        try await withAPI { api in
            try await api.register()
            try await api.register()
            _ = try await api.post("/cameras/1/start", headers: [.actor: "ben"])
            _ = try await api.post("/cameras/2/start")
            func positions(_ query: String) async throws -> ([Int64], next: Int64?) {
                let answer = try await api.get("/audit?\(query)")
                #expect(answer.status == 200, "\(answer.body)")
                return (
                    (answer["items"]?.array ?? []).compactMap { $0["position"]?.integer },
                    answer["next_after_position"]?.integer
                )
            }
            #expect(try await positions("camera_id=1") == ([1, 3], 4))
            #expect(try await positions("type=CameraStarted") == ([3, 4], 4))
            #expect(try await positions("actor=ben") == ([3], 4))
            #expect(try await positions("limit=2") == ([1, 2], 2))
            #expect(try await positions("limit=2&after_position=2") == ([3, 4], 4))
            #expect(try await positions("after_position=4") == ([], 4))
            #expect(try await positions("after_position=9") == ([], 9))
            #expect(try await positions("to=2020-01-01T00:00:00Z") == ([], 4))
            #expect(try await positions("from=2020-01-01T00:00:00Z") == ([1, 2, 3, 4], 4))
            let third = try #require(try await api.get("/audit?limit=1&after_position=2")["items"]?.array?.first)
            let instant = try #require(third["recorded_at"]?.string)
            #expect(try await positions("from=\(instant)") == ([3, 4], 4))
            #expect(try await positions("to=\(instant)") == ([1, 2], 4))
        }
    }
}

@Suite struct ProjectionListTests {
    @Test func projectionsTellTheirBuilds() async throws {
        try await withAPI { api in
            try await api.register()
            for read in ["health?", "counts?", "metrics?", "analytics?window=minute&", "stream-info?"] {
                #expect(try await api.get("/cameras/1/\(read)min_position=1").status == 200)
            }
            #expect(try await api.get("/counts?min_position=1").status == 200)
            let answer = try await api.get("/projections")
            #expect(answer["head"] == 1, "\(answer.body)")
            let items = try #require(answer["items"]?.array)
            #expect(
                items.map { $0["name"] } == [
                    "camera_locations", "camera_metrics", "camera_state", "camera_uptime", "health_summary",
                    "hourly_counts",
                    "minute_counts", "stream_info",
                ])
            for item in items {
                #expect(item["active"]?["position"] == 1)
                #expect(item["active"]?["lag"] == 0)
                #expect(item["active"]?["definition"]?.string?.count == 64)
                #expect(item["builds"]?.array?.count == 1)
                #expect(item["builds"]?.array?[0]["state"] == "active")
                #expect(item["builds"]?.array?[0]["build"] == item["active"]?["build"])
            }
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct ProjectionRebuildTests {
    @Test func aRebuildIsAskedForAndDone() async throws {
        try await withAPI { api in
            try await api.register()
            _ = try await api.get("/cameras/1/counts?min_position=1")
            let old = try #require(try await builds(api).first?["build"])
            let answer = try await api.post("/projections/hourly_counts/rebuild", #"{"throttle": 50}"#)
            #expect(answer.status == 202)
            #expect(answer["name"] == "hourly_counts")
            #expect(answer["throttle"] == 50)
            // The old build is dropped in the end.
            while try await builds(api).contains(where: { $0["build"] == old }) { await Task.yield() }
            let after = try await builds(api)
            #expect(after.count == 1)
            #expect(after.first?["state"] == "active")
            #expect(after.first?["percent"] == 100)
        }
    }

    /// What was remembered of one read model is not shown of the next, though the camera's version is the same.
    @Test func camerasAreReadAnewFromAnotherBuild() async throws {
        try await withAPI { api in
            try await api.register()
            #expect(try await api.get("/cameras/1?min_position=1")["name"] == "Entrance")
            let old = try #require(try await builds(api, of: "camera_state").first?["build"])
            #expect(try await api.post("/projections/camera_state/rebuild").status == 202)
            while try await builds(api, of: "camera_state").contains(where: { $0["build"] == old }) {
                await Task.yield()
            }
            try await #require(api.pool).query("update read.camera_state set name = 'Exit'")
            let read = try await api.get("/cameras/1")
            #expect(read["name"] == "Exit")
            #expect(read.eTag == "\"1\"")
        }
    }

    private func builds(_ api: TestAPI, of projection: String = "hourly_counts") async throws -> [JSON] {
        let items = try await api.get("/projections")["items"]?.array ?? []
        return (items.first { $0["name"]?.string == projection }?["builds"]?.array ?? []).map { build in
            var members = build.object ?? [:]
            if members["state"] == "retired" { members["state"] = "active" }
            return .object(members.filter { ["build", "state", "percent"].contains($0.key) })
        }
    }

    @Test func whatCannotBeRebuiltIsRefused() async throws {
        try await withAPI { api in
            _ = try await api.get("/cameras?min_position=0")
            try await api.post("/projections/no_such/rebuild").expectProblem(404, "projection_not_found")
            for body in [#"{"throttle": 0}"#, #"{"throttle": 101}"#, #"{"throttle": "50%"}"#, #"{"speed": 1}"#] {
                try await api.post("/projections/hourly_counts/rebuild", body).expectProblem(422, "validation_failed")
            }
        }
    }
}

@Suite struct WireTests {
    @Test func apiWorksOverTheWire() async throws {
        try await withAPI(.live) { api in
            let registered = try await api.post("/cameras", CameraCommandTests.full)
            #expect(registered.status == 201)
            let read = try await api.get("/cameras/1?min_position=1")
            for (member, value) in try #require(registered.json.object) { #expect(read[member] == value, "\(member)") }
            let event = try #require(try await api.log.readAll("camera-1").first)
            #expect(try JSON.parse(event.metadata)["client_address"] == "127.0.0.1")
            try await api.post("/cameras", "{").expectProblem(400, "malformed_json")
            let padding = String(repeating: " ", count: 3 << 20)
            try await api.post("/cameras", TestAPI.camera() + padding).expectProblem(413, "body_too_large")
        }
    }

    @Test func healthIsAnsweredAtTheRootToo() async throws {
        try await withAPI(.live) { api in
            let live = try await api.client.execute(uri: "/health/live", method: .get)
            #expect(live.status == .ok)
            let ready = try await api.client.execute(uri: "/health/ready", method: .get)
            #expect(ready.status == .ok)
        }
    }
}
