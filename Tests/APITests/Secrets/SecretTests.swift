import EventLog
import EventSourcing
import Testing

@testable import Postgres

/// What cameras keep secret, from the request to the worker, and nowhere else.
@Suite struct SecretTests {
    static func camera(_ credentials: String, _ members: String = "") -> String {
        #"""
        {"name":"Entrance","stream_url":"rtsp://\#(credentials)@10.0.0.5/s","stream_type":"rtsp"\#(members),
        "lines":[\#(TestAPI.line("door"))]}
        """#
    }

    private func assignment(_ api: TestAPI, after position: Int64?) async throws -> JSON? {
        let answer = try await api.get("/workers/worker-1/assignments?min_position=\(position ?? 0)")
        #expect(answer.status == 200, "\(answer.body)")
        return answer["items"]?.array?.first
    }

    @Test func onlyTheWorkerIsGivenThem() async throws {
        try await withAPI { api in
            let registered = try await api.post(
                "/cameras", Self.camera("u:p%40x", #","security_config":{"token":"t1","n":1}"#))
            #expect(registered["stream_url"] == "rtsp://***@10.0.0.5/s")
            #expect(registered["security_config"] == "***")
            let started = try await api.post("/cameras/1/start")
            let item = try await assignment(api, after: started.position)
            #expect(item?["stream_url"] == "rtsp://u:p%40x@10.0.0.5/s")
            #expect(item?["security_config"] == ["n": 1, "token": "t1"])
            let shown = try await api.get("/cameras/1?min_position=\(started.position ?? 0)")
            #expect(shown["stream_url"] == "rtsp://***@10.0.0.5/s")
            #expect(shown["security_config"] == "***")
        }
    }

    @Test func whatIsSentAgainChangesNothing() async throws {
        try await withAPI { api in
            try await api.register(Self.camera("u:p", #","security_config":{"b":2,"a":1}"#))
            for (credentials, config) in [("u:p", #"{"a":1,"b":2}"#), ("***", #""***""#)] {
                let body = Self.camera(credentials, #","security_config":\#(config)"#)
                let answer = try await api.put("/cameras/1", body, ifMatch: "*")
                #expect(answer.eTag == "\"1\"", "\(answer.body)")
            }
            let changed = try await api.put(
                "/cameras/1", Self.camera("u:q", #","security_config":"***""#), ifMatch: "*")
            #expect(changed.eTag == "\"2\"")
            let history = try await api.get("/cameras/1/history?limit=1")
            let changes = history["items"]?.array?.first?["changes"]
            #expect(changes == [["member": "/stream_credentials", "before": "***", "after": "***"]])
            let without = try await api.put("/cameras/1", Self.camera("u:q"), ifMatch: "*")
            #expect(without["security_config"] == .null)
        }
    }

    @Test func anEmptySecurityConfigurationIsNone() async throws {
        try await withAPI { api in
            let registered = try await api.post("/cameras", TestAPI.camera(#""security_config":{}"#))
            #expect(registered["security_config"] == .null)
            let given = try await api.put("/cameras/1", TestAPI.camera(#""security_config":{"a":1}"#), ifMatch: "*")
            #expect(given["security_config"] == "***")
            let taken = try await api.put("/cameras/1", TestAPI.camera(#""security_config":{}"#), ifMatch: "*")
            #expect(taken["security_config"] == .null)
        }
    }

    @Test func aMaskNeedsSomethingBehindIt() async throws {
        try await withCommands { api in
            let registered = try await api.post("/cameras", TestAPI.camera(#""security_config":"***""#))
            #expect(registered.faults == ["/security_config masked_security_config"])
            try await api.register()
            let replaced = try await api.put(
                "/cameras/2", TestAPI.camera(#""security_config":"***""#), ifMatch: "*")
            #expect(replaced.faults == ["/security_config masked_security_config"])
            for wrong in ["[]", #""secret-marker""#, "7"] {
                let answer = try await api.post("/cameras", TestAPI.camera(#""security_config":\#(wrong)"#))
                answer.expectProblem(422, "validation_failed")
                #expect(!answer.body.contains("secret-marker"))
            }
        }
    }

    /// A camera as it was registered before credentials were encrypted.
    private func registerOfOld(_ id: Int64, in api: TestAPI) async throws {
        let data =
            #"{"camera_id":\#(id),"name":"Entrance","metadata":{},"settings":{},"time_zone":"UTC","stream_url":"rtsp://10.0.0.5/s","stream_credentials":"u:old","stream_type":"rtsp","lines":[]}"#
        let outcome = try await api.log.append(
            Append(
                to: StreamName("camera-\(id)"), expecting: .noStream,
                events: [NewEvent(type: "CameraRegistered", data: Array(data.utf8))],
                opens: [StreamName("telemetry-\(id)")]))
        #expect(outcome.isAppended)
    }

    /// Logs of before hold credentials in clear. They go on working, and a change takes them along encrypted.
    @Test func credentialsOfOldEventsAreReadAndLeftBehind() async throws {
        try await withAPI { api in
            try await registerOfOld(1, in: api)
            let started = try await api.post("/cameras/1/start")
            #expect(started["stream_url"] == "rtsp://***@10.0.0.5/s")
            #expect(try await assignment(api, after: started.position)?["stream_url"] == "rtsp://u:old@10.0.0.5/s")
            let renamed = try await api.put(
                "/cameras/1", Self.camera("***").replacing("/s\"", with: "/t\""), ifMatch: "*")
            #expect(renamed.status == 200, "\(renamed.body)")
            let event = try #require(try await api.log.readAll("camera-1").last)
            #expect(event.schemaVersion == 2)
            #expect(!String(decoding: event.data, as: UTF8.self).contains("u:old"))
            #expect(try await assignment(api, after: renamed.position)?["stream_url"] == "rtsp://u:old@10.0.0.5/t")
            #expect(renamed.eTag == "\"3\"")
            let rows = try await #require(api.pool).query(
                "select stream_credentials from read.camera_state where camera_id = 1")
            #expect(rows[0].isNull(0))
        }
    }

    /// Tuning a camera with such credentials takes them along too, and leaves what is secret as it is otherwise.
    @Test func tuningTakesSecretsAlong() async throws {
        let config =
            #"{"settings":{},"time_zone":"UTC","lines":[{"name":"door","from":[0,0],"to":[1,1],"inside":[0,1]}]}"#
        try await withAPI { api in
            try await registerOfOld(100, in: api)
            let tuned = try await api.put("/cameras/100/config", config, ifMatch: "\"1\"")
            #expect(tuned.eTag == "\"3\"", "\(tuned.body)")
            for event in try await api.log.readAll("camera-100", after: 1) {
                #expect(!String(decoding: event.data, as: UTF8.self).contains("u:old"))
            }
            var started = try await api.post("/cameras/100/start")
            #expect(try await assignment(api, after: started.position)?["stream_url"] == "rtsp://u:old@10.0.0.5/s")
            _ = try await api.post("/cameras/100/stop")

            let registered = try await api.post(
                "/cameras", Self.camera("u:p", #","security_config":{"a":1}"#))
            let path = "/cameras/\(registered["id"]?.integer ?? 0)"
            #expect(try await api.put(path + "/config", config, ifMatch: "\"1\"").eTag == "\"2\"")
            started = try await api.post(path + "/start")
            let item = try await assignment(api, after: started.position)
            #expect(item?["stream_url"] == "rtsp://u:p@10.0.0.5/s")
            #expect(item?["security_config"] == ["a": 1])
        }
    }

    @Test func frameDataIsKeptWhereItIsAskedForOnly() async throws {
        try await withAPI { api in
            let reading = #"{\#(TelemetryTests.reading),"frame_data":{"faces":["marker-face"]}}"#
            try await api.register()
            try await api.register(TestAPI.camera(#""settings":{"keep_frame_data":true}"#))
            let dropped = try await api.post("/cameras/1/counts", reading)
            #expect(dropped["frame_data"] == "dropped")
            let kept = try await api.post("/cameras/2/counts", reading)
            #expect(kept["frame_data"] == "kept")
            let plain = try await api.post("/cameras/2/counts", "{\(TelemetryTests.reading)}")
            #expect(plain.json.object?.keys.elementsEqual(["results"]) == true)
            let position = try #require(kept.position)
            let shown = try await api.get("/cameras/2/frames/\(position)")
            #expect(shown.json == ["position": .integer(position), "frame_data": ["faces": ["marker-face"]]])
            try await api.get("/cameras/1/frames/\(dropped.position ?? 0)").expectProblem(404, "frame_data_not_found")
            try await api.get("/cameras/1/frames/\(position)").expectProblem(404, "frame_data_not_found")
            try await api.get("/cameras/2/frames/\(plain.position ?? 0)").expectProblem(404, "frame_data_not_found")
            try await api.get("/cameras/2/frames/x").expectProblem(404, "frame_data_not_found")

            let audit = try await api.get("/audit?camera_id=2&type=CountReadingRecorded")
            let data = try #require(audit["items"]?.array?.first?["data"])
            #expect(data["frame_data"] == "***")
            #expect(data["sealed_frame_data"] == nil)
            for event in try await api.log.read(after: 0, limit: 100) {
                #expect(!String(decoding: event.data, as: UTF8.self).contains("marker-face"))
            }
        }
    }
}
