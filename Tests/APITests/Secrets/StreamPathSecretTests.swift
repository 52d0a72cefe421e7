import EventLog
import EventSourcing
import Synchronization
import TestSupport
import Testing
import UseCases

@testable import API
@testable import Counting
@testable import Postgres

/// Secrets in what follows the host of a stream's URL, from the request to the worker, and nowhere else.
@Suite struct StreamPathSecretTests {
    private static let url = "http://8.8.8.8/cgi-bin/mjpg?user=admin&pwd=marker-path"
    private static let shown = "http://8.8.8.8/***"

    private static func camera(_ url: String, _ members: String = "") -> String {
        #"{"name":"Entrance","stream_url":"\#(url)","lines":[\#(TestAPI.line("door"))]\#(members)}"#
    }

    private func assigned(_ api: TestAPI, _ position: Int64?) async throws -> JSON? {
        let answer = try await api.get("/workers/worker-1/assignments?min_position=\(position ?? 0)")
        return answer["items"]?.array?.first
    }

    @Test func onlyWhoOpensTheStreamIsGivenThem() async throws {
        let looked = Mutex<JSON?>(nil)
        let prober = StreamProber { (request: JSON) throws(StreamProber.Failure) in
            looked.withLock { $0 = request["stream_url"] }
            return ["ok": false, "reason": "timed_out", "response_time_ms": 1]
        }
        try await withAPI(prober: prober) { api in
            var answers = [try await api.post("/cameras", Self.camera(Self.url))]
            #expect(answers[0]["stream_url"] == .string(Self.shown), "\(answers[0].body)")
            let started = try await api.post("/cameras/1/start")
            let item = try await assigned(api, started.position)
            #expect(item?["stream_url"] == .string(Self.url))
            #expect(item?["stream_path"] == nil)
            answers.append(try await api.post("/cameras/1/test-connection"))
            #expect(looked.withLock(\.self) == .string(Self.url))
            try await api.settle()
            for path in [
                "/cameras/1", "/cameras", "/cameras?search=marker", "/cameras/1/history", "/cameras/1?version=1",
                "/cameras/1/stream-info", "/audit", "/cameras/1/config",
            ] { answers.append(try await api.get(path)) }
            #expect(
                answers.allSatisfy { $0.status < 300 && !$0.body.contains("marker-path") }, "\(answers.map(\.body))")
            #expect(try await api.get("/cameras/1")["stream_url"] == .string(Self.shown))
            for event in try await api.log.read(after: 0, limit: 100) {
                #expect(!String(decoding: event.data, as: UTF8.self).contains("marker-path"))
            }
        }
    }

    @Test func theMaskKeepsThemAndAChangeIsSeen() async throws {
        try await withAPI { api in
            try await api.register(Self.camera(Self.url))
            for url in [Self.shown, Self.url] {
                #expect(try await api.put("/cameras/1", Self.camera(url), ifMatch: "*").eTag == "\"1\"")
            }
            for url in ["https://8.8.4.4/***", "http://8.8.8.8:81/***", "http://***@8.8.8.8/***"] {
                let answer = try await api.put("/cameras/1", Self.camera(url), ifMatch: "*")
                #expect(answer.faults == ["/stream_url masked_credentials"], "\(url) \(answer.body)")
            }
            let renamed = try await api.patch("/cameras/1", #"{"name":"Side door"}"#, ifMatch: "*")
            #expect(renamed["stream_url"] == .string(Self.shown))
            let other = Self.url.replacing("marker-path", with: "marker-other")
            let changed = try await api.patch("/cameras/1", #"{"stream_url":"\#(other)"}"#, ifMatch: "*")
            #expect(changed.eTag == "\"3\"", "\(changed.body)")
            let history = try await api.get("/cameras/1/history?limit=1")
            #expect(
                history["items"]?.array?.first?["changes"]
                    == [["member": "/stream_path", "before": "***", "after": "***"]])
            let started = try await api.post("/cameras/1/start")
            #expect(try await assigned(api, started.position)?["stream_url"] == .string(other))
        }
    }

    @Test func anErasureDestroysThem() async throws {
        try await withAPI { api in
            try await api.register(Self.camera(Self.url))
            let pool = try #require(api.pool)
            #expect(try await pool.query("select purpose from camera_secrets")[0].text(0) == "stream_path")
            #expect(try await api.delete("/cameras/1?erase=true", ifMatch: "*").status == 204)
            #expect(try await pool.query("select from camera_secrets").isEmpty)
            #expect(try await !api.get("/audit").body.contains("marker-path"))
        }
    }

    /// Logs of before hold them in clear. Nobody is shown them, and a change takes them along encrypted.
    @Test func thoseOfOldEventsAreHiddenAndLeftBehind() async throws {
        try await withAPI { api in
            let data =
                #"{"camera_id":1,"name":"Entrance","metadata":{},"settings":{},"time_zone":"UTC","stream_url":"\#(Self.url)","stream_type":"http","lines":[]}"#
            let looked =
                #"{"camera_id":1,"observed_at":"2026-03-29T11:00:00Z","ok":true,"codec":"h264","response_time_ms":1,"stream_url":"\#(Self.url)"}"#
            let registered = try await api.log.append(
                Append(
                    to: "camera-1", expecting: .noStream,
                    events: [NewEvent(type: "CameraRegistered", data: Array(data.utf8))], opens: ["telemetry-1"]))
            let probed = try await api.log.append(
                Append(
                    to: "telemetry-1", expecting: .exists,
                    events: [NewEvent(type: "StreamProbed", schemaVersion: 2, data: Array(looked.utf8))]))
            #expect(registered.isAppended && probed.isAppended)
            let started = try await api.post("/cameras/1/start")
            #expect(started["stream_url"] == .string(Self.shown))
            let item = try await assigned(api, started.position)
            #expect(item?["stream_url"] == .string(Self.url))
            #expect(item?["stream_path"] == nil)
            try await api.settle()
            for path in ["/cameras/1", "/cameras", "/cameras/1/history", "/cameras/1?version=1", "/audit"] {
                #expect(try await !api.get(path).body.contains("marker-path"), "\(path)")
            }
            let pool = try #require(api.pool)
            #expect(
                try await pool.query("select stream_url from read.stream_info")[0].text(0) == Self.shown)
            let renamed = try await api.put("/cameras/1", Self.camera(Self.shown), ifMatch: "*")
            #expect(renamed.status == 200, "\(renamed.body)")
            let event = try #require(try await api.log.readAll("camera-1").last)
            #expect(event.schemaVersion == 3)
            #expect(!String(decoding: event.data, as: UTF8.self).contains("marker-path"))
            #expect(try await assigned(api, renamed.position)?["stream_url"] == .string(Self.url))
            #expect(try await pool.query("select stream_path from read.camera_state")[0].isNull(0))
        }
    }

    /// The database hides of old events what the domain hides.
    @Test func bothKnowTheSameHarmlessPaths() async throws {
        try await withAPI(projecting: false) { api in
            let pool = try #require(api.pool)
            let pattern = try await pool.query("select harmless_stream_path_pattern()")[0].text(0)
            #expect(pattern == StreamPath.harmlessPattern)
            for path in StreamPathSamples.harmless + StreamPathSamples.secret {
                for scheme in ["rtsp", "http", "rtmp"] {
                    let url = "\(scheme)://cam\(path)"
                    let shown = try await pool.query("select shown_stream_url($1)", [.text(url)])[0].text(0)
                    #expect(shown == StreamAddress.shown(url), "\(url)")
                }
            }
            for url in ["file:///srv/any?thing#there", "rtsp://cam/***", "rtsp://cam/a#b", "rtsp://cam/live@home"] {
                let shown = try await pool.query("select shown_stream_url($1)", [.text(url)])[0].text(0)
                #expect(shown == StreamAddress.shown(url), "\(url)")
            }
        }
    }
}
