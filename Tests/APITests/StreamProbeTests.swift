import API
import EventSourcing
import Synchronization
import Testing
import UseCases

@Suite struct StreamProbeTests {
    /// Finds what a test says, one thing after the other; the last again and again.
    private static func finding(_ answers: JSON...) -> StreamProber {
        let next = Mutex(0)
        return StreamProber { (request: JSON) throws(StreamProber.Failure) in
            guard request["stream_url"] == "rtsp://u:pw@10.0.0.5/s", request["stream_type"] == "rtsp" else {
                throw .failed
            }
            return next.withLock { index in
                defer { index = min(index + 1, answers.count - 1) }
                return answers[index]
            }
        }
    }

    private static let picture: JSON = [
        "ok": true, "codec": "h264", "width": 1920, "height": 1080, "fps": 25.0, "response_time_ms": 140,
    ]
    private static let silence: JSON = [
        "ok": false, "reason": "timed_out", "detail": "No picture came in time.", "response_time_ms": 5000,
    ]

    private static let camera = #"{"name":"Entrance","stream_url":"rtsp://u:pw@10.0.0.5/s","stream_type":"rtsp"}"#

    @Test func aTestSaysWhatTheStreamIsAndStreamInfoKeepsIt() async throws {
        try await withAPI(prober: Self.finding(Self.picture, Self.silence)) { api in
            try await api.register(Self.camera)
            let unknown = try await api.get("/cameras/1/stream-info?min_position=1")
            #expect(
                unknown.body
                    == #"{"camera_id":1,"codec":null,"width":null,"height":null,"fps":null,"duration_ms":null,"seen_at":null,"age_ms":null,"last_test":null,"worker":null}"#
            )
            let tested = try await api.post("/cameras/1/test-connection", #"{"timeout_ms":700}"#)
            #expect(tested.status == 200, "\(tested.body)")
            #expect(tested["codec"] == "h264")
            #expect(tested["fps"]?.number == 25)
            api.clock.advance(by: .seconds(60))
            let failed = try await api.post("/cameras/1/test-connection")
            #expect(failed["ok"] == false)
            #expect(failed["reason"] == "timed_out")
            let position = try #require(failed.position)
            let known = try await api.get("/cameras/1/stream-info?min_position=\(position)")
            #expect(known["width"] == 1920)
            #expect(known["age_ms"] == 60000)
            #expect(known["last_test"]?["ok"] == false)
            #expect(known["last_test"]?["reason"] == "timed_out")
        }
    }

    @Test func aHealthCheckAnswersHealthWithWhatWasFound() async throws {
        try await withAPI(prober: Self.finding(Self.picture)) { api in
            try await api.register(Self.camera)
            let answer = try await api.post("/cameras/1/health-check")
            #expect(answer.status == 200, "\(answer.body)")
            #expect(answer["status"] == "offline")
            #expect(answer["check"]?["ok"] == true)
            #expect(answer["check"]?["codec"] == "h264")
        }
    }

    @Test(arguments: ["499", "30001", #""5""#, "1.5"])
    func aTimeOutIsBounded(_ value: String) async throws {
        try await withCommands { api in
            try await api.register()
            let answer = try await api.post("/cameras/1/test-connection", "{\"timeout_ms\":\(value)}")
            answer.expectProblem(422, "validation_failed")
        }
    }

    @Test func aServerWithoutAWorkerBesideItSaysSo() async throws {
        try await withCommands { api in
            try await api.register()
            let answer = try await api.post("/cameras/1/test-connection")
            answer.expectProblem(503, "probe_unavailable")
            try await api.post("/cameras/9/test-connection").expectProblem(404, "camera_not_found")
            _ = try await api.delete("/cameras/1", ifMatch: "*")
            try await api.post("/cameras/1/health-check").expectProblem(410, "camera_removed")
        }
    }

    @Test func aFifthLookAtATimeIsTurnedAway() async throws {
        let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
        let door = Latch()
        let patient = StreamProber { (_: JSON) throws(StreamProber.Failure) in
            arrival.yield()
            await door.wait()
            return Self.picture
        }
        try await withCommands(prober: patient) { api in
            try await api.register(Self.camera)
            try await withThrowingTaskGroup(of: Int.self) { looks in
                for _ in 1...4 { looks.addTask { try await api.post("/cameras/1/test-connection").status } }
                var arrived = arrivals.makeAsyncIterator()
                for _ in 1...4 { await arrived.next() }
                let fifth = try await api.post("/cameras/1/test-connection")
                fifth.expectProblem(503, "too_many_probes")
                #expect(fifth.headers[.retryAfter] != nil)
                door.open()
                for try await status in looks { #expect(status == 200) }
            }
            #expect(try await api.post("/cameras/1/test-connection").status == 200)
        }
    }

    @Test func aLookThatFailsGivesItsPlaceBack() async throws {
        let failing = StreamProber { (_: JSON) throws(StreamProber.Failure) in throw .failed }
        try await withCommands(prober: failing) { api in
            try await api.register(Self.camera)
            for _ in 1...5 { #expect(try await api.post("/cameras/1/test-connection").status == 500) }
        }
    }
}
