import Counting
import EventSourcing
import Postgres
import Reactions
import Synchronization
import Testing
import UseCases

@testable import API

/// Monitoring looks at streams.
@Suite(.timeLimit(.minutes(5))) struct StreamCheckTests {
    private static let picture: JSON = [
        "ok": true, "codec": "h264", "width": 1920, "height": 1080, "fps": 25.0, "response_time_ms": 140,
    ]
    private static let refusal: JSON = [
        "ok": false, "reason": "not_authorized", "detail": "The camera does not accept these credentials.",
        "response_time_ms": 40,
    ]

    private static func finding(_ answer: JSON) -> StreamProber {
        StreamProber { (request: JSON) throws(StreamProber.Failure) in
            guard request["stream_url"] == "rtsp://10.0.0.5/s", request["timeout_ms"] == 5000 else { throw .failed }
            return answer
        }
    }

    private func check(_ api: TestAPI, camera: Int64 = 1) async throws -> CameraMonitor.Finding? {
        let suspect = CameraMonitor.Suspect(id: try CameraID(camera), status: .offline, desiredState: .stopped)
        return await CameraMonitor.looking(by: try #require(api.backend).probes)(suspect)
    }

    @Test(arguments: [
        (picture, CameraStatus.online, "its stream can be opened"),
        (refusal, .error, "its stream cannot be opened: not_authorized"),
    ])
    func whatALookFindsIsHowTheCameraFares(_ answer: JSON, _ status: CameraStatus, _ reason: String) async throws {
        try await withCommands(prober: Self.finding(answer)) { api in
            try await api.register()
            let found = try await check(api)
            #expect(found?.status == status)
            #expect(found?.reason?.text == reason)
            let events = try await api.log.read("telemetry-1", after: 0, limit: 10)
            #expect(events.map(\.type) == ["StreamProbed"])
            #expect(EventMetadata(try JSON.parse(events[0].metadata)).actor == "footfall")
        }
    }

    @Test(arguments: [StreamProber.Failure.unavailable, .failed])
    func withoutALookNothingIsSaid(_ failure: StreamProber.Failure) async throws {
        try await withCommands(prober: StreamProber { (_: JSON) throws(StreamProber.Failure) in throw failure }) {
            api in
            try await api.register()
            #expect(try await check(api) == nil)
        }
    }

    @Test func aCameraThatIsGoneIsNotLookedAt() async throws {
        try await withCommands(prober: Self.finding(Self.picture)) { api in
            try await api.register()
            _ = try await api.delete("/cameras/1", ifMatch: "*")
            #expect(try await check(api) == nil)
            #expect(try await check(api, camera: 2) == nil)
        }
    }

    @Test func roundsAreHalfAMinuteApart() async throws {
        try await withAPI(prober: Self.finding(Self.refusal)) { api in
            try await api.register()
            let monitored = try await api.post("/cameras/1/start-monitoring")
            _ = try await api.get("/cameras/1?min_position=\(try #require(monitored.position))")
            let check = CameraMonitor.looking(by: try #require(api.backend).probes)
            let clock = ManualClock()
            let looks = Mutex(0)
            let monitor = CameraMonitor(
                api.log, on: try #require(api.target), clock: clock, logger: .silent
            ) { suspect in
                looks.withLock { $0 += 1 }
                return await check(suspect)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await monitor.run() }
                await clock.isSleptBy()
                clock.advance(by: .seconds(29))
                #expect(looks.withLock(\.self) == 0)
                clock.advance(by: .seconds(1))
                await clock.isSleptBy()
                #expect(looks.withLock(\.self) == 1)
                let camera = try await api.get("/cameras/1?min_position=\(try await api.log.head())")
                #expect(camera["status"] == "error")
                let info = try await api.get("/cameras/1/stream-info?min_position=\(try await api.log.head())")
                #expect(info["last_test"]?["reason"] == "not_authorized")
                group.cancelAll()
            }
        }
    }

    @Test func monitoringIsShownAmongTheReactions() async throws {
        try await withAPI { api in
            let clock = ManualClock()
            let target = try #require(api.target)
            let monitor = CameraMonitor(api.log, on: target, clock: clock, logger: .silent)
            func shown() async throws -> JSON? { try await api.get("/reactions")["items"]?.array?.first }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await monitor.run() }
                await clock.isSleptBy()
                let first = try await shown()
                #expect(first?["name"] == "camera_monitor")
                #expect(first?["position"] == .null)
                #expect(first?["process"]?["name"]?.string?.contains(":") == true)
                #expect(first?["stall"] == .null)

                let pool = try #require(api.pool)
                try await pool.query("alter view read.camera_heard rename to camera_gone")
                clock.advance(by: .seconds(30))
                while try await shown()?["stall"]?["reason"] != "error" { await Task.yield() }
                #expect(try await api.get("/health/ready")["status"] == "degraded")
                try await pool.query("alter view read.camera_gone rename to camera_heard")
                await clock.isSleptBy()
                clock.advance(by: .seconds(30))
                while try await shown()?["stall"] != .null { await Task.yield() }
                group.cancelAll()
            }
        }
    }

    @Test func fourCamerasAreLookedAtAtATime() async throws {
        try await withAPI { api in
            for id in 1...6 {
                try await api.register()
                _ = try await api.post("/cameras/\(id)/start-monitoring")
            }
            _ = try await api.get("/cameras?min_position=\(try await api.log.head())")
            let target = try #require(api.target)
            let door = Latch()
            let looks = Mutex((under: 0, most: 0, all: 0))
            let monitor = CameraMonitor(api.log, on: target, logger: .silent) { _ in
                let isFourth = looks.withLock { looks in
                    looks = (looks.under + 1, max(looks.most, looks.under + 1), looks.all + 1)
                    return looks.under == 4
                }
                // Nobody goes before there are four.
                if isFourth { door.open() }
                await door.wait()
                looks.withLock { $0.under -= 1 }
                return nil
            }
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            try await monitor.round(on: connection)
            #expect(looks.withLock { $0.most } == 4)
            #expect(looks.withLock { $0.all } == 6)
        }
    }
}
