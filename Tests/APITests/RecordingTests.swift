import EventSourcing
import Testing
import UseCases

@testable import API

/// Dated recordings lie in the past, all of them.
@Suite struct RecordingTests {
    private static func clip(_ startedAt: String, url: String = "file:///clips/door.mp4") -> String {
        #"""
        {"name":"Clip","stream_url":"\#(url)","settings":{"started_at":"\#(startedAt)"},"lines":[\#(TestAPI.line("door"))]}
        """#
    }

    private static func config(_ startedAt: String) -> String {
        #"{"settings":{"started_at":"\#(startedAt)"},"lines":[],"time_zone":"UTC"}"#
    }

    @Test(arguments: ["2026-03-29T12:00:00.000001Z", "2027-01-01T00:00:00Z"])
    func aRecordingIsNotBegunInTheFuture(startedAt: String) async throws {
        try await withCommands { api in
            let refused = ["/settings/started_at in_future"]
            #expect(try await api.post("/cameras", Self.clip(startedAt)).faults == refused)
            try await api.register(Self.clip("2026-03-29T12:00:00Z"))
            #expect(try await api.put("/cameras/1", Self.clip(startedAt), ifMatch: "*").faults == refused)
            #expect(try await api.put("/cameras/1/config", Self.config(startedAt), ifMatch: "*").faults == refused)
            #expect(try await api.log.head() == 1)
        }
    }

    private static let prober = StreamProber { _ in
        ["ok": true, "codec": "h264", "width": 640, "height": 480, "fps": 25, "duration_ms": 3_600_000]
    }

    @Test func aRecordingDoesNotEndInTheFuture() async throws {
        try await withAPI(prober: Self.prober) { api in
            try await api.register(Self.clip("2026-03-29T11:30:00Z"))
            // Nobody knows yet how long it is.
            #expect(try await api.post("/cameras/1/start").status == 200)
            let looked = try await api.post("/cameras/1/test-connection")
            #expect(looked["duration_ms"] == 3_600_000)
            let info = try await api.get("/cameras/1/stream-info?min_position=\(looked.position ?? 0)")
            #expect(info["duration_ms"] == 3_600_000, "\(info.body)")
            for command in ["start", "restart"] {
                let answer = try await api.post("/cameras/1/\(command)")
                answer.expectProblem(409, "recording_ends_ahead")
                #expect(answer["ends_at"] == "2026-03-29T12:30:00Z")
            }
            let assigned = try await api.post("/workers/w2/assign", #"{"camera_ids":[1]}"#)
            #expect(assigned["results"]?.array?.first?["code"] == "recording_ends_ahead", "\(assigned.body)")
            let refused = ["/settings/started_at in_future"]
            let later = "2026-03-29T11:00:00.000001Z"
            #expect(try await api.put("/cameras/1", Self.clip(later), ifMatch: "*").faults == refused)
            #expect(try await api.put("/cameras/1/config", Self.config(later), ifMatch: "*").faults == refused)
            // How long another file is, nobody has seen.
            let other = Self.clip(later, url: "file:///clips/other.mp4")
            #expect(try await api.put("/cameras/1", other, ifMatch: "*").status == 200)
            #expect(try await api.put("/cameras/1", Self.clip("2026-03-29T11:00:00Z"), ifMatch: "*").status == 200)
            #expect(try await api.post("/cameras/1/restart").status == 200)
        }
    }
}
