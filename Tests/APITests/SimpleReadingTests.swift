import EventSourcing
import Testing

/// Readings as simple clients send them, and those about lines that a camera never had.
@Suite struct SimpleReadingTests {
    private static let counts = #""count_in":2,"count_out":1"#

    private func stored(_ api: TestAPI) async throws -> JSON {
        try JSON.parse(try #require(try await api.log.readAll("telemetry-1").last).data)
    }

    @Test(arguments: [
        (["door"], #""line":"door","#), (["door", "gate"], ""), ([], ""),
    ])
    func twoNumbersAreEnough(lines: [String], line: String) async throws {
        try await withCommands { api in
            try await api.register(TestAPI.camera(lines: lines))
            #expect(try await api.post("/cameras/1/counts", "{\(Self.counts)}").status == 201)
            let event = try #require(try await api.log.readAll("telemetry-1").last)
            #expect(
                String(decoding: event.data, as: UTF8.self)
                    == #"{"camera_id":1,"observed_at":"2026-03-29T12:00:00Z",\#(line)"class":"object",\#(Self.counts)}"#
            )
            #expect(event.schemaVersion == (line.isEmpty ? 3 : 1))
        }
    }

    /// The line and the time that the first was given are its own; the second says neither.
    @Test func aRepetitionWithoutTimeAndLineIsADuplicateWhateverHasChangedSince() async throws {
        try await withCommands { api in
            try await api.register(TestAPI.camera(lines: ["door"]))
            let body = #"{"source":"gate-1","sequence":1,\#(Self.counts)}"#
            #expect(try await api.post("/cameras/1/counts", body).status == 201)
            api.clock.advance(by: .seconds(3600))
            #expect(try await api.put("/cameras/1", TestAPI.camera(lines: ["gate"]), ifMatch: "*").status == 200)
            let again = try await api.post("/cameras/1/counts", body)
            #expect(again["results"] == [["sequence": 1, "outcome": "duplicate", "position": 2]])
            let other = try await api.post(
                "/cameras/1/counts", body.replacing(#""count_in":2"#, with: #""count_in":3"#))
            other.expectProblem(409, "sequence_conflict")
            #expect(other["stored"]?["line"] == "door")
        }
    }

    @Test func linesThatTheCameraNeverHadAreNamed() async throws {
        try await withCommands { api in
            try await api.register(TestAPI.camera(lines: ["door"]))
            let reading = { (line: String, sequence: Int) in
                #"{"sequence":\#(sequence),"line":"\#(line)",\#(Self.counts)}"#
            }
            let batch = try await api.post(
                "/cameras/1/counts",
                #"{"source":"w","readings":[\#(reading("door", 1)),\#(reading("dooor", 2)),\#(reading("Door", 3))]}"#)
            batch.expectProblem(422, "validation_failed")
            #expect(batch.faults == ["/readings/1/line unknown_line", "/readings/2/line unknown_line"])
            let single = try await api.post("/cameras/1/counts", #"{"line":"gate",\#(Self.counts)}"#)
            #expect(single.faults == ["/line unknown_line"])
            #expect(try await api.log.head() == 1)
        }
    }

    @Test func lateReadingsOfLinesThatTheCameraHadAreTaken() async throws {
        try await withCommands { api in
            try await api.register(TestAPI.camera(lines: ["door", "gate"]))
            for lines in [["door"], [], ["door", "side"]] {
                #expect(try await api.put("/cameras/1", TestAPI.camera(lines: lines), ifMatch: "*").status == 200)
            }
            for line in ["door", "gate", "side"] {
                #expect(
                    try await api.post("/cameras/1/counts", #"{"line":"\#(line)",\#(Self.counts)}"#).status == 201)
            }
        }
    }

    /// Another process gave the camera its line: what this one remembers is looked up again before anything is refused.
    @Test func aLineThatAnotherProcessAddedIsKnown() async throws {
        try await withCommands { api in
            try await api.register(TestAPI.camera(lines: ["door"]))
            #expect(try await api.post("/cameras/1/counts", #"{"line":"door",\#(Self.counts)}"#).status == 201)
            let data = #"""
                {"camera_id":1,"stream_url":"rtsp://10.0.0.5/s","stream_type":"rtsp","lines":[\#(TestAPI.line("gate"))]}
                """#
            let outcome = try await api.log.append(
                Append(
                    to: "camera-1", expecting: .exact(1),
                    events: [NewEvent(type: "CameraConfigured", data: Array(data.utf8))]))
            #expect(outcome.isAppended)
            #expect(try await api.post("/cameras/1/counts", #"{"line":"gate",\#(Self.counts)}"#).status == 201)
            _ = try await api.post("/cameras/1/counts", "{\(Self.counts)}")
            #expect(try await stored(api)["line"] == "gate")
        }
    }

    @Test func theWholePictureIsCountedShownAndCorrectedAsNoLine() async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(lines: []))
            let reading = #"{"observed_at":"2026-03-29T10:05:00Z",\#(Self.counts)}"#
            #expect(try await api.post("/cameras/1/counts", reading).status == 201)
            let correction = try await api.post(
                "/cameras/1/counts/corrections",
                #"""
                {"from":"2026-03-29T10:00:00Z","to":"2026-03-29T10:15:00Z","delta_in":-1,"reason":"a dog"}
                """#)
            #expect(correction.status == 201, "\(correction.body)")
            #expect(correction["line"] == .null)
            let at = "min_position=\(try await api.log.head())&from=2026-03-29T10:00:00Z&to=2026-03-29T11:00:00Z"
            for path in ["/cameras/1/counts?\(at)", "/counts?\(at)", "/cameras/1/counts?line=&\(at)"] {
                let items = try await api.get(path)["items"]?.array
                #expect(items?.count == 1, "\(path)")
                #expect(items?.first?["line"] == .null && items?.first?["class"] == "object")
                #expect(items?.first?["total_count"] == 3)
                #expect(items?.first?["corrected_in"] == 1)
            }
            let analytics = try await api.get("/cameras/1/analytics?\(at)")
            #expect(analytics["by_line"]?.array?.map { $0["line"] } == [.null])
            let explained = try await api.get("/cameras/1/counts/explain?\(at)")
            #expect(explained["differs"] == false, "\(explained.body)")
            #expect(explained["items"]?.array?.count == 2)
            for kind in ["readings", "hourly_counts"] {
                let export = try await api.post(
                    "/cameras/1/export",
                    #"{"kind":"\#(kind)","format":"jsonl","from":"2026-03-29T10:00:00Z","to":"2026-03-29T11:00:00Z"}"#)
                #expect(try JSON.parse(export.body)["line"] == .null, "\(export.body)")
            }
        }
    }

    @Test func correctionsOfLinesThatTheCameraNeverHadAreRefused() async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(lines: ["door"]))
            func correct(_ line: String, _ delta: Int) async throws -> Answer {
                try await api.post(
                    "/cameras/1/counts/corrections",
                    #"""
                    {"from":"2026-03-29T10:00:00Z","to":"2026-03-29T10:15:00Z","line":"\#(line)","class":"person",
                    "delta_in":\#(delta),"reason":"x"}
                    """#)
            }
            #expect(try await correct("dooor", 5).faults == ["/line unknown_line"])
            #expect(try await correct("door", 5).status == 201)
            // Counted by an earlier release, at a line that there never was: it can be taken off again.
            let data = #"""
                {"camera_id":1,"observed_at":"2026-03-29T10:00:00Z","line":"dooor","class":"person","count_in":5,"count_out":0}
                """#
            _ = try await api.log.append(
                Append(to: "telemetry-1", events: [NewEvent(type: "CountReadingRecorded", data: Array(data.utf8))]))
            #expect(try await correct("dooor", -5).status == 201)
        }
    }

    @Test(arguments: [
        ("rtsp://10.0.0.5/s", "rtsp"), ("RTSPS://10.0.0.5/s", "rtsp"), ("https://8.8.8.8/s", "http"),
        ("file:///clips/door.mp4", "file"), ("rtmps://8.8.8.8/s", "rtmp"),
    ])
    func theSchemeTellsTheStreamsType(url: String, type: String) async throws {
        try await withCommands { api in
            for given in ["", #","stream_type":null"#] {
                let answer = try await api.post("/cameras", #"{"name":"Entrance","stream_url":"\#(url)"\#(given)}"#)
                #expect(answer.status == 201, "\(answer.body)")
                #expect(answer["stream_type"]?.string == type)
            }
        }
    }

    @Test func aSchemeOfNoTypeIsAFaultOfTheURL() async throws {
        try await withCommands { api in
            let answer = try await api.post("/cameras", #"{"name":"Entrance","stream_url":"ftp://8.8.8.8/s"}"#)
            answer.expectProblem(422, "validation_failed")
            #expect(answer.faults == ["/stream_url scheme_mismatch"])
        }
    }
}
