import EventSourcing
import Testing

@Suite struct CameraStatusReportTests {
    @Test func registeredCameraIsOfflineAndNotStale() async throws {
        try await withAPI { api in
            try await api.register()
            let answer = try await api.get("/cameras/1/status?min_position=1")
            let at = "2026-03-29T12:00:00Z"
            let created = try await api.get("/cameras/1")["created_at"]?.string ?? at
            #expect(
                answer.body
                    == #"""
                    {"camera_id":1,"status":"offline","status_since":"\#(created)","desired_state":"stopped",
                    "desired_state_since":"\#(created)","worker_id":null,"epoch":0,"monitoring":false,"stale":false,
                    "last_heartbeat":null,"last_heard_at":null,"clock_offset_ms":null,"warnings":[],"readings_refused":0,
                    "readings_given_up":0,"metrics":null,"version":1}
                    """#.replacing("\n", with: ""))
            try await api.get("/cameras/2/status").expectProblem(404, "camera_not_found")
        }
    }

    @Test func statusTellsAssignmentAndMetrics() async throws {
        try await withAPI(clocked: true) { api in
            try await api.register()
            _ = try await api.post("/cameras/1/start", #"{"worker_id":"w1"}"#)
            let started = try await api.get("/cameras/1/status?min_position=2")
            #expect(started["desired_state"] == "running")
            #expect(started["worker_id"] == "w1")
            #expect(started["epoch"] == 1)
            #expect(started["stale"] == false)
            try await HealthTests.beat("2026-03-29T11:59:59Z", "online", #","fps":25,"cpu_usage":12.5"#, to: api)
            let beating = try await api.get("/cameras/1/status?min_position=3")
            #expect(beating["status"] == "online")
            #expect(beating["last_heartbeat"] == "2026-03-29T11:59:59Z")
            #expect(beating["last_heard_at"] == "2026-03-29T12:00:00Z")
            #expect(beating["clock_offset_ms"] == -1000)
            #expect(beating["metrics"]?["fps"]?.number == 25)
            #expect(beating["metrics"]?["status"] == "online")
        }
    }

    @Test func monitoringIsPartOfTheCamera() async throws {
        try await withAPI { api in
            try await api.register()
            let started = try await api.post("/cameras/1/start-monitoring")
            #expect(started["monitoring"] == true)
            #expect(started.eTag == "\"2\"")
            let read = try await api.get("/cameras/1?min_position=2")
            #expect(read["monitoring"] == true)
            #expect(try await api.get("/cameras/1/status")["monitoring"] == true)
            #expect(try await api.post("/cameras/1/start-monitoring").eTag == "\"2\"")
            let stopped = try await api.post("/cameras/1/stop-monitoring", headers: [.ifMatch: "\"2\""])
            #expect(stopped["monitoring"] == false)
            try await api.post("/cameras/1/stop-monitoring", #"{"x":1}"#).expectProblem(422, "validation_failed")
            try await api.post("/cameras/9/start-monitoring").expectProblem(404, "camera_not_found")
        }
    }
}
