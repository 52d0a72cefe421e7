import EventSourcing
import Testing

@Suite struct CameraCommandTests {
    static let full = #"""
        {"name":" Entrance ","location":"Hall 1","description":"a\tb","stream_url":"rtsp://u:p@10.0.0.5/s",
        "stream_type":"rtsp","settings":{"pace":"fast","started_at":"2026-03-29T02:00:00+02:00","loop":true,
        "detector":"yolo","confidence":0.00005,"classes":["person"]},"metadata":{"bb":1.0,"a":{"d":1,"c":[null,"x"]}},
        "lines":[{"name":"door","from":[0,0.5],"to":[1,0.5],"inside":[0.5,0.9]}],"time_zone":"Europe/Berlin"}
        """#

    @Test func registeringAnswersWithTheCamera() async throws {
        try await withCommands { api in
            let answer = try await api.post("/cameras", Self.full)
            #expect(answer.status == 201)
            #expect(answer.header("Location") == "/api/v1/cameras/1")
            #expect(answer.header("Content-Type") == "application/json")
            #expect(answer.eTag == "\"1\"")
            #expect(answer.position == 1)
            #expect(
                answer.body
                    == #"""
                    {"id":1,"name":"Entrance","location":"Hall 1","description":"a\tb",
                    "stream_url":"rtsp://***@10.0.0.5/s","stream_type":"rtsp","status":"offline",
                    "desired_state":"stopped","worker_id":null,
                    "settings":{"loop": true, "pace": "fast", "classes": ["person"], "detector": "yolo",
                     "confidence": 0.00005, "started_at": "2026-03-29T00:00:00Z"},
                    "metadata":{"a": {"c": [null, "x"], "d": 1}, "bb": 1.0},
                    "lines":[{"to": [1.0, 0.5], "from": [0.0, 0.5], "name": "door", "inside": [0.5, 0.9]}],
                    "time_zone":"Europe/Berlin","monitoring":false,"security_config":null,"created_at":"2026-03-29T12:00:00Z",
                    "updated_at":"2026-03-29T12:00:00Z","created_by":"anonymous","updated_by":"anonymous","version":1}
                    """#.replacing("\n", with: ""))
        }
    }

    @Test func absentMembersTakeTheirDefaults() async throws {
        try await withCommands { api in
            let answer = try await api.post("/cameras", TestAPI.camera(#""location":null,"lines":null"#))
            #expect(answer.status == 201)
            #expect(answer["location"] == .null)
            #expect(answer["description"] == .null)
            #expect(answer["settings"] == [:])
            #expect(answer["metadata"] == [:])
            #expect(answer["lines"] == [])
            #expect(answer["time_zone"] == "UTC")
        }
    }

    @Test func eventsCarryWhoAndWhich() async throws {
        try await withCommands { api in
            let answer = try await api.post(
                "/cameras", Self.full, headers: [.actor: "anna", .requestID: "r-1"])
            #expect(answer["created_by"] == "anna")
            let event = try #require(try await api.log.readAll("camera-1").first)
            #expect(
                String(decoding: event.metadata, as: UTF8.self) == #"{"actor": "anna", "correlation_id": "anna r-1"}"#)
            #expect(try JSON.parse(event.data)["stream_url"] == "rtsp://10.0.0.5/s")
            #expect(try JSON.parse(event.data)["stream_credentials"] == nil)
            #expect(try JSON.parse(event.data)["stream_credentials_id"]?.string?.count == 32)
            #expect(event.schemaVersion == 2)
        }
    }

    @Test func replacingReplacesAndResets() async throws {
        try await withCommands { api in
            try await api.register(Self.full)
            let answer = try await api.put(
                "/cameras/1", #"{"name":"Exit","stream_url":"http://cam/","stream_type":"http","lines":[]}"#,
                ifMatch: "\"1\"")
            #expect(answer.status == 200)
            #expect(answer.eTag == "\"3\"")
            #expect(answer.position == 3)
            #expect(answer["name"] == "Exit")
            #expect(answer["location"] == .null)
            #expect(answer["stream_url"] == "http://cam/")
            #expect(answer["lines"] == [])
            #expect(answer["time_zone"] == "UTC")
            let types = try await api.log.readAll("camera-1").map(\.type)
            #expect(types == ["CameraRegistered", "CameraDescribed", "CameraConfigured"])
        }
    }

    @Test func replacingWithTheSameChangesNothing() async throws {
        try await withCommands { api in
            try await api.register(Self.full)
            for body in [Self.full.replacing("u:p@", with: "***@"), Self.full] {
                let answer = try await api.put("/cameras/1", body, ifMatch: "\"1\"")
                #expect(answer.status == 200)
                #expect(answer.eTag == "\"1\"")
                #expect(answer.position == 1)
                #expect(try await api.log.head() == 1)
            }
        }
    }

    @Test func maskForAnotherHostIsAFault() async throws {
        try await withCommands { api in
            try await api.register(Self.full)
            let moved = Self.full.replacing("u:p@10.0.0.5", with: "***@10.0.0.6")
            let replaced = try await api.put("/cameras/1", moved, ifMatch: "*")
            replaced.expectProblem(422, "validation_failed")
            #expect(replaced.faults == ["/stream_url masked_credentials"])
            let registered = try await api.post("/cameras", moved)
            #expect(registered.faults == ["/stream_url masked_credentials"])
        }
    }

    /// An operator who changes the scheme cannot have the password sent in clear, by none of the commands.
    @Test func masksDoNotTakeSecretsToAnUnsafeScheme() async throws {
        try await withCommands { api in
            let secure = Self.full.replacing("rtsp://u:p@10.0.0.5", with: "rtsps://u:p@10.0.0.5:8554")
            try await api.register(secure)
            for url in ["rtsp://***@10.0.0.5:8554/s", "rtsps://***@10.0.0.5/s", "rtsps://***@10.0.0.5:8555/s"] {
                let body = secure.replacing("rtsps://u:p@10.0.0.5:8554/s", with: url)
                let replaced = try await api.put("/cameras/1", body, ifMatch: "*")
                #expect(replaced.faults == ["/stream_url masked_credentials"], "\(url) \(replaced.body)")
                let patched = try await api.patch("/cameras/1", #"{"stream_url":"\#(url)"}"#, ifMatch: "*")
                #expect(patched.faults == ["/stream_url masked_credentials"], "\(url) \(patched.body)")
            }
            #expect(try await api.log.head() == 1)
        }
    }

    @Test func statusFollowsTheTable() async throws {
        try await withCommands { api in
            try await api.register()
            let online = try await api.patch("/cameras/1/status", #"{"status":"online","reason":"seen"}"#, ifMatch: "*")
            #expect(online.status == 200)
            #expect(online["status"] == "online")
            let event = try #require(try await api.log.readAll("camera-1").last)
            #expect(try JSON.parse(event.data)["reason"] == "seen")
            _ = try await api.patch("/cameras/1/status", #"{"status":"maintenance"}"#, ifMatch: "\"2\"")
            let refused = try await api.patch("/cameras/1/status", #"{"status":"online"}"#, ifMatch: "\"3\"")
            refused.expectProblem(409, "status_transition_not_allowed")
            #expect(refused["from"] == "maintenance")
            #expect(refused["to"] == "online")
            #expect(refused["allowed"] == ["offline"])
        }
    }

    @Test func cameraStartsStopsAndRestarts() async throws {
        try await withCommands { api in
            try await api.register()
            let started = try await api.post("/cameras/1/start")
            #expect(started.status == 200)
            #expect(started["desired_state"] == "running")
            #expect(started["worker_id"] == "worker-1")
            #expect(started.eTag == "\"2\"")
            #expect(try await api.post("/cameras/1/start", "{}").eTag == "\"2\"")
            #expect(try await api.post("/cameras/1/start", #"{"worker_id":"w2"}"#)["worker_id"] == "w2")
            #expect(try await api.post("/cameras/1/restart", #"{"worker_id":null}"#)["version"] == 4)
            let stopped = try await api.post("/cameras/1/stop", #"{"reason":"night"}"#)
            #expect(stopped["desired_state"] == "stopped")
            #expect(stopped["worker_id"] == "w2")
            #expect(try await api.post("/cameras/1/stop").eTag == "\"5\"")
            let epochs = try await api.log.readAll("camera-1").compactMap { try JSON.parse($0.data)["epoch"]?.integer }
            #expect(epochs == [1, 2, 3])
        }
    }

    @Test func cameraInMaintenanceDoesNotStart() async throws {
        try await withCommands { api in
            try await api.register()
            _ = try await api.patch("/cameras/1/status", #"{"status":"maintenance"}"#, ifMatch: "*")
            try await api.post("/cameras/1/start").expectProblem(409, "camera_in_maintenance")
            try await api.post("/cameras/1/restart").expectProblem(409, "camera_in_maintenance")
        }
    }

    @Test func removedCameraIsGone() async throws {
        try await withCommands { api in
            try await api.register()
            let removed = try await api.delete("/cameras/1", ifMatch: "\"1\"")
            #expect(removed.status == 204)
            #expect(removed.position == 2)
            try await api.delete("/cameras/1", ifMatch: "*").expectProblem(410, "camera_removed")
            try await api.delete("/cameras/1", ifMatch: "\"1\"").expectProblem(410, "camera_removed")
            try await api.put("/cameras/1", TestAPI.camera(), ifMatch: "*").expectProblem(410, "camera_removed")
            try await api.patch("/cameras/1/status", #"{"status":"online"}"#, ifMatch: "\"9\"")
                .expectProblem(410, "camera_removed")
            try await api.post("/cameras/1/start").expectProblem(410, "camera_removed")
        }
    }

    @Test(arguments: ["7", "0", "-1", "abc", "01", "+1", "1.0", "9223372036854775808", "%2531", "1%20"])
    func unknownCameraIsNotFound(id: String) async throws {
        try await withCommands { api in
            try await api.register()
            try await api.delete("/cameras/\(id)", ifMatch: "*").expectProblem(404, "camera_not_found")
            try await api.put("/cameras/\(id)", TestAPI.camera(), ifMatch: "\"1\"").expectProblem(
                404, "camera_not_found")
            try await api.post("/cameras/\(id)/start").expectProblem(404, "camera_not_found")
            #expect(try await api.log.head() == 1)
        }
    }
}
