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
                    "last_heartbeat":null,"metrics":null,"version":1}
                    """#.replacing("\n", with: ""))
            try await api.get("/cameras/2/status").expectProblem(404, "camera_not_found")
        }
    }

    @Test func statusTellsAssignmentMetricsAndSilence() async throws {
        try await withAPI { api in
            try await api.register()
            _ = try await api.post("/cameras/1/start", #"{"worker_id":"w1"}"#)
            let started = try await api.get("/cameras/1/status?min_position=2")
            #expect(started["desired_state"] == "running")
            #expect(started["worker_id"] == "w1")
            #expect(started["epoch"] == 1)
            #expect(started["stale"] == true)
            _ = try await api.patch("/cameras/1/status", #"{"status":"online"}"#, ifMatch: "*")
            try await HealthTests.beat("2026-03-29T11:59:00Z", "online", #","fps":25,"cpu_usage":12.5"#, to: api)
            let beating = try await api.get("/cameras/1/status?min_position=4")
            #expect(beating["status"] == "online")
            #expect(beating["stale"] == false)
            #expect(beating["last_heartbeat"] == "2026-03-29T11:59:00Z")
            #expect(beating["metrics"]?["fps"]?.number == 25)
            #expect(beating["metrics"]?["status"] == "online")
            api.clock.advance(by: .seconds(30))
            #expect(try await api.get("/cameras/1/status")["stale"] == false)
            api.clock.advance(by: .seconds(1))
            #expect(try await api.get("/cameras/1/status")["stale"] == true)
            let stopped = try #require(try await api.post("/cameras/1/stop").position)
            #expect(try await api.get("/cameras/1/status?min_position=\(stopped)")["stale"] == false)
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
