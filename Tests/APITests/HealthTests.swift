import EventSourcing
import Testing

@Suite struct HealthTests {
    static func beat(_ instant: String, _ status: String, _ more: String = "", camera: Int64 = 1, to api: TestAPI)
        async throws
    {
        let answer = try await api.post(
            "/cameras/\(camera)/heartbeats", #"{"observed_at":"\#(instant)","status":"\#(status)"\#(more)}"#)
        try #require(answer.status == 201, "\(answer.body)")
    }

    @Test func cameraWithoutHeartbeatsIsOfflineAndUnknown() async throws {
        try await withAPI { api in
            try await api.register()
            let answer = try await api.get("/cameras/1/health?min_position=1")
            #expect(
                answer.body
                    == #"{"camera_id":1,"status":"offline","last_heartbeat":null,"uptime_percentage":null,"response_time_ms":null,"stream_quality_score":null,"error_count":0,"last_error_message":null,"last_error_timestamp":null,"cpu_usage":null,"memory_usage":null,"network_bandwidth":null,"fps":null,"frames_dropped":0,"decode_time_ms":null,"inference_time_ms":null}"#
            )
        }
    }

    @Test func healthIsThatOfTheLatestHeartbeat() async throws {
        try await withAPI { api in
            try await api.register()
            try await Self.beat("2026-03-29T11:56:40Z", "online", #","frames_dropped":2"#, to: api)
            try await Self.beat(
                "2026-03-29T11:58:20Z", "error", #","error_message":"no picture","frames_dropped":3"#, to: api)
            try await Self.beat("2026-03-29T11:59:10Z", "online", #","fps":25,"cpu_usage":12.5"#, to: api)
            let answer = try await api.get("/cameras/1/health?min_position=4")
            #expect(answer["status"] == "online")
            #expect(answer["last_heartbeat"] == "2026-03-29T11:59:10Z")
            #expect(answer["fps"]?.number == 25)
            #expect(answer["cpu_usage"]?.number == 12.5)
            #expect(answer["error_count"] == 1)
            #expect(answer["last_error_message"] == "no picture")
            #expect(answer["last_error_timestamp"] == "2026-03-29T11:58:20Z")
            #expect(answer["frames_dropped"] == 5)
            // 50 s vouched for by the third heartbeat and 50 s since, of 200 s.
            #expect(answer["uptime_percentage"]?.number == 50)
            api.clock.advance(by: .seconds(600))
            // No more than 90 s are vouched for: 140 of 800.
            #expect(try await api.get("/cameras/1/health")["uptime_percentage"]?.number == 17.5)
        }
    }

    @Test func uptimeOfOneHeartbeatIsAllOrNothing() async throws {
        try await withAPI { api in
            try await api.register()
            try await Self.beat("2026-03-29T12:00:00Z", "online", to: api)
            #expect(try await api.get("/cameras/1/health?min_position=2")["uptime_percentage"]?.number == 100)
            try await api.register()
            try await Self.beat("2026-03-29T13:00:00Z", "offline", camera: 2, to: api)
            let offline = try await api.get("/cameras/2/health?min_position=4")
            #expect(offline["uptime_percentage"]?.number == 0, "\(offline.body)")
        }
    }

    @Test func fleetIsSummedUp() async throws {
        try await withAPI { api in
            let empty = try await api.get("/cameras/health/summary")
            #expect(
                empty.body
                    == #"{"total":0,"by_status":{"online" : 0, "offline" : 0, "maintenance" : 0, "error" : 0},"running":0,"stale":0,"average_uptime_percentage":null,"average_stream_quality_score":null,"average_response_time_ms":null,"error_count":0}"#
            )
            for id in 1...4 {
                try await api.register()
                _ = try await api.post("/cameras/\(id)/start")
            }
            _ = try await api.delete("/cameras/4", ifMatch: "*")
            _ = try await api.patch("/cameras/1/status", #"{"status":"online"}"#, ifMatch: "*")
            try await Self.beat(
                "2026-03-29T11:58:30Z", "online", #","stream_quality_score":0.5,"response_time_ms":10"#, to: api)
            try await Self.beat(
                "2026-03-29T11:58:29Z", "error", #","stream_quality_score":1,"response_time_ms":20"#, camera: 2, to: api
            )
            let answer = try await api.get("/cameras/health/summary?min_position=\(try await api.log.head())")
            #expect(answer["total"] == 3)
            #expect(answer["by_status"] == ["online": 1, "offline": 2, "maintenance": 0, "error": 0])
            #expect(answer["running"] == 3)
            #expect(answer["stale"] == 2)
            #expect(answer["average_uptime_percentage"]?.number == 50)
            #expect(answer["average_stream_quality_score"]?.number == 0.75)
            #expect(answer["average_response_time_ms"]?.number == 15)
            #expect(answer["error_count"] == 1)
        }
    }

    @Test func serverIsReadyWithItsReadModels() async throws {
        try await withAPI { api in
            let ready = try await api.get("/health/ready")
            #expect(ready.status == 200)
            #expect(ready["status"] == "ready")
        }
    }
}
