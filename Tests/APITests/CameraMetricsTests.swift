import EventSourcing
import Testing

@Suite struct CameraMetricsTests {
    @Test func heartbeatsAreGatheredInBuckets() async throws {
        try await withAPI(clocked: true) { api in
            try await api.earlier("2026-03-29T11:00:00Z") { try await api.register() }
            try await HealthTests.beat(
                "2026-03-29T11:01:00Z", "online", #","response_time_ms":10,"fps":25,"stream_quality_score":0.8"#,
                to: api)
            try await HealthTests.beat(
                "2026-03-29T11:04:59Z", "error", #","response_time_ms":30,"fps":10,"frames_dropped":3"#, to: api)
            try await HealthTests.beat("2026-03-29T11:05:00Z", "offline", to: api)
            let position = try await api.log.head()
            let range = "from=2026-03-29T11:00:00Z&to=2026-03-29T12:00:00Z&min_position=\(position)"
            let fine = try await api.get("/cameras/1/metrics?bucket=5m&\(range)")
            #expect(
                fine.body
                    == #"""
                    {"from":"2026-03-29T11:00:00Z","to":"2026-03-29T12:00:00Z","bucket":"5m","tz":"UTC","items":[
                    {"bucket_start":"2026-03-29T11:00:00Z","bucket_end":"2026-03-29T11:05:00Z","heartbeats":2,"online":1,
                    "errors":1,"error_rate":0.5,"average_response_time_ms":20,"maximum_response_time_ms":30,
                    "average_fps":17.5,"minimum_fps":10,"average_stream_quality_score":0.8,"frames_dropped":3},
                    {"bucket_start":"2026-03-29T11:05:00Z","bucket_end":"2026-03-29T11:10:00Z","heartbeats":1,"online":0,
                    "errors":0,"error_rate":0,"average_response_time_ms":null,"maximum_response_time_ms":null,
                    "average_fps":null,"minimum_fps":null,"average_stream_quality_score":null,"frames_dropped":0}]}
                    """#.replacing("\n", with: ""))
            for bucket in ["15m", "hour", "day"] {
                let items = try await api.get("/cameras/1/metrics?bucket=\(bucket)&\(range)")["items"]?.array ?? []
                #expect(items.count == 1)
                #expect(items.first?["heartbeats"] == 3)
                #expect(items.first?["average_response_time_ms"]?.number == 20)
            }
        }
    }

    @Test func daysAreThoseOfTheCamera() async throws {
        try await withAPI(clocked: true) { api in
            try await api.earlier("2026-03-29T11:00:00Z") {
                try await api.register(TestAPI.camera(#""time_zone":"Asia/Kathmandu""#))
            }
            try await HealthTests.beat("2026-03-29T11:01:00Z", "online", to: api)
            let answer = try await api.get("/cameras/1/metrics?bucket=day&min_position=2")
            #expect(answer["tz"] == "Asia/Kathmandu")
            #expect(answer["items"]?.array?.first?["bucket_start"] == "2026-03-28T18:15:00Z")
            try await api.get("/cameras/2/metrics").expectProblem(404, "camera_not_found")
            let odd = try await api.get("/cameras/1/metrics?bucket=week&fill=true")
            #expect(odd.faults == ["bucket unknown_value", "fill unknown_parameter"])
        }
    }
}
