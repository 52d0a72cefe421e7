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
                    == #"{"camera_id":1,"status":"offline","last_heartbeat":null,"last_heard_at":null,"clock_offset_ms":null,"warnings":[],"uptime_percentage":null,"response_time_ms":null,"stream_quality_score":null,"error_count":0,"last_error_message":null,"last_error_timestamp":null,"cpu_usage":null,"memory_usage":null,"network_bandwidth":null,"fps":null,"frames_dropped":0,"readings_refused":0,"readings_given_up":0,"decode_time_ms":null,"inference_time_ms":null}"#
            )
        }
    }

    @Test func healthIsThatOfTheLatestHeartbeat() async throws {
        try await withAPI(clocked: true) { api in
            try await api.register()
            _ = try await api.post("/cameras/1/start")
            for (seconds, status, more) in [
                (100, "online", #","frames_dropped":2"#),
                (100, "error", #","error_message":"no picture","frames_dropped":3"#),
                (50, "online", #","fps":25,"cpu_usage":12.5"#),
            ] {
                try await api.advance(by: .seconds(seconds))
                try await Self.beat(api.clock.now.rfc3339, status, more, to: api)
            }
            try await api.settle()
            let answer = try await api.get("/cameras/1/health")
            #expect(answer["status"] == "online")
            #expect(answer["last_heartbeat"] == "2026-03-29T12:04:10Z")
            #expect(answer["last_heard_at"] == "2026-03-29T12:04:10Z")
            #expect(answer["clock_offset_ms"] == 0)
            #expect(answer["warnings"] == [])
            #expect(answer["fps"]?.number == 25)
            #expect(answer["cpu_usage"]?.number == 12.5)
            #expect(answer["error_count"] == 1)
            #expect(answer["last_error_message"] == "no picture")
            #expect(answer["last_error_timestamp"] == "2026-03-29T12:03:20Z")
            #expect(answer["frames_dropped"] == 5)
            // 90 s that the first one vouches for, of 250 s.
            #expect(answer["uptime_percentage"]?.number == 36)
            try await api.advance(by: .seconds(150))
            // The third one vouches for 90 s: 180 of 400.
            #expect(try await api.get("/cameras/1/health")["uptime_percentage"]?.number == 45)
            #expect(try await api.get("/cameras/1/health")["status"] == "offline")
        }
    }

    /// Each of them once, whatever is sent again, and in every place.
    @Test func lostReadingsAreAddedUp() async throws {
        try await withAPI(clocked: true) { api in
            try await api.register()
            try await api.register()
            _ = try await api.post("/cameras/1/start")
            let now = api.clock.now.rfc3339
            let beats = [
                #"{"source":"w:hb","sequence":1,"observed_at":"\#(now)","status":"error","readings_refused":3,"error_message":"lost"}"#,
                #"{"source":"w:hb","sequence":2,"observed_at":"\#(now)","status":"error","readings_given_up":17}"#,
                #"{"source":"w:hb","sequence":3,"observed_at":"2026-03-29T12:00:00Z","status":"online","readings_refused":1}"#,
            ]
            for beat in beats + beats {
                #expect(try await api.post("/cameras/1/heartbeats", beat).status == 201)
            }
            try await api.settle()
            for path in ["/cameras/1/health", "/cameras/1/status", "/cameras/health/summary"] {
                let answer = try await api.get(path)
                #expect(answer["readings_refused"] == 4, "\(answer.body)")
                #expect(answer["readings_given_up"] == 17, "\(answer.body)")
            }
            let camera = try await api.get("/cameras/1")
            #expect(camera["health"]?["readings_refused"] == 4)
            #expect(camera["health"]?["readings_given_up"] == 17)
            #expect(try await api.get("/cameras/2/status")["readings_refused"] == 0)
            let metrics = try await api.get("/metrics").body.split(separator: "\n")
            #expect(metrics.contains("footfall_readings_refused_total 4"))
            #expect(metrics.contains("footfall_readings_given_up_total 17"))
        }
    }

    /// However the same heartbeats come: in order, in any other, as one batch; and a report of that time says the same.
    @Test func uptimeIsTheShareOfTheTimeThatItWasMeantToRun() async throws {
        try await withAPI(clocked: true) { api in
            for id in 1...4 {
                try await api.register()
                _ = try await api.post("/cameras/\(id)/start")
            }
            // An hour, of which every second half minute is covered.
            let began = api.clock.now
            try await api.advance(by: .seconds(3600))
            for id in 1...4 { _ = try await api.post("/cameras/\(id)/stop") }
            try await api.advance(by: .seconds(1800))
            _ = try await api.patch("/cameras/1/status", #"{"status":"maintenance"}"#, ifMatch: "*")
            try await api.advance(by: .seconds(1800))
            let times = stride(from: 0, to: 3600, by: 180).map { (began + .seconds($0)).rfc3339 }
            func batch(_ times: [String]) -> String {
                let beats = times.enumerated().map {
                    #"{"sequence":\#($0.offset),"status":"online","observed_at":"\#($0.element)"}"#
                }
                return #"{"source":"w","heartbeats":[\#(beats.joined(separator: ","))]}"#
            }
            for time in times { try await Self.beat(time, "online", to: api) }
            for time in times.reversed() { try await Self.beat(time, "online", camera: 2, to: api) }
            _ = try await api.post("/cameras/3/heartbeats", batch(times.shuffled()))
            // What was observed while nobody wanted it to run counts nothing.
            let after = (began + .seconds(5000)).rfc3339
            _ = try await api.post("/cameras/4/heartbeats", batch([after] + times.shuffled() + [after]))
            try await api.settle()
            for id in 1...4 {
                let health = try await api.get("/cameras/\(id)/health")
                #expect(health["uptime_percentage"]?.number == 50, "\(id): \(health.body)")
                let report = try await api.get("/cameras/\(id)/reports?date=2026-03-29")
                #expect(report["health"]?["uptime_percentage"]?.number == 50, "\(id): \(report.body)")
            }
            let before = try await api.get("/cameras/1/reports?date=2026-03-28")
            #expect(before["health"]?["uptime_percentage"] == .null)
            let future = try await api.get("/cameras/1/reports?date=2027-03-28")
            #expect(future["health"]?["uptime_percentage"] == .null)
            #expect(try await api.get("/cameras/health/summary")["average_uptime_percentage"]?.number == 50)
        }
    }

    @Test func aHeartbeatThatIsDatedWronglyIsRefused() async throws {
        try await withAPI(clocked: true) { api in
            try await api.register()
            try await api.advance(by: .seconds(3600))
            func faults(_ time: String) async throws -> [String] {
                try await api.post("/cameras/1/heartbeats", #"{"observed_at":"\#(time)","status":"online"}"#).faults
            }
            #expect(try await faults("1970-01-01T00:00:00Z") == ["/observed_at before_registration"])
            #expect(try await faults("2026-03-29T11:57:59Z") == ["/observed_at before_registration"])
            #expect(try await faults("2026-03-29T13:02:01Z") == ["/observed_at in_future"])
            #expect(try await faults("2026-03-29T12:00:01Z") == [])
            let batch =
                #"{"source":"w","heartbeats":[{"sequence":1,"observed_at":"2026-03-29T13:00:00Z","status":"online"},"#
                + #"{"sequence":2,"observed_at":"2000-01-01T00:00:00Z","status":"online"}]}"#
            let answer = try await api.post("/cameras/1/heartbeats", batch)
            #expect(answer.faults == ["/heartbeats/1/observed_at before_registration"])
            // A reading may be of a recording.
            let reading = TelemetryTests.reading.replacing("2026-03-29", with: "2025-03-29")
            #expect(try await api.post("/cameras/1/counts", "{\(reading)}").status == 201)
            #expect(try await api.post("/cameras/1/counts", "{\(TelemetryTests.reading)}").status == 201)
            let position = try await api.log.head()
            for (year, backfill) in [("2025", JSON.bool(true)), ("2026", nil)] as [(String, JSON?)] {
                let explained = try await api.get(
                    "/cameras/1/counts/explain?from=\(year)-03-29T11:00:00Z&to=\(year)-03-29T13:00:00Z"
                        + "&min_position=\(position)")
                #expect(explained["items"]?.array?.first?["backfill"] == backfill, "\(explained.body)")
            }
        }
    }

    @Test func howFarAClockIsAwayIsMeasured() async throws {
        try await withAPI(clocked: true) { api in
            try await api.register()
            _ = try await api.post("/cameras/1/start", #"{"worker_id":"w"}"#)
            for (offset, warnings) in [
                (0, []), (4999, []), (-4999, []), (5001, ["clock_offset"]), (119_000, ["clock_offset"]),
                (-7000, ["clock_offset"]),
            ] as [(Int64, JSON)] {
                try await api.advance(by: .seconds(30))
                let time = (api.clock.now + .milliseconds(offset)).rfc3339
                let answer = try await api.post(
                    "/cameras/1/heartbeats", #"{"observed_at":"\#(time)","status":"online"}"#)
                #expect(answer["clock_offset_ms"]?.integer == offset)
                #expect(answer["warnings"] == warnings)
                try await api.settle()
                for path in ["/cameras/1/health", "/cameras/1/status", "/workers/w"] {
                    let shown = try await api.get(path)
                    #expect(shown["clock_offset_ms"]?.integer == offset, "\(path)")
                    #expect(shown["warnings"] == warnings, "\(path)")
                    if path != "/workers/w" { #expect(shown["status"] == "online", "\(path)") }
                }
            }
        }
    }

    @Test func fleetIsSummedUp() async throws {
        try await withAPI(clocked: true) { api in
            let empty = try await api.get("/cameras/health/summary")
            #expect(
                empty.body
                    == #"{"total":0,"by_status":{"online" : 0, "offline" : 0, "maintenance" : 0, "error" : 0},"running":0,"stale":0,"average_uptime_percentage":null,"average_stream_quality_score":null,"average_response_time_ms":null,"error_count":0,"readings_refused":0,"readings_given_up":0}"#
            )
            for id in 1...4 {
                try await api.register()
                _ = try await api.post("/cameras/\(id)/start")
            }
            _ = try await api.delete("/cameras/4", ifMatch: "*")
            let first = api.clock.now.rfc3339
            try await Self.beat(
                first, "error", #","stream_quality_score":1,"response_time_ms":20"#, camera: 2, to: api)
            try await api.advance(by: .seconds(1))
            let second = api.clock.now.rfc3339
            try await Self.beat(second, "online", #","stream_quality_score":0.5,"response_time_ms":10"#, to: api)
            try await api.settle()
            try await api.advance(by: .seconds(90))
            let answer = try await api.get("/cameras/health/summary")
            #expect(answer["total"] == 3)
            #expect(answer["by_status"] == ["online": 1, "offline": 1, "maintenance": 0, "error": 1])
            #expect(answer["running"] == 3)
            #expect(answer["stale"] == 2)
            // 90 of 91 s of one camera, and nothing of two.
            #expect(answer["average_uptime_percentage"]?.number == 32.97)
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
