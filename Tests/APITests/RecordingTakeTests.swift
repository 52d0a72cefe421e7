import API
import Access
import EventLog
import EventSourcing
import Foundation
import TestSupport
import Testing

@testable import Postgres

/// Recordings are counted once, whatever happens to the camera that counts them.
@Suite(.timeLimit(.minutes(5))) struct RecordingTakeTests {
    private static let range = "from=2026-03-28T08:00:00Z&to=2026-03-28T09:00:00Z"

    /// Registers a camera that counts a recording of the day before.
    private static func register(_ settings: String = "", on api: TestAPI) async throws {
        let answer = try await api.post(
            "/cameras",
            #"""
            {"name":"Path","stream_url":"file:///clips/a.avi","stream_type":"file",
            "settings":{"started_at":"2026-03-28T08:00:00Z","pace":"fast"\#(settings)},
            "lines":[{"name":"door","from":[0,0.5],"to":[1,0.5],"inside":[0.5,0.9]}]}
            """#)
        try #require(answer.status == 201, "\(answer.body)")
        #expect(answer["recording"]?["state"] == "new")
    }

    private static func config(_ confidence: Double) -> String {
        #"""
        {"settings":{"started_at":"2026-03-28T08:00:00Z","pace":"fast","confidence":\#(confidence)},"time_zone":"UTC",
        "lines":[{"name":"door","from":[0,0.5],"to":[1,0.5],"inside":[0.5,0.9]}]}
        """#
    }

    /// A reading of one in, so many seconds after eight.
    private static func reading(_ sequence: Int64, second: Int) -> String {
        let time = "2026-03-28T08:\(String(100 + second / 60).suffix(2)):\(String(100 + second % 60).suffix(2))Z"
        return
            #"{"sequence":\#(sequence),"observed_at":"\#(time)","line":"door","class":"person","count_in":1,"count_out":0}"#
    }

    private static func send(_ readings: String..., take: Int64, to api: TestAPI) async throws -> [String] {
        let answer = try await api.post(
            "/cameras/1/counts", #"{"take":\#(take),"readings":[\#(readings.joined(separator: ","))]}"#)
        try #require(answer.status == 201, "\(answer.body)")
        return (answer["results"]?.array ?? []).compactMap { $0["outcome"]?.string }
    }

    private static func assignment(of worker: String, on api: TestAPI) async throws -> JSON? {
        let head = try await api.log.head()
        return try await api.get("/workers/\(worker)/assignments?min_position=\(head)")["items"]?.array?.first
    }

    /// In, out, readings and corrections of the hour, where explanation and read model agree.
    private static func counted(on api: TestAPI) async throws -> [Int64?] {
        _ = try await CountExplanationTests.settle(api)
        let explanation = try await api.get("/cameras/1/counts/explain?\(range)")
        #expect(explanation["differs"] == false, "\(explanation.body)")
        let hour = try await api.get("/cameras/1/counts?\(range)")["items"]?.array ?? []
        let members = ["count_in", "count_out", "readings", "correction_in"]
        let sums = members.map { member in hour.reduce(Int64(0)) { $0 + ($1[member]?.integer ?? 0) } }
        #expect(members.map { explanation["explained"]?[$0]?.integer } == sums)
        return sums
    }

    @Test func everyWorkerCountsTheSameTake() async throws {
        try await withAPI { api in
            try await Self.register(on: api)
            let started = try await api.post("/cameras/1/start", #"{"worker_id":"a"}"#)
            #expect(started["recording"]?["state"] == "counting")
            #expect(started["recording"]?["take"] == 1)
            let first = try await Self.assignment(of: "a", on: api)
            #expect(first?["take"] == 1)
            #expect(first?["counted_to"] == .null)
            #expect(
                try await Self.send(Self.reading(10, second: 1), Self.reading(20, second: 2), take: 1, to: api)
                    == ["appended", "appended"])

            let moved = try await api.post("/cameras/1/start", #"{"worker_id":"b"}"#)
            #expect(moved["recording"]?["take"] == 1)
            #expect(moved["recording"]?["detail"]?.string?.contains("not counted again") == true)
            let second = try await Self.assignment(of: "b", on: api)
            #expect(second?["take"] == 1)
            #expect(second?["counted_to"] == 20)
            #expect(
                try await Self.send(Self.reading(20, second: 2), Self.reading(30, second: 3), take: 1, to: api)
                    == ["duplicate", "appended"])
            #expect(try await Self.counted(on: api) == [3, 0, 3, 0])
        }
    }

    @Test func aStartAfterTheEndChangesNothing() async throws {
        try await withAPI { api in
            try await Self.register(on: api)
            _ = try await api.post("/cameras/1/start")
            _ = try await Self.send(Self.reading(10, second: 1), take: 1, to: api)
            let ended = try await api.post(
                "/cameras/1/stop", #"{"reason":"end of stream","take":1,"ended_at":"2026-03-28T08:01:19.5Z"}"#)
            #expect(ended["desired_state"] == "stopped")
            #expect(ended["recording"]?["state"] == "ended")
            #expect(ended["recording"]?["ended_at"] == "2026-03-28T08:01:19.500000Z")
            for command in ["start", "restart"] {
                let answer = try await api.post("/cameras/1/\(command)")
                #expect(answer.status == 200)
                #expect(answer["version"] == ended["version"])
                #expect(answer["desired_state"] == "stopped")
                #expect(answer["recording"]?["detail"]?.string?.contains("changes nothing") == true)
            }
            #expect(try await Self.assignment(of: "worker-1", on: api) == nil)

            let again = try await api.post("/cameras/1/restart", #"{"recount":true}"#)
            #expect(again["desired_state"] == "running")
            #expect(again["recording"]?["take"] == 2)
            #expect(again["recording"]?["replaces"] == 1)
            #expect(try await Self.counted(on: api) == [0, 0, 0, 0])
        }
    }

    @Test func aTakeUnderOtherRulesReplacesTheOneBefore() async throws {
        try await withAPI { api in
            try await Self.register(on: api)
            _ = try await api.post("/cameras/1/start")
            _ = try await Self.send(
                Self.reading(10, second: 1), Self.reading(20, second: 2), Self.reading(30, second: 1000), take: 1,
                to: api)
            let correction = #"""
                {"from":"2026-03-28T08:00:00Z","to":"2026-03-28T08:30:00Z","line":"door","class":"person",
                "delta_in":-2,"reason":"a dog"}
                """#
            #expect(try await api.post("/cameras/1/counts/corrections", correction).status == 201)
            #expect(try await Self.counted(on: api) == [3, 0, 3, -2])

            let changed = try await api.put("/cameras/1/config", Self.config(0.31), ifMatch: "*")
            #expect(changed.status == 200, "\(changed.body)")
            #expect(changed["recording"]?["take"] == 2)
            #expect(changed["recording"]?["replaces"] == 1)
            #expect(changed["recording"]?["detail"]?.string?.contains("replaces take 1") == true)
            let assigned = try await Self.assignment(of: "worker-1", on: api)
            #expect(assigned?["take"] == 2)
            #expect(assigned?["counted_to"] == .null)
            #expect(try await Self.counted(on: api) == [0, 0, 0, 0])

            // A worker that has not noticed goes on with the first one for a moment.
            #expect(try await Self.send(Self.reading(40, second: 1100), take: 1, to: api) == ["appended"])
            #expect(try await Self.send(Self.reading(10, second: 1), take: 2, to: api) == ["appended"])
            #expect(try await Self.counted(on: api) == [1, 0, 1, 0])
            let explanation = try await api.get("/cameras/1/counts/explain?\(Self.range)")
            #expect(explanation["items"]?.array?.map { $0["take"] } == [2])
            let quarter = "from=2026-03-28T08:00:00Z&to=2026-03-28T08:30:00Z&line=door"
            let minutes = try await api.get("/cameras/1/analytics?\(quarter)&window=minute")
            #expect(minutes["totals"]?["count_in"] == 1, "\(minutes.body)")
            let export = try await api.post(
                "/cameras/1/export",
                #"{"kind":"readings","format":"jsonl","from":"2026-03-28T08:00:00Z","to":"2026-03-28T09:00:00Z"}"#)
            let exported = try export.body.split(separator: "\n").map { try JSON.parse(String($0)) }
            #expect(exported.map { $0["take"] } == [2], "\(export.body)")
            // Both takes stay in the trail.
            let trail = try await api.get("/audit?type=CountReadingRecorded")["items"]?.array ?? []
            #expect(trail.compactMap { $0["data"]?["take"]?.integer } == [1, 1, 1, 1, 2])

            #expect(
                try await api.post(
                    "/cameras/1/counts/corrections", correction.replacing(#""delta_in":-2"#, with: #""delta_in":-1"#)
                ).status == 201)
            #expect(try await Self.counted(on: api) == [1, 0, 1, -1])
        }
    }

    @Test func aChangeOfAStoppedCameraTellsWhatItsNextStartDoes() async throws {
        try await withAPI { api in
            try await Self.register(on: api)
            _ = try await api.post("/cameras/1/start")
            let stopped = try await api.post("/cameras/1/stop")
            #expect(stopped["recording"]?["state"] == "interrupted")
            let changed = try await api.put("/cameras/1/config", Self.config(0.5), ifMatch: "*")
            #expect(changed["recording"]?["state"] == "changed")
            #expect(changed["recording"]?["detail"]?.string?.contains("replaces take 1") == true)
            let back = try await api.put("/cameras/1/config", Self.config(0.3), ifMatch: "*")
            #expect(back["recording"]?["state"] == "interrupted")
        }
    }

    @Test func whatIsLiveIsNoRecording() async throws {
        try await withAPI { api in
            try await api.register()
            let started = try await api.post("/cameras/1/start")
            #expect(started["id"] == 1)
            #expect(started["recording"] == nil)
            try await api.post("/cameras/1/restart", #"{"recount":true}"#).expectProblem(409, "not_a_recording")
            let assigned = try await Self.assignment(of: "worker-1", on: api)
            #expect(assigned?["take"] == .null)
        }
    }

    @Test func aTakeThatThereIsNotIsRefused() async throws {
        try await withAPI { api in
            try await Self.register(on: api)
            _ = try await api.post("/cameras/1/start")
            let reading = Self.reading(10, second: 1)
            func faults(_ body: String) async throws -> [String] {
                try await api.post("/cameras/1/counts", body).faults
            }
            #expect(try await faults(#"{"take":2,"readings":[\#(reading)]}"#) == ["/take unknown_value"])
            #expect(try await faults(#"{"take":0,"readings":[\#(reading)]}"#) == ["/take out_of_range"])
            #expect(
                try await faults(#"{"take":1,"source":"w","readings":[\#(reading)]}"#) == ["/source unknown_member"])
            #expect(
                try await faults(#"{"source":"recording/1","readings":[\#(reading)]}"#) == ["/source malformed"])
            #expect(
                try await faults(#"{"source":"reaction/echo","readings":[\#(reading)]}"#) == ["/source malformed"])
            #expect(
                try await api.post("/cameras/1/stop", #"{"take":1}"#).faults == ["/ended_at required"])
        }
    }

    /// The takes too: which of them were replaced stands in the camera's own stream.
    @Test func archivedTakesAreExplainedAndExportedTheSame() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "footfall-archive-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder in /tmp may stay
        try await withAPI { api in
            let (target, pool) = (try #require(api.target), try #require(api.pool))
            try await pool.withConnection { try await makeSmallSegments(5, partition: 10, on: $0) }
            try await Self.register(on: api)
            _ = try await api.post("/cameras/1/start")
            for second in 1...3 {
                _ = try await Self.send(Self.reading(Int64(second), second: second), take: 1, to: api)
            }
            _ = try await api.put("/cameras/1/config", Self.config(0.31), ifMatch: "*")
            for second in 1...12 {
                _ = try await Self.send(Self.reading(Int64(second), second: second), take: 2, to: api)
            }
            #expect(try await Self.counted(on: api) == [12, 0, 12, 0])
            let path = "/cameras/1/counts/explain?\(Self.range)"
            let export =
                #"{"kind":"readings","format":"jsonl","from":"2026-03-28T08:00:00Z","to":"2026-03-28T09:00:00Z"}"#
            let before = (try await api.get(path).body, try await api.post("/export", export).body)

            try await Sealer(on: target, logger: .silent).sealAll()
            try await Archiver(on: target, logger: .silent).archive(before: .position(16), to: folder, level: 3)
            #expect(try await pool.query("select archived_to from log_head")[0].integer(0) == 10)
            #expect(try await Self.counted(on: api) == [12, 0, 12, 0])
            #expect(try await api.get(path).body == before.0)
            #expect(try await api.post("/export", export).body == before.1)
            #expect(before.1.split(separator: "\n").count == 12)
        }
    }

    @Test func aWorkersTokenSuffices() async throws {
        let tokens = try await TestTokens()
        try await withAPI(authentication: tokens.authentication) { api in
            let root = api.with(try tokens.all())
            try await Self.register(on: root)
            _ = try await root.post("/cameras/1/start", #"{"worker_id":"w7"}"#)
            let head = try await api.log.head()
            _ = try await root.get("/cameras/1?min_position=\(head)")
            let worker = api.with(try tokens.worker("w7"))
            #expect(try await Self.send(Self.reading(10, second: 1), take: 1, to: worker) == ["appended"])
            let ended = try await worker.post(
                "/cameras/1/stop", #"{"take":1,"ended_at":"2026-03-28T08:01:00Z"}"#)
            #expect(ended["desired_state"] == "stopped", "\(ended.body)")
        }
    }
}
