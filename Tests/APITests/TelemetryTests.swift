import EventSourcing
import Testing

@Suite struct TelemetryTests {
    static let reading =
        #""observed_at":"2026-03-29T12:00:00Z","line":"door","class":"person","count_in":3,"count_out":1"#
    static let heartbeat = #""observed_at":"2026-03-29T12:00:00Z","status":"online""#

    @Test func oneReadingIsTaken() async throws {
        try await withCommands { api in
            try await api.register()
            let answer = try await api.post(
                "/cameras/1/counts",
                #"""
                {\#(Self.reading),"total_count":4,"confidence_score":0.5,"processing_time_ms":7.5,"ai_model_version":"v8",
                "frame_data":{"n":1}}
                """#)
            #expect(answer.status == 201)
            #expect(answer["results"] == [["sequence": nil, "outcome": "appended", "position": 2]])
            #expect(answer["frame_data"] == "dropped")
            #expect(answer.position == 2)
            let event = try #require(try await api.log.readAll("telemetry-1").first)
            #expect(event.type == "CountReadingRecorded")
            #expect(
                String(decoding: event.data, as: UTF8.self)
                    == #"{"camera_id":1,\#(Self.reading),"confidence_score":0.5,"processing_time_ms":7.5,"ai_model_version":"v8"}"#
            )
        }
    }

    @Test func numberedReadingIsTakenOnce() async throws {
        try await withCommands { api in
            try await api.register()
            let body = #"{\#(Self.reading),"source":"w1","sequence":7}"#
            let first = try await api.post("/cameras/1/counts", body)
            #expect(first["results"] == [["sequence": 7, "outcome": "appended", "position": 2]])
            let second = try await api.post("/cameras/1/counts", body)
            #expect(second.status == 201)
            #expect(second["results"] == [["sequence": 7, "outcome": "duplicate", "position": 2]])
            #expect(try await api.log.head() == 2)
        }
    }

    @Test func batchIsTakenWithAnOutcomeForEach() async throws {
        try await withCommands { api in
            try await api.register()
            _ = try await api.post(
                "/cameras/1/counts", #"{"source":"w1","readings":[{\#(Self.reading),"sequence":3}]}"#)
            let answer = try await api.post(
                "/cameras/1/counts",
                #"{"source":"w1","readings":[{\#(Self.reading),"sequence":2},{\#(Self.reading),"sequence":3},{\#(Self.reading),"sequence":9}]}"#
            )
            #expect(
                answer["results"] == [
                    ["sequence": 2, "outcome": "conflict", "position": nil, "stored": nil],
                    ["sequence": 3, "outcome": "duplicate", "position": 2],
                    ["sequence": 9, "outcome": "appended", "position": 3],
                ])
            #expect(answer.position == 3)
        }
    }

    @Test func heartbeatsAreTakenAloneAndInBatches() async throws {
        try await withCommands { api in
            try await api.register()
            let alone = try await api.post(
                "/cameras/1/heartbeats", #"{\#(Self.heartbeat),"fps":25,"cpu_usage":63.5,"error_message":"x"}"#)
            #expect(alone["results"] == [["sequence": nil, "outcome": "appended", "position": 2]])
            let batch = try await api.post(
                "/cameras/1/heartbeats",
                #"{"source":"w","heartbeats":[{\#(Self.heartbeat),"sequence":0},{\#(Self.heartbeat),"sequence":1}]}"#)
            #expect(batch["results"]?.array?.count == 2)
            #expect(
                try await api.log.readAll("telemetry-1").map(\.type) == Array(repeating: "HeartbeatRecorded", count: 3))
        }
    }

    @Test func anythingWrongInABatchKeepsAllOfItOut() async throws {
        try await withCommands { api in
            try await api.register()
            let answer = try await api.post(
                "/cameras/1/counts",
                #"""
                {"source":"","readings":[{\#(Self.reading),"sequence":1},
                {\#(Self.reading.replacing("3", with: "-3")),"sequence":-1},
                {"line":"","class":"c","count_in":1.5,"count_out":1,"total_count":9,"confidence_score":2,"x":1,
                "observed_at":"2026-03-30T12:00:00.000001Z"},{\#(Self.reading),"total_count":5,"sequence":3}]}
                """#)
            answer.expectProblem(422, "validation_failed")
            #expect(
                answer.faults == [
                    "/source too_short", "/readings/1/sequence out_of_range", "/readings/1/observed_at wrong_type",
                    "/readings/1/count_in out_of_range", "/readings/2/sequence required",
                    "/readings/2/observed_at in_future", "/readings/2/line too_short",
                    "/readings/2/count_in wrong_type",
                    "/readings/2/confidence_score out_of_range", "/readings/2/x unknown_member",
                    "/readings/3/total_count out_of_range",
                ])
            #expect(try await api.log.head() == 1)
        }
    }

    @Test(arguments: [
        (#"{"source":"w","readings":[]}"#, ["/readings too_short"]),
        (#"{"source":"w","readings":{}}"#, ["/readings wrong_type"]),
        (#"{"readings":[{\#(reading),"sequence":1}]}"#, ["/source required"]),
        (
            #"{"source":"w","readings":[{\#(reading),"sequence":1},{\#(reading),"sequence":1}]}"#,
            ["/readings out_of_range"]
        ),
        (#"{\#(reading),"source":"w"}"#, ["/sequence required"]),
        (#"{\#(reading),"sequence":4}"#, ["/source required"]),
        (#"{\#(reading),"sequence":null,"source":null,"heartbeats":[]}"#, ["/heartbeats unknown_member"]),
    ])
    func numberingIsChecked(body: String, faults: [String]) async throws {
        try await withCommands { api in
            try await api.register()
            #expect(try await api.post("/cameras/1/counts", body).faults == faults)
        }
    }

    @Test func batchHoldsUpToAThousand() async throws {
        try await withCommands { api in
            try await api.register()
            let batch = { (count: Int) in
                let readings = (0..<count).map { #"{\#(Self.heartbeat),"sequence":\#($0)}"# }.joined(separator: ",")
                return #"{"source":"w","heartbeats":[\#(readings)]}"#
            }
            let large = try await api.post("/cameras/1/heartbeats", batch(1001))
            #expect(large.faults == ["/heartbeats too_many"])
            #expect(try await api.post("/cameras/1/heartbeats", batch(1000))["results"]?.array?.count == 1000)
        }
    }

    @Test func heartbeatsHaveRanges() async throws {
        try await withCommands { api in
            try await api.register()
            let answer = try await api.post(
                "/cameras/1/heartbeats",
                #"""
                {"status":"fine","response_time_ms":-1,"stream_quality_score":1.1,"fps":1001,"frames_dropped":-1,
                "decode_time_ms":"3","inference_time_ms":-0.5,"cpu_usage":101,"memory_usage":-1,"network_bandwidth":-1,
                "error_message":7}
                """#)
            #expect(
                answer.faults == [
                    "/observed_at required", "/status unknown_value", "/response_time_ms out_of_range",
                    "/stream_quality_score out_of_range", "/fps out_of_range", "/frames_dropped out_of_range",
                    "/decode_time_ms wrong_type", "/inference_time_ms out_of_range", "/cpu_usage out_of_range",
                    "/memory_usage out_of_range", "/network_bandwidth out_of_range", "/error_message wrong_type",
                ])
        }
    }

    @Test func telemetryNeedsACameraThatIsThere() async throws {
        try await withCommands { api in
            let body = "{\(Self.heartbeat)}"
            try await api.post("/cameras/1/heartbeats", body).expectProblem(404, "camera_not_found")
            try await api.register()
            _ = try await api.delete("/cameras/1", ifMatch: "*")
            try await api.post("/cameras/1/heartbeats", body).expectProblem(410, "camera_removed")
            try await api.post("/cameras/1/counts", "{\(Self.reading)}").expectProblem(410, "camera_removed")
        }
    }
}
